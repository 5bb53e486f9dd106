//! One glob of a scope: read strictly, matched by the `ignore` crate, and known by its parts.
//!
//! The language is gitignore's, less what would let a glob mean more or less than its author reads
//! in it. A glob without a slash is found in every folder; a glob that names a folder takes all
//! that is in it.

use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use unicode_normalization::{UnicodeNormalization as _, is_nfc};

use super::RepoPath;
use super::repo_path::{MAX_COMPONENT_BYTES, MAX_DEPTH, is_dot_git};
use super::unicode::{fold, is_hidden, shown};

/// What is wrong with a glob.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GlobFault {
    /// No text, or only the `!`.
    #[error("the glob is empty")]
    Empty,
    /// gitignore drops it at the end and keeps it at the beginning.
    #[error("the glob begins or ends with a space")]
    Space,
    /// gitignore would pass over it.
    #[error("the glob begins with `#`, which gitignore reads as a comment; write `[#]`")]
    Comment,
    /// A `!` before a `!`.
    #[error("the glob begins with `!!`; one `!` takes paths out of the scope")]
    TwiceOut,
    /// It is the first, or only others like it come before.
    #[error("there is nothing before this glob that its `!` could take out")]
    NothingToTakeOut,
    /// It begins at the root of a file system.
    #[error(
        "the glob begins with `/`; it is read from the root of the repository as soon as it has a \
         `/` inside"
    )]
    Absolute,
    /// `.` or `..`.
    #[error("`{0}` is not a name; a glob leads straight to what it takes")]
    Dots(String),
    /// Two slashes in a row.
    #[error("a name is missing between two `/`")]
    EmptyComponent,
    /// No path has it.
    #[error("`{0}` is a spelling of `.git`, which belongs to Git; no path has it")]
    DotGit(String),
    /// An escape of gitignore, a separator to a reader.
    #[error("`\\` is not part of a glob; folders are separated by `/`")]
    Backslash,
    /// No path has it.
    #[error("no path has a `:`")]
    Colon,
    /// An extension that gitignore does not have.
    #[error("`{{` and `}}` are not part of a gitignore glob; write one glob for each choice")]
    Braces,
    /// Bidi marks, zero widths, control characters.
    #[error("`{0}` holds a character that a reader cannot see")]
    Hidden(String),
    /// Paths are in NFC, so it matches nothing.
    #[error("the glob is not in the normal form NFC, which writes it `{0}`")]
    NotNormal(String),
    /// `[` without its `]` in the same component, or nothing between them.
    #[error("`[` has no matching `]` in its name, or nothing between them")]
    Unclosed,
    /// It would match `/` and single bytes.
    #[error("`[!…]` also takes `/`; take paths out with a glob that begins with `!`")]
    NegatedClass,
    /// Something in `[…]` of which readers and matchers think differently.
    #[error("`[…]` holds single letters and ranges of digits or of letters of one case, all ASCII")]
    Class,
    /// `?` is one byte, so that a file could stay in by its accent.
    #[error("`?` misses letters beyond ASCII; a glob that takes paths out is written with `*`")]
    AnyOneOut,
    /// A name is written with more than [`MAX_COMPONENT_BYTES`].
    #[error("`{0}` is longer than {MAX_COMPONENT_BYTES} bytes, the most between two `/` of a glob")]
    LongName(String),
    /// More than [`MAX_DEPTH`] names or `**`.
    #[error("the glob has more than {MAX_DEPTH} names or `**`, the most between its `/`")]
    Deep,
    /// The matcher does not take it.
    #[error("{0}")]
    Matcher(String),
}

/// A part of a glob between slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// `**`: any number of folders.
    Folders,
    /// A name with or without wildcards.
    Name(Vec<Token>),
}

/// A piece of a name in a glob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// Itself.
    Char(char),
    /// `?`
    One,
    /// `[a-z_]`, as ranges.
    Class(Vec<(char, char)>),
    /// `*`
    Many,
}

/// A glob, ready to match.
#[derive(Debug, Clone)]
pub(super) struct Glob {
    /// As written.
    pub(super) text: String,
    /// It begins with `!`.
    pub(super) takes_out: bool,
    /// It ends with `/`.
    pub(super) only_folder: bool,
    /// What it is made of; the first is `Folders` when it is found in every folder.
    pub(super) parts: Vec<Part>,
    matcher: Gitignore,
    /// For a glob that takes out: the same for folded paths, so that nothing stays in by its case.
    folded: Option<Gitignore>,
}

impl Glob {
    pub(super) fn parse(text: &str) -> Result<Self, GlobFault> {
        let (takes_out, body) = text.strip_prefix('!').map_or((false, text), |body| (true, body));
        check(body)?;
        if takes_out && body.contains('?') {
            return Err(GlobFault::AnyOneOut);
        }
        let (only_folder, bare) = body.strip_suffix('/').map_or((false, body), |bare| (true, bare));
        if bare.split('/').count() > MAX_DEPTH {
            return Err(GlobFault::Deep);
        }
        let mut parts = bare.split('/').map(part).collect::<Result<Vec<Part>, GlobFault>>()?;
        if parts.len() == 1 && parts != [Part::Folders] {
            parts.insert(0, Part::Folders);
        }
        Ok(Self {
            text: text.to_owned(),
            takes_out,
            only_folder,
            parts,
            matcher: matcher(body)?,
            folded: takes_out.then(|| matcher(&fold(body))).transpose()?,
        })
    }

    /// Whether the glob takes the path or a folder that leads to it.
    pub(super) fn covers(&self, path: &RepoPath) -> bool {
        let folded = |matcher: &Gitignore| {
            let key = path.folded();
            let ends = key.match_indices('/').map(|(at, _)| at).chain([key.len()]);
            ends.filter_map(|end| key.get(..end))
                .any(|prefix| hits(matcher, prefix, prefix.len() < key.len()))
        };
        path.prefixes().any(|prefix| self.takes(prefix, prefix.len() < path.as_str().len()))
            || self.folded.as_ref().is_some_and(folded)
    }

    /// Whether the glob takes just this file or folder.
    pub(super) fn takes(&self, path: &str, is_folder: bool) -> bool {
        hits(&self.matcher, path, is_folder)
    }

    /// How many of its last parts are names without wildcards.
    pub(super) fn spelled_out(&self) -> usize {
        self.parts.iter().rev().take_while(|part| is_literal(part)).count()
    }
}

fn is_literal(part: &Part) -> bool {
    matches!(part, Part::Name(tokens) if tokens.iter().all(|token| matches!(token, Token::Char(_))))
}

fn hits(matcher: &Gitignore, path: &str, is_folder: bool) -> bool {
    matcher.matched(Path::new(path), is_folder).is_ignore()
}

fn matcher(body: &str) -> Result<Gitignore, GlobFault> {
    let mut builder = GitignoreBuilder::new("");
    builder.allow_unclosed_class(false);
    let fault = |fault: ignore::Error| GlobFault::Matcher(shown(&fault.to_string()));
    builder.add_line(None, body).map_err(fault)?;
    builder.build().map_err(fault)
}

/// What can be said of the glob, without its `!`, before it is taken apart.
fn check(body: &str) -> Result<(), GlobFault> {
    if body.trim().is_empty() {
        return Err(GlobFault::Empty);
    }
    if let Some(c) = body.chars().find(|&c| c.is_control() || is_hidden(c)) {
        return Err(GlobFault::Hidden(shown(&c.to_string())));
    }
    if !is_nfc(body) {
        return Err(GlobFault::NotNormal(shown(&body.nfc().collect::<String>())));
    }
    let first = body.chars().next();
    match first {
        _ if body.trim() != body => Err(GlobFault::Space),
        Some('#') => Err(GlobFault::Comment),
        Some('!') => Err(GlobFault::TwiceOut),
        Some('/') => Err(GlobFault::Absolute),
        _ if body.contains('\\') => Err(GlobFault::Backslash),
        _ if body.contains(':') => Err(GlobFault::Colon),
        _ if body.contains(['{', '}']) => Err(GlobFault::Braces),
        _ => Ok(()),
    }
}

fn part(text: &str) -> Result<Part, GlobFault> {
    match text {
        "" => Err(GlobFault::EmptyComponent),
        "." | ".." => Err(GlobFault::Dots(text.to_owned())),
        "**" => Ok(Part::Folders),
        _ if text.len() > MAX_COMPONENT_BYTES => Err(GlobFault::LongName(shown(text))),
        _ if is_dot_git(text) => Err(GlobFault::DotGit(shown(text))),
        _ => name(text).map(Part::Name),
    }
}

fn name(text: &str) -> Result<Vec<Token>, GlobFault> {
    let mut tokens = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '*' if tokens.last() == Some(&Token::Many) => {}
            '*' => tokens.push(Token::Many),
            '?' => tokens.push(Token::One),
            '[' => {
                let (inside, after) = rest.as_str().split_once(']').ok_or(GlobFault::Unclosed)?;
                tokens.push(Token::Class(class(inside)?));
                rest = after.chars();
            }
            c => tokens.push(Token::Char(c)),
        }
    }
    Ok(tokens)
}

fn class(inside: &str) -> Result<Vec<(char, char)>, GlobFault> {
    if inside.is_empty() {
        return Err(GlobFault::Unclosed);
    }
    if inside.starts_with(['!', '^']) {
        return Err(GlobFault::NegatedClass);
    }
    if !inside.bytes().all(|b| b.is_ascii_graphic()) || inside.contains('[') {
        return Err(GlobFault::Class);
    }
    let letters: Vec<char> = inside.chars().collect();
    let mut ranges = Vec::new();
    let mut left = letters.as_slice();
    loop {
        match *left {
            [] => return Ok(ranges),
            [from, '-', to, ..] if from != '-' => {
                let kind = |test: fn(&char) -> bool| test(&from) && test(&to);
                let one_kind = kind(char::is_ascii_digit)
                    || kind(char::is_ascii_lowercase)
                    || kind(char::is_ascii_uppercase);
                if !one_kind || from > to {
                    return Err(GlobFault::Class);
                }
                ranges.push((from, to));
                left = left.get(3..).unwrap_or_default();
            }
            ['-', ..] if left.len() != 1 && left.len() != letters.len() => {
                return Err(GlobFault::Class);
            }
            [one, ..] => {
                ranges.push((one, one));
                left = left.get(1..).unwrap_or_default();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_says_what_is_wrong() {
        for (text, words) in [
            ("", "the glob is empty"),
            ("!", "the glob is empty"),
            ("   ", "the glob is empty"),
            (" docs/**", "the glob begins or ends with a space"),
            ("#docs", "the glob begins with `#`, which gitignore reads as a comment; write `[#]`"),
            ("!!docs", "the glob begins with `!!`; one `!` takes paths out of the scope"),
            (
                "/docs/**",
                "the glob begins with `/`; it is read from the root of the repository as soon as \
                 it has a `/` inside",
            ),
            (
                "!/docs",
                "the glob begins with `/`; it is read from the root of the repository as soon as \
                 it has a `/` inside",
            ),
            ("docs/../infra/**", "`..` is not a name; a glob leads straight to what it takes"),
            ("./docs", "`.` is not a name; a glob leads straight to what it takes"),
            ("docs//a", "a name is missing between two `/`"),
            (
                ".GIT/hooks/**",
                "`.GIT` is a spelling of `.git`, which belongs to Git; no path has it",
            ),
            ("docs\\**", "`\\` is not part of a glob; folders are separated by `/`"),
            ("C:/docs", "no path has a `:`"),
            (
                "docs/{a,b}/**",
                "`{` and `}` are not part of a gitignore glob; write one glob for each choice",
            ),
            ("do\u{200B}cs", "`\\u{200b}` holds a character that a reader cannot see"),
            ("cafe\u{301}/**", "the glob is not in the normal form NFC, which writes it `café/**`"),
            ("docs/[ab", "`[` has no matching `]` in its name, or nothing between them"),
            ("docs/[a/b]c", "`[` has no matching `]` in its name, or nothing between them"),
            (
                "docs[!x]architecture",
                "`[!…]` also takes `/`; take paths out with a glob that begins with `!`",
            ),
            (
                "docs/[+-9]",
                "`[…]` holds single letters and ranges of digits or of letters of one case, all \
                 ASCII",
            ),
            (
                "docs/[é]",
                "`[…]` holds single letters and ranges of digits or of letters of one case, all \
                 ASCII",
            ),
            (
                "!docs/?.md",
                "`?` misses letters beyond ASCII; a glob that takes paths out is written with `*`",
            ),
        ] {
            let fault =
                Glob::parse(text).map_or_else(|fault| fault.to_string(), |_| "accepted".to_owned());
            assert_eq!(fault, words, "{text:?}");
        }
        let long = Glob::parse(&format!("docs/{}", "*a".repeat(128)))
            .map_or_else(|fault| fault.to_string(), |_| String::new());
        assert!(
            long.ends_with("…` is longer than 255 bytes, the most between two `/` of a glob"),
            "{long}"
        );
        let deep =
            Glob::parse(&"a/".repeat(65)).map_or_else(|fault| fault.to_string(), |_| String::new());
        assert_eq!(deep, "the glob has more than 64 names or `**`, the most between its `/`");
    }

    #[test]
    fn a_glob_takes_what_gitignore_would() {
        for (glob, taken, left) in [
            ("docs/**", "docs/a.md docs/a/b/c", "docs doc/a docs2/a a/docs/b Docs/a"),
            ("docs", "docs docs/a a/docs/b", "docs2 adocs"),
            ("docs/", "docs/a a/docs/b", "docs a/docs"),
            ("docs/*.md", "docs/a.md docs/a.md/b", "docs/a/b.md docs/a.txt"),
            ("README.md", "README.md docs/README.md", "README.mdx"),
            ("docs/**/a.md", "docs/a.md docs/x/y/a.md", "a.md x/docs/a.md"),
            ("**/tests/**", "tests/a x/tests/a/b", "tests"),
            ("a/[a-c_-]?.md", "a/bx.md a/_x.md a/-x.md", "a/dx.md a/b.md"),
            ("a/?", "a/b a/b/c", "a/é a/bc"),
            ("*", "a a/b", ""),
            ("**", "a a/b", ""),
        ] {
            let compiled = Glob::parse(glob).expect("a good glob");
            let covers = |path: &str| compiled.covers(&RepoPath::parse(path).expect("a good path"));
            for path in taken.split_whitespace() {
                assert!(covers(path), "{glob} takes {path}");
            }
            for path in left.split_whitespace() {
                assert!(!covers(path), "{glob} leaves {path}");
            }
        }
    }
}
