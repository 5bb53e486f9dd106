//! Which headings are further out than others.

use super::headings::{Heading, Style};
use super::outline::Part;
use super::words::Name;

/// The level of a heading; smaller is further out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Level(u8, u8, u8);

/// Which forms of headings are further out than others. Marked headings have an explicit level. The
/// other forms are ordered by their first use as a section; a form never used that way is
/// innermost.
pub(super) struct Levels {
    order: Vec<Style>,
    /// The outermost level on which a heading names a section.
    outermost: Option<Level>,
}

impl Levels {
    /// The levels in a document.
    pub(super) fn of(parts: &[Part<'_>]) -> Self {
        let mut order = Vec::new();
        for part in parts.iter().filter(|part| names_section(part)) {
            let style = part.heading.as_ref().map(|heading| heading.style);
            if let Some(style) = style.filter(|style| !order.contains(style)) {
                order.push(style);
            }
        }
        let mut levels = Self { order, outermost: None };
        let named = parts.iter().filter(|part| names_section(part));
        levels.outermost =
            named.filter_map(|part| part.heading.as_ref()).map(|h| levels.level(h)).min();
        levels
    }

    /// The level of `heading`.
    pub(super) fn level(&self, heading: &Heading<'_>) -> Level {
        if let Style::Marked(level) = heading.style {
            return Level(0, level, heading.depth);
        }
        let place = self.order.iter().position(|style| *style == heading.style);
        let place = place.and_then(|place| u8::try_from(place + 1).ok()).unwrap_or(u8::MAX);
        Level(place, 0, heading.depth)
    }

    /// Whether sections of the whole document are further out than `level`.
    pub(super) fn is_deep(&self, level: Level) -> bool {
        self.outermost.is_some_and(|outermost| level > outermost)
    }
}

fn names_section(part: &Part<'_>) -> bool {
    let name = part.heading.as_ref().and_then(Heading::name);
    matches!(name, Some(Name::Section(_)))
}

/// Whether a heading of form `inner` is a label inside the text below one of form `outer`. Marked
/// headings are never labels: `### Deliverables` below `## Lot 1` are deliverables.
pub(super) fn is_label_in(inner: Style, outer: Style) -> bool {
    let rank = |style| match style {
        Style::Marked(_) => 0,
        Style::Caps | Style::Numbered => 1,
        Style::Bold => 2,
        Style::Colon | Style::Bare => 3,
    };
    rank(inner) > rank(outer)
}
