//! The promises of [`Repo`]. Symlinks, submodules and checked out branches are for each adapter to
//! show: the port makes none.

use cloudcrew_definition::path::RepoPath;
use futures_util::future::join_all;

use super::kept;
use crate::repo::{CommitRequest, Logged, Repo, RepoError};

/// All of them, over a branch that does not exist yet.
pub async fn every_promise(repo: &dyn Repo) {
    let first = the_first_commit_makes_the_branch(repo).await;
    let second = a_replay_is_the_same_commit(repo, &first).await;
    the_branch_is_moved_from_where_it_is_expected(repo, &first, &second).await;
    a_path_that_does_not_fit_is_refused(repo, &second).await;
    what_is_there_is_read(repo, &first, &second).await;
    let last = of_many_who_commit_on_one_parent_one_wins(repo, &second).await;
    a_branch_has_one_claim(repo, &last).await;
}

fn request(step: &str, writes: &[(&str, &str)]) -> CommitRequest {
    let path = |text: &str| kept("a path of the suite is good", RepoPath::parse(text));
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
    kept("a commit is made", repo.commit(parent, request).await)
}

/// Before it, there is none.
pub async fn the_first_commit_makes_the_branch(repo: &dyn Repo) -> String {
    assert_eq!(
        kept("the head is read", repo.head().await),
        None,
        "the suite needs a branch that does not exist"
    );
    let first =
        request("s1", &[("README.md", "one"), ("docs/a/plan.md", "plan"), ("docs/b.md", "b")]);
    let first = made(repo, None, &first).await;
    assert_eq!(
        kept("the head is read", repo.head().await),
        Some(first.clone()),
        "the branch is at the commit that was made"
    );
    first
}

/// After a crash the same step is taken again: one commit, whether the branch had moved or not.
pub async fn a_replay_is_the_same_commit(repo: &dyn Repo, first: &str) -> String {
    let step = request("s2", &[("docs/a/plan.md", "a better plan"), ("docs/a/deep/er/x.md", "")]);
    let second = made(repo, Some(first), &step).await;
    assert_eq!(
        made(repo, Some(first), &step).await,
        second,
        "the same step on the same parent made another commit"
    );
    assert_eq!(
        kept("the head is read", repo.head().await),
        Some(second.clone()),
        "a replay moved the branch"
    );
    second
}

/// Who expects another commit is told where the branch is, and nothing moves.
pub async fn the_branch_is_moved_from_where_it_is_expected(
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
                panic!("a commit on {parent:?} was made, the branch being at {second}: {other:?}")
            }
        }
    }
    assert_eq!(
        kept("the head is read", repo.head().await).as_deref(),
        Some(second),
        "a refused commit moved the branch"
    );
}

/// Files are no folders, folders no files, and one name has one spelling.
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
        kept("the head is read", repo.head().await).as_deref(),
        Some(head),
        "a refused commit moved the branch"
    );
}

/// Each commit keeps its own files; history says which step made what.
pub async fn what_is_there_is_read(repo: &dyn Repo, first: &str, second: &str) {
    let names = |files: Vec<crate::repo::TreeFile>| {
        files.into_iter().map(|file| (file.path, file.size)).collect::<Vec<_>>()
    };
    let sized = |expected: &[(&str, u64)]| {
        expected.iter().map(|(path, size)| ((*path).to_owned(), *size)).collect::<Vec<_>>()
    };
    let then = names(kept("files are listed", repo.list(first, "").await));
    assert_eq!(
        then,
        sized(&[("README.md", 3), ("docs/a/plan.md", 4), ("docs/b.md", 1)]),
        "the first commit's files"
    );
    let now = names(kept("files are listed", repo.list(second, "").await));
    let expected =
        [("README.md", 3), ("docs/a/deep/er/x.md", 0), ("docs/a/plan.md", 13), ("docs/b.md", 1)];
    assert_eq!(
        now,
        sized(&expected),
        "the second commit's files: what it wrote, and all else as it was"
    );
    for (below, expected) in [
        ("docs/a", &expected[1..3]),
        ("docs/a/deep", &expected[1..2]),
        ("docs/b.md", &[]),
        ("none", &[]),
        ("docs/..", &[]),
    ] {
        let found = names(kept("files are listed", repo.list(second, below).await));
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
        let read = kept("a file is read", repo.read(commit, path).await);
        assert_eq!(read.as_deref(), text.map(str::as_bytes), "`{path}` as of {commit}");
    }
    for (path, size) in [
        ("README.md", Some(3)),
        ("docs/a/plan.md", Some(13)),
        ("docs/a", None),
        ("nothing.md", None),
    ] {
        let found = kept("a file is looked for", repo.find(second, path).await);
        assert_eq!(found.as_ref().map(|file| file.size), size, "`{path}` as of {second}");
        let Some(file) = found else { continue };
        let bytes = kept("a blob is read", repo.blob(&file.oid).await);
        assert_eq!(
            (file.path.as_str(), bytes.len() as u64),
            (path, file.size),
            "`{path}` and its blob"
        );
    }
    let log = kept("history is read", repo.log(None, second).await);
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
    let log = kept("history is read", repo.log(Some(first), second).await);
    assert_eq!(said(log), steps(&[(second, "s2")]), "history since the first commit");
    for unknown in ["0".repeat(40).as_str(), "abc", ""] {
        assert!(
            repo.list(unknown, "").await.is_err(),
            "the files of `{unknown}`, which is no commit, were listed"
        );
    }
}

/// Of eight different commits on one parent one is the next; the others are told which.
pub async fn of_many_who_commit_on_one_parent_one_wins(repo: &dyn Repo, parent: &str) -> String {
    let requests: Vec<_> =
        (0..8).map(|n| request(&format!("race-{n}"), &[("docs/race.md", "r")])).collect();
    let made = join_all(requests.iter().map(|request| repo.commit(Some(parent), request))).await;
    let head = kept("the head is read", repo.head().await);
    let mut won = Vec::new();
    for made in made {
        match made {
            Ok(commit) => won.push(commit),
            Err(RepoError::Moved(there)) => {
                assert_eq!(there, head, "a loser is told the wrong commit")
            }
            Err(error) => panic!("a commit was told neither yes nor no: {error:?}"),
        }
    }
    assert_eq!(
        won.iter().map(|commit| Some(commit.clone())).collect::<Vec<_>>(),
        [head],
        "of eight commits exactly one is the head"
    );
    won.swap_remove(0)
}

/// Who claims the branch says where the claim is expected; of two copies of an engagement the first
/// to commit has it.
pub async fn a_branch_has_one_claim(repo: &dyn Repo, parent: &str) {
    assert_eq!(
        kept("the claim is read", repo.claim().await),
        None,
        "nobody has claimed the branch"
    );
    let claims = |step: &str, identity: &str, seq: &str, claim: Option<&str>| {
        let mut request = request(step, &[("docs/claim.md", step)]);
        request.trailers.push(("CloudCrew-Engagement".to_owned(), identity.to_owned()));
        request.trailers.push(("CloudCrew-Journal".to_owned(), seq.to_owned()));
        request.claim = Some(claim.map(str::to_owned));
        request
    };
    let first = claims("c1", "one", "7 abc", None);
    let made = made(repo, Some(parent), &first).await;
    let claim = kept("the claim is read", repo.claim().await);
    let said = claim.map(|claim| (claim.id, claim.anchor.engagement, claim.anchor.journal));
    assert_eq!(
        said,
        Some((made.clone(), Some("one".to_owned()), Some((7, "abc".to_owned())))),
        "what the claim says"
    );
    assert_eq!(
        kept("a replay is made", repo.commit(Some(parent), &first).await),
        made,
        "a replay is the same commit"
    );
    for other in [claims("c2", "two", "7 def", None), claims("c2", "one", "8 def", Some(parent))] {
        let refused = repo.commit(Some(&made), &other).await;
        assert!(
            matches!(&refused, Err(RepoError::Claimed(Some(there))) if *there == made),
            "a claim was taken over: {refused:?}"
        );
    }
    assert_eq!(
        kept("the head is read", repo.head().await).as_deref(),
        Some(made.as_str()),
        "a refused commit moved the branch"
    );
    kept(
        "a commit is made",
        repo.commit(Some(&made), &claims("c3", "one", "8 def", Some(&made))).await,
    );
}
