//! Budgets: a notice when one is nearly used up; then the engagement ends, or a person is asked.

use crate::support::{Crew, edited};

const SOW: &str = "clinic-scheduling.md";

/// A crew with a small budget.
fn bounded(file: &str, from: &str, to: &str) -> Crew {
    let crew = edited();
    crew.edit(file, from, to);
    crew
}

#[test]
fn a_used_up_budget_can_be_raised() {
    let crew = bounded(
        "agents.yaml",
        "    budget: { tokens: 4000000 }\n\n  sa:",
        "    budget: { tokens: 45000, at_limit: ask }\n\n  sa:",
    );
    let done = crew.start(SOW, &["--approve", "all"]).exits(10);
    done.says("agents.yaml agents.pm.budget.tokens").says("cloudcrew answer demo budget-1");
    crew.run(&["inbox"]).exits(0).says("raise:").says("or end:");
    crew.run(&["show", "demo"]).exits(0).says("a budget is used up");
    // An invalid answer or a budget that is too small changes nothing.
    crew.run(&["answer", "demo", "budget-1", "more, please"])
        .exits(2)
        .says("as a number, or `stop`");
    crew.run(&["answer", "demo", "budget-1", "45001"]).exits(2).says("is not enough");
    // A comma may be a decimal separator, so such a number is refused.
    crew.run(&["answer", "demo", "budget-1", "90000,50"]).exits(2).says("as a number");
    crew.run(&["approve", "demo"]).exits(2).says("budget-1");
    let asked_again = crew.run(&["answer", "demo", "budget-1", "60_000"]);
    asked_again.exits(10);
    crew.run(&["answer", "demo", "budget-1", "70000"]).exits(14).says("already answered");
    // `answer` drives without `--approve all`, so the next gate waits.
    let again = crew
        .run(&["resume", "demo", "--approve", "all"])
        .exits(10)
        .says("budget-2")
        .says("60000 tokens");
    drop(again);
    crew.run(&["answer", "demo", "budget-2", "5000000"]).exits(10);
    crew.run(&["resume", "demo", "--approve", "all"]).exits(0);
}

#[test]
fn refusing_to_raise_a_budget_ends_the_engagement() {
    let crew = bounded(
        "agents.yaml",
        "    budget: { tokens: 4000000 }\n\n  sa:",
        "    budget: { tokens: 45000, at_limit: ask }\n\n  sa:",
    );
    crew.start(SOW, &["--approve", "all"]).exits(10);
    crew.run(&["answer", "demo", "budget-1", "stop"])
        .exits(11)
        .says("agents.yaml agents.pm.budget.tokens");
}

#[test]
fn a_dollar_budget_limits_an_engagement_with_a_notice_before() {
    let crew = bounded("workflows/delivery.yaml", "finalize:", "budget: { usd: 2.9 }\nfinalize:");
    let done = crew.start(SOW, &["--approve", "all"]).exits(11);
    done.says("! $")
        .says(" used [workflows/delivery.yaml budget.usd]")
        .says("`workflows/delivery.yaml budget.usd` is $2.90");
}

#[test]
fn a_phase_budget_covers_its_review() {
    let crew = bounded(
        "phases/discovery.yaml",
        "task:",
        "budget: { tokens: 30000, at_limit: ask }\ntask:",
    );
    let done = crew.start(SOW, &["--approve", "all"]).exits(10);
    done.says("phases/discovery.yaml budget.tokens");
    crew.run(&["answer", "demo", "budget-1", "9000000"])
        .exits(10)
        .says("is waiting at the discovery gate");
}

#[test]
fn agents_can_share_a_budget() {
    let crew = bounded(
        "agents.yaml",
        "shared_tools:",
        "budgets:\n  thinkers: { tokens: 60000 }\n\nshared_tools:",
    );
    crew.edit(
        "agents.yaml",
        "    budget: { tokens: 4000000 }\n\n  sa:",
        "    budget: { tokens: 4000000, pot: thinkers }\n\n  sa:",
    );
    crew.edit(
        "agents.yaml",
        "    budget: { tokens: 4000000 }\n\n  infra:",
        "    budget: { pot: thinkers }\n\n  infra:",
    );
    let done = crew.start(SOW, &["--approve", "all"]).exits(11);
    done.says("`agents.yaml budgets.thinkers.tokens` is 60000 tokens");
    let cost = crew.run(&["cost", "demo", "--format", "json"]).json();
    let lines = cost["lines"].as_array().expect("lines").iter();
    let shared: u64 = lines
        .filter(|line| line["agent"] == "pm" || line["agent"] == "sa")
        .map(|line| {
            line["usage"]["input_tokens"].as_u64().expect("a number")
                + line["usage"]["output_tokens"].as_u64().expect("a number")
        })
        .sum();
    assert!(shared <= 60000, "{shared} tokens were used");
}

#[test]
fn plan_shows_budgets_and_where_each_model_was_set() {
    let crew = bounded(
        "workflows/delivery.yaml",
        "finalize:",
        "budget: { usd: 120, at_limit: ask }\nfinalize:",
    );
    let done = crew.run(&["plan", "--model", "qa=opus"]).exits(0);
    done.says("opus (--model), rehearsed")
        .says("sonnet (agents.yaml), rehearsed")
        .says("budget: $120.00, then asks");
    let mut command = crew.command(&["plan"]);
    let by_environment = crate::support::Done::from(
        command.env("CLOUDCREW_MODEL", "sonnet,pm=opus").output().expect("it starts"),
    );
    by_environment.exits(0).says("opus (CLOUDCREW_MODEL)").says("sonnet (CLOUDCREW_MODEL)");
    crew.run(&["plan", "--model", "haiku"]).exits(2).says("or `rehearsal`");
    crew.run(&["plan", "--model", "nobody=opus"]).exits(2).says("no agent named `nobody`");
}
