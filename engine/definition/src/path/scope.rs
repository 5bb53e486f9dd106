//! Where an agent may write.
//!
//! The last glob that matches a path, or one of its parent folders, decides. A glob that starts
//! with `!` excludes. An excluded folder therefore stays excluded with everything in it until a
//! later glob includes it again. Inclusion is exact, but exclusion ignores case: an agent must not
//! reach `docs/Secret` because only `docs/secret` was excluded.
//!
//! A [sensitive](super::sensitive()) path needs more: a glob must spell out the sensitive part
//! without wildcards, down to the file or to a folder that is sensitive as a whole.
//! `.github/workflows` and `.github/workflows/ci.yml` grant access; `**`, `.github/**` and
//! `.github/workflows/*.yml` do not.

use std::fmt;

use cloudcrew_planted::Fault;

use super::RepoPath;
use super::glob::{Glob, GlobFault};
use super::overlap::{self, Overlap};
use super::sensitive::{Marker, markers};

/// An agent's write scope: compiled gitignore-style globs.
#[derive(Clone)]
pub struct Scope {
    globs: Vec<Glob>,
}

/// A glob that cannot be part of a scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct ScopeFault {
    /// The index of the glob, from 0.
    pub index: usize,
    /// What is wrong with it.
    pub why: GlobFault,
}

/// A scope's verdict on a path.
enum Verdict<'a> {
    Inside,
    Outside,
    /// Excluded by this glob.
    TakenOut(&'a Glob),
    /// Inside, but sensitive and not named by a glob; the reason why it must be.
    Unnamed(&'static str),
}

impl Scope {
    /// Compiles the globs, or returns the first that is not valid. Without globs, the scope allows
    /// nothing.
    pub fn new(globs: &[String]) -> Result<Self, ScopeFault> {
        let mut compiled: Vec<Glob> = Vec::with_capacity(globs.len());
        for (index, text) in globs.iter().enumerate() {
            let glob = Glob::parse(text).map_err(|why| ScopeFault { index, why })?;
            if glob.excludes && compiled.iter().all(|before| before.excludes) {
                return Err(ScopeFault { index, why: GlobFault::NothingToTakeOut });
            }
            compiled.push(glob);
        }
        Ok(Self { globs: compiled })
    }

    /// Whether the path is inside the scope and, if it is sensitive, named.
    pub fn allows(&self, path: &RepoPath) -> bool {
        matches!(self.verdict(path), Verdict::Inside)
    }

    /// The message for an agent that may not write `path`; `None` if it may.
    pub fn refusal(&self, agent: &str, path: &RepoPath) -> Option<String> {
        let head = format!("`{agent}` may not write `{path}`");
        match self.verdict(path) {
            Verdict::Inside => None,
            Verdict::Outside if self.globs.is_empty() => {
                Some(format!("{head}; it has no write scope"))
            }
            Verdict::Outside => Some(format!("{head}; its scope is {self}")),
            Verdict::TakenOut(glob) => {
                Some(format!("{head}; {} excludes it from its scope", glob.text))
            }
            Verdict::Unnamed(why) => Some(format!(
                "{head}: {why}, so a glob without wildcards must name it; its scope is {self}"
            )),
        }
    }

    /// Searches for a path that both scopes allow. A returned path is always a real overlap;
    /// `overlap.rs` documents which overlaps may be missed. The search takes at most `steps` steps
    /// and subtracts those it used.
    pub fn overlap(&self, other: &Self, steps: &mut usize) -> Overlap {
        overlap::overlap(self, other, steps)
    }

    /// The globs as written.
    pub fn globs(&self) -> impl Iterator<Item = &str> {
        self.globs.iter().map(|glob| glob.text.as_str())
    }

    pub(super) fn compiled(&self) -> impl Iterator<Item = &Glob> {
        self.globs.iter()
    }

    fn verdict(&self, path: &RepoPath) -> Verdict<'_> {
        if Fault::PrefixPaths.is_planted() {
            let inside = self.globs().any(|glob| {
                path.as_str()
                    .starts_with(glob.split('*').next().unwrap_or_default().trim_end_matches('/'))
            });
            return if inside { Verdict::Inside } else { Verdict::Outside };
        }
        let covering: Vec<&Glob> = self.globs.iter().filter(|glob| glob.covers(path)).collect();
        match covering.last() {
            None => return Verdict::Outside,
            Some(last) if last.excludes => return Verdict::TakenOut(last),
            Some(_) => {}
        }
        let markers = markers(path);
        let mut unnamed: Vec<&Marker> = markers.iter().collect();
        for glob in covering {
            if glob.excludes {
                // An exclusion also cancels earlier names.
                unnamed = markers.iter().collect();
            } else {
                unnamed.retain(|marker| !names(glob, path, marker));
            }
        }
        unnamed.first().map_or(Verdict::Inside, |marker| Verdict::Unnamed(marker.why))
    }
}

/// Whether the glob spells out the sensitive part of the path, down to the file or to a folder that
/// is sensitive as a whole. All components from the start of the sensitive part to the end of the
/// glob must be plain names: `settings.json` alone matches in `.vscode`, but does not name it.
fn names(glob: &Glob, path: &RepoPath, marker: &Marker) -> bool {
    let mut prefixes = path.prefixes().zip(1..).skip(marker.end.saturating_sub(1));
    prefixes.any(|(prefix, length)| {
        let is_folder = prefix.len() < path.as_str().len();
        glob.spelled_out() + marker.start >= length && glob.takes(prefix, is_folder)
    })
}

impl fmt::Display for Scope {
    /// The globs, separated by commas.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.globs().collect::<Vec<_>>().join(", "))
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scope").field(&self.globs().collect::<Vec<_>>()).finish()
    }
}

impl PartialEq for Scope {
    /// Scopes are equal if their globs are written the same way.
    fn eq(&self, other: &Self) -> bool {
        self.globs().eq(other.globs())
    }
}

impl Eq for Scope {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::path::glob::{Part, Token};

    fn scope(globs: &str) -> Scope {
        Scope::new(&globs.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
            .expect("good globs")
    }

    fn allows(globs: &str, path: &str) -> bool {
        scope(globs).allows(&RepoPath::parse(path).expect("a good path"))
    }

    fn refusal(globs: &str, path: &str) -> String {
        let path = RepoPath::parse(path).expect("a good path");
        scope(globs).refusal("sa", &path).unwrap_or_else(|| "go ahead".to_owned())
    }

    #[test]
    fn an_agent_writes_only_in_its_folders() {
        assert!(allows("docs/architecture/**", "docs/architecture/adr/0001.md"));
        for path in [
            "docs/architecture-evil/x",
            "docs/architecture",
            "docs/Architecture/x",
            "docs/x",
            "x/docs/architecture/x",
            "docs/architecture %2f/x",
            "docs／architecture/x",
            "docs/architectur\u{435}/x",
        ] {
            assert!(!allows("docs/architecture/**", path), "{path}");
        }
    }

    #[test]
    fn the_last_matching_glob_decides() {
        let globs = "app/** !app/tests app/tests/shared/**";
        assert!(allows(globs, "app/main.rs"));
        assert!(!allows(globs, "app/tests/a.rs"));
        assert!(allows(globs, "app/tests/shared/a.rs"));
        // Exclusion ignores case, in the glob and in the path.
        assert!(!allows("docs/** !docs/secret/**", "docs/SECRET/a.md"));
        assert!(!allows("docs/** !docs/Straße", "docs/STRASSE"));
        // Only the README in the root: everything in a folder is excluded.
        assert!(allows("README.md !*/**", "README.md"));
        assert!(!allows("README.md !*/**", "docs/README.md"));
    }

    #[test]
    fn sensitive_files_must_be_named() {
        for globs in [
            "**",
            ".github/**",
            ".github/workflows/**",
            ".github/workflows/*.yml",
            "ci.yml",
            "**/ci.yml",
            ".github",
            ".github/workflows !.github/workflows **",
        ] {
            assert!(!allows(globs, ".github/workflows/ci.yml"), "{globs}");
        }
        for globs in [
            ".github/workflows",
            ".github/workflows/",
            ".github/workflows/ci.yml",
            "** .github/workflows/ci.yml",
            ".github/workflows/ci.yml **",
        ] {
            assert!(allows(globs, ".github/workflows/ci.yml"), "{globs}");
        }
        assert!(allows("CODEOWNERS", "docs/CODEOWNERS"));
        assert!(!allows("docs", "docs/CODEOWNERS"));
        assert!(!allows("settings.json", ".vscode/settings.json"));
        assert!(!allows(".vscode", ".vscode/CODEOWNERS"), "sensitive twice, named once");
        assert!(allows(".vscode/CODEOWNERS", ".vscode/CODEOWNERS"));
        assert!(allows("app/*/.npmrc", "app/web/.npmrc"));
        assert!(!allows("config.toml", ".cargo/config.toml"));
    }

    #[test]
    fn refusals_say_why() {
        assert_eq!(refusal("docs/architecture/**", "docs/architecture/a.md"), "go ahead");
        assert_eq!(
            refusal("docs/architecture/**", "infra/main.tf"),
            "`sa` may not write `infra/main.tf`; its scope is docs/architecture/**"
        );
        assert_eq!(refusal("", "a"), "`sa` may not write `a`; it has no write scope");
        assert_eq!(
            refusal("app/** !app/tests/**", "app/tests/a"),
            "`sa` may not write `app/tests/a`; !app/tests/** excludes it from its scope"
        );
        assert_eq!(
            refusal("**", ".envrc"),
            "`sa` may not write `.envrc`: a shell or program started in the folder reads it, so \
             a glob without wildcards must name it; its scope is **"
        );
    }

    #[test]
    fn an_invalid_glob_is_reported_by_index() {
        let fault = |globs: &[&str]| {
            Scope::new(&globs.iter().map(|&glob| glob.to_owned()).collect::<Vec<_>>()).err()
        };
        assert_eq!(
            fault(&["docs/**", "", "/x"]),
            Some(ScopeFault { index: 1, why: GlobFault::Empty })
        );
        assert_eq!(
            fault(&["!docs/**", "docs/**"]),
            Some(ScopeFault { index: 0, why: GlobFault::NothingToTakeOut })
        );
        assert_eq!(fault(&["*", "**", "!docs"]), None);
        assert_eq!(scope("a/** !a/b").globs().collect::<Vec<_>>(), ["a/**", "!a/b"]);
    }

    /// The names at the start of a glob, before any wildcard.
    fn fixed(glob: &Glob) -> Vec<String> {
        let literal = |part: &Part| match part {
            Part::Name(tokens) => tokens
                .iter()
                .map(|token| if let Token::Char(c) = token { Some(*c) } else { None })
                .collect(),
            Part::Folders => None,
        };
        glob.parts.iter().map_while(literal).collect()
    }

    proptest! {
        #[test]
        fn an_allowed_path_starts_with_the_folder_of_some_glob(
            globs in prop::collection::vec(
                r"!?(a|b|docs|\*|[ab]\*|\*\*|a\?)(/(a|b|docs|\*|\*\*|b\*)){0,3}/?", 1..4),
            path in r"(a|b|docs|ab|x)(/(a|b|docs|ab|x|\.envrc)){0,4}",
        ) {
            if let (Ok(scope), Ok(path)) = (Scope::new(&globs), RepoPath::parse(&path))
                && scope.allows(&path)
            {
                let names: Vec<&str> = path.components().collect();
                let begins = |glob: &&Glob| !glob.excludes && fixed(glob).iter().zip(&names).all(|(
                    want, name)| want == name)
                    && fixed(glob).len() <= names.len();
                prop_assert!(scope.compiled().any(|glob| begins(&glob)));
                prop_assert!(crate::path::sensitive(&path).is_none());
                let witness = scope.overlap(&scope, &mut usize::MAX.clone());
                prop_assert!(matches!(witness, Overlap::At(_)), "a scope that allows something \
                    overlaps with itself");
            }
        }
    }
}
