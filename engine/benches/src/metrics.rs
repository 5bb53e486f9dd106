//! What questions about the metrics of 10,000 engagements take, in the store of one machine,
//! against limits and against SQLite reading the same rows.
//!
//! `cargo bench -p cloudcrew-benches --bench metrics`

use std::time::{Duration, Instant};

use cloudcrew_benches::{median, ms};
use cloudcrew_local::store::Store;
use cloudcrew_ports::metrics::{Item, Metrics as _};
use cloudcrew_runtime::engagement::EndReason;
use cloudcrew_runtime::metrics::{
    AgentFigures, GateFigures, PhaseFigures, Spent, Summary, TIMELINE, months, rebuild_months,
    summary,
};
use cloudcrew_views::analytics::{compare, costs, trend};
use jiff::ToSpan as _;
use jiff::tz::TimeZone;

const ENGAGEMENTS: usize = 10_000;
/// Months in which they began.
const MONTHS: usize = 24;
const RUNS: usize = 200;
/// A question, its 99th percentile.
const QUESTION: Duration = Duration::from_millis(5);
/// The first `metrics trend` of a process.
const COLD: Duration = Duration::from_millis(50);
/// All months again.
const REBUILD: Duration = Duration::from_secs(1);

const PHASES: [&str; 6] =
    ["discovery", "architecture", "poc", "production", "handoff", "retrospective"];
const AGENTS: [&str; 5] = ["pm", "sa", "infra", "dev", "qa"];

fn engagement(n: usize) -> Summary {
    let spent = |of: usize| Spent {
        calls: 10,
        input_tokens: 40_000,
        output_tokens: 2_000,
        micro_usd: (n * 7 + of * 13) as u64 % 900_000,
        ..Spent::default()
    };
    let phase = |(at, name): (usize, &&str)| {
        let agent = |(of, agent): (usize, &&str)| AgentFigures {
            agent: (*agent).to_owned(),
            model: ["opus", "sonnet"][of % 2].to_owned(),
            spent: spent(at * 5 + of),
            visits: 2,
            turns: 10,
            tools: 12,
            working_ms: 60_000,
        };
        let agents: Vec<AgentFigures> = AGENTS.iter().enumerate().map(agent).collect();
        let mut total = Spent::default();
        agents.iter().for_each(|agent| total.add(&agent.spent));
        PhaseFigures {
            phase: (*name).to_owned(),
            runs: 1 + u32::from(n.is_multiple_of(7)),
            revisions: None,
            swarms: 1,
            gate: Some(GateFigures {
                approved: true,
                by_person: true,
                first_time: !n.is_multiple_of(7),
            }),
            ratings: vec![("quality".to_owned(), (n % 5) as u8 + 1)],
            working_ms: 300_000,
            waiting_ms: 3_600_000,
            spent: total,
            agents,
            ..PhaseFigures::default()
        }
    };
    let phases: Vec<PhaseFigures> = PHASES.iter().enumerate().map(phase).collect();
    let mut total = Spent::default();
    phases.iter().for_each(|phase| total.add(&phase.spent));
    let month = jiff::civil::date(2025, 1, 2) + ((n % MONTHS) as i64).months();
    let began = TimeZone::UTC.to_timestamp(month.at(0, 0, 0, 0)).expect("a time").as_millisecond();
    let began = began + n as i64 * 1_000;
    Summary {
        version: 1,
        project: format!("e-{n:05}"),
        owner: "customer".to_owned(),
        workflow: "delivery".to_owned(),
        definition: format!("{:064x}", n % 3),
        prices: "0".repeat(64),
        live: true,
        began,
        ended: began + 86_400_000,
        end: Some(EndReason::Completed),
        spent: total,
        working_ms: 1_800_000,
        waiting_ms: 21_600_000,
        phases,
        surveys: Vec::new(),
        through_seq: 500,
    }
}

fn items(summary: &Summary) -> [Item; 2] {
    let body = serde_json::to_string(summary).expect("plain data");
    let as_of = summary.through_seq;
    let at = summary.began / 1000;
    let (key, sort) = (format!("ENGAGEMENT#{}", summary.project), "SUMMARY".to_owned());
    let began = jiff::Timestamp::from_second(at).expect("a time");
    let line = format!("#{began:.3}#{}", summary.project);
    [
        Item { key, sort, body: body.clone(), as_of },
        Item { key: TIMELINE.to_owned(), sort: line, body, as_of },
    ]
}

/// Runs a question often; its median and 99th percentile.
async fn asked<F: Future>(what: &str, limit: Duration, question: impl Fn(usize) -> F) {
    let mut times = Vec::new();
    for n in 0..RUNS {
        let begun = Instant::now();
        question(n).await;
        times.push(begun.elapsed());
    }
    times.sort();
    let p99 = times[RUNS * 99 / 100 - 1];
    println!(
        "  {what:44} {} p50, {} p99   {:.2} of the limit of {}",
        ms(median(&times)),
        ms(p99),
        p99.as_secs_f64() / limit.as_secs_f64(),
        ms(limit)
    );
}

fn once(what: &str, begun: Instant, limit: Duration) {
    let took = begun.elapsed();
    println!(
        "  {what:44} {}   {:.2} of the limit of {}",
        ms(took),
        took.as_secs_f64() / limit.as_secs_f64(),
        ms(limit)
    );
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let home = tempfile::tempdir().expect("a folder");
    let store = Store::open(home.path()).expect("a store");
    let all: Vec<Summary> = (0..ENGAGEMENTS).map(engagement).collect();
    for part in all.chunks(500) {
        let items: Vec<Item> = part.iter().flat_map(items).collect();
        store.put(&items).await.expect("written");
    }
    println!("{ENGAGEMENTS} engagements in {MONTHS} months, {RUNS} runs of each question");

    let bare = rusqlite::Connection::open(home.path().join("cloudcrew.db")).expect("the store");
    let begun = Instant::now();
    let mut select = bare.prepare("SELECT body FROM metric WHERE key = ?1").expect("a table");
    let rows = select.query_map([TIMELINE], |row| row.get::<_, String>(0)).expect("rows");
    let bytes: usize = rows.map(|row| row.expect("a row").len()).sum();
    let read = begun.elapsed();
    println!("  SQLite reads the same {} MiB in {}", bytes >> 20, ms(read));

    let begun = Instant::now();
    rebuild_months(&store).await.expect("rebuilt");
    let took = begun.elapsed();
    once("all months are folded again", begun, REBUILD);
    println!(
        "  {:44} {:.1}",
        "over SQLite reading the same rows",
        took.as_secs_f64() / read.as_secs_f64()
    );

    let again = Store::open(home.path()).expect("a store");
    let begun = Instant::now();
    let found = trend(&months(&again).await.expect("months"), true);
    once("metrics trend, by a store that was just opened", begun, COLD);
    assert_eq!(found.rows.len(), MONTHS, "a month is missing");

    let total: u64 = all.iter().map(|summary| summary.spent.micro_usd).sum();
    let found = costs(&months(&store).await.expect("months"), true);
    assert_eq!(found.micro_usd, total, "the sums differ");

    asked("metrics trend", QUESTION, async |_| {
        trend(&months(&store).await.expect("months"), true);
    })
    .await;
    asked("metrics cost", QUESTION, async |_| {
        costs(&months(&store).await.expect("months"), true);
    })
    .await;
    asked("one engagement", QUESTION, async |n| {
        let found = summary(&store, &format!("e-{:05}", n * 37)).await.expect("read");
        assert!(found.is_some());
    })
    .await;
    asked("two months side by side", QUESTION, async |n| {
        let month = |n: usize| format!("2025-{:02}", n % 12 + 1);
        let found = months(&store).await.expect("months");
        let sides = [&found[&month(n)], &found[&month(n + 1)]];
        compare(["a", "b"], sides, &[]);
    })
    .await;
}
