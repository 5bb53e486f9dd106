//! Hostile spellings of paths, for tests of code that accepts paths from agents. The same seed
//! generates the same paths.
//!
//! Every spelling tries to reach a forbidden place: outside the scope, inside `.git`, over a file
//! that differs only in case, or beyond the limits of a file system. Some only look bad and are
//! harmless (`docs/%2e%2e/x` is a folder named `%2e%2e`). A test must therefore not expect every
//! path to be refused. It must check that every accepted path is in the scope, name by name.

/// Spells a path, given a folder of the scope.
type Spell = fn(&mut Mix, &str) -> String;

/// The families of spellings, by name.
const FAMILIES: &[(&str, Spell)] = &[
    ("traversal", |mix, dir| format!("{dir}/{}{}", "../".repeat(mix.up_to(6) + 1), mix.target())),
    ("traversal from the start", |mix, dir| {
        format!("{}{dir}/{}", "../".repeat(mix.up_to(4) + 1), mix.leaf())
    }),
    ("traversal that returns", |mix, dir| format!("{dir}/../{}/{}", last(dir), mix.leaf())),
    ("dots", |mix, dir| {
        format!("{dir}/{}/{}", mix.of(&[".", "..", "...", "....", ". .", ".. ", " .."]), mix.leaf())
    }),
    ("absolute", |mix, dir| format!("{}{dir}/{}", mix.of(&["/", "//", "///", "/./"]), mix.leaf())),
    ("empty name", |mix, dir| mix.of(&["", "/", "{}/", "{}//x", "{}/x/"]).replace("{}", dir)),
    (".git", |mix, dir| {
        format!("{}.git/{}", mix.of(&["", "{}/"]).replace("{}", dir), mix.of(GIT_FILES))
    }),
    (".git in other letters", |mix, dir| {
        format!("{dir}/{}/{}", mix.cased(".git"), mix.of(GIT_FILES))
    }),
    (".git on NTFS", |mix, dir| format!("{dir}/{}/{}", mix.of(NTFS), mix.of(GIT_FILES))),
    (".git on HFS+", |mix, dir| format!("{dir}/{}/{}", mix.insert(".git", HFS), mix.of(GIT_FILES))),
    (".git in full width", |mix, _| {
        format!(
            "{}/{}",
            mix.of(&["．git", ".ｇｉｔ", "\u{2024}git", ".g\u{131}t", ".ɡit"]),
            mix.of(GIT_FILES)
        )
    }),
    ("neighbour by prefix", |mix, dir| {
        format!(
            "{dir}{}/{}",
            mix.of(&["-evil", "2", ".bak", "_", "x", "~", " x", "%2f"]),
            mix.leaf()
        )
    }),
    ("prefix cut short", |mix, dir| {
        format!("{}/{}", dir.get(..dir.len().saturating_sub(1)).unwrap_or("x"), mix.leaf())
    }),
    ("prefix in other letters", |mix, dir| format!("{}/{}", mix.cased(dir), mix.leaf())),
    ("prefix further down", |mix, dir| {
        format!("{}/{dir}/{}", mix.of(&["x", "tmp", "vendor", "~"]), mix.leaf())
    }),
    ("percent encoded", |mix, dir| {
        format!(
            "{dir}/{}{}",
            mix.of(&["%2e%2e/", "%2e%2e%2f", "..%2f", "%252e%252e/", "..%c0%af", "%00"]),
            mix.target()
        )
    }),
    ("backslashes", |mix, dir| {
        format!(
            "{dir}{}",
            mix.of(&["\\..\\..\\x", "/..\\..\\x", "\\x", "/a\\b", "\\\\host\\share", "/.\\x"])
        )
    }),
    ("drives and streams", |mix, dir| {
        format!(
            "{}{dir}/{}",
            mix.of(&["C:/", "c:", "\\\\?\\C:\\", "file:///", "z:"]),
            mix.of(&["x", "x:y", "x::$DATA"])
        )
    }),
    ("control characters", |mix, dir| {
        format!(
            "{dir}/{}",
            mix.insert(
                "plan.md",
                &['\0', '\n', '\r', '\t', '\u{1b}', '\u{7f}', '\u{85}', '\u{9b}']
            )
        )
    }),
    ("bidi", |mix, dir| {
        format!(
            "{dir}/{}",
            mix.insert(
                "plan.md",
                &['\u{202E}', '\u{202D}', '\u{2066}', '\u{2067}', '\u{200F}', '\u{61C}']
            )
        )
    }),
    ("invisible", |mix, dir| {
        format!(
            "{}/{}",
            mix.insert(
                dir,
                &[
                    '\u{200B}',
                    '\u{FEFF}',
                    '\u{AD}',
                    '\u{2060}',
                    '\u{E0041}',
                    '\u{FE0F}',
                    '\u{3164}',
                    '\u{A0}'
                ]
            ),
            mix.leaf()
        )
    }),
    ("look-alike letters", |mix, dir| format!("{}/{}", mix.swap(dir, ALIKE), mix.leaf())),
    ("look-alike slashes", |mix, dir| {
        format!("{dir}{0}..{0}x", mix.of(&["／", "∕", "⁄", "⧸", "＼", "\u{338}"]))
    }),
    ("other normal forms", |mix, dir| {
        format!(
            "{dir}/{}",
            mix.of(&[
                "cafe\u{301}.md",
                "\u{212B}.md",
                "A\u{30A}/x",
                "\u{1100}\u{1161}",
                "\u{2126}/x",
                "q\u{307}\u{323}"
            ])
        )
    }),
    ("trailing dots and spaces", |mix, dir| {
        format!("{dir}{}/{}{}", mix.of(TRAILS), mix.leaf(), mix.of(TRAILS))
    }),
    ("devices", |mix, dir| {
        format!(
            "{dir}/{}{}",
            {
                let name = mix.of(DEVICES);
                mix.cased(name)
            },
            mix.of(&["", ".md", ".tar.gz", "/x", " .txt"])
        )
    }),
    ("long name", |mix, dir| {
        format!("{dir}/{}", mix.of(&["x", "é", "設"]).repeat(256 + mix.up_to(5000)))
    }),
    ("long path", |mix, dir| format!("{dir}/{}x", "abcdefghij/".repeat(380 + mix.up_to(600)))),
    ("deep", |mix, dir| format!("{dir}/{}x", "a/".repeat(64 + mix.up_to(400)))),
    ("options and homes", |mix, _| {
        mix.of(&[
            "-rf",
            "--output=/etc/passwd",
            "~/x",
            "~root/.ssh/authorized_keys",
            "-/x",
            "$HOME/x",
            "${IFS}",
            "`id`",
            "$(id)",
            "| id",
            "a;id",
        ])
        .to_owned()
    }),
    ("sensitive", |mix, dir| {
        format!("{}{}", mix.of(&["", "{}/"]).replace("{}", dir), mix.of(SENSITIVE))
    }),
    ("sensitive in other letters", |mix, dir| {
        format!("{dir}/{}", {
            let name = mix.of(SENSITIVE);
            mix.cased(name)
        })
    }),
    ("globs", |mix, dir| {
        format!(
            "{}/{}",
            mix.of(&["**", "*", "{docs,infra}", "[a-z]*", "!{}", "{}/**", "?"]).replace("{}", dir),
            mix.leaf()
        )
    }),
    ("elsewhere", |mix, _| mix.target().to_owned()),
    ("the scope itself", |mix, dir| {
        mix.of(&["{}", "{}/", "{}/.", "{}/**", "./{}"]).replace("{}", dir)
    }),
    ("noise", |mix, dir| {
        let noise = mix.noise();
        format!("{dir}/{noise}")
    }),
];

const GIT_FILES: &[&str] =
    &["config", "hooks/pre-commit", "HEAD", "index", "refs/heads/main", "info/attributes"];
const NTFS: &[&str] = &[
    "git~1",
    "GIT~1",
    "Git~2",
    ".git.",
    ".git ",
    ".git. .",
    ".git::$INDEX_ALLOCATION",
    ".git:x",
    ".git\\",
    "git~1::$INDEX_ALLOCATION",
];
const HFS: &[char] = &[
    '\u{200C}', '\u{200D}', '\u{200E}', '\u{200F}', '\u{202A}', '\u{202E}', '\u{206A}', '\u{206F}',
    '\u{FEFF}',
];
const TRAILS: &[&str] = &[".", " ", "..", ". ", " .", "...", "\u{A0}"];
const DEVICES: &[&str] =
    &["con", "prn", "aux", "nul", "com1", "com9", "lpt1", "com¹", "conin$", "conout$"];
const SENSITIVE: &[&str] = &[
    ".github/workflows/ci.yml",
    ".gitattributes",
    ".gitmodules",
    "gitmod~1",
    "CODEOWNERS",
    ".envrc",
    ".husky/pre-commit",
    ".vscode/tasks.json",
    ".npmrc",
    ".cargo/config.toml",
    ".claude/settings.json",
    "Jenkinsfile",
    "buildspec.yml",
    ".pre-commit-config.yaml",
    ".mcp.json",
];
const ALIKE: &[(char, char)] = &[
    ('a', 'а'),
    ('c', 'с'),
    ('e', 'е'),
    ('o', 'ο'),
    ('i', 'і'),
    ('p', 'р'),
    ('d', 'ԁ'),
    ('s', 'ѕ'),
    ('t', 'ｔ'),
    ('-', '‐'),
];
const TARGETS: &[&str] = &[
    "etc/passwd",
    "infra/main.tf",
    "README.md",
    "Cargo.toml",
    ".ssh/authorized_keys",
    "app/src/main.rs",
    "x",
];
const LEAVES: &[&str] = &["x", "plan.md", "a/b.md", "概要.md", "main.tf"];

/// Generates `count` hostile paths that start from the `prefixes`, folders such as
/// `docs/architecture`. Cycles through all families.
pub fn hostile_paths(
    seed: u64,
    count: usize,
    prefixes: &[&str],
) -> impl Iterator<Item = String> + use<> {
    let prefixes: Vec<String> = prefixes.iter().map(|&prefix| prefix.to_owned()).collect();
    let mut mix = Mix(seed);
    FAMILIES.iter().cycle().take(count).map(move |(_, spell)| {
        let at = mix.up_to(prefixes.len());
        let prefix = prefixes.get(at).map_or("docs", String::as_str);
        spell(&mut mix, prefix)
    })
}

/// The names of the families, in the order in which they are used.
pub fn hostile_families() -> impl ExactSizeIterator<Item = &'static str> {
    FAMILIES.iter().map(|(name, _)| *name)
}

/// The last name of a folder's path.
fn last(dir: &str) -> &str {
    dir.rsplit('/').next().unwrap_or(dir)
}

/// A splitmix64 generator with helpers for the families.
struct Mix(u64);

impl Mix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 if there is none.
    fn up_to(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % end).unwrap_or(0)
    }

    fn of(&mut self, choices: &[&'static str]) -> &'static str {
        choices.get(self.up_to(choices.len())).copied().unwrap_or("x")
    }

    fn leaf(&mut self) -> &'static str {
        self.of(LEAVES)
    }

    fn target(&mut self) -> &'static str {
        self.of(TARGETS)
    }

    /// The text with the case of at least one letter flipped, if it has letters.
    fn cased(&mut self, text: &str) -> String {
        let letters = text.chars().filter(char::is_ascii_alphabetic).count();
        let sure = self.up_to(letters);
        let mut seen = 0;
        let mut other = String::new();
        for c in text.chars() {
            let flip = c.is_ascii_alphabetic() && {
                seen += 1;
                seen == sure + 1 || self.up_to(2) == 0
            };
            other.push(if !flip {
                c
            } else if c.is_ascii_lowercase() {
                c.to_ascii_uppercase()
            } else {
                c.to_ascii_lowercase()
            });
        }
        other
    }

    /// The text with one of the characters inserted at a random position.
    fn insert(&mut self, text: &str, choices: &[char]) -> String {
        let at = self.up_to(text.chars().count() + 1);
        let c = choices.get(self.up_to(choices.len())).copied().unwrap_or('\u{200B}');
        text.chars().take(at).chain([c]).chain(text.chars().skip(at)).collect()
    }

    /// The text with one letter replaced by a look-alike.
    fn swap(&mut self, text: &str, pairs: &[(char, char)]) -> String {
        let there: Vec<(char, char)> =
            pairs.iter().copied().filter(|(from, _)| text.contains(*from)).collect();
        match there.get(self.up_to(there.len())) {
            Some((from, to)) => text.replacen(*from, &to.to_string(), 1),
            None => format!("{text}\u{430}"),
        }
    }

    /// A few random characters, including slashes and dots.
    fn noise(&mut self) -> String {
        let length = self.up_to(24) + 1;
        let mut one = || match self.up_to(4) {
            0 => ['/', '.', '\\', ':', ' ', '~'].get(self.up_to(6)).copied(),
            1 => char::from_u32(u32::try_from(self.up_to(0x11_0000)).unwrap_or(0)),
            _ => char::from_u32(u32::try_from(self.up_to(0x80)).unwrap_or(0)),
        };
        (0..length).map(|_| one().unwrap_or('\u{FFFD}')).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::path::{RepoPath, Scope};

    const PREFIXES: &[&str] = &["docs/architecture", "infra", "app/tests"];

    #[test]
    fn the_same_seed_generates_the_same_paths() {
        let spelled = |seed| hostile_paths(seed, 500, PREFIXES).collect::<Vec<_>>();
        assert_eq!(spelled(7), spelled(7));
        assert_ne!(spelled(7), spelled(8));
        assert_eq!(hostile_paths(7, 50, &[]).count(), 50);
    }

    #[test]
    fn families_are_numerous_and_varied() {
        assert!(hostile_families().len() >= 20);
        assert_eq!(hostile_families().collect::<HashSet<_>>().len(), hostile_families().len());
        let paths = hostile_paths(1, 10_000, PREFIXES).collect::<HashSet<_>>();
        assert!(paths.len() > 4_000, "{} different paths", paths.len());
    }

    /// Checks an accepted path with a second, simpler implementation that shares no code with the
    /// first.
    fn lies_in(path: &str, prefix: &str) -> bool {
        let names: Vec<&str> = path.split('/').collect();
        let folder: Vec<&str> = prefix.split('/').collect();
        let plain = |name: &&str| {
            !matches!(*name, "" | "." | "..")
                && !name.to_ascii_lowercase().starts_with(".git/")
                && !name.eq_ignore_ascii_case(".git")
                && !name.chars().any(|c| {
                    c.is_control() || "\\:\u{200B}\u{200C}\u{200D}\u{202E}\u{FEFF}".contains(c)
                })
        };
        names.starts_with(&folder) && names.len() > folder.len() && names.iter().all(plain)
    }

    #[test]
    fn no_hostile_path_leaves_the_scope() {
        let globs: Vec<String> = PREFIXES.iter().map(|prefix| format!("{prefix}/**")).collect();
        let scope = Scope::new(&globs).expect("good globs");
        let mut accepted = HashSet::new();
        for (text, family) in hostile_paths(42, 30_000, PREFIXES)
            .zip(hostile_families().collect::<Vec<_>>().iter().cycle())
        {
            let Ok(path) = RepoPath::parse(&text) else { continue };
            if scope.allows(&path) {
                assert!(PREFIXES.iter().any(|prefix| lies_in(&text, prefix)), "{family}: {text:?}");
                accepted.insert(*family);
            }
        }
        let harmless = [
            "dots",
            "percent encoded",
            "other normal forms",
            "noise",
            "look-alike slashes",
            "elsewhere",
        ];
        let surprising: Vec<_> =
            accepted.iter().filter(|family| !harmless.contains(family)).collect();
        assert!(surprising.is_empty(), "{surprising:?}");
    }
}
