//! One glob of a scope: parsed strictly, matched by the `ignore` crate, and split into parts.
//!
//! The syntax is that of gitignore, without the parts that could match more or less than the author
//! expects. A glob without a slash matches in every folder. A glob that matches a folder also
//! matches everything in it.

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
    /// gitignore drops trailing spaces but keeps leading ones.
    #[error("the glob starts or ends with a space")]
    Space,
    /// gitignore would treat it as a comment.
    #[error("the glob starts with `#`, which gitignore reads as a comment; write `[#]`")]
    Comment,
    /// A double `!`.
    #[error("the glob starts with `!!`; a single `!` excludes paths")]
    TwiceOut,
    /// It is the first glob, or follows only other exclusions.
    #[error("this glob excludes paths, but no glob before it includes any")]
    NothingToTakeOut,
    /// It starts at the root of a file system.
    #[error(
        "the glob starts with `/`; a glob with a `/` inside is already relative to the repository \
         root"
    )]
    Absolute,
    /// `.` or `..`.
    #[error("`{0}` is not allowed in a glob; write the path directly")]
    Dots(String),
    /// Two slashes in a row.
    #[error("a name is missing between two `/`")]
    EmptyComponent,
    /// It never matches a path.
    #[error("`{0}` is a spelling of `.git`, which belongs to Git")]
    DotGit(String),
    /// An escape character in gitignore, but a separator to many readers.
    #[error("`\\` is not allowed in a glob; separate folders with `/`")]
    Backslash,
    /// It never matches a path.
    #[error("`:` is not allowed in a path")]
    Colon,
    /// Brace expansion, which gitignore does not support.
    #[error("gitignore globs do not support `{{` and `}}`; write one glob per alternative")]
    Braces,
    /// Bidirectional marks, zero-width characters, control characters.
    #[error("`{0}` contains an invisible character")]
    Hidden(String),
    /// Paths are in NFC, so it never matches.
    #[error("the glob is not in Unicode normal form NFC; write `{0}`")]
    NotNormal(String),
    /// `[` without `]` in the same component, or an empty `[]`.
    #[error("`[` has no matching `]` in the same name, or is empty")]
    Unclosed,
    /// It would match `/` and single bytes.
    #[error("`[!…]` also matches `/`; to exclude paths, start a glob with `!`")]
    NegatedClass,
    /// Content of `[…]` that readers and matchers may interpret differently.
    #[error(
        "`[…]` may contain only ASCII characters, ranges of digits, and ranges of letters of \
        one case"
    )]
    Class,
    /// `?` matches one byte, so a name with an accent would not be excluded.
    #[error("`?` does not match non-ASCII letters; use `*` in a glob that excludes paths")]
    AnyOneOut,
    /// A name is longer than [`MAX_COMPONENT_BYTES`].
    #[error("`{0}` is longer than {MAX_COMPONENT_BYTES} bytes, the maximum for a name")]
    LongName(String),
    /// More than [`MAX_DEPTH`] parts.
    #[error("the glob has more than {MAX_DEPTH} parts separated by `/`")]
    Deep,
    /// The matcher rejects it.
    #[error("{0}")]
    Matcher(String),
}

/// A part of a glob between slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// `**`, which matches any number of folders.
    Folders,
    /// A name, with or without wildcards.
    Name(Vec<Token>),
}

/// A piece of a name in a glob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A literal character.
    Char(char),
    /// `?`
    One,
    /// `[a-z_]`, as ranges.
    Class(Vec<(char, char)>),
    /// `*`
    Many,
}

/// A compiled glob.
#[derive(Debug, Clone)]
pub(super) struct Glob {
    /// As written.
    pub(super) text: String,
    /// Whether it starts with `!`.
    pub(super) excludes: bool,
    /// Whether it ends with `/`.
    pub(super) only_folder: bool,
    /// Its parts. The first is `Folders` if the glob matches in every folder.
    pub(super) parts: Vec<Part>,
    matcher: Gitignore,
    /// For a glob that excludes: a matcher for folded paths, so that exclusion ignores case.
    folded: Option<Gitignore>,
}

impl Glob {
    pub(super) fn parse(text: &str) -> Result<Self, GlobFault> {
        let (excludes, body) = text.strip_prefix('!').map_or((false, text), |body| (true, body));
        check(body)?;
        if excludes && body.contains('?') {
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
            excludes,
            only_folder,
            parts,
            matcher: matcher(body)?,
            folded: excludes.then(|| matcher(&fold(body))).transpose()?,
        })
    }

    /// Whether the glob matches the path or one of its parent folders.
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

    /// Whether the glob matches exactly this file or folder.
    pub(super) fn takes(&self, path: &str, is_folder: bool) -> bool {
        hits(&self.matcher, path, is_folder)
    }

    /// The number of trailing parts that are names without wildcards.
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

/// Checks the whole glob, without its `!`, before it is split into parts.
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
    fn every_rejected_glob_has_a_clear_message() {
        for (text, words) in [
            ("", "the glob is empty"),
            ("!", "the glob is empty"),
            ("   ", "the glob is empty"),
            (" docs/**", "the glob starts or ends with a space"),
            ("#docs", "the glob starts with `#`, which gitignore reads as a comment; write `[#]`"),
            ("!!docs", "the glob starts with `!!`; a single `!` excludes paths"),
            (
                "/docs/**",
                "the glob starts with `/`; a glob with a `/` inside is already relative to the \
                 repository root",
            ),
            (
                "!/docs",
                "the glob starts with `/`; a glob with a `/` inside is already relative to the \
                 repository root",
            ),
            ("docs/../infra/**", "`..` is not allowed in a glob; write the path directly"),
            ("./docs", "`.` is not allowed in a glob; write the path directly"),
            ("docs//a", "a name is missing between two `/`"),
            (".GIT/hooks/**", "`.GIT` is a spelling of `.git`, which belongs to Git"),
            ("docs\\**", "`\\` is not allowed in a glob; separate folders with `/`"),
            ("C:/docs", "`:` is not allowed in a path"),
            (
                "docs/{a,b}/**",
                "gitignore globs do not support `{` and `}`; write one glob per alternative",
            ),
            ("do\u{200B}cs", "`\\u{200b}` contains an invisible character"),
            ("cafe\u{301}/**", "the glob is not in Unicode normal form NFC; write `café/**`"),
            ("docs/[ab", "`[` has no matching `]` in the same name, or is empty"),
            ("docs/[a/b]c", "`[` has no matching `]` in the same name, or is empty"),
            (
                "docs[!x]architecture",
                "`[!…]` also matches `/`; to exclude paths, start a glob with `!`",
            ),
            (
                "docs/[+-9]",
                "`[…]` may contain only ASCII characters, ranges of digits, and ranges of letters \
                 of one case",
            ),
            (
                "docs/[é]",
                "`[…]` may contain only ASCII characters, ranges of digits, and ranges of letters \
                 of one case",
            ),
            (
                "!docs/?.md",
                "`?` does not match non-ASCII letters; use `*` in a glob that excludes paths",
            ),
        ] {
            let fault =
                Glob::parse(text).map_or_else(|fault| fault.to_string(), |_| "accepted".to_owned());
            assert_eq!(fault, words, "{text:?}");
        }
        let long = Glob::parse(&format!("docs/{}", "*a".repeat(128)))
            .map_or_else(|fault| fault.to_string(), |_| String::new());
        assert!(long.ends_with("…` is longer than 255 bytes, the maximum for a name"), "{long}");
        let deep =
            Glob::parse(&"a/".repeat(65)).map_or_else(|fault| fault.to_string(), |_| String::new());
        assert_eq!(deep, "the glob has more than 64 parts separated by `/`");
    }

    #[test]
    fn globs_match_like_gitignore() {
        for (glob, matched, unmatched) in [
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
            for path in matched.split_whitespace() {
                assert!(covers(path), "{glob} matches {path}");
            }
            for path in unmatched.split_whitespace() {
                assert!(!covers(path), "{glob} does not match {path}");
            }
        }
    }
}
