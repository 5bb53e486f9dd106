//! The path of a file in a Git tree, in a spelling that every system reads the same way.
//!
//! libgit2 and `git mktree` accept several of the spellings that are refused here. The same rules
//! apply on every platform, because a commit made on Linux may be checked out on macOS or Windows.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::{UnicodeNormalization as _, is_nfc};

use super::unicode::{fold, is_hidden, shown};

/// Maximum length of a component in bytes: the limit of common file systems.
pub const MAX_COMPONENT_BYTES: usize = 255;
/// Maximum length of a path in bytes: `PATH_MAX` on Linux.
pub const MAX_PATH_BYTES: usize = 4096;
/// Maximum number of components in a path.
pub const MAX_DEPTH: usize = 64;

/// A file's path from the root of the repository: components separated by single slashes, each of
/// them a plain name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepoPath(String);

/// What is wrong with the text of a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    /// The text is empty.
    #[error("the path is empty")]
    Empty,
    /// It starts at the root of a file system.
    #[error("the path starts with `/`; paths are already relative to the repository root")]
    Absolute,
    /// Two slashes in a row, or one at the end.
    #[error("a name is missing between two `/` or after the last one")]
    EmptyComponent,
    /// `.` or `..`.
    #[error("`{0}` is not allowed in a path; write the path directly")]
    Dots(String),
    /// Some system treats this component as `.git`.
    #[error("`{0}` is a spelling of `.git`, which belongs to Git")]
    DotGit(String),
    /// A separator on Windows.
    #[error("`\\` is not allowed in a name; separate folders with `/`")]
    Backslash,
    /// A drive or a stream on Windows.
    #[error("`:` is not allowed in a name; on Windows it marks a drive or a stream")]
    Colon,
    /// A character that is reserved on Windows.
    #[error("`{0}` contains one of `< > \" | ? *`, which Windows does not allow")]
    Reserved(String),
    /// NUL, a line feed and the like.
    #[error("`{0}` contains a control character")]
    Control(String),
    /// Bidirectional marks, zero-width characters, blanks other than the space.
    #[error("`{0}` contains an invisible character")]
    Hidden(String),
    /// Windows drops it, which changes the name.
    #[error("`{0}` ends with a dot or a space, which Windows drops")]
    TrailingDotOrSpace(String),
    /// The name opens a device on Windows, whatever its extension.
    #[error("`{0}` is the name of a device on Windows")]
    Device(String),
    /// Two byte strings would be the same name.
    #[error("`{component}` is not in Unicode normal form NFC; write `{nfc}` ({bytes} bytes)")]
    NotNormal {
        /// The component as given.
        component: String,
        /// The same in NFC.
        nfc: String,
        /// The length in NFC, since the two forms often look the same.
        bytes: usize,
    },
    /// Longer than [`MAX_COMPONENT_BYTES`].
    #[error("`{0}` is longer than {MAX_COMPONENT_BYTES} bytes")]
    LongComponent(String),
    /// Longer than [`MAX_PATH_BYTES`].
    #[error("the path is longer than {MAX_PATH_BYTES} bytes")]
    LongPath,
    /// Deeper than [`MAX_DEPTH`].
    #[error("the path has more than {MAX_DEPTH} names")]
    Deep,
}

impl RepoPath {
    /// Parses a path, or says what is wrong with it. Nothing is normalized: an agent that writes
    /// `./a` gets an error.
    pub fn parse(text: &str) -> Result<Self, PathFault> {
        if text.is_empty() {
            return Err(PathFault::Empty);
        }
        if text.len() > MAX_PATH_BYTES {
            return Err(PathFault::LongPath);
        }
        if text.starts_with('/') {
            return Err(PathFault::Absolute);
        }
        if text.split('/').count() > MAX_DEPTH {
            return Err(PathFault::Deep);
        }
        text.split('/').try_for_each(check)?;
        Ok(Self(text.to_owned()))
    }

    /// The path as text, with `/` between the components.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The names from the root of the repository to the file.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }

    /// A key that is equal for two paths that differ only in case or normal form.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }

    /// Each parent folder, outermost first, then the path itself.
    pub(super) fn prefixes(&self) -> impl Iterator<Item = &str> {
        let ends = self.0.match_indices('/').map(|(at, _)| at);
        ends.chain([self.0.len()]).filter_map(|end| self.0.get(..end))
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for RepoPath {
    type Err = PathFault;

    fn from_str(text: &str) -> Result<Self, PathFault> {
        Self::parse(text)
    }
}

impl TryFrom<String> for RepoPath {
    type Error = PathFault;

    fn try_from(text: String) -> Result<Self, PathFault> {
        Self::parse(&text)
    }
}

impl From<RepoPath> for String {
    fn from(path: RepoPath) -> Self {
        path.0
    }
}

/// The most helpful message comes first: `.git::$INDEX_ALLOCATION` contains a colon, but that is
/// not the main problem.
fn check(component: &str) -> Result<(), PathFault> {
    if component.is_empty() {
        return Err(PathFault::EmptyComponent);
    }
    if component == "." || component == ".." {
        return Err(PathFault::Dots(component.to_owned()));
    }
    if is_dot_git(component) {
        return Err(PathFault::DotGit(shown(component)));
    }
    // The common case: only length, ending and device names remain to be checked.
    let plain =
        component.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    if !plain {
        spelled(component)?;
    }
    if component.len() > MAX_COMPONENT_BYTES {
        return Err(PathFault::LongComponent(shown(component)));
    }
    if component.ends_with(['.', ' ']) {
        return Err(PathFault::TrailingDotOrSpace(shown(component)));
    }
    if is_device(component) {
        return Err(PathFault::Device(shown(component)));
    }
    if !plain && !is_nfc(component) {
        let nfc: String = component.nfc().collect();
        return Err(PathFault::NotNormal {
            component: shown(component),
            bytes: nfc.len(),
            nfc: shown(&nfc),
        });
    }
    Ok(())
}

/// Checks that every character is allowed in a name.
fn spelled(component: &str) -> Result<(), PathFault> {
    if component.chars().any(char::is_control) {
        return Err(PathFault::Control(shown(component)));
    }
    if component.chars().any(is_hidden) {
        return Err(PathFault::Hidden(shown(component)));
    }
    if component.contains('\\') {
        return Err(PathFault::Backslash);
    }
    if component.contains(':') {
        return Err(PathFault::Colon);
    }
    if component.contains(['<', '>', '"', '|', '?', '*']) {
        return Err(PathFault::Reserved(shown(component)));
    }
    Ok(())
}

/// Whether Git, HFS+ (which ignores some code points) or NTFS (which ignores case, streams,
/// trailing dots and spaces, and has short names) treats `component` as `.git`. Full-width letters
/// count too: no file system treats them as `.git`, but readers do.
pub(super) fn is_dot_git(component: &str) -> bool {
    // If every character is plain ASCII, `.git` and `git~1` start with one of these.
    let as_it_stands = component.bytes().all(|b| b.is_ascii() && !b.is_ascii_control());
    if as_it_stands && !component.starts_with(['.', 'g', 'G']) {
        return false;
    }
    let seen: String = component.nfkc().filter(|&c| !is_hidden(c) && !c.is_control()).collect();
    let name = fold(seen.split(':').next().unwrap_or_default());
    let name = name.trim_end_matches(['.', ' ']);
    let short = name
        .strip_prefix("git~")
        .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    name == ".git" || short
}

/// Whether Windows opens a device for this name, whatever its extension.
fn is_device(component: &str) -> bool {
    let stem = component.split('.').next().unwrap_or_default().trim_end_matches(' ');
    let port = |n: &str| {
        matches!(n, "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³")
    };
    let numbered = |(name, n): (&str, &str)| {
        (name.eq_ignore_ascii_case("com") || name.eq_ignore_ascii_case("lpt")) && port(n)
    };
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
        .iter()
        .any(|device| stem.eq_ignore_ascii_case(device))
        || stem.split_at_checked(3).is_some_and(numbered)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fault(text: &str) -> String {
        RepoPath::parse(text)
            .map_or_else(|fault| fault.to_string(), |path| format!("accepted {path}"))
    }

    #[test]
    fn ordinary_names_are_accepted() {
        for text in [
            "README.md",
            "docs/architecture/overview.md",
            "docs/設計/概要.md",
            "docs/Überblick über alles.md",
            ".github/workflows/ci.yml",
            ".gitignore",
            "a/.gitkeep",
            "git/git~x",
            "console/command.rs",
            "a/com10/nullable.rs",
            "-rf",
            "~/x",
            "v1.2/..hidden",
            "%2e%2e/x",
        ] {
            assert_eq!(RepoPath::parse(text).map(|path| path.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn every_refused_path_has_a_clear_message() {
        for (text, words) in [
            ("", "the path is empty"),
            (
                "/etc/passwd",
                "the path starts with `/`; paths are already relative to the repository root",
            ),
            ("a//b", "a name is missing between two `/` or after the last one"),
            ("a/", "a name is missing between two `/` or after the last one"),
            ("./a", "`.` is not allowed in a path; write the path directly"),
            ("docs/../a", "`..` is not allowed in a path; write the path directly"),
            ("docs\\a", "`\\` is not allowed in a name; separate folders with `/`"),
            ("C:/a", "`:` is not allowed in a name; on Windows it marks a drive or a stream"),
            ("docs/**", "`**` contains one of `< > \" | ? *`, which Windows does not allow"),
            ("a\0b", "`a\\u{0}b` contains a control character"),
            ("docs/a\u{202E}dm.x", "`a\\u{202e}dm.x` contains an invisible character"),
            ("docs./a", "`docs.` ends with a dot or a space, which Windows drops"),
            ("docs/a ", "`a ` ends with a dot or a space, which Windows drops"),
            ("docs/Aux.md", "`Aux.md` is the name of a device on Windows"),
            (
                "cafe\u{301}",
                "`cafe\u{301}` is not in Unicode normal form NFC; write `caf\u{e9}` (5 bytes)",
            ),
        ] {
            assert_eq!(fault(text), words, "{text:?}");
        }
    }

    #[test]
    fn dot_git_is_refused_in_every_spelling() {
        for text in [
            ".git",
            ".GIT/config",
            "a/.Git/hooks/pre-commit",
            "git~1",
            "GIT~1/config",
            "git~2",
            ".git.",
            ".git . .",
            ".git ",
            ".g\u{200C}it",
            "\u{FEFF}.git",
            ".gi\u{200D}T",
            ".git::$INDEX_ALLOCATION",
            ".git:stream",
            "．ｇｉｔ/x",
            ".g\u{131}t",
            "\u{2024}git",
        ] {
            let refused = RepoPath::parse(text);
            assert!(matches!(refused, Err(PathFault::DotGit(_))), "{text:?}: {refused:?}");
        }
    }

    #[test]
    fn length_and_depth_are_limited() {
        let long = "x".repeat(MAX_COMPONENT_BYTES);
        assert!(RepoPath::parse(&long).is_ok());
        assert!(matches!(RepoPath::parse(&format!("{long}x")), Err(PathFault::LongComponent(_))));
        assert!(RepoPath::parse(&vec!["a"; MAX_DEPTH].join("/")).is_ok());
        assert_eq!(RepoPath::parse(&vec!["a"; MAX_DEPTH + 1].join("/")), Err(PathFault::Deep));
        assert_eq!(RepoPath::parse(&vec![long.as_str(); 17].join("/")), Err(PathFault::LongPath));
    }

    #[test]
    fn paths_in_json_are_checked_too() {
        let path: RepoPath = serde_json::from_str(r#""docs/a.md""#).expect("a good path");
        assert_eq!(serde_json::to_string(&path).expect("text"), r#""docs/a.md""#);
        assert!(serde_json::from_str::<RepoPath>(r#""docs/../a.md""#).is_err());
    }

    #[test]
    fn prefixes_go_from_the_root_to_the_file() {
        let path = RepoPath::parse("a/b/c").expect("a good path");
        assert_eq!(path.prefixes().collect::<Vec<_>>(), ["a", "a/b", "a/b/c"]);
    }

    proptest! {
        #[test]
        fn an_accepted_path_has_no_refused_element(
            text in r"([a-zA-Z~.: \\\u{e9}e\u{301}\u{200B}-]|/|\.git|git~1|\.\.|con|\PC){0,40}") {
            if let Ok(path) = RepoPath::parse(&text) {
                prop_assert_eq!(path.components().collect::<Vec<_>>().join("/"), text.clone());
                prop_assert_eq!(&RepoPath::parse(path.as_str()), &Ok(path.clone()));
                for name in path.components() {
                    prop_assert!(!name.is_empty() && !name.ends_with(['.', ' ']));
                    let refused = name.contains(['\\', ':', '/', '\0', '\u{200B}', '\u{202E}',
                        '\u{FEFF}']);
                    prop_assert!(!refused);
                    prop_assert!(!name.eq_ignore_ascii_case(".git") && !name.eq_ignore_ascii_case(
                        "git~1"));
                    prop_assert!(is_nfc(name) && name.len() <= 255);
                }
            }
        }
    }
}
