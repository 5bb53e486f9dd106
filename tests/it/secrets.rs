//! Secrets that people paste, that models write and that files contain are on no record.

use std::path::Path;

use cloudcrew_ports::ledger::Ledger as _;
use cloudcrew_ports::repo::Repo as _;
use cloudcrew_ports::secret::remember;
use cloudcrew_runtime::engagement::{Driver, NewMessage, Options, Record, message, open};
use serde_json::json;

use crate::support::inside::{dead, ports, start};
use crate::support::says::{Says, Turn, results};
use crate::support::{copied, root};

/// Secrets of ten kinds, put together here, so that scanners of this repository find none; each
/// ends in a number of its own, by which it is looked for.
fn planted() -> Vec<(String, String)> {
    let filled = |length: usize, end: &str| {
        let start: String = "aB3xKq7Z".chars().cycle().take(length - end.len()).collect();
        format!("{start}{end}")
    };
    let mut all = Vec::new();
    for n in 0..20 {
        let end = format!("M{n:03}w9Tq");
        let upper = format!(
            "MARK{}Q{}",
            ['B', 'C', 'D', 'E'][n % 4],
            "2345672345672345".get(..n % 6 + 1).unwrap_or("")
        );
        let aws = format!("{upper:A<16}");
        all.extend([
            (format!("AKIA{aws}"), aws),
            (format!("ghp_{}", filled(36, &end)), end.clone()),
            (format!("glpat-{}", filled(24, &end)), end.clone()),
            (format!("xoxb-{}", filled(30, &end)), end.clone()),
            (format!("sk_live_{}", filled(28, &end)), end.clone()),
            (format!("sk-ant-{}", filled(40, &end)), end.clone()),
            (format!("sk-proj-{}", filled(40, &end)), end.clone()),
            (format!("npm_{}", filled(36, &end)), end.clone()),
            (format!("postgres://admin:{}@db.internal/x", filled(16, &end)), end.clone()),
            (
                format!(
                    "-----BEGIN {0}-----\n{1}\n-----END {0}-----",
                    "PRIVATE KEY",
                    filled(64, &end)
                ),
                end,
            ),
        ]);
    }
    all
}

/// Every byte that an engagement keeps, as text: the database with its log, and what Git stores.
fn kept(home: &Path) -> String {
    let mut all = String::new();
    for name in ["cloudcrew.db", "cloudcrew.db-wal", "cloudcrew.heads"] {
        let bytes = std::fs::read(home.join(name)).unwrap_or_default();
        all.push_str(&String::from_utf8_lossy(&bytes));
    }
    let objects = std::process::Command::new("git")
        .args(["cat-file", "--batch-all-objects", "--batch"])
        .current_dir(home.join("repos/demo.git"))
        .output()
        .expect("git");
    assert!(objects.status.success());
    all.push_str(&String::from_utf8_lossy(&objects.stdout));
    all
}

#[tokio::test]
async fn two_hundred_planted_secrets_are_found_nowhere() {
    let secrets = planted();
    assert!(secrets.len() >= 200);
    let crew = copied(&root().join("examples/minimal"));
    let home = crew.folder.path().join("inside");
    start(&home, crew.workspace(), "clinic-scheduling.md", None).await;
    let (mut ports, store, repo) = ports(&home).await;

    // A person pastes some into a message; the model writes each somewhere.
    let mut engagement = open(Record::of(&store), "demo").await.expect("the engagement");
    for (n, (secret, _)) in secrets.iter().take(12).enumerate() {
        let words = format!("use this: {secret} please");
        let new = NewMessage { id: format!("m-{n}"), actor: "ada".into(), words };
        message(Record::of(&store), &*ports.clock, &mut engagement, new).await.expect("recorded");
    }
    let known = "correct horse battery staple 4711";
    remember(known);
    let hex: String = known.bytes().map(|byte| format!("{byte:02x}")).collect();
    let turns: Vec<Turn> = secrets
        .chunks(10)
        .enumerate()
        .map(|(n, part)| {
            let text: String = part.iter().map(|(secret, _)| format!("a = {secret}\n")).collect();
            let text = format!("{text}{known}\n{hex}\n");
            vec![
                ("repo_write", json!({ "path": format!("docs/f{n}.md"), "content": text })),
                ("ledger_write", json!({ "kind": "fact", "title": part[0].0, "body": text })),
                ("repo_read", json!({ "path": format!("docs/{}.md", part[1].0) })),
                ("ask_nobody", json!({ "question": part[2].0 })),
            ]
        })
        .collect();
    ports.model = Says::turns(turns);
    let driver = Driver::open(ports, "demo", &dead(0), Options::default()).await;
    driver.expect("the lease").drive().await.expect("it comes to rest");

    let all = kept(&home);
    assert!(all.contains("[redacted: token of GitHub]"), "something was redacted");
    let refused = results(&store).await;
    let writes =
        refused.iter().filter(|text| text.starts_with("Not written: `[redacted: ")).count();
    assert_eq!(writes, secrets.len() / 10, "{refused:?}");
    let found: Vec<&String> =
        secrets.iter().map(|(_, mark)| mark).filter(|mark| all.contains(*mark)).collect();
    assert!(found.is_empty(), "{} of {}: {found:?}", found.len(), secrets.len());
    assert!(!all.contains(known) && !all.contains(&hex));
    let head = repo.head().await.expect("a repository").expect("a branch");
    let file = repo.read(&head, "docs/f0.md").await.expect("a repository");
    assert!(file.is_none(), "a mark is not written in place of a secret");
    assert!(!store.rows("demo").await.expect("rows").is_empty());
}

#[test]
fn a_secret_in_a_statement_of_work_is_left_out_and_the_customer_is_told() {
    let crew = copied(&root().join("examples/minimal"));
    let key = format!("AKIA{}", "QQQQ2345QQQQ2345");
    let text = format!("# Shop\n\n## Requirements\n\n- Use the account {key} for uploads.\n");
    let sow = crew.folder.path().join("sow.md");
    std::fs::write(&sow, text).expect("written");
    crew.run(&["run", "--project", "demo", "--sow", sow.to_str().expect("a path")])
        .exits(10)
        .says("access key of AWS");
    let show = crew.run(&["show", "demo", "--format", "json"]).exits(0).out;
    assert!(!show.contains(&key));
    let database = std::fs::read(crew.home().join("cloudcrew.db")).expect("the database");
    assert!(!String::from_utf8_lossy(&database).contains(&key));
    let revised = format!("the password is postgres://ada:{}@db/x", "geheim-4711");
    crew.run(&["revise", "demo", &revised]).exits(10);
    let journal = format!("{:?}", crew.journal());
    assert!(!journal.contains("geheim-4711") && journal.contains("[redacted: password in a URL]"));
}
