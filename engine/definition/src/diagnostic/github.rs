//! GitHub Actions workflow commands: one line per finding, which GitHub shows next to the changed
//! line.

use super::Diagnostic;
use crate::source::Sources;

pub(super) fn render(sources: &Sources, found: &[Diagnostic]) -> String {
    found.iter().map(|d| line(sources, d)).collect()
}

fn line(sources: &Sources, d: &Diagnostic) -> String {
    let mut place = String::new();
    if let Some(at) = &d.at {
        let (line, column) = sources.position(at.span.file, at.span.start);
        let (end_line, end_column) = sources.position(at.span.file, at.span.end);
        place = format!(
            " file={},line={line},col={column},endLine={end_line},endColumn={end_column},",
            property(sources.path(at.span.file))
        );
    }
    let title = if place.is_empty() { " title=" } else { "title=" };
    let help: String = d.help.iter().map(|h| format!("\n{h}")).collect();
    format!(
        "::{}{place}{title}{}::{}\n",
        d.severity.name(),
        d.code,
        data(&(d.message.clone() + &help))
    )
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
