//! Hostile workspaces: whatever is in one, no command and no editor writes outside it, executes its
//! content, shows files from elsewhere, or exhausts the machine.
//!
//! Each is generated from a seed, which a failure prints. `CLOUDCREW_SEED` sets the seed,
//! `CLOUDCREW_STRANGERS` the number of workspaces.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::chance::{Chance, number};
use crate::support::editor::{Editor, modern};
use crate::support::{copy, root};

/// A secret that must not leak.
const SECRET: &str = "the-words-that-must-not-leak";
/// Time limit for a command. Any file is read within seconds, so only a hang takes this long.
const PATIENCE: Duration = Duration::from_secs(90);
/// Maximum address space of a command, in kilobytes.
const MEMORY: &str = "4000000";
/// Documented exit codes.
const EXITS: [i32; 9] = [0, 1, 2, 3, 10, 11, 12, 13, 14];

/// Commands that a person may run in a freshly cloned workspace.
const VERBS: [&[&str]; 20] = [
    &["check"],
    &["check", "--format", "json"],
    &["plan"],
    &["plan", "--against", "HEAD"],
    &["graph"],
    &["sow", "examples/sow/bread.md"],
    &["list"],
    &["inbox"],
    &["doctor"],
    &["test"],
    &["generate", "--check"],
    &["schema", "--workspace"],
    &["check", "--fix"],
    &["generate"],
    &["run", "--sow", "examples/sow/bread.md", "--approve", "all", "--project", "one"],
    &[
        "run",
        "--sow",
        "examples/sow/bread.md",
        "--approve",
        "all",
        "--project",
        "two",
        "--repo",
        ".",
    ],
    &["show", "one"],
    &["artifacts", "one"],
    &["artifacts", "one", "--export", "exported"],
    &["resume", "one"],
];

/// Places in a workspace that something reads or writes.
const PLACES: [&str; 22] = [
    "agents.yaml",
    "phases",
    "phases/proposal.yaml",
    "prompts",
    "prompts/pm.md",
    "prompts/tasks/proposal.md",
    "templates/proposal.md",
    "workflows/delivery.yaml",
    "rehearsals/silent.yaml",
    "examples/sow/bread.md",
    ".cloudcrew",
    ".cloudcrew/cloudcrew.db",
    ".cloudcrew/cloudcrew.db-wal",
    ".cloudcrew/cloudcrew.heads",
    ".cloudcrew/schemas",
    ".cloudcrew/schemas/agents.json",
    ".cloudcrew/repos",
    "infra/terraform",
    "infra/terraform/crew.auto.tfvars.json",
    ".git/HEAD",
    ".git/index",
    ".git/config",
];

fn place(chance: &mut Chance) -> &'static str {
    PLACES[chance.below(PLACES.len())]
}

type Trick = fn(&mut Chance, &Stranger);

/// An attack.
const TRICKS: [(&str, Trick); 10] = [
    ("a link to a file outside", |chance, it| it.link(place(chance), &it.outside("secret.md"))),
    ("a link to a folder outside", |chance, it| it.link(place(chance), &it.outside("folder"))),
    ("a link to what has no end", |chance, it| {
        it.link(
            place(chance),
            Path::new(*chance.one(&[
                "/dev/zero",
                "/proc/self/environ",
                "/dev/stdin",
                ".",
                "agents.yaml",
            ])),
        );
    }),
    ("a pipe", |chance, it| {
        it.run("mkfifo", &[it.cleared(place(chance)).to_str().expect("a path")])
    }),
    ("a device", |chance, it| {
        // Only root can create one; otherwise the place stays empty.
        let _ = Command::new("mknod")
            .arg(it.cleared(place(chance)))
            .args(["c", "1", "5"])
            .stderr(Stdio::null())
            .status();
    }),
    ("a hard link to a file outside", |chance, it| {
        let _ = fs::hard_link(it.outside("profile"), it.cleared(place(chance)));
    }),
    ("an invalid name", |chance, it| {
        let names = [
            &b"a\nb.yaml"[..],
            b"\x1b[2J.yaml",
            b"-C.md",
            b"\xff\xfe.yaml",
            b"..yaml",
            b"a\\..\\b.md",
            b"con.yaml",
        ];
        let name = *chance.one(&names);
        let folder = it.workspace().join(*chance.one(&[
            "phases",
            "prompts",
            "templates",
            "workflows",
            "rehearsals",
        ]));
        let _ = fs::write(folder.join(std::ffi::OsStr::from_bytes(name)), "version: 1\n");
    }),
    ("a file without end", |chance, it| {
        let file = fs::File::create(it.cleared(place(chance)));
        let _ = file.and_then(|file| file.set_len(*chance.one(&[20 << 20, 3 << 30])));
    }),
    ("a text that grows", |chance, it| {
        let texts = [
            "{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}",
            "{% include '/etc/passwd' %}{{ 'x' * 999999999 }}",
            "{% set x = 'aaaaaaaa' %}{% for a in range(60) %}{% set x = x ~ x %}{% endfor %}{{ x \
             }}",
        ];
        let place = *chance.one(&[
            "prompts/pm.md",
            "prompts/writer.md",
            "prompts/tasks/proposal.md",
            "templates/proposal.md",
        ]);
        let _ = fs::write(it.cleared(place), *chance.one(&texts));
        let bomb: String = (1..30)
            .map(|n| format!("a{n}: &a{n} [{}]\n", format!("*a{},", n - 1).repeat(9)))
            .collect();
        if chance.one_in(2) {
            let _ = fs::write(it.cleared("rehearsals/silent.yaml"), format!("a0: &a0 x\n{bomb}"));
        }
    }),
    ("a configuration of Git", |chance, it| {
        let runs = it.outside("runs").display().to_string();
        let configs = [
            format!(
                "[core]\n\tfsmonitor = {runs}\n\thooksPath = {}\n\tpager = {runs}\n",
                it.outside("folder").display()
            ),
            format!(
                "[filter \"x\"]\n\tclean = {runs}\n\tsmudge = {runs}\n\trequired = \
                 true\n[diff \"x\"]\n\ttextconv = {runs}\n"
            ),
            format!(
                "[include]\n\tpath = {}\n[core]\n\tworktree = {}\n",
                it.outside("secret.md").display(),
                it.outside("folder").display()
            ),
            format!(
                "[core]\n\trepositoryformatversion = 9\n\tsshCommand = \
                 {runs}\n[extensions]\n\tobjectFormat = {runs}\n"
            ),
            "[core]\n\tbare = perhaps\n\tattributesFile = /dev/zero\n\texcludesFile = /dev/zero\n"
                .to_owned(),
        ];
        let _ = fs::write(it.cleared(".git/config"), chance.one(&configs));
        let _ = fs::write(it.cleared(".gitattributes"), "* filter=x diff=x\n");
        for hook in ["reference-transaction", "post-commit", "pre-commit", "post-checkout"] {
            let _ = fs::create_dir_all(it.workspace().join(".git/hooks"));
            let _ = fs::copy(it.outside("runs"), it.workspace().join(".git/hooks").join(hook));
        }
    }),
];

/// A hostile workspace and its surroundings.
struct Stranger(tempfile::TempDir);

impl Stranger {
    fn workspace(&self) -> PathBuf {
        self.0.path().join("workspace")
    }

    fn outside(&self, name: &str) -> PathBuf {
        self.0.path().join("outside").join(name)
    }

    /// Clears a place and creates its parent folders.
    fn cleared(&self, place: &str) -> PathBuf {
        let path = self.workspace().join(place);
        let _ = fs::create_dir_all(path.parent().expect("a parent"));
        // An earlier trick may have redirected the place; the test itself must not touch anything
        // outside.
        if path
            .parent()
            .expect("a parent")
            .canonicalize()
            .is_ok_and(|real| real.starts_with(self.workspace()))
        {
            let _ = fs::remove_file(&path);
            let _ = fs::remove_dir_all(&path);
            path
        } else {
            self.workspace().join("elsewhere")
        }
    }

    fn link(&self, place: &str, to: &Path) {
        let _ = symlink(to, self.cleared(place));
    }

    fn run(&self, program: &str, words: &[&str]) {
        let _ = Command::new(program)
            .args(words)
            .current_dir(self.workspace())
            .stderr(Stdio::null())
            .status();
    }

    fn made(chance: &mut Chance) -> (Stranger, Vec<&'static str>) {
        let it = Stranger(tempfile::tempdir().expect("a folder"));
        copy(&root().join("tests/cases/journals/crew"), &it.workspace());
        fs::create_dir_all(it.outside("folder/tasks")).expect("a folder");
        for name in [
            "secret.md",
            "folder/pm.md",
            "folder/writer.md",
            "folder/tasks/proposal.md",
            "folder/proposal.md",
        ] {
            fs::write(it.outside(name), format!("{SECRET}\n")).expect("a file");
        }
        fs::write(it.outside("profile"), "alias ls='ls --color'\n").expect("a file");
        let runs = format!("#!/bin/sh\ntouch {}\ncat\n", it.outside("ran").display());
        fs::write(it.outside("runs"), runs).expect("a file");
        fs::set_permissions(it.outside("runs"), fs::Permissions::from_mode(0o755))
            .expect("a program");
        it.run("git", &["init", "-q"]);
        it.run("git", &["add", "."]);
        it.run("git", &["-c", "user.name=s", "-c", "user.email=s@s", "commit", "-qm", "A crew"]);
        let mut played = Vec::new();
        for _ in 0..1 + chance.below(3) {
            let (name, trick) = chance.one(&TRICKS);
            played.push(*name);
            trick(chance, &it);
        }
        (it, played)
    }

    /// Everything outside: name, kind, permissions, content.
    fn surroundings(&self) -> Vec<(PathBuf, u32, Vec<u8>)> {
        let (mut all, mut folders) = (Vec::new(), vec![self.0.path().to_owned()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("a folder").flatten() {
                let (path, meta) = (entry.path(), entry.metadata().expect("an entry"));
                let here = path.starts_with(self.0.path().join("outside"));
                if meta.is_dir() && here {
                    folders.push(path.clone());
                }
                let bytes =
                    if meta.is_file() { fs::read(&path).expect("a file") } else { Vec::new() };
                // Next to the workspace, only names count.
                all.push((path, if here { meta.permissions().mode() } else { 0 }, bytes));
            }
        }
        all.sort();
        all
    }

    fn verb(&self, words: &[&str]) -> Child {
        let mut command = Command::new("sh");
        command
            .args([
                "-c",
                "ulimit -v \"$1\"; shift; exec \"$@\"",
                "sh",
                MEMORY,
                env!("CARGO_BIN_EXE_cloudcrew"),
            ])
            .args(words);
        let output = |name: &str| fs::File::create(self.0.path().join(name)).expect("a file");
        command
            .current_dir(self.workspace())
            .stdin(Stdio::null())
            .stdout(output("stdout"))
            .stderr(output("stderr"));
        command.spawn().expect("a shell")
    }

    /// Files of the home that contain the secret: prompts, journal, ledger.
    fn leaked(&self) -> Vec<PathBuf> {
        let (mut found, mut folders) = (Vec::new(), vec![self.workspace()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let (path, kind) = (entry.path(), entry.file_type().expect("a kind"));
                if kind.is_dir() {
                    folders.push(path);
                } else if kind.is_file()
                    && !kind.is_fifo()
                    && entry.metadata().is_ok_and(|meta| meta.len() < 1 << 24)
                {
                    let bytes = fs::read(&path).unwrap_or_default();
                    if bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()) {
                        found.push(path);
                    }
                }
            }
        }
        found
    }
}

fn ended(mut child: Child) -> Option<i32> {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if let Some(status) = child.try_wait().expect("a process") {
            return Some(status.code().unwrap_or(-1));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

fn holds(seed: u64) {
    let mut chance = Chance::of(seed);
    let (it, played) = Stranger::made(&mut chance);
    let before = it.surroundings();
    let by = format!("seed {seed}: {played:?}");
    for words in VERBS {
        let exit = ended(it.verb(words));
        let said = ["stdout", "stderr"].map(|name| {
            String::from_utf8_lossy(&fs::read(it.0.path().join(name)).expect("a file")).into_owned()
        });
        let said = said.concat();
        assert!(
            exit.is_some_and(|exit| EXITS.contains(&exit)),
            "{by}: {words:?} exits {exit:?}\n{said}"
        );
        assert!(!said.contains("panicked"), "{by}: {words:?}\n{said}");
        assert!(!said.contains(SECRET), "{by}: {words:?} shows what is outside\n{said}");
        let _ = ["stdout", "stderr"].map(|name| fs::remove_file(it.0.path().join(name)));
        let changed: Vec<_> = it
            .surroundings()
            .into_iter()
            .filter(|one| !before.contains(one))
            .map(|(path, ..)| path)
            .collect();
        assert!(
            changed.is_empty() && it.surroundings().len() == before.len(),
            "{by}: {words:?} changes {changed:?}"
        );
        assert_eq!(it.leaked(), Vec::<PathBuf>::new(), "{by}: {words:?} keeps what is outside");
    }
    let mut editor = Editor::start(&it.workspace(), modern());
    for file in ["agents.yaml", "phases/proposal.yaml"] {
        let text = "version: 1\nphase: proposal\nswarm: { entry: writer }\n";
        editor.open(file, text);
        let at = serde_json::json!({ "textDocument": { "uri": editor.uri(file) },
            "position": { "line": 2, "character": 18 } });
        for method in [
            "textDocument/completion",
            "textDocument/hover",
            "textDocument/definition",
            "textDocument/documentSymbol",
        ] {
            let said = editor.answer(method, at.clone()).to_string();
            assert!(!said.contains(SECRET), "{by}: {method} shows what is outside\n{said}");
        }
    }
    assert_eq!(editor.quit(), 0, "{by}");
    assert!(it.surroundings() == before, "{by}: the editor changes what is outside");
}

#[test]
fn no_hostile_workspace_reaches_outside() {
    let (first, many) = (number("CLOUDCREW_SEED", 1), number("CLOUDCREW_STRANGERS", 20));
    std::thread::scope(|scope| {
        for part in 0..2 {
            scope.spawn(move || {
                (first..first + many).filter(|seed| seed % 2 == part).for_each(holds)
            });
        }
    });
}
