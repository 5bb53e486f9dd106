//! The commands of the pages work as written.

use std::path::Path;
use std::process::Command;

use crate::support::service::{Service, TOKEN};
use crate::support::{copied, root};

/// The shell blocks of a page, in order.
fn blocks(page: &str) -> String {
    let text = std::fs::read_to_string(root().join(page)).expect("the page");
    let shell = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    shell.collect()
}

#[test]
#[ignore = "needs curl"]
fn a_customer_works_with_a_service_as_the_page_says() {
    let crew = copied(&root().join("examples/minimal"));
    let service = Service::start(&crew, &[]);
    let done = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &blocks("docs/customers.md")])
        .env("SERVER", format!("http://{}", service.address))
        .env("TOKEN", TOKEN)
        .current_dir(crew.folder.path())
        .output()
        .expect("bash starts");
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{out}\n{err}");
    for words in ["\"kind\":\"gate\"", "event: started", "\"decided\":true", "\"hunks\":"] {
        assert!(out.contains(words), "no {words} in\n{out}");
    }
    assert!(crew.folder.path().join("audit.json").is_file());
}

/// A part of a page: shell to run, and the lines that its output must contain.
struct Step {
    shell: String,
    says: Vec<String>,
}

/// The steps of a page, in order. The text blocks after a shell block show its output.
fn steps(page: &str) -> Vec<Step> {
    let text = std::fs::read_to_string(root().join(page)).expect("the page");
    let mut steps: Vec<Step> = Vec::new();
    for block in text.split("\n```").skip(1).step_by(2) {
        let (kind, block) = block.split_once('\n').expect("a block");
        match (kind, steps.last_mut()) {
            ("sh", _) => steps.push(Step { shell: block.to_owned(), says: Vec::new() }),
            ("text", Some(step)) => step.says.extend(block.lines().map(str::to_owned)),
            _ => {}
        }
    }
    steps
}

#[test]
fn a_new_lead_follows_the_tutorial() {
    let crew = copied(&root().join("examples/minimal"));
    let program = Path::new(env!("CARGO_BIN_EXE_cloudcrew"));
    let path = std::env::var("PATH").expect("a path");
    let path = format!("{}:{path}", program.parent().expect("a folder").display());
    let mut folder = crew.folder.path().to_owned();
    let mut said = 0;
    for Step { shell, says } in steps("docs/tutorial.md") {
        // The folder of one block is that of the next.
        let done = Command::new("bash")
            .args(["-c", &format!("exec 2>&1\n{shell}\ncode=$?; pwd > \"$WHERE\"; exit $code")])
            .env("PATH", &path)
            .env("WHERE", crew.folder.path().join("where"))
            .env("CLOUDCREW_SANDBOX", "off")
            .env("CLOUDCREW_ACTOR", "customer")
            .env_remove("CLOUDCREW_HOME")
            .current_dir(&folder)
            .output()
            .expect("bash starts");
        let out = String::from_utf8_lossy(&done.stdout);
        // Findings end with 1, and what waits for a person with 10.
        assert!(matches!(done.status.code(), Some(0 | 1 | 10)), "{shell}\n{out}");
        for line in &says {
            assert!(out.contains(line.as_str()), "`{line}` is not said by\n{shell}\n{out}");
        }
        said += says.len();
        let there = std::fs::read_to_string(crew.folder.path().join("where")).expect("a folder");
        folder = there.trim_end().into();
    }
    assert!(said > 20, "the tutorial shows what to expect");
}
