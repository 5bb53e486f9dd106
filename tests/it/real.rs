//! A real account of Bedrock: one small call to each model, and two agents who hand work over.
//! Nothing here runs unless `CLOUDCREW_LIVE=1` says so, because it costs money: at most $0.50.

use crate::support::edited;

/// The models that are called, unless `CLOUDCREW_LIVE_MODELS` names others, separated by commas.
const MODELS: &str = "us.amazon.nova-lite-v1:0,us.anthropic.claude-haiku-4-5-20251001-v1:0";

const PHASE: &str = "\
version: 1
phase: hello
description: Two agents greet the customer
swarm:
  entry: pm
  agents: [pm, sa]
  max_handoffs: 2
  max_turns: 6
  execution_timeout: 5m
  node_timeout: 2m
task: prompts/tasks/hello.md
deliverables:
  - path: docs/architecture/hello.md
    owner: sa
    description: A greeting
budget: { usd: 0.2 }
";

const TASK: &str = "\
pm: hand off to sa at once, and ask for the greeting. sa: write docs/architecture/hello.md with one
line that greets the customer, and then stop. Do nothing else.
";

#[test]
#[ignore = "costs money: CLOUDCREW_LIVE=1 and an AWS account with access to Bedrock"]
fn a_real_account_serves_its_models_and_two_agents() {
    if std::env::var("CLOUDCREW_LIVE").as_deref() != Ok("1") {
        println!("CLOUDCREW_LIVE is not 1: no model was called, and nothing was shown");
        return;
    }
    if !cfg!(feature = "aws") {
        return println!("this build has no Bedrock: use --all-features");
    }
    let models = std::env::var("CLOUDCREW_LIVE_MODELS").unwrap_or_else(|_| MODELS.to_owned());
    let region = std::env::var("AWS_REGION").unwrap_or_else(|_| "us-east-1".to_owned());
    for id in models.split(',') {
        let crew = edited();
        for price in [
            "price: { input: 5, output: 25, cache_read: 0.5, cache_write: 6.25 }",
            "price: { input: 3, output: 15, cache_read: 0.3, cache_write: 3.75 }",
        ] {
            // What these models cost at most, so that the budget holds.
            let model = format!(
                "provider: bedrock\n    region: {region}\n    id: {id}\n    \
                 price: {{ input: 1, output: 5, cache_read: 0.1, cache_write: 1.25 }}"
            );
            crew.edit("agents.yaml", price, &model);
            crew.edit("agents.yaml", "max_tokens: 16000", "max_tokens: 1500");
        }
        for (path, text) in [
            ("workflows/delivery.yaml", "version: 1\nworkflow: delivery\nphases: [hello]\n"),
            ("phases/hello.yaml", PHASE),
            ("prompts/tasks/hello.md", TASK),
        ] {
            std::fs::write(crew.workspace().join(path), text).expect("written");
        }
        crew.start("clinic-scheduling.md", &["--project", "rehearsed", "--model", "rehearsal"])
            .exits(0);
        // Without an account, this says why.
        let called = crew.run(&["doctor", "--live"]);
        println!("{}", called.out);
        assert!(called.out.contains("answered in"), "no model answered:\n{}", called.out);
        let done = crew.start("clinic-scheduling.md", &["--approve", "all"]).exits(0);
        done.says("→ sa");
        assert!(!crew.file("docs/architecture/hello.md").trim().is_empty());
        let cost = crew.run(&["cost", "demo"]).exits(0);
        println!("{id}\n{}", cost.out);
    }
}
