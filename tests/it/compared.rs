//! `compare` runs two versions of the definitions and puts what they did side by side.

use crate::support::{edited, root};

#[test]
fn a_change_is_compared_run_by_run() {
    let crew = edited();
    let saved = crew.folder.path().join("before.json");
    std::fs::write(&saved, crew.run(&["plan", "--format", "json"]).exits(0).out).expect("written");
    // Without its reviewer, nothing of the discovery is rejected or passed.
    crew.edit("phases/discovery.yaml", "    reviewers: [sa]\n", "");
    crew.run(&["check"]).exits(0);
    let sow = root().join("examples/sow/retail-orders.md");
    let (sow, saved) = (sow.to_str().expect("a path"), saved.to_str().expect("a path"));
    let compare = |more: &[&str]| {
        let words = ["compare", "--against", saved, "--sow", sow, "--model", "rehearsal"];
        crew.run(&[&words[..], more].concat())
    };
    let json = ["--runs", "2", "--phase", "discovery", "--format", "json"];
    let document = compare(&json).exits(0).json();
    let passed = |version: &str| -> Vec<u64> {
        let runs = document[version]["runs"].as_array().expect("runs").iter();
        runs.map(|run| run["passed"].as_u64().expect("a number")).collect()
    };
    assert_eq!((passed("before"), passed("now")), (vec![1, 1], vec![0, 0]), "{document:#}");
    assert_eq!(document["now"]["runs"][0]["outcome"], "at its gate");
    compare(&["--runs", "1", "--phase", "discovery"])
        .exits(0)
        .says("rehearsed: nothing was called")
        .says("the workspace (n=1)")
        .says("1 at its gate");
    // The whole workflow, to its end.
    compare(&["--runs", "1"]).exits(0).says("1 completed");
    compare(&["--runs", "0"]).exits(2);
    compare(&["--phase", "nowhere"]).exits(2).says("phase `nowhere`");
    compare(&["--at-most", "much"]).exits(2).says("expected an amount");
    // Live models need a limit, and its price must be known.
    let live = "  sonnet:\n    provider: openai\n    id: some\n    endpoint: http://127.0.0.1:9/v1";
    crew.edit("agents.yaml", "  sonnet:", live);
    let words = ["compare", "--against", saved, "--sow", sow, "--model", "sonnet"];
    crew.run(&words).exits(2).says("--at-most USD").says("in 6 runs");
    crew.run(&["list"]).exits(0).says("no engagements");
}
