//! The contract of [`Repo`]. Each adapter tests symlinks, submodules and checked out branches
//! itself, because the port creates none.

use cloudcrew_definition::path::RepoPath;
use futures_util::future::join_all;

use super::done;
use crate::repo::{CommitRequest, Logged, Repo, RepoError};

/// Runs all tests, on a branch that does not exist yet.
pub async fn run_all(repo: &dyn Repo) {
    let first = the_first_commit_creates_the_branch(repo).await;
    let second = a_replay_is_the_same_commit(repo, &first).await;
    the_branch_moves_only_from_the_expected_commit(repo, &first, &second).await;
    a_path_that_does_not_fit_is_refused(repo, &second).await;
    files_and_history_are_read(repo, &first, &second).await;
    let third = files_are_removed(repo, &second).await;
    let last = one_of_many_concurrent_commits_wins(repo, &third).await;
    a_branch_has_one_claim(repo, &last).await;
}

fn request(step: &str, writes: &[(&str, &str)]) -> CommitRequest {
    let path = |text: &str| done("a path of the suite is valid", RepoPath::parse(text));
    CommitRequest {
        writes: writes.iter().map(|(at, text)| (path(at), text.as_bytes().to_vec())).collect(),
        message: format!("Say {step}\n\nCloudCrew-Step: what an agent wrote is no trailer"),
        author: "pm".to_owned(),
        date: 1_700_000_000,
        trailers: vec![
            ("CloudCrew-Step".to_owned(), step.to_owned()),
            ("CloudCrew-Phase".to_owned(), "discovery".to_owned()),
        ],
        ..CommitRequest::default()
    }
}

async fn made(repo: &dyn Repo, parent: Option<&str>, request: &CommitRequest) -> String {
    done("a commit is made", repo.commit(parent, request).await)
}

/// The branch does not exist before it.
pub async fn the_first_commit_creates_the_branch(repo: &dyn Repo) -> String {
    assert_eq!(
        done("the head is read", repo.head().await),
        None,
        "the suite needs a branch that does not exist"
    );
    let first =
        request("s1", &[("README.md", "one"), ("docs/a/plan.md", "plan"), ("docs/b.md", "b")]);
    let first = made(repo, None, &first).await;
    assert_eq!(
        done("the head is read", repo.head().await),
        Some(first.clone()),
        "the branch is not at the new commit"
    );
    first
}

/// After a crash, the step runs again: one commit, whether the branch had moved or not.
pub async fn a_replay_is_the_same_commit(repo: &dyn Repo, first: &str) -> String {
    let step = request("s2", &[("docs/a/plan.md", "a better plan"), ("docs/a/deep/er/x.md", "")]);
    let second = made(repo, Some(first), &step).await;
    assert_eq!(
        made(repo, Some(first), &step).await,
        second,
        "the same step on the same parent made a different commit"
    );
    assert_eq!(
        done("the head is read", repo.head().await),
        Some(second.clone()),
        "a replay moved the branch"
    );
    second
}

/// A commit on another parent fails with the branch's position, and nothing moves.
pub async fn the_branch_moves_only_from_the_expected_commit(
    repo: &dyn Repo,
    first: &str,
    second: &str,
) {
    let step = request("s3", &[("docs/c.md", "c")]);
    for parent in [Some(first), None] {
        match repo.commit(parent, &step).await {
            Err(RepoError::Moved(Some(there))) => {
                assert_eq!(there, second, "the refusal names the wrong commit")
            }
            other => {
                panic!(
                    "a commit on {parent:?} succeeded, although the branch is at {second}: \
                     {other:?}"
                )
            }
        }
    }
    assert_eq!(
        done("the head is read", repo.head().await).as_deref(),
        Some(second),
        "a refused commit moved the branch"
    );
}

/// Files are not folders, folders are not files, and a name has one spelling.
pub async fn a_path_that_does_not_fit_is_refused(repo: &dyn Repo, head: &str) {
    for writes in [
        [("new.md", ""), ("README.md/x", "")],
        [("new.md", ""), ("docs/a", "")],
        [("new.md", ""), ("readme.md", "")],
        [("new.md", ""), ("Docs/new.md", "")],
        [("new.md", ""), ("docs/A/new.md", "")],
        [("new.md", ""), ("docs/a/PLAN.md", "")],
        [("new/one.md", ""), ("New/two.md", "")],
        [("new", ""), ("new/two.md", "")],
        [("new.md", "1"), ("new.md", "2")],
    ] {
        let refused = repo.commit(Some(head), &request("s3", &writes)).await;
        assert!(
            matches!(refused, Err(RepoError::Refused(_))),
            "{writes:?} was not refused: {refused:?}"
        );
    }
    let empty = repo.commit(Some(head), &request("s3", &[])).await;
    assert!(
        matches!(empty, Err(RepoError::Refused(_))),
        "a commit that writes nothing was not refused: {empty:?}"
    );
    assert_eq!(
        done("the head is read", repo.head().await).as_deref(),
        Some(head),
        "a refused commit moved the branch"
    );
}

/// A removed file is gone, with the folders that it leaves empty; a file can move in one commit.
pub async fn files_are_removed(repo: &dyn Repo, head: &str) -> String {
    let path = |text: &str| done("a path of the suite is valid", RepoPath::parse(text));
    let mut step = request("s6", &[("docs/moved.md", "")]);
    step.removes = vec![path("docs/a/deep/er/x.md")];
    let moved = made(repo, Some(head), &step).await;
    assert_eq!(made(repo, Some(head), &step).await, moved, "a replay made a different commit");
    let there = |commit: String, at: &'static str| async move {
        done("a file is looked for", repo.find(&commit, at).await).is_some()
    };
    assert!(there(moved.clone(), "docs/moved.md").await, "the new file is missing");
    assert!(!there(moved.clone(), "docs/a/deep/er/x.md").await, "the old file is still there");
    let below = done("a folder is listed", repo.list(&moved, "docs/a/deep").await);
    assert!(below.is_empty(), "an empty folder is left: {below:?}");
    assert!(there(head.to_owned(), "docs/a/deep/er/x.md").await, "an older commit has changed");
    let mut renamed = request("s8", &[("Readme.md", "one")]);
    renamed.removes = vec![path("README.md")];
    let moved = made(repo, Some(&moved), &renamed).await;
    assert!(there(moved.clone(), "Readme.md").await, "a name cannot change its case");
    let mut back = request("s9", &[("README.md", "one")]);
    back.removes = vec![path("Readme.md")];
    let moved = made(repo, Some(&moved), &back).await;
    let mut inside = request("s7", &[("docs/b.md/c.md", "")]);
    inside.removes = vec![path("docs/b.md")];
    let refused = repo.commit(Some(&moved), &inside).await;
    assert!(
        matches!(refused, Err(RepoError::Refused(_))),
        "a file was replaced by a folder of its name: {refused:?}"
    );
    for removed in ["docs/none.md", "docs", "docs/a/none/x.md"] {
        let mut step = request("s7", &[]);
        step.removes = vec![path(removed)];
        let refused = repo.commit(Some(&moved), &step).await;
        assert!(
            matches!(refused, Err(RepoError::Refused(_))),
            "the removal of {removed} was not refused: {refused:?}"
        );
    }
    moved
}

/// Each commit keeps its own files; the log says which step made which commit.
pub async fn files_and_history_are_read(repo: &dyn Repo, first: &str, second: &str) {
    let names = |files: Vec<crate::repo::TreeFile>| {
        files.into_iter().map(|file| (file.path, file.size)).collect::<Vec<_>>()
    };
    let sized = |expected: &[(&str, u64)]| {
        expected.iter().map(|(path, size)| ((*path).to_owned(), *size)).collect::<Vec<_>>()
    };
    let then = names(done("files are listed", repo.list(first, "").await));
    assert_eq!(
        then,
        sized(&[("README.md", 3), ("docs/a/plan.md", 4), ("docs/b.md", 1)]),
        "the first commit's files"
    );
    let now = names(done("files are listed", repo.list(second, "").await));
    let expected =
        [("README.md", 3), ("docs/a/deep/er/x.md", 0), ("docs/a/plan.md", 13), ("docs/b.md", 1)];
    assert_eq!(
        now,
        sized(&expected),
        "the second commit's files: those it wrote, and all others unchanged"
    );
    for (below, expected) in [
        ("docs/a", &expected[1..3]),
        ("docs/a/deep", &expected[1..2]),
        ("docs/b.md", &[]),
        ("none", &[]),
        ("docs/..", &[]),
    ] {
        let found = names(done("files are listed", repo.list(second, below).await));
        assert_eq!(found, sized(expected), "files below `{below}`");
    }
    for (commit, path, text) in [
        (first, "docs/a/plan.md", Some("plan")),
        (second, "docs/a/plan.md", Some("a better plan")),
        (second, "docs/a/deep/er/x.md", Some("")),
        (second, "docs/a", None),
        (second, "docs/a/plan.md/x", None),
        (second, "nothing.md", None),
        (second, "", None),
        (second, "docs/../README.md", None),
        (second, "docs/b.md\0", None),
    ] {
        let read = done("a file is read", repo.read(commit, path).await);
        assert_eq!(read.as_deref(), text.map(str::as_bytes), "`{path}` as of {commit}");
    }
    for (path, size) in [
        ("README.md", Some(3)),
        ("docs/a/plan.md", Some(13)),
        ("docs/a", None),
        ("nothing.md", None),
    ] {
        let found = done("a file is searched", repo.find(second, path).await);
        assert_eq!(found.as_ref().map(|file| file.size), size, "`{path}` as of {second}");
        let Some(file) = found else { continue };
        let bytes = done("a blob is read", repo.blob(&file.oid).await);
        assert_eq!(
            (file.path.as_str(), bytes.len() as u64),
            (path, file.size),
            "`{path}` and its blob"
        );
    }
    let log = done("history is read", repo.log(None, second).await);
    let steps = |steps: &[(&str, &str)]| {
        steps
            .iter()
            .map(|(id, step)| ((*id).to_owned(), Some((*step).to_owned())))
            .collect::<Vec<_>>()
    };
    let said = |log: Vec<Logged>| {
        log.into_iter().map(|commit| (commit.id, commit.anchor.step)).collect::<Vec<_>>()
    };
    assert_eq!(
        said(log),
        steps(&[(first, "s1"), (second, "s2")]),
        "history, oldest first, with the steps of the trailers"
    );
    let log = done("history is read", repo.log(Some(first), second).await);
    assert_eq!(said(log), steps(&[(second, "s2")]), "history since the first commit");
    for unknown in ["0".repeat(40).as_str(), "abc", ""] {
        assert!(
            repo.list(unknown, "").await.is_err(),
            "the files of `{unknown}`, which is not a commit, were listed"
        );
    }
}

/// Of eight different commits on one parent, one succeeds; the others fail with its id.
pub async fn one_of_many_concurrent_commits_wins(repo: &dyn Repo, parent: &str) -> String {
    let requests: Vec<_> =
        (0..8).map(|n| request(&format!("race-{n}"), &[("docs/race.md", "r")])).collect();
    let made = join_all(requests.iter().map(|request| repo.commit(Some(parent), request))).await;
    let head = done("the head is read", repo.head().await);
    let mut won = Vec::new();
    for made in made {
        match made {
            Ok(commit) => won.push(commit),
            Err(RepoError::Moved(there)) => {
                assert_eq!(there, head, "a refusal names the wrong commit")
            }
            Err(error) => panic!("a commit neither succeeded nor conflicted: {error:?}"),
        }
    }
    assert_eq!(
        won.iter().map(|commit| Some(commit.clone())).collect::<Vec<_>>(),
        [head],
        "not exactly one of eight commits is the head"
    );
    won.swap_remove(0)
}

/// A commit that claims the branch says where it expects the claim; of two copies of an engagement,
/// the first to commit gets it.
pub async fn a_branch_has_one_claim(repo: &dyn Repo, parent: &str) {
    assert_eq!(done("the claim is read", repo.claim().await), None, "the branch has a claim");
    let claims = |step: &str, identity: &str, seq: &str, claim: Option<&str>| {
        let mut request = request(step, &[("docs/claim.md", step)]);
        request.trailers.push(("CloudCrew-Engagement".to_owned(), identity.to_owned()));
        request.trailers.push(("CloudCrew-Journal".to_owned(), seq.to_owned()));
        request.claim = Some(claim.map(str::to_owned));
        request
    };
    let first = claims("c1", "one", "7 abc", None);
    let made = made(repo, Some(parent), &first).await;
    let claim = done("the claim is read", repo.claim().await);
    let said = claim.map(|claim| (claim.id, claim.anchor.engagement, claim.anchor.journal));
    assert_eq!(
        said,
        Some((made.clone(), Some("one".to_owned()), Some((7, "abc".to_owned())))),
        "the content of the claim"
    );
    assert_eq!(
        done("a replay is made", repo.commit(Some(parent), &first).await),
        made,
        "a replay made a different commit"
    );
    for other in [claims("c2", "two", "7 def", None), claims("c2", "one", "8 def", Some(parent))] {
        let refused = repo.commit(Some(&made), &other).await;
        assert!(
            matches!(&refused, Err(RepoError::Claimed(Some(there))) if *there == made),
            "another engagement took the claim: {refused:?}"
        );
    }
    assert_eq!(
        done("the head is read", repo.head().await).as_deref(),
        Some(made.as_str()),
        "a refused commit moved the branch"
    );
    done(
        "a commit is made",
        repo.commit(Some(&made), &claims("c3", "one", "8 def", Some(&made))).await,
    );
}
