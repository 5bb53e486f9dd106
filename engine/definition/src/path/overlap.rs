//! Finds a path that two scopes both allow.
//!
//! The search combines each pair of globs into example paths and asks both scopes about each, so a
//! returned path is always a real overlap. [`Overlap::Apart`] is reliable for globs of folders,
//! names, `*`, `?` and classes, and for globs that exclude whole folders, extensions or names. It
//! may be wrong where
//! - `!` globs happen to exclude every example, since a pair of names is combined in only one way
//!   for each of [`FILLINGS`];
//! - one glob ends with an extension and the other matches through a folder with such a name: in
//!   gitignore, `*.md` matches `x.md/y.rs`, but reporting that as an overlap with `*.rs` would help
//!   no one.
//!
//! Two globs with many wildcards can be combined in a huge number of ways, so the search is
//! bounded.
//!
//! Two spellings of one name (`Docs/**` and `docs/**`) do not overlap;
//! [`collision`](super::collision()) keeps them apart.

use std::collections::HashSet;

use super::glob::{Glob, Part, Token};
use super::{MAX_PATH_BYTES, RepoPath, Scope};

/// Texts that are substituted for a wildcard, in this order.
const FILLINGS: &[&str] = &["x", "new", "0", "Z9", "_", "é", "x.md", "x.y.z"];
/// Number of folders to invent where both globs have `**`.
const INVENTED: usize = 2;
/// Maximum number of steps for two scopes. The scopes of a typical crew take a few dozen.
const PATIENCE: usize = 400_000;
/// Pairs of globs that are compared in one step.
const PAIRS: usize = 16;

/// Whether two scopes allow the same path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Overlap {
    /// Both allow this path.
    At(String),
    /// There is no such path.
    Apart,
    /// The search was given up.
    Unknown,
}

/// Searches for a path that both scopes allow, and subtracts the cost from `steps`.
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

/// The files that a glob matches, as parts that match a whole path, including everything in a
/// matched folder.
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

/// Whether two globs differ in a name before their first `**`. This rules out most pairs before any
/// example is generated.
fn are_apart(one: &[Part], other: &[Part]) -> bool {
    let mut names = one.iter().zip(other).map_while(|parts| match parts {
        (Part::Name(ours), Part::Name(theirs)) => Some((ours, theirs)),
        _ => None,
    });
    names.any(|(ours, theirs)| differ(ours, theirs))
}

/// Whether the parts before the first wildcard show that no name matches both.
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
    /// Remaining steps.
    left: usize,
}

impl Search<'_> {
    fn run(&mut self) {
        let shapes = |scope: &Scope| {
            scope.compiled().filter(|glob| !glob.excludes).map(files).collect::<Vec<_>>()
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

    /// Asks both scopes about the path. The cost grows with the number of globs and components.
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

/// The parts that may follow `name`, given the remaining parts `rest`. Nothing may follow if the
/// glob ends here with a name that looks like a file, unless the other glob's name does too.
fn below<'a>(name: &[Token], other: &[Token], rest: &'a [Part]) -> &'a [Part] {
    let has_extension =
        |name: &[Token]| name.iter().skip(1).any(|token| *token == Token::Char('.'));
    if rest == [Part::Folders] && has_extension(name) && !has_extension(other) { &[] } else { rest }
}

/// The search for a name that matches both patterns, with `filling` where both match anything.
struct Fill<'a> {
    filling: &'a str,
    /// Combinations of remaining lengths that have failed.
    dead: HashSet<(usize, usize)>,
    /// Remaining steps.
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

/// A character that both tokens match.
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
    fn overlapping_scopes_return_a_shared_path() {
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
    fn disjoint_scopes_are_apart() {
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
            // A sensitive path belongs to the scope that names it.
            ("**", ".github/workflows/ci.yml"),
            ("", "**"),
        ] {
            assert_eq!(overlap(one, other), None, "{one} and {other}");
        }
    }

    #[test]
    fn many_globs_and_wildcards_are_compared() {
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
    fn pathological_globs_are_given_up() {
        let stars = "**/a*b*c*d*e*f*/**/*g*h*i*j*/**/k*/**/*l*";
        assert_eq!(verdict(&format!("{stars}.rs"), &format!("{stars}.md")), Overlap::Unknown);
        let name = format!("x/{}", "*a".repeat(40));
        assert_eq!(verdict(&format!("{name}b"), &format!("{name}c")), Overlap::Apart);
        let names = |last: char| format!("{}.{last}", vec!["*a".repeat(120); 30].join("/**/"));
        assert_eq!(verdict(&names('b'), &names('c')), Overlap::Unknown);

        let scope = |glob: String| Scope::new(&[glob]).expect("a good glob");
        let mut steps = 1000;
        assert_eq!(scope(names('b')).overlap(&scope(names('c')), &mut steps), Overlap::Unknown);
        assert_eq!(steps, 0, "exactly the remaining steps are used up");
    }

    /// All paths of up to three names from a small set.
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
        fn a_shared_path_is_always_found(
            one in r"(a|b|\*|a\*|\*b|\*\*)(/(a|b|\*|\*b|\*\*)){0,3}/?( !(a|b|a\*|\*\*)(/(a|b|\*b|\*\*)){1,2}){0,2}",
            other in r"(a|b|\*|a\*|\*b|\*\*)(/(a|b|\*|\*b|\*\*)){0,3}/?( !(a|b|a\*|\*\*)(/(a|b|\*b|\*\*)){1,2})?",
        ) {
            let scope = |globs: &str| Scope::new(&globs.split(' ').map(
                str::to_owned).collect::<Vec<_>>());
            if let (Ok(one), Ok(other)) = (scope(&one), scope(&other)) {
                let shared = small_paths().into_iter().find(|path| one.allows(path) && other.allows(
                    path));
                let seen = one.overlap(&other, &mut usize::MAX.clone());
                prop_assert!(shared.is_none() || matches!(seen, Overlap::At(_)), "{:?}", shared);
            }
        }
    }
}
