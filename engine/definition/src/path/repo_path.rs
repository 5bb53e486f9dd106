//! The path of a file in a Git tree, in the one spelling that every system reads alike.
//!
//! libgit2 and `git mktree` accept several of the spellings refused here, so this is ours to do.
//! What is refused is refused on every platform: a commit made on Linux is checked out on a Mac and
//! on Windows.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::{UnicodeNormalization as _, is_nfc};

use super::unicode::{fold, is_hidden, shown};

/// Longest component, in bytes: the limit of common file systems.
pub const MAX_COMPONENT_BYTES: usize = 255;
/// Longest path, in bytes: `PATH_MAX` of Linux.
pub const MAX_PATH_BYTES: usize = 4096;
/// Most components of a path.
pub const MAX_DEPTH: usize = 64;

/// A file's path from the root of the repository: components between single slashes, none of which
/// means anything but a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepoPath(String);

/// What is wrong with the text of a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    /// There is no text.
    #[error("the path is empty")]
    Empty,
    /// It begins at the root of a file system.
    #[error("the path begins with `/`; it is read from the root of the repository")]
    Absolute,
    /// Two slashes in a row, or one at the end.
    #[error("a name is missing between two `/` or after the last one")]
    EmptyComponent,
    /// `.` or `..`.
    #[error("`{0}` is not a name; the path must lead straight to the file")]
    Dots(String),
    /// Some system takes this component for `.git`.
    #[error("`{0}` is a spelling of `.git`, which belongs to Git")]
    DotGit(String),
    /// A separator on Windows.
    #[error("`\\` is not part of a name; folders are separated by `/`")]
    Backslash,
    /// A drive or a stream on Windows.
    #[error("`:` is not part of a name; Windows reads a drive or a stream")]
    Colon,
    /// A letter that Windows keeps for itself.
    #[error("`{0}` holds one of `< > \" | ? *`, which no name has on Windows")]
    Reserved(String),
    /// NUL, a line feed and the like.
    #[error("`{0}` holds a control character")]
    Control(String),
    /// Bidi marks, zero widths, blanks that are no space.
    #[error("`{0}` holds a character that a reader cannot see")]
    Hidden(String),
    /// Windows drops it, and the name becomes another one.
    #[error("`{0}` ends with a dot or a space, which Windows drops")]
    TrailingDotOrSpace(String),
    /// The name opens a device on Windows, whatever its extension.
    #[error("`{0}` is the name of a device on Windows")]
    Device(String),
    /// Two byte strings would be one name.
    #[error("`{component}` is not in the normal form NFC, which writes it `{nfc}` ({bytes} bytes)")]
    NotNormal {
        /// The component as given.
        component: String,
        /// The same in NFC.
        nfc: String,
        /// How long that is: the two often look alike.
        bytes: usize,
    },
    /// Longer than [`MAX_COMPONENT_BYTES`].
    #[error("`{0}` is longer than {MAX_COMPONENT_BYTES} bytes")]
    LongComponent(String),
    /// Longer than [`MAX_PATH_BYTES`].
    #[error("the path is longer than {MAX_PATH_BYTES} bytes")]
    LongPath,
    /// Deeper than [`MAX_DEPTH`].
    #[error("the path is deeper than {MAX_DEPTH} names")]
    Deep,
}

impl RepoPath {
    /// Reads a path, or says what is wrong with it. Nothing is repaired: an agent that writes `./a`
    /// is told so.
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

    /// A key that is equal for two paths which differ in case or normal form only.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }

    /// Each folder that leads to the file, outermost first, then the path itself.
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

/// The order of the checks is the order of what helps most: `.git::$INDEX_ALLOCATION` has a colon,
/// but that is not its point.
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
    // Most names, of which only length, end and device are left to see.
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

/// Whether each character may be part of a name.
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

/// Whether Git, HFS+ (which ignores some code points) or NTFS (which ignores case, a stream,
/// trailing dots and spaces, and has short names) takes `component` for `.git`. Full-width letters
/// count too: no file system reads them so, but readers do.
pub(super) fn is_dot_git(component: &str) -> bool {
    // Where every character is seen as it stands, `.git` and `git~1` begin with one of these.
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

/// Windows opens a device for these names, with any extension.
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
    fn ordinary_names_of_the_world_are_accepted() {
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
    fn every_refusal_says_what_is_wrong() {
        for (text, words) in [
            ("", "the path is empty"),
            ("/etc/passwd", "the path begins with `/`; it is read from the root of the repository"),
            ("a//b", "a name is missing between two `/` or after the last one"),
            ("a/", "a name is missing between two `/` or after the last one"),
            ("./a", "`.` is not a name; the path must lead straight to the file"),
            ("docs/../a", "`..` is not a name; the path must lead straight to the file"),
            ("docs\\a", "`\\` is not part of a name; folders are separated by `/`"),
            ("C:/a", "`:` is not part of a name; Windows reads a drive or a stream"),
            ("docs/**", "`**` holds one of `< > \" | ? *`, which no name has on Windows"),
            ("a\0b", "`a\\u{0}b` holds a control character"),
            ("docs/a\u{202E}dm.x", "`a\\u{202e}dm.x` holds a character that a reader cannot see"),
            ("docs./a", "`docs.` ends with a dot or a space, which Windows drops"),
            ("docs/a ", "`a ` ends with a dot or a space, which Windows drops"),
            ("docs/Aux.md", "`Aux.md` is the name of a device on Windows"),
            (
                "cafe\u{301}",
                "`cafe\u{301}` is not in the normal form NFC, which writes it `caf\u{e9}` (5 \
                 bytes)",
            ),
        ] {
            assert_eq!(fault(text), words, "{text:?}");
        }
    }

    #[test]
    fn dot_git_is_refused_however_it_is_spelled() {
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
    fn length_and_depth_have_an_end() {
        let long = "x".repeat(MAX_COMPONENT_BYTES);
        assert!(RepoPath::parse(&long).is_ok());
        assert!(matches!(RepoPath::parse(&format!("{long}x")), Err(PathFault::LongComponent(_))));
        assert!(RepoPath::parse(&vec!["a"; MAX_DEPTH].join("/")).is_ok());
        assert_eq!(RepoPath::parse(&vec!["a"; MAX_DEPTH + 1].join("/")), Err(PathFault::Deep));
        assert_eq!(RepoPath::parse(&vec![long.as_str(); 17].join("/")), Err(PathFault::LongPath));
    }

    #[test]
    fn a_path_in_json_is_read_with_the_same_care() {
        let path: RepoPath = serde_json::from_str(r#""docs/a.md""#).expect("a good path");
        assert_eq!(serde_json::to_string(&path).expect("text"), r#""docs/a.md""#);
        assert!(serde_json::from_str::<RepoPath>(r#""docs/../a.md""#).is_err());
    }

    #[test]
    fn the_prefixes_lead_from_the_root_to_the_file() {
        let path = RepoPath::parse("a/b/c").expect("a good path");
        assert_eq!(path.prefixes().collect::<Vec<_>>(), ["a", "a/b", "a/b/c"]);
    }

    proptest! {
        #[test]
        fn an_accepted_path_has_no_refused_element(text in r"([a-zA-Z~.: \\\u{e9}e\u{301}\u{200B}-]|/|\.git|git~1|\.\.|con|\PC){0,40}") {
            if let Ok(path) = RepoPath::parse(&text) {
                prop_assert_eq!(path.components().collect::<Vec<_>>().join("/"), text.clone());
                prop_assert_eq!(&RepoPath::parse(path.as_str()), &Ok(path.clone()));
                for name in path.components() {
                    prop_assert!(!name.is_empty() && !name.ends_with(['.', ' ']));
                    let refused = name.contains(['\\', ':', '/', '\0', '\u{200B}', '\u{202E}', '\u{FEFF}']);
                    prop_assert!(!refused);
                    prop_assert!(!name.eq_ignore_ascii_case(".git") && !name.eq_ignore_ascii_case("git~1"));
                    prop_assert!(is_nfc(name) && name.len() <= 255);
                }
            }
        }
    }
}
