//! Hostile paths against every agent of the shipped crew: only paths in scope reach the repository.

use std::process::Command;

use cloudcrew_definition::load;
use cloudcrew_definition::path::hostile::hostile_paths;
use cloudcrew_definition::path::{RepoPath, Scope};
use cloudcrew_local::repo::GitRepo;
use cloudcrew_ports::repo::{CommitRequest, Repo, RepoError};
use cloudcrew_runtime::catalogue::catalogue;

use crate::support::{root, sources};

/// Spellings to try, and how many of them are really committed for each agent.
const SPELLINGS: usize = 10_000;
const COMMITTED: usize = 150;

/// The write scope of each agent, stated independently of the definitions.
const MAY: [(&str, &str, &str); 7] = [
    ("pm", "docs/project-plan/", "-"),
    ("sa", "docs/architecture/", "-"),
    ("infra", "infra/", "-"),
    ("dev", "app/", "app/tests/"),
    ("data", "data/", "-"),
    ("security", "security/", "-"),
    ("qa", "app/tests/", "-"),
];

#[tokio::test]
async fn no_hostile_path_is_written_outside_its_agents_scope() {
    let definition =
        load(&sources(&root()), &catalogue()).definition.expect("the shipped crew is right");
    let prefixes: Vec<&str> =
        MAY.iter().map(|(_, prefix, _)| prefix.trim_end_matches('/')).collect();
    let spellings: Vec<String> = hostile_paths(7, SPELLINGS, &prefixes).collect();
    let folder = tempfile::tempdir().expect("a folder");
    for (name, inside, outside) in MAY {
        let agent = definition.agent(name).expect("an agent of the crew");
        let scope = Scope::new(&agent.writes).expect("a scope");
        let repo = GitRepo::create(&folder.path().join(format!("{name}.git")), name)
            .expect("a repository");
        let (mut head, mut committed) = (None, 0);
        for spelling in &spellings {
            let Ok(path) = RepoPath::parse(spelling) else { continue };
            if scope.refusal(name, &path).is_some() {
                continue;
            }
            assert!(
                path.as_str().starts_with(inside) && !path.as_str().starts_with(outside),
                "{name} may write {path}"
            );
            if committed == COMMITTED {
                continue;
            }
            let request = CommitRequest {
                writes: vec![(path, b"x".to_vec())],
                message: "Write".into(),
                author: name.into(),
                date: 1_700_000_000,
                trailers: vec![("CloudCrew-Step".into(), spelling.escape_debug().to_string())],
                ..CommitRequest::default()
            };
            match repo.commit(head.as_deref(), &request).await {
                Ok(commit) => {
                    head = Some(commit);
                    committed += 1;
                }
                Err(RepoError::Refused(_)) => {}
                Err(error) => panic!("{name}: {spelling:?}: {error}"),
            }
        }
        let head = head.expect("some spellings are harmless");
        for file in repo.list(&head, "").await.expect("a tree") {
            assert!(
                file.path.starts_with(inside) && !file.path.starts_with(outside),
                "{name} wrote {}",
                file.path
            );
        }
        let git = Command::new("git")
            .arg("-C")
            .arg(folder.path().join(format!("{name}.git")))
            .args(["fsck", "--strict"])
            .output()
            .expect("git starts");
        assert!(
            git.status.success() && git.stderr.is_empty(),
            "{name}: {}",
            String::from_utf8_lossy(&git.stderr)
        );
    }
}
