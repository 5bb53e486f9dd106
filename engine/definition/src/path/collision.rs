//! Checks whether a new file can exist alongside the files in a tree.
//!
//! Git distinguishes `Docs/a` from `docs/b`, but macOS and Windows do not. Two paths collide if
//! their first differing component differs only in case or normal form, or if one has a file where
//! the other has a folder.

use super::RepoPath;
use super::unicode::{fold, shown};

/// Why a path cannot be written alongside an existing one. Existing paths are untrusted and are
/// escaped for display.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Collision {
    /// Two spellings of one name.
    #[error("`{path}` and `{existing}`, which exists, are one name on some \
        systems", existing = shown(existing))]
    Spelling {
        /// The new path, up to the component that collides.
        path: String,
        /// The existing path, up to the same component.
        existing: String,
    },
    /// A file is in the place of a folder of the path.
    #[error("`{}` is a file; nothing can be written below it", shown(existing))]
    FileInTheWay {
        /// The file in the place of the folder.
        existing: String,
    },
    /// The path is a folder.
    #[error("`{path}` is a folder: it holds `{existing}`", existing = shown(existing))]
    FolderInTheWay {
        /// The new path.
        path: String,
        /// A file in the folder.
        existing: String,
    },
}

/// The first of the `existing` files that `path` collides with. A file with exactly the same path
/// is not a collision: it will be replaced.
pub fn collision<'a>(
    path: &RepoPath,
    existing: impl Iterator<Item = &'a str>,
) -> Option<Collision> {
    let names: Vec<Name<'_>> =
        path.components().map(|text| Name { text, key: fold(text) }).collect();
    let mut existing = existing;
    existing.find_map(|existing| meets(path, &names, existing))
}

/// A component and its folded key.
struct Name<'a> {
    text: &'a str,
    key: String,
}

fn meets(path: &RepoPath, names: &[Name<'_>], existing: &str) -> Option<Collision> {
    let theirs: Vec<&str> = existing.split('/').collect();
    for (depth, (ours, theirs)) in names.iter().zip(&theirs).enumerate() {
        if ours.text != *theirs {
            let collides = ours.key == fold(theirs);
            return collides.then(|| Collision::Spelling {
                path: first(path.as_str(), depth),
                existing: first(existing, depth),
            });
        }
    }
    let existing = existing.to_owned();
    match theirs.len().cmp(&names.len()) {
        std::cmp::Ordering::Less => Some(Collision::FileInTheWay { existing }),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => {
            Some(Collision::FolderInTheWay { path: path.to_string(), existing })
        }
    }
}

/// `path` up to and including the component at `depth`.
fn first(path: &str, depth: usize) -> String {
    path.split('/').take(depth + 1).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(path: &str, existing: &[&str]) -> Option<String> {
        let path = RepoPath::parse(path).expect("a good path");
        collision(&path, existing.iter().copied()).map(|collision| collision.to_string())
    }

    #[test]
    fn different_names_do_not_collide() {
        let tree = ["README.md", "docs/a.md", "docs/b/c.md", "docs-old/a.md"];
        for path in
            ["docs/new.md", "docs/a.md", "docs/b/d/e.md", "doc", "docs/a.md2", "docs/café.md"]
        {
            assert_eq!(words(path, &tree), None, "{path}");
        }
    }

    #[test]
    fn two_spellings_of_a_name_collide() {
        for (path, existing, expected) in [
            ("Docs/a", "docs/b", "`Docs` and `docs`, which exists, are one name on some systems"),
            (
                "docs/A.md",
                "docs/a.md",
                "`docs/A.md` and `docs/a.md`, which exists, are one name on some systems",
            ),
            (
                "a/straße/x",
                "a/STRASSE/y",
                "`a/straße` and `a/STRASSE`, which exists, are one name on some systems",
            ),
            ("docs", "DOCS/a", "`docs` and `DOCS`, which exists, are one name on some systems"),
            (
                "café",
                "cafe\u{301}",
                "`café` and `cafe\u{301}`, which exists, are one name on some systems",
            ),
        ] {
            assert_eq!(words(path, &["z", existing]).as_deref(), Some(expected));
        }
    }

    #[test]
    fn files_and_folders_of_the_same_name_collide() {
        assert_eq!(
            words("docs/a/b", &["docs/a"]).as_deref(),
            Some("`docs/a` is a file; nothing can be written below it")
        );
        assert_eq!(
            words("docs", &["docs/a"]).as_deref(),
            Some("`docs` is a folder: it holds `docs/a`")
        );
    }
}
