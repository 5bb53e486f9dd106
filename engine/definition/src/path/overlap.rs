//! Whether two scopes allow the same path, with such a path as the proof.
//!
//! Globs are joined pair by pair into example paths, and both scopes are then asked about each: a
//! path that is returned is always true. [`Overlap::Apart`] is true for globs of folders, names,
//! `*`, `?` and classes, and for globs that take out whole folders, extensions or names. It may be
//! wrong where
//! - `!` globs happen to take every example tried, since a pair of names is joined in one way for
//!   each of [`FILLINGS`];
//! - one glob ends with an extension and the other leads through a folder of that name without
//!   saying so: gitignore lets `*.md` take `x.md/y.rs`, but to call that an overlap with `*.rs`
//!   helps nobody.
//!
//! Two globs with many wildcards can be joined in more ways than anyone would wait for, so the
//! search is bounded.
//!
//! Two spellings of one name (`Docs/**` and `docs/**`) do not overlap;
//! [`collision`](super::collision()) keeps them apart.

use std::collections::HashSet;

use super::glob::{Glob, Part, Token};
use super::{MAX_PATH_BYTES, RepoPath, Scope};

/// What a wildcard is filled with, in turn.
const FILLINGS: &[&str] = &["x", "new", "0", "Z9", "_", "é", "x.md", "x.y.z"];
/// Folders invented where both globs have `**`.
const INVENTED: usize = 2;
/// Steps taken for two scopes at most; those of a crew's agents take a few dozen.
const PATIENCE: usize = 400_000;
/// Pairs of globs that are held against each other in one step.
const PAIRS: usize = 16;

/// Whether two scopes allow the same path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Overlap {
    /// Both allow this one.
    At(String),
    /// There is none.
    Apart,
    /// There is too much to try it all.
    Unknown,
}

/// Looks for a path that both scopes allow, and takes what that costs from `steps`.
pub(super) fn overlap(one: &Scope, other: &Scope, steps: &mut usize) -> Overlap {
    let allowed = PATIENCE.min(*steps);
    let mut search = Search {
        one,
        other,
        filling: "",
        path: Vec::new(),
        asked: HashSet::new(),
        found: None,
        left: allowed,
    };
    search.run();
    *steps -= allowed - search.left;
    match search.found {
        Some(path) => Overlap::At(path),
        None if search.left == 0 => Overlap::Unknown,
        None => Overlap::Apart,
    }
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

/// Whether two globs differ in a name before their first `**`: most are told apart so, before any
/// example is made.
fn are_apart(one: &[Part], other: &[Part]) -> bool {
    let mut names = one.iter().zip(other).map_while(|parts| match parts {
        (Part::Name(ours), Part::Name(theirs)) => Some((ours, theirs)),
        _ => None,
    });
    names.any(|(ours, theirs)| differ(ours, theirs))
}

/// Whether no name fits both, as far as can be seen before their first wildcard.
fn differ(ours: &[Token], theirs: &[Token]) -> bool {
    match (ours, theirs) {
        ([Token::Char(our), ours @ ..], [Token::Char(their), theirs @ ..]) => {
            our != their || differ(ours, theirs)
        }
        ([], [more, ..]) | ([more, ..], []) => *more != Token::Many,
        _ => false,
    }
}

/// The search for a path that both scopes allow.
struct Search<'a> {
    one: &'a Scope,
    other: &'a Scope,
    filling: &'a str,
    /// The names so far.
    path: Vec<String>,
    asked: HashSet<String>,
    found: Option<String>,
    /// Steps that may still be taken.
    left: usize,
}

impl Search<'_> {
    fn run(&mut self) {
        let shapes = |scope: &Scope| {
            scope.compiled().filter(|glob| !glob.takes_out).map(files).collect::<Vec<_>>()
        };
        let (ours, theirs) = (shapes(self.one), shapes(self.other));
        let mut pairs = Vec::new();
        for our in &ours {
            self.spend(1 + theirs.len() / PAIRS);
            if self.is_over() {
                return;
            }
            pairs.extend(
                theirs.iter().filter(|their| !are_apart(our, their)).map(|their| (our, their)),
            );
        }
        for filling in FILLINGS {
            self.filling = filling;
            for (our, their) in &pairs {
                self.paths(our, their, INVENTED);
            }
        }
    }

    fn spend(&mut self, steps: usize) {
        self.left = self.left.saturating_sub(steps);
    }

    fn is_over(&self) -> bool {
        self.left == 0 || self.found.is_some()
    }

    /// Asks both scopes for the path, which costs as much as there is to look at.
    fn ask(&mut self) {
        let text = self.path.join("/");
        if self.asked.contains(&text) {
            return;
        }
        self.spend(
            (self.one.compiled().count() + self.other.compiled().count())
                .saturating_mul(self.path.len()),
        );
        if let Ok(path) = RepoPath::parse(&text)
            && self.one.allows(&path)
            && self.other.allows(&path)
        {
            self.found = Some(text);
        } else if text.len() <= MAX_PATH_BYTES {
            self.asked.insert(text);
        }
    }

    fn paths(&mut self, one: &[Part], other: &[Part], invented: usize) {
        if self.is_over() {
            return;
        }
        self.spend(1);
        match (one, other) {
            ([], []) => self.ask(),
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

    fn name(
        &mut self,
        ours: &[Token],
        theirs: &[Token],
        one: &[Part],
        other: &[Part],
        invented: usize,
    ) {
        let (one, other) = (below(ours, theirs, one), below(theirs, ours, other));
        let mut fill = Fill { filling: self.filling, dead: HashSet::new(), left: self.left };
        let name = fill.name(ours, theirs);
        self.left = fill.left;
        if let Some(name) = name {
            self.through(name, one, other, invented);
        }
    }

    fn through(&mut self, name: String, one: &[Part], other: &[Part], invented: usize) {
        self.path.push(name);
        self.paths(one, other, invented);
        self.path.pop();
    }
}

/// What may follow `name` of a glob, of which `rest` is left: when it ends here, looks like a file,
/// and does not to the other glob, nothing.
fn below<'a>(name: &[Token], other: &[Token], rest: &'a [Part]) -> &'a [Part] {
    let has_extension =
        |name: &[Token]| name.iter().skip(1).any(|token| *token == Token::Char('.'));
    if rest == [Part::Folders] && has_extension(name) && !has_extension(other) { &[] } else { rest }
}

/// The search for a name that fits two, with `filling` where both take anything.
struct Fill<'a> {
    filling: &'a str,
    /// What has been tried in vain: how much was left of both.
    dead: HashSet<(usize, usize)>,
    /// Steps that may still be taken.
    left: usize,
}

impl Fill<'_> {
    fn name(&mut self, one: &[Token], other: &[Token]) -> Option<String> {
        let at = (one.len(), other.len());
        if self.left == 0 || self.dead.contains(&at) {
            return None;
        }
        self.left -= 1;
        let filling = self.filling;
        let name = match (one, other) {
            ([], []) => Some(String::new()),
            ([Token::Many, one_rest @ ..], [Token::Many, other_rest @ ..]) => {
                let rest = self.name(one_rest, other).or_else(|| self.name(one, other_rest));
                rest.map(|rest| format!("{filling}{rest}"))
            }
            ([Token::Many, rest @ ..], _) => self.name(rest, other).or_else(|| {
                let (token, other_rest) = other.split_first()?;
                self.with(common(token, &Token::One, filling), one, other_rest)
            }),
            (_, [Token::Many, rest @ ..]) => self.name(one, rest).or_else(|| {
                let (token, one_rest) = one.split_first()?;
                self.with(common(token, &Token::One, filling), one_rest, other)
            }),
            ([ours, one_rest @ ..], [theirs, other_rest @ ..]) => {
                self.with(common(ours, theirs, filling), one_rest, other_rest)
            }
            _ => None,
        };
        if name.is_none() {
            self.dead.insert(at);
        }
        name
    }

    fn with(&mut self, c: Option<char>, one: &[Token], other: &[Token]) -> Option<String> {
        let c = c?;
        self.name(one, other).map(|rest| format!("{c}{rest}"))
    }
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
        (Token::Char(c), Token::One | Token::Many) | (Token::One | Token::Many, Token::Char(c)) => {
            return Some(*c);
        }
        _ => {}
    }
    let (ours, theirs) = (ranges(one), ranges(other));
    let within = |ranges: &[(char, char)], c: char| {
        ranges.iter().any(|&(from, to)| (from..=to).contains(&c))
    };
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
        match verdict(one, other) {
            Overlap::At(path) => Some(path),
            Overlap::Apart => None,
            Overlap::Unknown => panic!("{one} and {other} take too long"),
        }
    }

    fn verdict(one: &str, other: &str) -> Overlap {
        let scope = |globs: &str| {
            let globs: Vec<String> = globs.split_whitespace().map(str::to_owned).collect();
            Scope::new(&globs).expect("good globs")
        };
        let (one, other) = (scope(one), scope(other));
        let verdict = one.overlap(&other, &mut usize::MAX.clone());
        let mutual = other.overlap(&one, &mut usize::MAX.clone());
        assert_eq!(
            std::mem::discriminant(&verdict),
            std::mem::discriminant(&mutual),
            "overlapping is mutual"
        );
        verdict
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
    fn many_globs_and_many_wildcards_are_told_apart_and_found() {
        let stars = "**/a*b*c*d*e*f*/**/*g*h*i*j*/**/k*/**/*l*";
        assert!(overlap(stars, stars).is_some());
        assert_eq!(overlap("**/tests/**/data/**", "**/src/** !**/tests/**"), None);
        assert_eq!(overlap("**/a/**/b/**", "**/c/** !**/a/**"), None);
        let names =
            |of: &str| (0..1500).map(|n| format!("docs/{of}{n}.md")).collect::<Vec<_>>().join(" ");
        assert_eq!(overlap(&names("a"), &names("b")), None);
        assert_eq!(
            overlap(&names("a"), &format!("{} docs/a7.md", names("b"))).as_deref(),
            Some("docs/a7.md")
        );
    }

    #[test]
    fn globs_made_to_take_for_ever_are_given_up() {
        let stars = "**/a*b*c*d*e*f*/**/*g*h*i*j*/**/k*/**/*l*";
        assert_eq!(verdict(&format!("{stars}.rs"), &format!("{stars}.md")), Overlap::Unknown);
        let name = format!("x/{}", "*a".repeat(40));
        assert_eq!(verdict(&format!("{name}b"), &format!("{name}c")), Overlap::Apart);
        let names = |last: char| format!("{}.{last}", vec!["*a".repeat(120); 30].join("/**/"));
        assert_eq!(verdict(&names('b'), &names('c')), Overlap::Unknown);

        let scope = |glob: String| Scope::new(&[glob]).expect("a good glob");
        let mut steps = 1000;
        assert_eq!(scope(names('b')).overlap(&scope(names('c')), &mut steps), Overlap::Unknown);
        assert_eq!(steps, 0, "what is left over for all is used up, and no more");
    }

    /// All paths of up to three names out of a few.
    fn small_paths() -> Vec<RepoPath> {
        let names = ["a", "b", "ab", "q"];
        let mut texts: Vec<String> = names.map(str::to_owned).to_vec();
        for from in [0, 4] {
            let longer = texts[from..]
                .iter()
                .flat_map(|text| names.map(|name| format!("{text}/{name}")))
                .collect::<Vec<_>>();
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
                let seen = one.overlap(&other, &mut usize::MAX.clone());
                prop_assert!(shared.is_none() || matches!(seen, Overlap::At(_)), "{:?}", shared);
            }
        }
    }
}
