//! Colours and line breaks for people at a terminal. Data for programs does not pass through here.

use std::io::IsTerminal as _;
use std::sync::OnceLock;

use anstyle::{AnsiColor, Style};
use cloudcrew_definition::shown::block;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::shell::mark;

const HEADING: Style = AnsiColor::BrightBlue.on_default().bold();
const WRITTEN: Style = AnsiColor::Green.on_default();
const HANDOFF: Style = AnsiColor::Yellow.on_default();
const TROUBLE: Style = AnsiColor::Red.on_default();
const COMMAND: Style = AnsiColor::Cyan.on_default();
const ASIDE: Style = Style::new().dimmed();

/// The minimum width for line breaks.
const NARROWEST: usize = 40;

/// Whether to colour stdout: on a terminal or with `CLICOLOR_FORCE`, unless `NO_COLOR` is set.
pub fn colours() -> bool {
    static COLOURS: OnceLock<bool> = OnceLock::new();
    *COLOURS.get_or_init(|| {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let forced = std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        !set("NO_COLOR") && (forced || (std::io::stdout().is_terminal() && !dumb))
    })
}

/// Escaped text that was added: coloured, or between `{+` and `+}`.
pub fn added(text: &str) -> String {
    if colours() { format!("{WRITTEN}{text}{WRITTEN:#}") } else { format!("{{+{text}+}}") }
}

/// Escaped text that was removed: coloured, or between `[-` and `-]`.
pub fn removed(text: &str) -> String {
    if colours() { format!("{TROUBLE}{text}{TROUBLE:#}") } else { format!("[-{text}-]") }
}

/// Width of the terminal on stdout, or `CLOUDCREW_COLUMNS`; `None` if stdout is not a terminal.
fn columns() -> Option<usize> {
    static COLUMNS: OnceLock<Option<usize>> = OnceLock::new();
    *COLUMNS.get_or_init(|| {
        let set = std::env::var("CLOUDCREW_COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let asked = || {
            if !std::io::stdout().is_terminal() {
                return None;
            }
            let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
            Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
        };
        set.or_else(asked).map(|columns: usize| columns.max(NARROWEST))
    })
}

/// Text for a person: escaped, broken to the width of the screen, and coloured by its marks.
pub fn painted(text: &str) -> String {
    if !colours() && columns().is_none() {
        return unmarked(text);
    }
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        let command = line.contains(mark());
        let line = unmarked(line);
        let style = match (colours(), command) {
            (false, _) => Style::new(),
            (true, true) => COMMAND,
            (true, false) => style_of(&line),
        };
        // A command stays whole, so that it can be pasted.
        let parts = if command { vec![line] } else { broken(&line, columns()) };
        for (number, part) in parts.into_iter().enumerate() {
            if number > 0 {
                out.push('\n');
            }
            let indent = part.len() - part.trim_start().len();
            out.push_str(&part[..indent]);
            out.push_str(&format!("{style}{}{style:#}", &part[indent..]));
        }
        out.push_str(end);
    }
    out
}

/// Escaped text without the marks of commands.
pub fn unmarked(text: &str) -> String {
    if !text.contains('\u{1}') {
        return block(text).into_owned();
    }
    text.split(mark()).map(block).collect()
}

/// The colour of a line, by its leading mark.
fn style_of(line: &str) -> Style {
    let words = line.trim_start();
    let begins = |marks: &[&str]| marks.iter().any(|mark| words.starts_with(mark));
    if begins(&["■ "]) {
        HEADING
    } else if begins(&["+ "]) {
        WRITTEN
    } else if begins(&["→ "]) {
        HANDOFF
    } else if begins(&["refused: ", "found: ", "missing: ", "! ", "- "]) {
        TROUBLE
    } else if begins(&["\""]) {
        ASIDE
    } else {
        Style::new()
    }
}

/// Breaks a line between words, or within a word that is longer than a line. Continuation lines are
/// indented two more columns.
fn broken(line: &str, columns: Option<usize>) -> Vec<String> {
    let Some(columns) = columns.filter(|columns| line.width() > *columns) else {
        return vec![line.to_owned()];
    };
    let indent = line.chars().take_while(|c| *c == ' ').count().min(columns / 2);
    let hanging = (indent + 2).min(columns / 2);
    let (mut parts, mut part, mut width) = (Vec::new(), " ".repeat(indent), indent);
    let mut begun = false;
    for word in line.trim_start_matches(' ').split(' ') {
        if begun && width + 1 + word.width() > columns {
            parts.push(std::mem::replace(&mut part, " ".repeat(hanging)));
            (width, begun) = (hanging, false);
        }
        if begun {
            part.push(' ');
            width += 1;
        }
        for letter in word.chars() {
            let takes = letter.width().unwrap_or(0);
            if width + takes > columns {
                parts.push(std::mem::replace(&mut part, " ".repeat(hanging)));
                width = hanging;
            }
            part.push(letter);
            width += takes;
        }
        begun = true;
    }
    parts.push(part);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_but_commands_are_not() {
        let line = "    → qa: Please write app/tests/test_service.py. Please review app/src.";
        let parts = broken(line, Some(40));
        assert_eq!(
            parts,
            [
                "    → qa: Please write",
                "      app/tests/test_service.py. Please",
                "      review app/src."
            ]
        );
        let long = "x".repeat(50);
        assert_eq!(broken(&long, Some(40)), ["x".repeat(40), format!("  {}", "x".repeat(10))]);
        assert_eq!(broken(&"漢".repeat(25), Some(40))[0], "漢".repeat(20));
        assert_eq!(broken("short", Some(40)), ["short"]);
        assert_eq!(broken(line, None), [line]);
    }
}
