//! Colours and line breaks for people at a terminal. Data for programs does not pass through here.

use std::io::IsTerminal as _;
use std::sync::OnceLock;

use anstyle::{AnsiColor, Style};
use cloudcrew_definition::shown::block;

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
    let text = block(text);
    if !colours() && columns().is_none() {
        return text.into_owned();
    }
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        let style = if colours() { style_of(line) } else { Style::new() };
        for (number, part) in broken(line, columns()).into_iter().enumerate() {
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
    } else if is_command(words) {
        COMMAND
    } else if begins(&["\""]) {
        ASIDE
    } else {
        Style::new()
    }
}

/// Whether a line shows a command to paste: `approve:  cloudcrew approve …`.
fn is_command(words: &str) -> bool {
    let command = words.split_once(":  ").map_or(words, |(_, command)| command.trim_start());
    command.starts_with("cloudcrew ") || command.starts_with("git -C ")
}

/// Breaks a line between words. Continuation lines are indented two more columns. A command stays
/// whole, so that it can be pasted.
fn broken(line: &str, columns: Option<usize>) -> Vec<String> {
    let Some(columns) = columns.filter(|columns| line.chars().count() > *columns) else {
        return vec![line.to_owned()];
    };
    if is_command(line.trim_start()) {
        return vec![line.to_owned()];
    }
    let indent = line.chars().take_while(|c| *c == ' ').count();
    let hanging = " ".repeat((indent + 2).min(columns / 2));
    let (mut parts, mut part, mut width) = (Vec::new(), " ".repeat(indent), indent);
    let mut begun = false;
    for word in line[indent..].split(' ') {
        let length = word.chars().count();
        if begun && width + 1 + length > columns {
            parts.push(std::mem::replace(&mut part, hanging.clone()));
            width = hanging.len();
            begun = false;
        }
        if begun {
            part.push(' ');
            width += 1;
        }
        part.push_str(word);
        width += length;
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
        let command = "  approve:  cloudcrew approve retail-orders --digest dc743fb99cc3";
        assert_eq!(broken(command, Some(40)), [command]);
        assert_eq!(broken("short", Some(40)), ["short"]);
        assert_eq!(broken(line, None), [line]);
    }
}
