//! A path that two scopes both allow, as the proof that they overlap.
//!
//! Globs are joined pair by pair into example paths, and both scopes are then asked about each: what is returned is always true.
//! That nothing is returned means apart for globs of folders, names, `*`, `?` and classes, and for globs that take out whole
//! folders, extensions or names. It may be wrong where
//! - `!` globs happen to take every example tried, since a pair of names is joined in one way for each of [`FILLINGS`];
//! - two globs with many `**` can be joined in more ways than [`TRIES`] lets through;
//! - one glob ends with an extension and the other leads through a folder of that name without saying so: gitignore lets `*.md`
//!   take `x.md/y.rs`, but to call that an overlap with `*.rs` helps nobody.
//!
//! Two spellings of one name (`Docs/**` and `docs/**`) do not overlap; [`collision`](super::collision()) keeps them apart.

use std::collections::HashSet;

use super::glob::{Glob, Part, Token};
use super::{RepoPath, Scope};

/// What a wildcard is filled with, in turn.
const FILLINGS: &[&str] = &["x", "new", "0", "Z9", "_", "é", "x.md", "x.y.z"];
/// Folders invented where both globs have `**`.
const INVENTED: usize = 2;
/// Steps taken to join two globs with one filling.
const TRIES: usize = 4000;

/// An example of what both scopes allow.
pub(super) fn witness(one: &Scope, other: &Scope) -> Option<String> {
    let shapes = |scope: &Scope| scope.compiled().filter(|glob| !glob.takes_out).map(files).collect::<Vec<_>>();
    let (ours, theirs) = (shapes(one), shapes(other));
    let mut tried = HashSet::new();
    let both = |text: &String| {
        tried.insert(text.clone()) && RepoPath::parse(text).is_ok_and(|path| one.allows(&path) && other.allows(&path))
    };
    let pairs = ours.iter().flat_map(|our| theirs.iter().map(move |their| (our, their)));
    let fillings = FILLINGS.iter().flat_map(|filling| pairs.clone().map(move |pair| (filling, pair)));
    fillings
        .flat_map(|(filling, (our, their))| {
            let mut join = Join { filling, path: Vec::new(), found: Vec::new(), tries: TRIES };
            join.paths(our, their, INVENTED);
            join.found
        })
        .find(both)
}

/// The files a glob takes, as parts that fit a whole path: all that is in a folder it names, too.
fn files(glob: &Glob) -> Vec<Part> {
    let anything = || Part::Name(vec![Token::Many]);
    let mut parts = glob.parts.clone();
    if parts.last() == Some(&Part::Folders) {
        parts.push(anything());
    }
    parts.push(Part::Folders);
    if glob.only_folder {
        parts.push(anything());
    }
    parts
}

/// The search for paths that fit two globs.
struct Join<'a> {
    filling: &'a str,
    path: Vec<String>,
    found: Vec<String>,
    tries: usize,
}

impl Join<'_> {
    fn paths(&mut self, one: &[Part], other: &[Part], invented: usize) {
        if self.tries == 0 {
            return;
        }
        self.tries -= 1;
        match (one, other) {
            ([], []) => self.found.push(self.path.join("/")),
            ([Part::Folders, one_rest @ ..], [Part::Folders, other_rest @ ..]) => {
                self.paths(one_rest, other, invented);
                self.paths(one, other_rest, invented);
                if let Some(invented) = invented.checked_sub(1) {
                    self.through(self.filling.to_owned(), one, other, invented);
                }
            }
            ([Part::Folders, one_rest @ ..], _) => {
                self.paths(one_rest, other, invented);
                if let [Part::Name(name), other_rest @ ..] = other {
                    self.name(&[Token::Many], name, one, other_rest, invented);
                }
            }
            (_, [Part::Folders, ..]) => self.paths(other, one, invented),
            ([Part::Name(ours), one_rest @ ..], [Part::Name(theirs), other_rest @ ..]) => {
                self.name(ours, theirs, one_rest, other_rest, invented);
            }
            _ => {}
        }
    }

    fn name(&mut self, ours: &[Token], theirs: &[Token], one: &[Part], other: &[Part], invented: usize) {
        let (one, other) = (below(ours, theirs, one), below(theirs, ours, other));
        let mut dead = HashSet::new();
        if let Some(name) = fill(ours, theirs, self.filling, &mut dead) {
            self.through(name, one, other, invented);
        }
    }

    fn through(&mut self, name: String, one: &[Part], other: &[Part], invented: usize) {
        self.path.push(name);
        self.paths(one, other, invented);
        self.path.pop();
    }
}

/// What may follow `name` of a glob, of which `rest` is left: when it ends here, looks like a file, and does not to the other glob,
/// nothing.
fn below<'a>(name: &[Token], other: &[Token], rest: &'a [Part]) -> &'a [Part] {
    let has_extension = |name: &[Token]| name.iter().skip(1).any(|token| *token == Token::Char('.'));
    if rest == [Part::Folders] && has_extension(name) && !has_extension(other) { &[] } else { rest }
}

/// A name that fits both, with `filling` where both take anything. `dead` holds what has been tried in vain.
fn fill(one: &[Token], other: &[Token], filling: &str, dead: &mut HashSet<(usize, usize)>) -> Option<String> {
    let at = (one.len(), other.len());
    if dead.contains(&at) {
        return None;
    }
    let name = match (one, other) {
        ([], []) => Some(String::new()),
        ([Token::Many, one_rest @ ..], [Token::Many, other_rest @ ..]) => fill(one_rest, other, filling, dead)
            .or_else(|| fill(one, other_rest, filling, dead))
            .map(|rest| format!("{filling}{rest}")),
        ([Token::Many, rest @ ..], _) => fill(rest, other, filling, dead).or_else(|| {
            let (token, other_rest) = other.split_first()?;
            let c = common(token, &Token::One, filling)?;
            fill(one, other_rest, filling, dead).map(|rest| format!("{c}{rest}"))
        }),
        (_, [Token::Many, rest @ ..]) => fill(one, rest, filling, dead).or_else(|| {
            let (token, one_rest) = one.split_first()?;
            let c = common(token, &Token::One, filling)?;
            fill(one_rest, other, filling, dead).map(|rest| format!("{c}{rest}"))
        }),
        ([ours, one_rest @ ..], [theirs, other_rest @ ..]) => {
            common(ours, theirs, filling).and_then(|c| fill(one_rest, other_rest, filling, dead).map(|rest| format!("{c}{rest}")))
        }
        _ => None,
    };
    if name.is_none() {
        dead.insert(at);
    }
    name
}

/// A character that both tokens take.
fn common(one: &Token, other: &Token, filling: &str) -> Option<char> {
    let any = [('!', '~')];
    let ranges = |token: &Token| match token {
        Token::Char(c) => vec![(*c, *c)],
        Token::Class(ranges) => ranges.clone(),
        Token::One | Token::Many => any.to_vec(),
    };
    match (one, other) {
        (Token::Char(c), Token::One | Token::Many) | (Token::One | Token::Many, Token::Char(c)) => return Some(*c),
        _ => {}
    }
    let (ours, theirs) = (ranges(one), ranges(other));
    let within = |ranges: &[(char, char)], c: char| ranges.iter().any(|&(from, to)| (from..=to).contains(&c));
    let wished = filling.chars().next().filter(|&c| within(&ours, c) && within(&theirs, c));
    wished.or_else(|| {
        let letters = ours.iter().flat_map(|&(from, to)| from..=to);
        let mut letters = letters.filter(|&c| within(&theirs, c));
        letters.clone().find(|c| c.is_alphanumeric()).or_else(|| letters.next())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn overlap(one: &str, other: &str) -> Option<String> {
        let scope = |globs: &str| {
            let globs: Vec<String> = globs.split_whitespace().map(str::to_owned).collect();
            Scope::new(&globs).expect("good globs")
        };
        let (one, other) = (scope(one), scope(other));
        let witness = one.overlaps(&other);
        assert_eq!(witness.is_some(), other.overlaps(&one).is_some(), "overlapping is mutual");
        witness
    }

    #[test]
    fn scopes_that_share_a_path_are_told_which() {
        for (one, other, path) in [
            ("app/**", "app/tests/**", "app/tests/x"),
            ("docs/**", "docs/**", "docs/x"),
            ("**", "infra/main.tf", "infra/main.tf"),
            ("docs/*.md", "docs/plan*", "docs/planx.md"),
            ("*.md", "docs/**", "docs/x.md"),
            ("README.md", "docs/**", "docs/README.md"),
            ("infra", "infra/modules/**", "infra/modules/x"),
            ("a/**/z/*.rs", "a/b/**", "a/b/z/x.rs"),
            ("**/a/**", "**/b/**", "a/b/x"),
            ("x/[a-m]?.md", "x/[m-z]*.md", "x/mx.md"),
            ("docs/**", "docs/** !docs/secret/**", "docs/x"),
            ("docs/** !docs/x !docs/new", "docs/**", "docs/0"),
            ("docs/** !docs/*.md !docs/x", "docs/x* a/**", "docs/xx"),
            ("docs/", "docs/**", "docs/x"),
            ("docs/v1.2", "docs/v1.2/**", "docs/v1.2/x"),
            (".github/workflows/ci.yml", ".github/workflows", ".github/workflows/ci.yml"),
        ] {
            assert_eq!(overlap(one, other).as_deref(), Some(path), "{one} and {other}");
        }
    }

    #[test]
    fn scopes_that_share_nothing_are_apart() {
        for (one, other) in [
            ("docs/architecture/**", "docs/project-plan/**"),
            ("docs/**", "docs-old/**"),
            ("app/** !app/tests/**", "app/tests/**"),
            ("app/** !app/tests", "app/tests/**"),
            ("docs/*.md !docs/*", "docs/**"),
            ("docs/*.md", "docs/*.txt"),
            ("*.md", "*.rs"),
            ("README.md", "*.rs"),
            ("app/*.toml", "app/*/src/**"),
            ("docs/a", "docs/b"),
            ("x/[a-l]?.md", "x/[m-z]*.md"),
            ("Docs/**", "docs/**"),
            // What is sensitive belongs to the one who names it.
            ("**", ".github/workflows/ci.yml"),
            ("", "**"),
        ] {
            assert_eq!(overlap(one, other), None, "{one} and {other}");
        }
    }

    #[test]
    fn globs_made_to_take_for_ever_do_not() {
        let stars = "**/a*b*c*d*e*f*/**/*g*h*i*j*/**/k*/**/*l*";
        assert!(overlap(&format!("{stars}.rs"), &format!("{stars}.md")).is_none());
        let name = format!("x/{}", "*a".repeat(40));
        assert!(overlap(&format!("{name}b"), &format!("{name}c")).is_none());
    }

    /// All paths of up to three names out of a few.
    fn small_paths() -> Vec<RepoPath> {
        let names = ["a", "b", "ab", "q"];
        let mut texts: Vec<String> = names.map(str::to_owned).to_vec();
        for from in [0, 4] {
            let longer = texts[from..].iter().flat_map(|text| names.map(|name| format!("{text}/{name}"))).collect::<Vec<_>>();
            texts.extend(longer);
        }
        texts.iter().filter_map(|text| RepoPath::parse(text).ok()).collect()
    }

    proptest! {
        #[test]
        fn what_both_allow_does_not_go_unseen(
            one in r"(a|b|\*|a\*|\*b|\*\*)(/(a|b|\*|\*b|\*\*)){0,3}/?( !(a|b|a\*|\*\*)(/(a|b|\*b|\*\*)){1,2}){0,2}",
            other in r"(a|b|\*|a\*|\*b|\*\*)(/(a|b|\*|\*b|\*\*)){0,3}/?( !(a|b|a\*|\*\*)(/(a|b|\*b|\*\*)){1,2})?",
        ) {
            let scope = |globs: &str| Scope::new(&globs.split(' ').map(str::to_owned).collect::<Vec<_>>());
            if let (Ok(one), Ok(other)) = (scope(&one), scope(&other)) {
                let shared = small_paths().into_iter().find(|path| one.allows(path) && other.allows(path));
                prop_assert!(shared.is_none() || one.overlaps(&other).is_some(), "{:?}", shared);
            }
        }
    }
}
