//! Figures of engagements: the sums of the journals, the same bytes again, and what months come to.

use std::collections::BTreeMap;

use cloudcrew_local::store::Store;
use cloudcrew_ports::metrics::Metrics as _;
use cloudcrew_runtime::engagement::EndReason;
use cloudcrew_runtime::metrics::{
    AgentFigures, GateFigures, PhaseFigures, Spent, Summary, TIMELINE, months, rebuild_months,
    summaries,
};
use serde_json::Value;

use crate::support::{Crew, crew, edited};

const SOW: &str = "clinic-scheduling.md";

fn json(crew: &Crew, words: &[&str]) -> Value {
    crew.run(&[words, &["--format", "json"]].concat()).exits(0).json()
}

#[test]
fn figures_are_the_sums_of_the_journal_to_the_millionth_of_a_dollar() {
    let crew = edited();
    let rehearsal = "version: 1\nrehearsal: revised\ngates:\n\
                     \x20 - { phase: discovery, revises: \"Name who decides.\" }\n";
    std::fs::write(crew.workspace().join("rehearsals/revised.yaml"), rehearsal).expect("written");
    crew.start(SOW, &["--rehearsal", "revised", "--approve", "all"]).exits(0);
    let cost = json(&crew, &["cost", "demo"]);
    let micro = |usd: &Value| (usd.as_f64().expect("a number") * 1e6).round() as u64;
    let months = json(&crew, &["metrics", "cost", "--rehearsals"]);
    assert_eq!(months["micro_usd"], micro(&cost["total"]["usd"]));
    let mut lines: BTreeMap<(String, String, String), u64> = BTreeMap::new();
    for line in cost["lines"].as_array().expect("lines") {
        let key =
            ["phase", "agent", "model"].map(|key| line[key].as_str().expect("text").to_owned());
        let [phase, agent, model] = key;
        lines.insert((phase, agent, model), micro(&line["usd"]));
    }
    for line in months["lines"].as_array().expect("lines") {
        let [phase, agent, model] =
            ["phase", "agent", "model"].map(|key| line[key].as_str().expect("text").to_owned());
        assert_eq!(line["micro_usd"], lines[&(phase, agent, model)], "{line}");
    }
    assert_eq!(months["lines"].as_array().map(Vec::len), Some(lines.len()));
    let trend = json(&crew, &["metrics", "trend", "--rehearsals"]);
    let row = &trend["rows"][0];
    assert_eq!(
        (row["completed"]["count"].as_u64(), row["completed"]["of"].as_u64()),
        (Some(1), Some(1))
    );
    assert_eq!(row["revisions"]["of"], 6, "a mean without its number: {row}");
    // Rehearsals are apart, and nobody approved anything.
    assert_eq!(json(&crew, &["metrics", "trend"])["rows"], serde_json::json!([]));
    assert_eq!(row["first_time"]["of"], 0, "`--approve all` is no person: {row}");
}

#[test]
fn an_engagement_that_fails_or_is_cancelled_has_figures_too() {
    let crew = crew();
    crew.start(SOW, &[]).exits(10);
    crew.run(&["cancel", "demo"]).exits(0);
    let compared = json(&crew, &["metrics", "compare", "demo", "demo"]);
    assert_eq!(compared["engagements"], serde_json::json!([1, 1]));
    crew.run(&["metrics", "compare", "demo", "2001-01"]).exits(1).says("not comparable");
    crew.run(&["metrics", "compare", "demo", "nowhere"]).exits(2).says("is not an engagement");
    crew.run(&["metrics", "advise"]).exits(0).says("not enough engagements yet");
    let focus = crew.run(&["cost", "--export", "focus"]).exits(0).out;
    assert_eq!(focus.lines().count(), 1, "a rehearsal costs nothing");
    assert!(focus.starts_with("BilledCost,BillingAccountId,"), "{focus}");
}

#[test]
fn the_survey_is_asked_after_the_end_and_blocks_nothing() {
    let crew = crew();
    crew.start(SOW, &[]).exits(10);
    crew.run(&["survey", "demo", "--rating", "overall=4"]).exits(2).says("has not ended");
    crew.run(&["resume", "demo", "--approve", "all"]).exits(0);
    crew.run(&["inbox"]).exits(0).says("survey demo");
    let inbox = json(&crew, &["inbox"]);
    assert_eq!(inbox["surveys"], serde_json::json!(["demo"]));
    assert_eq!(inbox["requests"], serde_json::json!([]), "nothing waits for it");
    let asked = json(&crew, &["survey", "demo"]);
    let questions = asked["questions"].as_array().expect("questions").len();
    assert!((1..=5).contains(&questions), "{asked}");
    crew.run(&["survey", "demo", "--rating", "overall=6"]).exits(2);
    crew.run(&["survey", "demo", "--rating", "nothing=3"]).exits(2);
    let words = ["survey", "demo", "--rating", "overall=4", "--words", "Ask us \u{202e}earlier."];
    crew.run(&words).exits(0).says("overall 4 of 5");
    crew.run(&["inbox"]).exits(0).says("nothing is waiting");
    let trend = json(&crew, &["metrics", "trend", "--rehearsals"]);
    let row = &trend["rows"][0];
    assert_eq!(row["survey"]["overall"]["mean"], 4.0, "{row}");
    assert_eq!(row["surveyed"]["count"], 1, "{row}");
}

/// A made-up engagement.
fn made(n: u64) -> Summary {
    let spent = |part: u64| Spent {
        calls: 3 + n % 5,
        input_tokens: 1_000 * part + n,
        output_tokens: 10 + n % 7,
        micro_usd: 1_000_003 * part + n * 17,
        ..Spent::default()
    };
    let phase = |name: &str, part: u64| {
        let model = if n.is_multiple_of(2) { "opus" } else { "sonnet" };
        let agent = |agent: &str, part| AgentFigures {
            agent: agent.to_owned(),
            model: model.to_owned(),
            spent: spent(part),
            visits: 2,
            turns: 9,
            tools: 12,
            working_ms: 61_000,
        };
        let gate = GateFigures {
            approved: true,
            by_person: !n.is_multiple_of(11),
            first_time: !n.is_multiple_of(3),
        };
        let agents = vec![agent("pm", part), agent("qa", part + 1)];
        let mut total = Spent::default();
        agents.iter().for_each(|agent| total.add(&agent.spent));
        PhaseFigures {
            phase: name.to_owned(),
            runs: 1 + u32::from(n.is_multiple_of(3)),
            revisions: None,
            swarms: 1,
            gate: Some(gate),
            ratings: vec![("quality".to_owned(), (1 + n % 5) as u8)],
            spent: total,
            agents,
            ..PhaseFigures::default()
        }
    };
    let phases = vec![phase("discovery", 1), phase("production", 3)];
    let mut total = Spent::default();
    phases.iter().for_each(|phase| total.add(&phase.spent));
    Summary {
        version: 1,
        project: format!("e-{n}"),
        owner: "ada".to_owned(),
        workflow: "delivery".to_owned(),
        definition: format!("{:064x}", n % 4),
        prices: String::new(),
        live: true,
        began: 1_767_225_600_000 + i64::try_from(n).expect("small") * 3_000_000,
        ended: 1_767_225_600_000 + i64::try_from(n).expect("small") * 3_000_000 + 1_000,
        end: Some(EndReason::Completed),
        spent: total,
        working_ms: 122_000,
        waiting_ms: 7_200_000,
        phases,
        surveys: Vec::new(),
        through_seq: 300 + n,
    }
}

/// Months are exactly the sums of their engagements, whatever the order in which these end.
#[tokio::test]
async fn months_are_the_sums_of_their_engagements() {
    let home = tempfile::tempdir().expect("a folder");
    let store = Store::open(home.path()).expect("a store");
    let all: Vec<Summary> = (0..400).map(made).collect();
    let items = all.iter().map(|summary| cloudcrew_ports::metrics::Item {
        key: TIMELINE.to_owned(),
        sort: format!("#{}#{}", time(summary.began), summary.project),
        body: serde_json::to_string(summary).expect("JSON"),
        as_of: summary.through_seq,
    });
    let mut items: Vec<_> = items.collect();
    items.reverse();
    store.put(&items).await.expect("written");
    rebuild_months(&store).await.expect("folded");
    let found = months(&store).await.expect("months");
    assert!(!found.is_empty());
    let sum: u64 = found.values().flat_map(|m| &m.workflows).map(|(_, t)| t.spent.micro_usd).sum();
    let expected: u64 = all.iter().map(|summary| summary.spent.micro_usd).sum();
    assert_eq!(sum, expected);
    let lines: u64 = found.values().flat_map(|m| &m.lines).map(|(_, l)| l.spent.micro_usd).sum();
    assert_eq!(lines, expected);
    let engagements: u64 =
        found.values().flat_map(|m| &m.workflows).map(|(_, t)| t.engagements).sum();
    assert_eq!(engagements, 400);
    assert_eq!(summaries(&store, None).await.expect("read").len(), 400);
    // Once more, in another order: the same bytes.
    let before = store.between("ROLLUP#2026-01", "", "~", 10_000).await.expect("items");
    rebuild_months(&store).await.expect("folded");
    assert_eq!(store.between("ROLLUP#2026-01", "", "~", 10_000).await.expect("items"), before);
    assert!(!before.is_empty());
}

fn time(ms: i64) -> String {
    format!("{:.3}", jiff::Timestamp::from_millisecond(ms).expect("a time"))
}
