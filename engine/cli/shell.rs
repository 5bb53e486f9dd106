//! Commands that are printed to be pasted into a shell.

use std::borrow::Cow;
use std::path::Path;
use std::sync::OnceLock;

use crate::args::Args;

/// What was given on the command line to find the home: printed commands need it too.
static PLACE: OnceLock<String> = OnceLock::new();

/// Remembers where this command works. Only what was typed counts: the environment is still there when
/// a printed command is pasted.
pub fn remember(args: &Args, workspace_typed: bool, home_typed: bool) {
    let mut place = String::new();
    let typed = [
        ("-C", args.workspace.as_deref().filter(|_| workspace_typed)),
        ("--home", args.home.as_deref().filter(|_| home_typed)),
    ];
    for (flag, path) in typed {
        if let Some(path) = path {
            place.push_str(&format!(" {flag} {}", quoted(&path.to_string_lossy())));
        }
    }
    let _ = PLACE.set(place);
}

/// A command of ours: `cloudcrew show acme`, with what it needs to find the same home.
pub fn cloudcrew(words: &str) -> String {
    format!("cloudcrew {words}{}", PLACE.get().map_or("", String::as_str))
}

/// A word as a shell reads it.
pub fn quoted(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%~".contains(c) || !c.is_ascii();
    if !word.is_empty() && word.chars().all(plain) && !word.starts_with('~') {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

/// A path as a shell reads it.
pub fn path(path: &Path) -> String {
    quoted(&path.to_string_lossy()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_where_a_shell_would_take_it_apart() {
        for (word, expected) in [
            ("retail-orders", "retail-orders"),
            ("/home/ada/orders", "/home/ada/orders"),
            ("/home/ada/my ws", "'/home/ada/my ws'"),
            ("it's", r"'it'\''s'"),
            ("$(rm)", "'$(rm)'"),
            ("", "''"),
            ("~/x", "'~/x'"),
            ("ü", "ü"),
        ] {
            assert_eq!(quoted(word), expected, "{word}");
        }
    }
}
