//! The commands of the pages work as written.

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
