//! Random workspaces, as the text that a lead writes.

use cloudcrew_definition::catalogue::{Capability, Catalogue, Effect, ToolInfo};
use cloudcrew_definition::crew::Definition;
use cloudcrew_definition::load;
use cloudcrew_definition::source::Sources;
use cloudcrew_plan::emit::asl::PLACEHOLDERS;
use proptest::prelude::*;
use serde_json::json;

/// Name of the only workflow.
pub const WORKFLOW: &str = "delivery";

/// Names of phases, including harmful ones: those of states, of ends, very short, and of maximum
/// length.
const NAMES: [&str; 14] = [
    "discovery",
    "poc",
    "failed",
    "done",
    "begin",
    "enter",
    "finalize",
    "expired",
    "next",
    "swarm",
    "x",
    "sign-off_2",
    "counters",
    "a-name-that-is-exactly-as-long-as-a-name-of-a-phase-may-be-63-c",
];

/// A workspace, and the phase at which to enter it.
#[derive(Debug, Clone)]
pub struct Written {
    phases: Vec<Phase>,
    finalize: bool,
    pub entry: Option<usize>,
}

#[derive(Debug, Clone)]
struct Phase {
    name: &'static str,
    description: &'static str,
    execution_timeout: u32,
    review: Option<u32>,
    gate: Option<Gate>,
    deliver: Option<u32>,
    retry: Option<(u32, u32)>,
    restart: u32,
}

#[derive(Debug, Clone)]
struct Gate {
    max_revisions: u32,
    /// Which of the phases before it the work may return to, bit by bit.
    revise_to: u8,
    expires_after: Option<&'static str>,
    on_expiry: Option<&'static str>,
}

/// Any workspace.
pub fn any() -> impl Strategy<Value = Written> {
    let names = prop::sample::subsequence(NAMES.to_vec(), 1..=5).prop_shuffle();
    let phases = names.prop_flat_map(|names| names.into_iter().map(phase).collect::<Vec<_>>());
    (phases, prop::bool::ANY, prop::option::weighted(0.3, 0..8usize))
        .prop_map(|(phases, finalize, entry)| Written { phases, finalize, entry })
}

fn phase(name: &'static str) -> impl Strategy<Value = Phase> {
    let description = prop::sample::select(vec![
        "",
        "Builds it",
        "Costs ${cluster_arn} or %{if} \"more\" \\ {{ less }}",
        "Grüße, 你好",
    ]);
    let gate = (
        0..3u32,
        0..32u8,
        prop::option::of(prop::sample::select(vec!["1s", "72h", "3650d"])),
        expiry(),
    );
    let gate = gate.prop_map(|(max_revisions, revise_to, expires_after, on_expiry)| Gate {
        max_revisions,
        revise_to,
        expires_after,
        on_expiry,
    });
    let retry = prop::option::weighted(0.7, (0..3u32, 1..10u32));
    let deliver = prop::option::weighted(0.7, 0..3u32);
    let review = prop::option::weighted(0.7, 0..3u32);
    let parts = (
        description,
        1..2000u32,
        review,
        prop::option::weighted(0.7, gate),
        deliver,
        retry,
        1..4u32,
    );
    parts.prop_map(
        move |(description, execution_timeout, review, gate, deliver, retry, restart)| Phase {
            name,
            description,
            execution_timeout,
            review,
            gate,
            deliver,
            retry,
            restart,
        },
    )
}

fn expiry() -> impl Strategy<Value = Option<&'static str>> {
    prop::option::of(prop::sample::select(vec!["stop", "approve"]))
}

impl Written {
    /// A workspace with everything that a phase can have.
    pub fn full() -> Written {
        let gate = Gate {
            max_revisions: 1,
            revise_to: 1,
            expires_after: Some("72h"),
            on_expiry: Some("stop"),
        };
        let phase = |name| Phase {
            name,
            description: "",
            execution_timeout: 60,
            review: Some(1),
            gate: Some(gate.clone()),
            deliver: Some(1),
            retry: Some((1, 1)),
            restart: 1,
        };
        let phases = vec![phase("discovery"), phase("poc")];
        Written { phases, finalize: true, entry: None }
    }

    /// Loads it as `cloudcrew` does.
    pub fn definition(&self) -> Definition {
        let mut sources = Sources::new();
        let crew = "version: 1\nmodels:\n  opus: { max_tokens: 16000 }\nagents:\n  pm:\n    \
            description: Owns the plan\n    model: opus\n    prompt: prompts/pm.md\n    tools: \
            [repo_read, repo_write, review_verdict]\n    writes: [docs/**]\n";
        sources.add("agents.yaml", crew.as_bytes());
        sources.add("prompts/pm.md", b"You own the plan.\n");
        sources.add("prompts/task.md", b"Do it.\n");
        for (number, phase) in self.phases.iter().enumerate() {
            let yaml = phase.yaml(&self.phases[..number]);
            sources.add(format!("phases/{}.yaml", phase.name), yaml.as_bytes());
        }
        sources.add(format!("workflows/{WORKFLOW}.yaml"), self.yaml().as_bytes());
        let loaded = load(&sources, &catalogue());
        loaded.definition.unwrap_or_else(|| panic!("{:?}\n{self:#?}", loaded.report))
    }

    fn yaml(&self) -> String {
        let names: Vec<&str> = self.phases.iter().map(|p| p.name).collect();
        let finalize = if self.finalize { "finalize: [summary]\n" } else { "" };
        format!("version: 1\nworkflow: {WORKFLOW}\nphases: [{}]\n{finalize}", names.join(", "))
    }
}

impl Phase {
    fn yaml(&self, before: &[Phase]) -> String {
        let mut text = format!("version: 1\nphase: {}\ntask: prompts/task.md\n", self.name);
        if !self.description.is_empty() {
            text += &format!("description: '{}'\n", self.description);
        }
        let seconds = self.execution_timeout;
        text += &format!(
            "swarm: {{ entry: pm, agents: [pm], execution_timeout: {seconds}s, node_timeout: {}s \
             }}\n",
            seconds.div_ceil(2)
        );
        text += &format!("restart: {{ max_attempts: {} }}\n", self.restart);
        if let Some(times) = self.deliver {
            text += &format!(
                "deliverables: [{{ path: docs/{}.md, owner: pm }}]\ndeliver: {{ max_attempts: \
                 {times} }}\n",
                self.name
            );
        }
        if let Some((attempts, factor)) = self.retry {
            text += &format!("retry: {{ max_attempts: {attempts}, timeout_factor: {factor} }}\n");
        }
        if let Some(reworks) = self.review {
            text += &format!("review: {{ agent: pm, depth: light, max_reworks: {reworks} }}\n");
        }
        if let Some(gate) = &self.gate {
            text += &format!("gate:\n  kind: approval\n  max_revisions: {}\n", gate.max_revisions);
            let listed = before.iter().enumerate().filter(|(n, _)| gate.revise_to >> n & 1 == 1);
            let listed: Vec<&str> = listed.map(|(_, phase)| phase.name).collect();
            if !listed.is_empty() && gate.max_revisions > 0 {
                text += &format!("  revise_to: [{}]\n", listed.join(", "));
            }
            text += &gate
                .expires_after
                .map(|time| format!("  expires_after: {time}\n"))
                .unwrap_or_default();
            text += &gate
                .on_expiry
                .filter(|_| gate.expires_after.is_some())
                .map(|how| format!("  on_expiry: {how}\n"))
                .unwrap_or_default();
        }
        text
    }
}

/// The tools that a reviewer needs.
fn catalogue() -> Catalogue {
    let tool = |name: &str, capability| ToolInfo {
        name: name.to_owned(),
        description: String::new(),
        schema: json!({ "type": "object" }),
        capability,
        effect: Effect::Pure,
        in_review: true,
        programs: Vec::new(),
    };
    Catalogue {
        tool_templates: Vec::new(),
        tools: vec![
            tool("repo_read", Capability::ReadRepo),
            tool("repo_write", Capability::WriteRepo),
            tool("review_verdict", Capability::Judge),
        ],
        prompt_variables: Vec::new(),
        template_variables: Vec::new(),
        slot_sources: Vec::new(),
        missing: Default::default(),
        finalize_steps: vec!["summary"],
    }
}

/// What `templatefile` makes of a machine: names bound, escapes resolved.
pub fn rendered(machine: &str) -> String {
    let mut text = machine.to_owned();
    for name in PLACEHOLDERS {
        text = text
            .replace(&format!("$${{{name}}}"), &format!("$$ {{{name}}}"))
            .replace(&format!("${{{name}}}"), &format!("{name}-1,{name}-2"));
    }
    let text = text.replace("$$ {", "$${");
    assert!(
        !text.replace("$${", "").replace("%%{", "").contains("${"),
        "a name that nothing binds"
    );
    text.replace("$${", "${").replace("%%{", "%{")
}
