//! The repository as Git sees it, next to people and other processes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use cloudcrew_definition::path::RepoPath;
use cloudcrew_local::repo::GitRepo;
use cloudcrew_ports::repo::{CommitRequest, Logged, Repo as _, RepoError};
use tempfile::TempDir;

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(work)
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn git(at: &Path, arguments: &[&str]) -> String {
    let mut git = Command::new("git");
    git.current_dir(at)
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null");
    for who in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{who}_NAME"), "customer")
            .env(format!("GIT_{who}_EMAIL"), "c@example.com");
    }
    let done = git.output().expect("git runs");
    assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("text").trim().to_owned()
}

fn request(step: &str, writes: &[(&str, &str)]) -> CommitRequest {
    let path = |text: &str| RepoPath::parse(text).expect("a good path");
    CommitRequest {
        writes: writes.iter().map(|(at, text)| (path(at), text.as_bytes().to_vec())).collect(),
        message: "Write the plan\n\nWith all that is known.".to_owned(),
        author: "pm".to_owned(),
        date: 1_700_000_000,
        trailers: vec![
            ("CloudCrew-Step".to_owned(), step.to_owned()),
            ("CloudCrew-Phase".to_owned(), "discovery".to_owned()),
        ],
        ..CommitRequest::default()
    }
}

/// Commits and the steps that they name.
fn steps(log: Vec<Logged>) -> Vec<(String, Option<String>)> {
    log.into_iter().map(|commit| (commit.id, commit.anchor.step)).collect()
}

fn bare() -> (TempDir, PathBuf, GitRepo) {
    let folder = folder();
    let path = folder.path().join("repos/acme.git");
    let repo = GitRepo::create(&path, "acme").expect("a repository");
    (folder, path, repo)
}

/// A customer's repository with a commit on `main`.
fn customers() -> (TempDir, GitRepo) {
    let folder = folder();
    git(folder.path(), &["init", "-q", "-b", "main"]);
    git(folder.path(), &["commit", "-q", "--allow-empty", "-m", "begin"]);
    let repo = GitRepo::open(folder.path(), "acme").expect("a repository");
    (folder, repo)
}

fn commit(
    repo: &GitRepo,
    parent: Option<&str>,
    request: &CommitRequest,
) -> Result<String, RepoError> {
    block_on(repo.commit(parent, request))
}

#[test]
fn git_accepts_the_repository_and_reads_every_commit() {
    let (_folder, path, repo) = bare();
    let mut head = None;
    for n in 0..5 {
        let file = format!("docs/{}/plan-{n}.md", "deep/".repeat(n).trim_end_matches('/'));
        let step = request(
            &format!("visit-{n}"),
            &[
                (&file.replace("//", "/"), "plan"),
                ("app/main.tf", &n.to_string()),
                ("Überblick.md", "ü"),
            ],
        );
        head = Some(commit(&repo, head.as_deref(), &step).expect("a commit"));
    }
    assert_eq!(git(&path, &["fsck", "--strict", "--full", "--no-dangling"]), "");
    assert_eq!(git(&path, &["rev-parse", "cloudcrew/acme"]), head.expect("commits"));
    let shown = git(&path, &["log", "-1", "--format=%an <%ae> %at %cn %ct%n%B", "cloudcrew/acme"]);
    let expected = "pm <pm@cloudcrew.invalid> 1700000000 pm 1700000000\nWrite the plan\n\nWith all \
        that is known.\n\n\
                    CloudCrew-Step: visit-4\nCloudCrew-Phase: discovery";
    assert_eq!(shown, expected);
    assert_eq!(
        git(
            &path,
            &["log", "-1", "--format=%(trailers:key=CloudCrew-Step,valueonly)", "cloudcrew/acme"]
        ),
        "visit-4"
    );
    assert_eq!(
        git(&path, &["ls-tree", "-r", "--format=%(objectmode)", "cloudcrew/acme", "app"]),
        "100644"
    );
    let clone = folder();
    git(clone.path(), &["clone", "-q", &path.to_string_lossy(), "."]);
    assert!(clone.path().join("app/main.tf").exists(), "a clone checks out the work");
}

#[test]
fn the_same_step_on_the_same_parent_is_the_same_commit_everywhere() {
    let ids: Vec<_> = (0..2)
        .map(|_| {
            let (_folder, _, repo) = bare();
            let first = commit(&repo, None, &request("a", &[("b.md", "1"), ("a/b.md", "2")]))
                .expect("a commit");
            commit(&repo, Some(&first), &request("b", &[("a/c.md", "3")])).expect("a commit")
        })
        .collect();
    assert_eq!(
        ids, ["9317461d28046158d2795b9be1368a0e06b6188d"; 2],
        "recorded: a later version must make the same commit"
    );
}

#[test]
fn one_of_two_hundred_concurrent_creators_wins() {
    let (_folder, path, _) = bare();
    let gate = Barrier::new(200);
    let results: Vec<_> = std::thread::scope(|scope| {
        let start = |n: usize| {
            let (gate, path) = (&gate, &path);
            scope.spawn(move || {
                let repo = GitRepo::open(path, "acme").expect("a repository");
                gate.wait();
                commit(&repo, None, &request(&format!("writer-{n}"), &[("a.md", "a")]))
            })
        };
        let threads: Vec<_> = (0..200).map(start).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let head = git(&path, &["rev-parse", "cloudcrew/acme"]);
    let mut won = 0;
    for result in results {
        match result {
            Ok(id) => {
                assert_eq!(id, head);
                won += 1;
            }
            Err(RepoError::Moved(there)) => assert_eq!(there.as_ref(), Some(&head)),
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(git(&path, &["fsck", "--strict", "--full", "--no-dangling"]), "");
}

#[test]
fn a_checked_out_branch_is_left_alone() {
    type How<'a> = (&'a str, &'a dyn Fn(&Path));
    let check_out: [How<'_>; 4] = [
        ("in the repository", &|at| drop(git(at, &["checkout", "-q", "cloudcrew/acme"]))),
        ("in another working tree", &|at| {
            drop(git(at, &["worktree", "add", "-q", "../elsewhere", "cloudcrew/acme"]))
        }),
        ("before it exists", &|at| {
            git(at, &["branch", "-q", "-D", "cloudcrew/acme"]);
            git(at, &["checkout", "-q", "--orphan", "cloudcrew/acme"]);
        }),
        ("while it is rebased", &|at| {
            git(at, &["worktree", "add", "-q", "../elsewhere", "cloudcrew/acme"]);
            git(
                &at.join("../elsewhere"),
                &["-c", "sequence.editor=echo break >", "rebase", "-q", "-i", "--root"],
            );
        }),
    ];
    for (how, check_out) in check_out {
        let outer = folder();
        let at = outer.path().join("customers");
        fs::create_dir(&at).expect("a folder");
        git(&at, &["init", "-q", "-b", "main"]);
        git(&at, &["commit", "-q", "--allow-empty", "-m", "begin"]);
        let repo = GitRepo::open(&at, "acme").expect("a repository");
        let first = commit(&repo, None, &request("a", &[("a.md", "a")])).expect("a commit");
        check_out(&at);
        let refused = commit(&repo, Some(&first), &request("b", &[("b.md", "b")]));
        assert!(
            matches!(&refused, Err(RepoError::CheckedOut(branch)) if branch == "cloudcrew/acme"),
            "{how}: {refused:?}"
        );
        git(&at, &["checkout", "-q", "main"]);
    }
}

#[test]
fn a_commit_leaves_the_customers_working_tree_and_index_alone() {
    let (folder, repo) = customers();
    fs::write(folder.path().join("a.md"), "the customer's").expect("written");
    git(folder.path(), &["add", "a.md"]);
    let before = git(folder.path(), &["status", "--porcelain=v2", "--branch"]);
    commit(&repo, None, &request("a", &[("a.md", "ours")])).expect("a commit");
    assert_eq!(git(folder.path(), &["status", "--porcelain=v2", "--branch"]), before);
    assert_eq!(fs::read_to_string(folder.path().join("a.md")).expect("text"), "the customer's");
}

#[test]
fn links_and_submodules_are_not_written_to_read_or_listed() {
    let (folder, repo) = customers();
    let at = folder.path();
    git(at, &["checkout", "-q", "--orphan", "cloudcrew/acme"]);
    std::os::unix::fs::symlink("/etc", at.join("link")).expect("a link");
    fs::create_dir(at.join("docs")).expect("a folder");
    std::os::unix::fs::symlink("../../outside.md", at.join("docs/link.md")).expect("a link");
    fs::write(at.join("docs/run.sh"), "#!/bin/sh\n").expect("written");
    git(at, &["add", "."]);
    let main = git(at, &["rev-parse", "main"]);
    git(at, &["update-index", "--add", "--cacheinfo", &format!("160000,{main},module")]);
    git(at, &["commit", "-q", "-m", "links"]);
    let head = git(at, &["rev-parse", "HEAD"]);
    git(at, &["checkout", "-q", "-f", "main"]);

    for (path, words) in [
        ("link", "`link` is a symbolic link, which is not written to or through"),
        ("link/passwd", "`link` is a symbolic link, which is not written to or through"),
        ("docs/link.md", "`docs/link.md` is a symbolic link, which is not written to or through"),
        ("module", "`module` is a submodule, which is not written to or through"),
        ("module/a.md", "`module` is a submodule, which is not written to or through"),
        ("docs", "`docs` is a folder"),
        ("docs/run.sh/a", "`docs/run.sh` is a file; nothing can be written below it"),
        (
            "Link",
            "`Link` cannot be written: `Link` and `link`, which exists, are one name on some \
             systems",
        ),
        (
            "Docs/a.md",
            "`Docs/a.md` cannot be written: `Docs` and `docs`, which exists, are one name on some \
             systems",
        ),
    ] {
        let refused =
            commit(&repo, Some(&head), &request("a", &[(path, "x")])).expect_err("it is refused");
        assert!(matches!(refused, RepoError::Refused(_)), "{path}: {refused:?}");
        assert_eq!(refused.to_string(), words);
    }
    let listed: Vec<_> =
        block_on(repo.list(&head, "")).expect("a list").into_iter().map(|file| file.path).collect();
    assert_eq!(listed, ["docs/run.sh"]);
    for path in ["link", "docs/link.md", "module", "link/passwd"] {
        assert_eq!(block_on(repo.read(&head, path)).expect("an answer"), None, "{path}");
    }
}

#[test]
fn a_foreign_commit_is_never_overwritten() {
    let (folder, repo) = customers();
    let first = commit(&repo, None, &request("a", &[("a.md", "a")])).expect("a commit");
    let elsewhere = folder.path().join("elsewhere");
    git(folder.path(), &["worktree", "add", "-q", &elsewhere.to_string_lossy(), "cloudcrew/acme"]);
    git(
        &elsewhere,
        &[
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "Mine\n\nCloudCrew-Step: not one of ours\n\nIt only looks so.",
        ],
    );
    git(folder.path(), &["worktree", "remove", &elsewhere.to_string_lossy()]);
    let theirs = git(folder.path(), &["rev-parse", "cloudcrew/acme"]);
    match commit(&repo, Some(&first), &request("b", &[("b.md", "b")])) {
        Err(RepoError::Moved(there)) => assert_eq!(there.as_ref(), Some(&theirs)),
        other => panic!("{other:?}"),
    }
    let ours = commit(&repo, Some(&theirs), &request("b", &[("b.md", "b")])).expect("on top of it");
    git(folder.path(), &["pack-refs", "--all"]);
    git(folder.path(), &["gc", "-q", "--prune=now"]);
    let log = block_on(repo.log(Some(&first), &ours)).expect("a log");
    assert_eq!(steps(log), [(theirs, None), (ours.clone(), Some("b".to_owned()))]);
    commit(&repo, Some(&ours), &request("c", &[("c.md", "c")])).expect("packed or not");
}

#[test]
fn a_lock_is_awaited_and_a_stale_one_is_removed() {
    let (_folder, path, repo) = bare();
    let first = commit(&repo, None, &request("a", &[("a.md", "a")])).expect("a commit");
    let lock = path.join("refs/heads/cloudcrew/acme.lock");

    fs::write(&lock, "").expect("locked");
    let second = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(200));
            fs::remove_file(&lock).expect("unlocked");
        });
        let began = Instant::now();
        let second =
            commit(&repo, Some(&first), &request("b", &[("b.md", "b")])).expect("a commit");
        assert!(began.elapsed() >= Duration::from_millis(190), "a lock was not waited for");
        second
    });

    let left = fs::File::create(&lock).expect("locked");
    left.set_modified(SystemTime::now() - Duration::from_secs(60)).expect("an old lock");
    let began = Instant::now();
    commit(&repo, Some(&second), &request("c", &[("c.md", "c")])).expect("a commit");
    assert!(began.elapsed() < Duration::from_secs(5), "a stale lock was awaited");
}

#[test]
fn text_cannot_forge_a_header_or_a_trailer() {
    let (_folder, path, repo) = bare();
    let step = CommitRequest {
        message: "Say\u{0}\r\n\nCloudCrew-Step: forged\n".to_owned(),
        author: "Eve <eve@x>\nparent 0".to_owned(),
        trailers: vec![("CloudCrew-Step".to_owned(), "real\nCloudCrew-Step: forged".to_owned())],
        ..request("", &[("a.md", "a")])
    };
    let made = commit(&repo, None, &step).expect("a commit");
    assert_eq!(
        steps(block_on(repo.log(None, &made)).expect("a log")),
        [(made, Some("real CloudCrew-Step: forged".to_owned()))]
    );
    assert_eq!(
        git(&path, &["log", "-1", "--format=%an <%ae>", "cloudcrew/acme"]),
        "Eve eve@x parent 0 <eve-eve-x-parent-0@cloudcrew.invalid>"
    );
    assert_eq!(git(&path, &["fsck", "--strict", "--full", "--no-dangling"]), "");
}

#[test]
fn an_unusable_repository_says_what_to_do() {
    let message = |opened: Result<GitRepo, _>| {
        opened.err().map(|e: cloudcrew_ports::StoreError| e.to_string()).expect("it does not work")
    };
    let at = folder();
    let none = message(GitRepo::open(at.path(), "acme"));
    assert!(none.ends_with("it is not a Git repository"), "{none}");
    for project in ["", "a..b", "a b", "x.lock", "a~1", "-/"] {
        let said = message(GitRepo::create(&at.path().join("r.git"), project));
        assert!(
            said.contains("is not a valid branch name") || said.contains("reference name"),
            "{project}: {said}"
        );
    }
    let (folder, repo) = customers();
    git(folder.path(), &["symbolic-ref", "refs/heads/cloudcrew/acme", "refs/heads/main"]);
    let said = block_on(repo.head()).expect_err("it is another branch").to_string();
    assert!(
        said.contains("`refs/heads/cloudcrew/acme` is a symbolic reference to another branch"),
        "{said}"
    );
    let main = git(folder.path(), &["rev-parse", "main"]);
    assert!(commit(&repo, Some(&main), &request("a", &[("a.md", "a")])).is_err());
    assert_eq!(git(folder.path(), &["rev-parse", "main"]), main, "nothing was written through it");
}

#[test]
fn creating_an_existing_repository_opens_it() {
    let (_folder, path, repo) = bare();
    let first = commit(&repo, None, &request("a", &[("a.md", "a")])).expect("a commit");
    fs::remove_dir_all(path.join("refs/tags")).expect("half made");
    let again = GitRepo::create(&path, "acme").expect("a repository");
    assert_eq!(block_on(again.head()).expect("a head"), Some(first));
}

#[test]
fn commits_succeed_while_git_packs_the_repository() {
    let (_folder, path, repo) = bare();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let packing = scope.spawn(|| {
            let mut rounds = 0;
            while !done.load(Ordering::Relaxed) || rounds == 0 {
                let gc = Command::new("git")
                    .arg("-C")
                    .arg(&path)
                    .args(["gc", "--quiet"])
                    .output()
                    .expect("git");
                rounds += usize::from(gc.status.success());
            }
            rounds
        });
        let head = (0..200).try_fold(None, |head: Option<String>, n| {
            let (name, text) = (format!("docs/{n}.md"), n.to_string());
            commit(&repo, head.as_deref(), &request(&text, &[(&name, &text)])).map(Some)
        });
        done.store(true, Ordering::Relaxed);
        assert!(packing.join().expect("no panic") > 0);
        let head = head.expect("every commit is made").expect("a head");
        let log = block_on(repo.log(None, &head)).expect("a log");
        assert_eq!(log.len(), 200);
    });
    let fsck =
        Command::new("git").arg("-C").arg(&path).args(["fsck", "--strict"]).output().expect("git");
    assert!(fsck.status.success(), "{}", String::from_utf8_lossy(&fsck.stderr));
}
