//! `crew()`: the binary in its own home, and the outside view of an engagement.

#![allow(dead_code, reason = "each area uses its part")]

pub mod chance;
pub mod documents;
pub mod editor;
pub mod inside;
pub mod issuer;
pub mod receiver;
pub mod rig;
pub mod says;
pub mod service;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The files and folders of a workspace.
const DEFINITIONS: [&str; 9] = [
    "agents.yaml",
    "phases",
    "workflows",
    "prompts",
    "templates",
    "rehearsals",
    "knowledge",
    "patterns",
    "examples/sow",
];

/// The root of this repository, which is the shipped workspace.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The definition files of a workspace, for tests inside this process.
pub fn sources(workspace: &Path) -> cloudcrew_definition::source::Sources {
    let mut sources = cloudcrew_definition::source::Sources::new();
    let mut paths: Vec<PathBuf> =
        DEFINITIONS.iter().map(|part| workspace.join(part)).filter(|path| path.exists()).collect();
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(
                std::fs::read_dir(&path).expect("a folder").flatten().map(|entry| entry.path()),
            );
        } else {
            let name =
                path.strip_prefix(workspace).expect("inside").to_str().expect("a name").to_owned();
            sources.add(name, &std::fs::read(&path).expect("a file"));
        }
    }
    sources
}

/// A home and a workspace to run the binary in.
pub struct Crew {
    pub folder: tempfile::TempDir,
    workspace: PathBuf,
}

/// The shipped crew, with a new home.
pub fn crew() -> Crew {
    Crew { folder: tempfile::tempdir().expect("a folder"), workspace: root() }
}

/// A copy of the shipped crew that may be edited.
pub fn edited() -> Crew {
    let folder = tempfile::tempdir().expect("a folder");
    let workspace = folder.path().join("workspace");
    for part in DEFINITIONS.iter().filter(|part| root().join(part).exists()) {
        copy(&root().join(part), &workspace.join(part));
    }
    Crew { folder, workspace }
}

/// A copy of a crew that may be edited.
pub fn copied(crew: &Path) -> Crew {
    let folder = tempfile::tempdir().expect("a folder");
    let workspace = folder.path().join("workspace");
    copy(crew, &workspace);
    Crew { folder, workspace }
}

pub fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        std::fs::create_dir_all(to).expect("a folder");
        for entry in std::fs::read_dir(from).expect("a folder").flatten() {
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        std::fs::create_dir_all(to.parent().expect("a parent")).expect("a folder");
        std::fs::copy(from, to).expect("a copy");
    }
}

/// The result of a command.
pub struct Done {
    pub exit: i32,
    pub out: String,
    pub err: String,
}

impl Done {
    #[track_caller]
    pub fn exits(self, exit: i32) -> Done {
        assert_eq!(self.exit, exit, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub fn says(self, words: &str) -> Done {
        assert!(
            self.out.contains(words) || self.err.contains(words),
            "no `{words}` in\n{}\n{}",
            self.out,
            self.err
        );
        self
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).expect("one JSON document")
    }
}

impl From<Output> for Done {
    fn from(output: Output) -> Done {
        Done {
            exit: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Crew {
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    pub fn workspace(&self) -> &Path {
        &self.workspace
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cloudcrew"));
        command.arg("-C").arg(&self.workspace).arg("--home").arg(self.home()).args(words);
        command
            .env("CLOUDCREW_ACTOR", "customer")
            // What programs print differs from machine to machine, and takes time.
            .env("CLOUDCREW_SANDBOX", "off")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test");
        command.stdin(Stdio::null());
        command
    }

    pub fn run(&self, words: &[&str]) -> Done {
        self.command(words).output().expect("the binary starts").into()
    }

    /// Runs with another home.
    pub fn run_in(&self, home: &Path, words: &[&str]) -> Done {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cloudcrew"));
        command
            .arg("-C")
            .arg(&self.workspace)
            .arg("--home")
            .arg(home)
            .args(words)
            .env("CLOUDCREW_ACTOR", "customer")
            .env("CLOUDCREW_SANDBOX", "off");
        command.stdin(Stdio::null()).output().expect("the binary starts").into()
    }

    /// Starts an engagement on a shipped statement of work.
    pub fn start(&self, sow: &str, more: &[&str]) -> Done {
        let sow = root().join("examples/sow").join(sow);
        let mut words = vec!["run", "--sow", sow.to_str().expect("a path")];
        if !more.contains(&"--project") {
            words.extend(["--project", "demo"]);
        }
        words.extend(more);
        self.run(&words)
    }

    /// Replaces text in a file of an edited workspace. The text must be there.
    #[track_caller]
    pub fn edit(&self, file: &str, from: &str, to: &str) -> &Crew {
        let path = self.workspace.join(file);
        let text = std::fs::read_to_string(&path).expect("a file");
        assert!(text.contains(from), "no `{from}` in {file}");
        std::fs::write(&path, text.replacen(from, to, 1)).expect("written");
        self
    }

    /// Sets a key of a part of a definition file, such as `swarm.max_turns`. The part must be
    /// there.
    #[track_caller]
    pub fn set(&self, file: &str, way: &str, value: &str) -> &Crew {
        let (part, key) = way.split_once('.').expect("a key in a part");
        let text = self.read(file);
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let starts = |line: &String| line.starts_with(&format!("{part}:"));
        let head = lines.iter().position(starts).expect("the part");
        let written = format!("{key}: {value}");
        if let Some((before, inside)) = lines[head].split_once('{') {
            let (inside, after) = inside.split_once('}').expect("a map in one line");
            let others = inside.trim().split(", ").filter(|entry| !entry.is_empty());
            let mut entries: Vec<String> = others
                .filter(|entry| !entry.starts_with(&format!("{key}:")))
                .map(str::to_owned)
                .collect();
            entries.push(written);
            lines[head] = format!("{before}{{ {} }}{after}", entries.join(", "));
        } else {
            let inside = lines[head + 1..].iter().take_while(|line| line.starts_with("  ")).count();
            let own = |line: &String| line.starts_with(&format!("  {key}:"));
            let at = lines[head + 1..=head + inside].iter().position(own);
            match at {
                Some(at) => lines[head + 1 + at] = format!("  {written}"),
                None => lines.insert(head + 1 + inside, format!("  {written}")),
            }
        }
        self.write(file, &(lines.join("\n") + "\n"))
    }

    /// Writes a file of the workspace.
    #[track_caller]
    pub fn write(&self, file: &str, text: &str) -> &Crew {
        std::fs::write(self.workspace.join(file), text).expect("written");
        self
    }

    /// The text of a file of the workspace.
    #[track_caller]
    pub fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.workspace.join(file)).expect("a file")
    }

    pub fn git(&self, words: &[&str]) -> String {
        let repo = self.home().join("repos/demo.git");
        let output =
            Command::new("git").arg("-C").arg(repo).args(words).output().expect("git starts");
        assert!(
            output.status.success(),
            "git {words:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The tree at the end of the branch.
    pub fn tree(&self) -> String {
        self.git(&["rev-parse", "cloudcrew/demo^{tree}"])
    }

    pub fn file(&self, path: &str) -> String {
        self.git(&["show", &format!("cloudcrew/demo:{path}")])
    }

    /// Journal entries: number, kind, payload.
    pub fn journal(&self) -> Vec<(i64, String, String)> {
        let store =
            rusqlite::Connection::open(self.home().join("cloudcrew.db")).expect("the store");
        let mut statement = store
            .prepare(
                "SELECT entry.seq, kind, payload FROM entry JOIN engagement ON number = \
                engagement WHERE id = 'demo' ORDER BY entry.seq",
            )
            .expect("a table");
        let rows =
            statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).expect("rows");
        rows.collect::<Result<_, _>>().expect("readable rows")
    }

    /// System prompts of all visits, in order.
    pub fn prompts(&self) -> Vec<String> {
        let store =
            rusqlite::Connection::open(self.home().join("cloudcrew.db")).expect("the store");
        let opened = self
            .journal()
            .into_iter()
            .filter(|(_, kind, _)| kind == "visit_opened")
            .map(|(_, _, payload)| payload);
        let text = |payload: String| -> String {
            let event: serde_json::Value = serde_json::from_str(&payload).expect("an event");
            let hash = event["system"].as_str().expect("a hash");
            let bytes: Vec<u8> = store
                .query_row("SELECT bytes FROM blob WHERE hash = ?1", [hash], |row| row.get(0))
                .expect("the prompt");
            String::from_utf8(bytes).expect("text")
        };
        opened.map(text).collect()
    }

    /// The outcome, without times and ids that differ between runs.
    pub fn outcome(&self) -> BTreeMap<&'static str, String> {
        let journal = self.journal();
        let answered: Vec<&String> = journal
            .iter()
            .filter(|(_, kind, _)| kind == "request_answered")
            .map(|(_, _, p)| p)
            .collect();
        BTreeMap::from([
            ("tree", self.tree()),
            ("ledger", self.run(&["ledger", "demo", "--format", "json"]).out),
            ("charges", self.run(&["cost", "demo", "--format", "json"]).out),
            ("decisions", answered.len().to_string()),
            (
                "commits",
                self.git(&["log", "--format=%B", "cloudcrew/demo"])
                    .matches("CloudCrew-Step:")
                    .count()
                    .to_string(),
            ),
        ])
    }
}
