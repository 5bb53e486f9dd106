//! Repositories on a server: cloned at the start, and pushed to at every gate. The server may be
//! unavailable or slow, or have diverged; no commit is lost, and no push is forced.

#![expect(clippy::unwrap_used, reason = "a test whose setup fails cannot continue")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use cloudcrew_local::repo::{GitRepo, RemoteUrl, Server as GitServer};
use cloudcrew_ports::repo::Repo as _;
use serde_json::json;

use crate::support::service::{Service, get, post};
use crate::support::{Crew, Done, edited, root};

/// A Git server of this test, which ends with it.
pub(crate) struct Server {
    process: Child,
    folder: tempfile::TempDir,
    pub(crate) url: String,
    /// The certificate authority that its clients must trust.
    authority: Option<PathBuf>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn run(at: &Path, program: &str, words: &[&str]) -> String {
    let mut command = Command::new(program);
    command.current_dir(at).args(words);
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "customer");
        command.env(format!("GIT_{who}_EMAIL"), "c@example.com");
    }
    let done = command.output().expect("it starts");
    assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

/// A server with one repository, which has a commit on `main`.
fn server(tls: bool) -> Server {
    server_with(tls, true)
}

/// A server with one repository, with a commit on `main` or without any.
pub(crate) fn server_with(tls: bool, code: bool) -> Server {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    run(at, "git", &["init", "-q", "-b", "main", "work"]);
    if code {
        fs::write(at.join("work/README.md"), "# Orders\n").unwrap();
        run(&at.join("work"), "git", &["add", "."]);
        run(&at.join("work"), "git", &["commit", "-q", "-m", "Our code"]);
    }
    fs::create_dir(at.join("srv")).unwrap();
    run(at, "git", &["clone", "-q", "--bare", "work", "srv/orders.git"]);
    run(&at.join("srv/orders.git"), "git", &["config", "http.receivepack", "true"]);
    let mut command = Command::new("python3");
    command.arg(root().join("tests/rigs/git/server.py")).arg(at.join("srv"));
    if tls {
        certificates(at);
        command.arg(at.join("server.pem")).arg(at.join("server.key"));
    }
    let mut process = command.stdout(Stdio::piped()).spawn().expect("python3 starts");
    let mut port = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
    let scheme = if tls { "https" } else { "http" };
    let url = format!("{scheme}://127.0.0.1:{}/orders.git", port.trim());
    let authority = tls.then(|| at.join("ca.pem"));
    Server { process, folder, url, authority }
}

/// A certificate for this machine, signed by an authority of its own.
fn certificates(at: &Path) {
    let subject = |name: &str| format!("/CN={name}");
    run(
        at,
        "openssl",
        &[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
            "-subj",
            &subject("test authority"),
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
        ],
    );
    run(
        at,
        "openssl",
        &[
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            &subject("127.0.0.1"),
            "-keyout",
            "server.key",
            "-out",
            "server.csr",
        ],
    );
    fs::write(at.join("names"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    run(
        at,
        "openssl",
        &[
            "x509",
            "-req",
            "-in",
            "server.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-days",
            "2",
            "-extfile",
            "names",
            "-out",
            "server.pem",
        ],
    );
}

impl Server {
    fn repository(&self) -> PathBuf {
        self.folder.path().join("srv/orders.git")
    }

    /// The customer commits a file to `main`.
    #[cfg(feature = "aws")]
    pub(crate) fn adds(&self, path: &str, content: &[u8]) {
        let work = self.folder.path().join("work");
        fs::write(work.join(path), content).unwrap();
        run(&work, "git", &["add", "."]);
        run(&work, "git", &["commit", "-q", "-m", "More of our code"]);
        run(&work, "git", &["push", "-q", "../srv/orders.git", "main"]);
    }

    pub(crate) fn git(&self, words: &[&str]) -> String {
        run(&self.repository(), "git", words)
    }

    /// What happens to the next requests that push.
    pub(crate) fn faults(&self, faults: &[&str]) {
        fs::write(self.folder.path().join("srv/faults"), faults.join("\n") + "\n").unwrap();
    }

    /// The commits of the engagement's branch, oldest first; empty without one.
    pub(crate) fn commits(&self) -> Vec<String> {
        let heads = self.git(&["for-each-ref", "--format=%(refname)", "refs/heads/cloudcrew"]);
        if heads.is_empty() {
            return Vec::new();
        }
        let log = self.git(&["rev-list", "--reverse", "cloudcrew/demo"]);
        log.lines().map(str::to_owned).collect()
    }

    fn command(&self, crew: &Crew, words: &[&str]) -> Done {
        let mut command = crew.command(words);
        command.env("CLOUDCREW_SECRET_GIT_127_0_0_1", "crew:let-me-in");
        if let Some(authority) = &self.authority {
            command.env("SSL_CERT_FILE", authority);
        }
        Done::from(command.output().expect("the binary starts"))
    }

    fn start(&self, crew: &Crew, more: &[&str]) -> Done {
        let sow = crew.workspace().join("examples/sow/retail-orders.md");
        let sow = sow.to_str().unwrap();
        let words = ["run", "small", "--sow", sow, "--project", "demo", "--repo", &self.url];
        self.command(crew, &[&words, more].concat())
    }
}

/// The clone in the home.
fn clone(crew: &Crew) -> PathBuf {
    let mut clones = fs::read_dir(crew.home().join("repos")).unwrap().flatten();
    let clone = clones.next().expect("a clone").path();
    assert!(clones.next().is_none(), "one clone");
    clone
}

/// The commits of the clone in the home, oldest first.
fn own(crew: &Crew) -> Vec<String> {
    run(&clone(crew), "git", &["rev-list", "--reverse", "cloudcrew/demo"])
        .lines()
        .map(str::to_owned)
        .collect()
}

/// The shipped crew with a workflow of one phase.
fn small() -> Crew {
    let crew = edited();
    let workflow = "version: 1\nworkflow: small\ndescription: One phase\n\
                    phases: [discovery]\nfinalize: [summary]\n";
    fs::write(crew.workspace().join("workflows/small.yaml"), workflow).unwrap();
    crew
}

#[test]
#[ignore = "needs git, python3 and openssl"]
fn a_repository_on_a_server_is_cloned_and_gets_the_work() {
    let (server, crew) = (server(true), small());
    server.start(&crew, &["--approve", "all"]).exits(0).says("    pushed");
    let (there, here) = (server.commits(), own(&crew));
    assert_eq!(there, here);
    assert_eq!(server.git(&["rev-parse", "main"]), here[0], "it starts at the customer's code");
    let shown = server.command(&crew, &["show", "demo", "--format", "json"]).exits(0).json();
    assert_eq!((&shown["remote"], &shown["pushed"]), (&server.url.as_str().into(), &shown["head"]));
    let all = fs::read(crew.home().join("cloudcrew.db")).unwrap_or_default();
    let secret = b"let-me-in";
    assert!(!all.windows(secret.len()).any(|window| window == secret));
}

#[test]
#[ignore = "needs git, python3 and openssl"]
fn a_server_that_cannot_prove_who_it_is_gets_no_password() {
    let (mut server, crew) = (server(true), small());
    server.authority = None;
    server.start(&crew, &[]).exits(2).says("invalid peer certificate");
}

#[test]
#[ignore = "needs git, python3 and openssl"]
fn without_credentials_it_says_where_to_put_them() {
    let (server, crew) = (server(false), small());
    let mut command = crew.command(&["run", "small", "--repo", &server.url, "--sow"]);
    command.arg(crew.workspace().join("examples/sow/retail-orders.md"));
    command.env("HOME", crew.folder.path()).env("XDG_CONFIG_HOME", crew.folder.path());
    let done = Done::from(command.output().unwrap());
    done.exits(2).says("CLOUDCREW_SECRET_GIT_127_0_0_1");
    server.command(&crew, &["list"]).exits(0).says("no engagements");
}

/// What the server does to the pushes of a run, and what the run says of it.
const FAULTS: [(&[&str], &str); 15] = [
    (&["away"], "not pushed"),
    (&["away refs", "away refs"], "not pushed"),
    (&["away pack"], "not pushed"),
    (&["slow", "slow"], "    pushed"),
    (&["403"], "not pushed"),
    (&["403 pack"], "not pushed"),
    (&["500"], "not pushed"),
    (&["503 pack"], "not pushed"),
    (&["404"], "not pushed"),
    (&["elsewhere"], "not pushed"),
    (&["garbage"], "not pushed"),
    (&["garbage pack"], "not pushed"),
    (&["short"], "not pushed"),
    (&["short pack"], "not pushed"),
    (&["lost pack"], "not pushed"),
];

#[test]
#[ignore = "needs git, python3 and openssl"]
fn no_fault_of_the_server_loses_a_commit() {
    // A run pushes twice before it waits: the crew's commits, and the facts of the phase.
    for (faults, words) in FAULTS {
        let (server, crew) = (server(false), small());
        server.faults(&[faults, faults].concat());
        let gate = server.start(&crew, &[]).exits(10).says(words);
        let behind = words != "    pushed";
        assert_eq!(gate.err.contains("next attempt at"), behind, "{faults:?}: {}", gate.err);
        let before = server.commits();
        assert!(own(&crew).starts_with(&before), "{faults:?}: nothing but our commits is there");
        server.faults(&[]);
        server.command(&crew, &["approve", "demo"]).exits(0).says("    pushed");
        assert_eq!(server.commits(), own(&crew), "{faults:?}");
    }
}

#[test]
#[ignore = "needs git, python3 and openssl"]
fn an_engagement_ends_without_a_push_only_when_someone_allows_it() {
    // A push that arrived although its answer was lost is noticed by the next attempt.
    let lasts = |(faults, words): &&(&[&str], &str)| {
        *words == "not pushed" && !faults.contains(&"lost pack") && !faults.contains(&"short pack")
    };
    for (faults, _) in FAULTS.iter().filter(lasts) {
        let (server, crew) = (server(false), small());
        server.start(&crew, &[]).exits(10);
        // Each attempt of the rest meets it.
        let lasting: Vec<&str> = faults.iter().copied().cycle().take(12).collect();
        server.faults(&lasting);
        let rest = server.command(&crew, &["approve", "demo"]);
        rest.exits(10).says("not pushed").says("resume demo --unpushed");
        server.command(&crew, &["resume", "demo"]).exits(10).says("not pushed");
        let done = server.command(&crew, &["resume", "demo", "--unpushed"]).exits(0);
        done.says("waived by customer");
        server
            .command(&crew, &["resume", "demo", "--unpushed"])
            .exits(14)
            .says("has already ended");
    }
}

#[test]
#[ignore = "needs git, python3 and openssl"]
fn what_others_push_to_the_branch_is_taken_over() {
    let (server, crew) = (server(false), small());
    server.start(&crew, &[]).exits(10);
    let clone = server.folder.path().join("reader");
    let from = server.repository();
    run(
        server.folder.path(),
        "git",
        &["clone", "-q", "-b", "cloudcrew/demo", from.to_str().unwrap(), "reader"],
    );
    fs::write(clone.join("NOTES.md"), "Ours\n").unwrap();
    run(&clone, "git", &["add", "."]);
    run(&clone, "git", &["commit", "-q", "-m", "A note"]);
    run(&clone, "git", &["push", "-q", "origin", "HEAD"]);
    server.command(&crew, &["approve", "demo"]).exits(0).says("1 commit by others");
    let log = server.git(&["log", "--format=%s", "cloudcrew/demo"]);
    assert!(log.contains("A note"), "{log}");
    assert_eq!(server.commits(), own(&crew));
}

#[test]
#[ignore = "needs git, python3 and openssl"]
fn a_branch_that_went_another_way_is_never_forced() {
    let (server, crew) = (server(false), small());
    // Someone creates the branch while we push, after we looked.
    server.faults(&["moved pack"]);
    server.start(&crew, &[]).exits(10).says("not pushed");
    let theirs = server.commits();
    assert_eq!(theirs.len(), 1);
    let stuck = server.command(&crew, &["approve", "demo"]).exits(10);
    stuck.says("has diverged");
    assert_eq!(server.commits(), theirs);
    // They move their commits, as it says.
    server.git(&["branch", "-m", "cloudcrew/demo", "theirs"]);
    server.command(&crew, &["resume", "demo"]).exits(0).says("    pushed");
    assert_eq!(server.commits(), own(&crew));
}

#[test]
#[ignore = "needs git, python3 and openssl"]
fn a_hook_that_refuses_is_reported_in_its_words() {
    let (server, crew) = (server(false), small());
    let hook = server.repository().join("hooks/pre-receive");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, "#!/bin/sh\nexit 1\n").unwrap();
    run(server.folder.path(), "chmod", &["+x", hook.to_str().unwrap()]);
    server.start(&crew, &[]).exits(10).says("the server refused them: pre-receive hook declined");
    fs::remove_file(&hook).unwrap();
    server.command(&crew, &["approve", "demo"]).exits(0).says("    pushed");
    assert_eq!(server.commits(), own(&crew));
}

/// An SSH server of this test, for the repositories of a Git server.
struct Shell {
    process: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn shell() -> Shell {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for key in ["host", "id", "other"] {
        run(at, "ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", key]);
    }
    let public = |key: &str| fs::read_to_string(at.join(format!("{key}.pub"))).unwrap();
    fs::write(at.join("authorized"), public("id")).unwrap();
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for key in ["host", "other"] {
        let line = format!("[127.0.0.1]:{port} {}", public(key));
        fs::write(at.join(format!("known-{key}")), line).unwrap();
    }
    let at_path = |name: &str| at.join(name).display().to_string();
    let settings = format!(
        "ListenAddress 127.0.0.1\nPort {port}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\nStrictModes no\n\
         PermitRootLogin prohibit-password\n",
        at_path("host"),
        at_path("authorized")
    );
    fs::write(at.join("settings"), settings).unwrap();
    // It wants this folder when root starts it.
    let _ = fs::create_dir("/run/sshd");
    let mut command = Command::new("/usr/sbin/sshd");
    command.args(["-D", "-e", "-f"]).arg(at.join("settings")).stderr(Stdio::null());
    let process = command.spawn().expect("sshd starts");
    for _ in 0..200 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(25));
    }
    Shell { process, port, folder }
}

#[test]
#[ignore = "needs git, python3, openssl and sshd"]
fn over_ssh_the_keys_of_both_sides_decide() {
    let (server, shell) = (server(false), shell());
    let user = run(shell.folder.path(), "id", &["-un"]);
    let repository = server.repository();
    let url = format!("ssh://{user}@127.0.0.1:{}{}", shell.port, repository.display());
    let start = |crew: &Crew, key: &str, known: &str| {
        let sow = crew.workspace().join("examples/sow/retail-orders.md");
        let words = ["run", "small", "--project", "demo", "--repo", &url, "--approve", "all"];
        let mut command = crew.command(&words);
        let file = |name: &str| shell.folder.path().join(name);
        command.arg("--sow").arg(sow).env_remove("SSH_AUTH_SOCK");
        command.env("CLOUDCREW_SECRET_GIT_127_0_0_1", fs::read_to_string(file(key)).unwrap());
        command.env("CLOUDCREW_KNOWN_HOSTS", file(known));
        Done::from(command.output().unwrap())
    };
    start(&small(), "id", "known-other").exits(2).says("Host key verification failed");
    start(&small(), "other", "known-host").exits(2).says("Permission denied");
    let crew = small();
    start(&crew, "id", "known-host").exits(0).says("    pushed");
    assert_eq!(server.commits(), own(&crew));
}

#[test]
#[ignore = "needs git, python3 and openssl"]
fn a_service_uses_its_repository_and_says_what_is_not_pushed() {
    let (server, crew) = (server(false), small());
    let url = server.url.replace("orders", "{customer}");
    let secret = [("CLOUDCREW_SECRET_GIT_127_0_0_1", "crew:let-me-in")];
    let service = Service::start_with(&crew, &["--repo-url", &url], &secret);
    server.faults(&["403"]);
    let new = json!({ "workflow": "small", "customer": "orders" });
    service.begin("demo", new).is(201);
    let status = service.reaches("demo", "waiting");
    assert_eq!(status["unpushed"]["reason"], "the server does not allow it (403)", "{status:#}");
    let waiting = &status["waiting"][0];
    let path = format!("/projects/demo/requests/{}", waiting["id"].as_str().unwrap());
    let request = service.send(&get(&path)).is(200).json();
    assert!(request["unpushed"]["commits"].as_u64() > Some(1), "{request:#}");
    let decided = json!({ "request": waiting["id"], "digest": waiting["digest"] });
    service.send(&post("/projects/demo/approve", &decided)).is(200);
    service.reaches("demo", "done");
    assert_eq!(server.commits(), own(&crew));
}

#[test]
#[ignore = "needs git, python3 and openssl"]
fn a_service_ends_without_a_push_when_its_operator_allows_it() {
    let (server, crew) = (server(false), small());
    let secret = [("CLOUDCREW_SECRET_GIT_127_0_0_1", "crew:let-me-in")];
    let host = server.url.split('/').nth(2).unwrap();
    let service = Service::start_with(&crew, &["--repo-host", host], &secret);
    let new = json!({ "workflow": "small", "repo": { "url": server.url } });
    service.begin("demo", new).is(201);
    let waiting = service.reaches("demo", "waiting")["waiting"][0].clone();
    server.faults(&["500"; 9]);
    let decided = json!({ "request": waiting["id"], "digest": waiting["digest"] });
    service.send(&post("/projects/demo/approve", &decided)).is(200);
    let parked = service.reaches("demo", "parked");
    assert_eq!(parked["unpushed"]["commits"], 2, "{parked:#}");
    service.send(&post("/projects/demo/waive-push", &json!({}))).is(200);
    let done = service.reaches("demo", "done");
    assert!(done["end"]["text"].as_str().unwrap().contains("waived by"), "{done:#}");
}

/// Git itself takes what we write, and we take it back.
#[tokio::test]
#[ignore = "needs git, python3 and openssl"]
async fn what_is_not_pushed_fits_into_a_bundle() {
    let (server, crew) = (server(false), small());
    server.faults(&["403"; 9]);
    server.start(&crew, &[]).exits(10).says("not pushed");
    let clone = clone(&crew);
    let at = |path: &Path| {
        let url = RemoteUrl::parse(&server.url).unwrap();
        let secret = Some("crew:let-me-in".to_owned());
        let place = GitServer { url, secret, known_hosts: None, base: Some("main".into()) };
        GitRepo::create(path, "demo").unwrap().at(place)
    };
    let bundle = at(&clone).bundle().await.unwrap().expect("commits that are not pushed");
    let file = server.folder.path().join("unpushed.bundle");
    fs::write(&file, &bundle).unwrap();
    let other = server.folder.path().join("other.git");
    let repo = at(&other);
    repo.bring(Some("main")).await.unwrap();
    run(&other, "git", &["bundle", "verify", "-q", file.to_str().unwrap()]);
    repo.unbundle(bundle.clone()).await.unwrap();
    assert_eq!(repo.head().await.unwrap().as_deref(), own(&crew).last().map(String::as_str));
    run(&other, "git", &["fsck", "--full", "--strict"]);
    // Again, damaged, cut, and where its start is missing.
    repo.unbundle(bundle.clone()).await.unwrap();
    let empty = GitRepo::create(&server.folder.path().join("empty.git"), "demo").unwrap();
    let said = empty.unbundle(bundle.clone()).await.unwrap_err().to_string();
    assert!(said.contains("needs a commit"), "{said}");
    let third = at(&server.folder.path().join("third.git"));
    third.bring(Some("main")).await.unwrap();
    let mut damaged = bundle.clone();
    let place = damaged.len() - 30;
    damaged[place] ^= 1;
    for bad in [damaged, bundle[..bundle.len() / 2].to_vec(), Vec::new(), b"# v2".to_vec()] {
        third.unbundle(bad).await.unwrap_err();
        assert_eq!(third.head().await.unwrap(), None);
    }
    // With everything on the server, there is nothing to keep.
    server.faults(&[]);
    repo.publish().await.unwrap();
    assert_eq!(repo.bundle().await.unwrap(), None);
}
