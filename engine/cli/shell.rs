//! Commands that the user can paste into a shell.

use std::borrow::Cow;
use std::path::Path;
use std::sync::OnceLock;

use crate::args::Args;

/// The flags that select workspace and home; printed commands repeat them.
static PLACE: OnceLock<String> = OnceLock::new();

/// Remembers the flags that select workspace and home. Environment variables are not repeated: they
/// still apply when a printed command is pasted.
pub fn remember(args: &Args, workspace_typed: bool, home_typed: bool, server_typed: bool) {
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
    if let Some(server) = args.server.as_deref().filter(|_| server_typed) {
        place.push_str(&format!(" --server {}", quoted(server)));
    }
    let _ = PLACE.set(place);
}

/// A `cloudcrew` command, with the flags that select the same home.
pub fn cloudcrew(words: &str) -> String {
    format!("cloudcrew {words}{}", PLACE.get().map_or("", String::as_str))
}

/// As [`cloudcrew`], marked as a command to paste: it is coloured, and its line is never broken.
/// The mark cannot be guessed, so no untrusted text can look like one of our commands.
pub fn pasted(words: &str) -> String {
    format!("{}{}", mark(), cloudcrew(words))
}

/// The mark of a command, until it is printed.
pub fn mark() -> &'static str {
    static MARK: OnceLock<String> = OnceLock::new();
    MARK.get_or_init(|| format!("\u{1}{}\u{1}", crate::wiring::holder::identity()))
}

/// A word quoted for a shell.
pub fn quoted(word: &str) -> Cow<'_, str> {
    // Letters of any language are plain; what is shown as an escape, such as `<U+200B>`, is quoted.
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:,@%~".contains(c);
    if !word.is_empty() && word.chars().all(plain) && !word.starts_with('~') {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

/// A path quoted for a shell.
pub fn path(path: &Path) -> String {
    quoted(&path.to_string_lossy()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_a_shell_would_split_are_quoted() {
        for (word, expected) in [
            ("retail-orders", "retail-orders"),
            ("/home/ada/orders", "/home/ada/orders"),
            ("/home/ada/my ws", "'/home/ada/my ws'"),
            ("it's", r"'it'\''s'"),
            ("$(rm)", "'$(rm)'"),
            ("", "''"),
            ("~/x", "'~/x'"),
            ("ü", "ü"),
            ("h\u{200b}/x", "'h\u{200b}/x'"),
            ("a\u{a0}b", "'a\u{a0}b'"),
        ] {
            assert_eq!(quoted(word), expected, "{word}");
        }
    }
}
