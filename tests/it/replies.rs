//! Whatever a model sends, at each limit and beyond it, the engagement stays readable: in the
//! journal, on a cassette and on screens.
//!
//! Each reply is generated from a seed. `CLOUDCREW_REPLIES` sets the number of replies,
//! `CLOUDCREW_SEED` the seed.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_local::cassette::{CassetteError, Player, Recorder};
use cloudcrew_ports::journal::{Head, Journal as _, MAX_PAYLOAD};
use cloudcrew_ports::model::{
    Billing, Block, FaultKind, Model, ModelFault, ModelReply, ModelRequest, Reasoning, ToolUse,
    Usage,
};
use cloudcrew_runtime::engagement::{Driver, Options, Record, open};
use serde_json::{Map, Value, json};

use crate::support::chance::{Chance, number};
use crate::support::inside::{dead, ports, start};
use crate::support::{crew, root};

/// A hostile model.
struct Hostile(Mutex<Chance>);

#[async_trait]
impl Model for Hostile {
    async fn complete(&self, _: ModelRequest<'_>) -> Result<ModelReply, ModelFault> {
        let mut chance = self.0.lock().expect("no panic");
        if chance.one_in(25) {
            return Err(fault(&mut chance));
        }
        Ok(reply(&mut chance))
    }

    fn billing(&self) -> Billing {
        Billing::Free
    }
}

/// Lengths around the limits of an entry's payload, a tool's result, a file, and a reply.
const LENGTHS: [usize; 14] = [
    0,
    1,
    511,
    512,
    513,
    4_095,
    48 * 1024,
    48 * 1024 + 1,
    MAX_PAYLOAD,
    MAX_PAYLOAD + 1,
    256 * 1024,
    1024 * 1024 + 1,
    0,
    7,
];
/// Nesting depths around the limits.
const LEVELS: [usize; 12] = [0, 1, 62, 63, 64, 65, 66, 110, 119, 122, 128, 400];
const PIECES: [&str; 16] = [
    "a",
    "\0",
    "\u{1b}[2J",
    "\u{7f}",
    "\r\n",
    "\u{202e}",
    "\u{200b}",
    "\u{feff}",
    "\u{fffd}",
    "e\u{301}",
    "👩\u{200d}🚀",
    "\u{10ffff}",
    "\\u0000",
    "\"",
    "{{ x }}",
    "\u{2028}",
];

fn text(chance: &mut Chance) -> String {
    let length = if chance.one_in(400) { 8 * 1024 * 1024 + 1 } else { *chance.one(&LENGTHS) };
    let piece = *chance.one(&PIECES);
    piece.repeat(length / piece.len() + usize::from(length > 0))
}

fn nested(chance: &mut Chance) -> Value {
    let lists = chance.one_in(2);
    (0..*chance.one(&LEVELS))
        .fold(json!(1.5), |inside, _| if lists { json!([inside]) } else { json!({ "a": inside }) })
}

fn call(chance: &mut Chance, number: usize) -> ToolUse {
    let (name, input) = match chance.below(12) {
        0 => (
            "repo_write".to_owned(),
            json!({ "path": "docs/project-plan/a.md", "content": text(chance) }),
        ),
        1 => ("repo_read".to_owned(), json!({ "path": "docs/sow/clinic-scheduling.md" })),
        2 => ("ask_customer".to_owned(), json!({ "question": text(chance) })),
        3 => (
            "ledger_write".to_owned(),
            json!({ "kind": "fact", "title": text(chance), "source": text(chance) }),
        ),
        4 => (
            "handoff_to_agent".to_owned(),
            json!({ "agent_name": "sa", "message": text(chance), "context": nested(chance) }),
        ),
        5 => ("handoff_to_agent".to_owned(), nested(chance)),
        6 => (text(chance), nested(chance)),
        7 => ("repo_read".to_owned(), json!(text(chance))),
        8 => (
            "repo_read".to_owned(),
            json!({ "path": nested(chance), "$blob": "00", "$serde_json::private::Number": "1" }),
        ),
        9 => ("repo_write".to_owned(), json!({ "path": text(chance), "content": "x" })),
        10 => {
            let keys = *chance.one(&[0, 1, 1_000]);
            (
                "repo_list".to_owned(),
                Value::Object(
                    (0..keys).map(|n| (format!("k{n}"), json!(u64::MAX))).collect::<Map<_, _>>(),
                ),
            )
        }
        _ => (
            "repo_list".to_owned(),
            json!({ "number": f64::MAX, "small": f64::MIN_POSITIVE, "least": i64::MIN }),
        ),
    };
    let id = if chance.one_in(10) { text(chance) } else { format!("t{number}") };
    ToolUse { id, name, input }
}

fn reply(chance: &mut Chance) -> ModelReply {
    let many =
        if chance.one_in(60) { *chance.one(&[255, 256, 257, 600, 2_000]) } else { chance.below(4) };
    let same = call(chance, 0);
    let mut content: Vec<Block> = match many {
        0..4 => (0..many).map(|n| Block::ToolUse(call(chance, n))).collect(),
        _ if same.input.to_string().len() < 200 => vec![Block::ToolUse(same); many],
        _ => vec![Block::Text("words".into()); many],
    };
    if chance.one_in(3) {
        content.insert(0, Block::Text(text(chance)));
    }
    if chance.one_in(5) {
        let (text, hidden) = (text(chance), chance.one_in(2).then(|| text(chance)));
        content.insert(
            0,
            Block::Reasoning(Reasoning {
                text,
                signature: hidden.clone(),
                hidden,
                ..Reasoning::default()
            }),
        );
    }
    let stops = [
        "tool_use",
        "tool_use",
        "tool_use",
        "end_turn",
        "max_tokens",
        "stop",
        "content_filtered",
        "",
    ];
    let stop_reason =
        if chance.one_in(30) { text(chance) } else { (*chance.one(&stops)).to_owned() };
    let most = *chance.one(&[0, 1, u64::MAX]);
    let usage = Usage {
        input_tokens: 1,
        output_tokens: most.min(5),
        cache_read_tokens: most,
        cache_write_tokens: 0,
    };
    let guardrail = if chance.one_in(20) { vec![text(chance); 3] } else { Vec::new() };
    ModelReply { content, stop_reason, usage: Some(usage), guardrail, took: Some(Duration::ZERO) }
}

fn fault(chance: &mut Chance) -> ModelFault {
    let retry_after = Some(*chance.one(&[Duration::ZERO, Duration::from_secs(1), Duration::MAX]));
    let kind = match chance.below(4) {
        0 => FaultKind::InputTooLong,
        1 => FaultKind::Denied,
        2 => FaultKind::Permanent,
        _ => FaultKind::Transient { retry_after },
    };
    ModelFault {
        kind,
        error: text(chance),
        message: text(chance),
        usage: None,
        unpaid: false,
        took: Some(Duration::ZERO),
    }
}

/// Opens a cassette. A process that another test forks at this moment also holds the lock until it
/// executes its program.
async fn readable(cassette: &Path) -> Result<(), CassetteError> {
    for _ in 0..100 {
        match Player::open(cassette, Vec::new()) {
            Err(error) if error.to_string().contains("in use") => {
                tokio::time::sleep(Duration::from_millis(20)).await
            }
            opened => return opened.map(drop),
        }
    }
    Player::open(cassette, Vec::new()).map(drop)
}

#[tokio::test]
async fn an_engagement_stays_readable_whatever_its_models_send() {
    let (seed, wanted) = (number("CLOUDCREW_SEED", 1), number("CLOUDCREW_REPLIES", 200));
    let (mut sent, mut round) = (0, 0);
    while sent < wanted {
        round += 1;
        let crew = crew();
        start(&crew.home(), &root(), "clinic-scheduling.md", None).await;
        let (mut ports, store, _) = ports(&crew.home()).await;
        let cassette = crew.folder.path().join("said.jsonl");
        let model = Arc::new(Hostile(Mutex::new(Chance::of(
            seed.wrapping_mul(1_000_003).wrapping_add(round),
        ))));
        ports.model =
            Arc::new(Recorder::new(model, &cassette, Vec::new()).expect("a new cassette"));
        let driver =
            Driver::open(ports, "demo", &dead(0), Options::default()).await.expect("the lease");
        let driven = tokio::time::timeout(Duration::from_secs(600), driver.drive())
            .await
            .expect("it comes to rest");
        driven.unwrap_or_else(|error| panic!("seed {seed}, round {round}: {error}"));
        drop(driver);
        let engagement = open(Record::of(&store), "demo")
            .await
            .unwrap_or_else(|e| panic!("seed {seed}, round {round}: {e}"));
        let entries = store.read("demo", &Head::default(), usize::MAX).await.expect("entries");
        assert_eq!(engagement.head.seq, entries.len() as u64, "seed {seed}, round {round}");
        sent += entries.iter().filter(|entry| entry.kind == "model_called").count() as u64;
        readable(&cassette).await.unwrap_or_else(|e| panic!("seed {seed}, round {round}: {e}"));
        for words in [
            &["show", "demo"][..],
            &["show", "demo", "--format", "json"],
            &["inbox"],
            &["list"],
            &["ledger", "demo"],
            &["cost", "demo"],
        ] {
            let done = crew.run(words).exits(0);
            assert!(
                !done.out.contains(['\u{1b}', '\u{202e}', '\0']),
                "seed {seed}, round {round}: {words:?} prints control sequences"
            );
        }
    }
}
