//! Recognises what an author left open: `TBD`, `_(none)_`, `[Client name]`.

use super::words::plain;

/// What is written instead of content, without marks and accents.
const WORDS: &[&str] = &[
    "none",
    "na",
    "n a",
    "nil",
    "tbd",
    "tba",
    "tbc",
    "todo",
    "tbc tbd",
    "xxx",
    "xx",
    "pending",
    "to be determined",
    "to be defined",
    "to be decided",
    "to be confirmed",
    "to be agreed",
    "to be discussed",
    "to be announced",
    "to be provided",
    "to be completed",
    "not applicable",
    "not yet known",
    "unknown",
    "insert here",
    "lorem ipsum",
    "keine",
    "keine angabe",
    "keine angaben",
    "offen",
    "noch offen",
    "k a",
    "ka",
    "noch festzulegen",
    "zu definieren",
    "wird noch festgelegt",
    "wird noch definiert",
    "folgt",
    "aucun",
    "aucune",
    "neant",
    "a definir",
    "a preciser",
    "a determiner",
    "sans objet",
    "ninguno",
    "ninguna",
    "por definir",
    "por determinar",
    "a confirmar",
    "nenhum",
    "nenhuma",
    "nessuno",
    "nessuna",
    "da definire",
    "da determinare",
    "geen",
    "nader te bepalen",
    "nog te bepalen",
    "a completer",
    "a completar",
    "da completare",
    "ntb",
    "n t b",
    "nvt",
    "n v t",
    "brak",
    "do ustalenia",
    "do uzupelnienia",
    "nie dotyczy",
    "нет",
    "не определено",
    "уточняется",
    "будет определено",
    "未定",
    "なし",
    "特になし",
    "要確認",
    "別途協議",
    "検討中",
];

/// Words in brackets that ask for something to be filled in.
const ASKS: &[&str] = &[
    "insert", "name", "date", "client", "customer", "company", "amount", "number", "address",
    "tbd", "tba", "tbc", "your", "xx", "xxx", "value", "title", "fill", "add", "describe",
    "specify", "list", "enter", "to be", "e g", "datum", "kunde", "betrag", "nom", "fecha",
    "nombre", "cliente", "data",
];

/// What an author left open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placeholder {
    /// There is nothing else: `TBD`, `Go-live: TBD`.
    Whole,
    /// It is part of a statement: `The work is done for [Client name].`
    Part,
}

/// The placeholder in `text`, if any.
pub(super) fn placeholder(text: &str) -> Option<Placeholder> {
    if is_placeholder(text) {
        return Some(Placeholder::Whole);
    }
    let label = text.rsplit_once(": ").or_else(|| text.rsplit_once(" — "));
    if label.is_some_and(|(label, rest)| label.chars().count() <= 60 && is_placeholder(rest)) {
        return Some(Placeholder::Whole);
    }
    let part = text.contains("【未定】")
        || bracketed(text).any(asks)
        || text.split_whitespace().any(is_mark);
    part.then_some(Placeholder::Part)
}

/// `TBD`, `TBC.` and the like inside a sentence; in capitals, or it may be a word.
fn is_mark(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    matches!(word, "TBD" | "TBA" | "TBC" | "TODO" | "XXX")
        || word.to_ascii_lowercase().starts_with("xx/xx/")
}

fn is_placeholder(text: &str) -> bool {
    const LONGEST: usize = 120;
    let bare = text.trim().trim_matches(['*', '_', '`', '.', '"', '【', '】']).trim();
    if bare.starts_with("TODO") {
        return true;
    }
    if bare.len() > LONGEST {
        return false;
    }
    if bare.is_empty() || bare.chars().all(|c| matches!(c, '?' | '…' | '.' | '-' | '–' | '_')) {
        return !text.trim().is_empty();
    }
    let open = bare.chars().next();
    let close = bare.chars().next_back();
    let inner = matches!(
        (open, close),
        (Some('['), Some(']')) | (Some('<'), Some('>')) | (Some('{'), Some('}'))
    );
    let once = bare.matches(['[', '<']).count() <= 1;
    // "[Client name]" asks for something; "[Gates open within 2 seconds]" says something.
    let short =
        bare.split_whitespace().count() <= 3 && !bare.contains(|c: char| c.is_ascii_digit());
    let meant = short || asks(bare.trim_matches(['[', ']', '<', '>', '{', '}']));
    (inner && once && meant && bare.chars().any(char::is_alphabetic))
        || WORDS.contains(&plain(bare).replace('|', " ").trim())
}

/// The words in square brackets that are not links, notes or checkboxes.
fn bracketed(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('[').filter_map(|(at, _)| {
        let inner = &text[at + 1..];
        let end = inner.bytes().take(80).position(|byte| byte == b']')?;
        let linked = inner[end + 1..].starts_with(['(', '[', ':']);
        (!linked && end > 1).then(|| &inner[..end])
    })
}

fn asks(inner: &str) -> bool {
    let words = plain(inner);
    let mut words = words.split([' ', '|']).peekable();
    let two = inner.to_lowercase().starts_with("to be ");
    two || words.any(|word| ASKS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_author_left_open_is_recognised() {
        for text in [
            "_(none)_",
            "TBD",
            "tbd.",
            "**TBC**",
            "[Client name]",
            "<date>",
            "N/A",
            "n/a",
            "???",
            "Go-live: TBD",
            "Start — to be confirmed",
            "noch offen",
            "à définir",
            "未定",
            "{{date}}",
            "To be determined",
            "...",
        ] {
            assert_eq!(placeholder(text), Some(Placeholder::Whole), "{text}");
        }
        for text in ["Work starts for [Client name] in May", "Go-live on TBD at the latest"] {
            assert_eq!(placeholder(text), Some(Placeholder::Part), "{text}");
        }
    }

    #[test]
    fn statements_are_not_placeholders() {
        for text in [
            "Gates open within 2 seconds",
            "[NFR-2] Gates open",
            "See [the plan](plan.md)",
            "[x] done",
            "None of the gates may block",
            "The list [1] is final",
        ] {
            assert_eq!(placeholder(text), None, "{text}");
        }
    }
}
