//! Parses text into a [`Sow`]: assigns parts to sections, and reads their items.

use super::decode::{check_not_blank, check_size};
use super::headings::{Heading, Style, is_titlelike};
use super::items::Reading;
use super::lines::{self, Line};
use super::markers;
use super::markup::without_markup;
use super::outline::{Part, outline};
use super::sections::{Sections, contains_all};
use super::tables;
use super::text::{MAX_ITEM_CHARS, one_line, shorten};
use super::words::{Name, Words};
use super::{SectionKind, Sow, SowFault};

const SUMMARY_CHARS: usize = 600;
/// Maximum length of a title, and of a line about an unread part.
pub(super) const TITLE_CHARS: usize = 200;
/// Enough to find a summary after a page of lists.
const PREAMBLE_DRAFTS: usize = 200;

/// Parses a statement of work. `file` is its name, for the sources of the items.
///
/// Nothing is added to the customer's text: a section that nobody wrote stays empty and is listed
/// in `missing`; text that belongs to no section is in `unread`.
///
/// # Errors
/// Returns a [`SowFault`] when `text` is blank or larger than [`super::MAX_SOW_BYTES`].
pub fn parse(file: &str, text: &str) -> Result<Sow, SowFault> {
    parse_with(Words::built_in(), file, text)
}

/// Like [`parse`], with words of the workspace.
///
/// # Errors
/// Returns a [`SowFault`] when `text` is blank or larger than [`super::MAX_SOW_BYTES`].
pub fn parse_with(words: &Words, file: &str, text: &str) -> Result<Sow, SowFault> {
    check_size(text.len())?;
    check_not_blank(text)?;
    let text = without_markup(text);
    let lines::Lines { mut lines, subject, below_signatures, fenced } = lines::read(words, &text);
    let mut parts = outline(words, &lines);
    let title = take_title(&mut parts, &mut lines)
        .or(subject.map(|subject| one_line(subject, TITLE_CHARS)));
    let summary = summary(words, &parts, &lines);
    let mut sections = Sections::new(words, file, &summary, &lines);
    sections.fill(&parts, &lines);
    for (at, words) in below_signatures {
        sections.note_unread(at, &format!("below a signature: {words}"));
    }
    for (at, words) in fenced {
        sections.note_unread(at, &format!("in a block of code: {words}"));
    }
    Ok(sections.into_sow(title))
}

fn section_of(part: &Part<'_>) -> Option<SectionKind> {
    match part.heading.as_ref()?.name()? {
        Name::Section(kind) => Some(kind),
        Name::Aside | Name::Topic => None,
    }
}

/// Takes the title out of the document, so that nothing else reads it.
fn take_title(parts: &mut [Part<'_>], lines: &mut [Line<'_>]) -> Option<String> {
    if let Some(heading) = title_heading(parts, lines) {
        // "# Requirements for the shop" above a whole document is its title, not a section.
        if let Some(Name::Section(kind)) = heading.name() {
            heading.titled = Some(kind);
        }
        heading.named = None;
        heading.is_title = true;
        return Some(one_line(heading.text, TITLE_CHARS));
    }
    let preamble = parts.first()?.body.clone();
    let at = preamble.clone().find(|at| !lines[*at].is_blank())?;
    let line = lines[at];
    let alone = lines.get(at + 1).is_none_or(Line::is_blank);
    let listed = markers::item(line.text).is_some()
        || tables::is_row(line.text)
        || markers::is_rule(line.text);
    if !alone
        || listed
        || !is_titlelike(line.text)
        || line.text.ends_with(':')
        || is_greeting(line.text)
    {
        return None;
    }
    lines[at].text = "";
    Some(one_line(line.text, TITLE_CHARS))
}

/// The heading that is the title: one of level 1 before any section, or the first line of the
/// document.
fn title_heading<'p, 'a>(
    parts: &'p mut [Part<'a>],
    lines: &[Line<'_>],
) -> Option<&'p mut Heading<'a>> {
    let top = |part: &Part<'_>| {
        part.heading.as_ref().is_some_and(|heading| heading.style == Style::Marked(1))
    };
    let first = parts.iter().position(|part| part.heading.is_some())?;
    let first_section = parts.iter().position(|part| section_of(part).is_some());
    let opens = lines[..parts[first].at].iter().all(Line::is_blank);
    let at = if first_section == Some(first) {
        let only = parts.iter().filter(|part| top(part)).count() == 1;
        let others = parts[first + 1..].iter().any(|part| section_of(part).is_some());
        (opens && top(&parts[first]) && only && others).then_some(first)
    } else {
        let before = &parts[..first_section.unwrap_or(parts.len())];
        let unnamed =
            |part: &Part<'_>| part.heading.as_ref().is_some_and(|heading| heading.named.is_none());
        let marked = before.iter().position(|part| top(part) && unnamed(part));
        marked.or((opens && unnamed(&parts[first]) && is_alone(parts, first)).then_some(first))
    };
    parts[at?].heading.as_mut()
}

/// Whether a marked heading is the only one on its level; otherwise it is a section, not the title.
fn is_alone(parts: &[Part<'_>], at: usize) -> bool {
    let style = |part: &Part<'_>| part.heading.as_ref().map(|heading| heading.style);
    let own = style(&parts[at]);
    !matches!(own, Some(Style::Marked(_))) || !parts[at + 1..].iter().any(|part| style(part) == own)
}

pub(super) fn is_greeting(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default().trim_end_matches([',', '!']);
    [
        "hi",
        "hello",
        "dear",
        "hey",
        "greetings",
        "hallo",
        "sehr",
        "liebe",
        "lieber",
        "guten",
        "bonjour",
        "madame",
        "monsieur",
        "cher",
        "chère",
        "hola",
        "estimado",
        "estimada",
        "estimados",
        "olá",
        "caro",
        "cara",
        "prezado",
        "prezada",
        "gentile",
        "buongiorno",
        "spettabile",
        "beste",
        "geachte",
        "szanowni",
        "dzień",
        "здравствуйте",
        "уважаемый",
        "уважаемые",
    ]
    .iter()
    .any(|greeting| first.eq_ignore_ascii_case(greeting))
}

/// The paragraphs before the first section.
fn summary(words: &Words, parts: &[Part<'_>], lines: &[Line<'_>]) -> String {
    let mut summary = String::new();
    let before = parts.iter().take_while(|part| section_of(part).is_none());
    for part in before.filter(|part| introduces(part)) {
        let inline = part.heading.as_ref().and_then(|heading| heading.inline).map(str::to_owned);
        let block = reading(words, part, lines, PREAMBLE_DRAFTS).read();
        let paragraphs =
            block.into_drafts().filter(|draft| draft.prose).map(|draft| draft.text.into_text());
        for paragraph in inline.into_iter().chain(paragraphs) {
            let salutes = paragraph.len() <= 60 && is_greeting(&paragraph);
            if salutes {
                continue;
            }
            if !summary.is_empty() {
                summary.push_str("\n\n");
            }
            summary.push_str(&one_line(&paragraph, MAX_ITEM_CHARS));
        }
        if summary.len() > 4 * SUMMARY_CHARS {
            break;
        }
    }
    shorten(&summary, SUMMARY_CHARS)
}

/// Whether a part before the first section says what the work is about: it has no heading, that of
/// the document, or one such as "Background".
fn introduces(part: &Part<'_>) -> bool {
    part.heading.as_ref().is_none_or(|heading| heading.is_title || contains_all(heading.text))
}

/// How to read a part that belongs to no section.
fn reading<'r, 'a>(
    words: &'r Words,
    part: &Part<'a>,
    lines: &'r [Line<'a>],
    at_most: usize,
) -> Reading<'r, 'a> {
    Reading {
        words,
        lines,
        body: part.body.clone(),
        inline: None,
        lead: None,
        labelled: false,
        at_most,
    }
}
