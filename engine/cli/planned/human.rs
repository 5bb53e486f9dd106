//! The text form of a plan.

use std::fmt::Write as _;

use cloudcrew_definition::crew::{Agent, Approvers, Budget, Definition, Gate, Input, Phase};
use cloudcrew_definition::syntax::{AtLimit, Depth, OnExpiry, written};
use cloudcrew_plan::compare::recalled;
use cloudcrew_plan::forecast::{PhaseForecast, dollars, number};

use crate::models::price;
use crate::words::counted;
use cloudcrew_views::plan::{Expected, OnAws, PlanAgent, PlanDocument, PlanVariant};

pub fn human(definition: &Definition, plan: &PlanDocument) -> String {
    let mut text = String::new();
    let gates = counted(plan.gates as usize, "gate");
    let phases = counted(plan.plan.entries.len(), "phase");
    let _ = writeln!(
        text,
        "{}{} · {phases}, {gates} · definition {}\n",
        plan.plan.workflow,
        plan.overlay.as_ref().map(|name| format!(" with overlay {name}")).unwrap_or_default(),
        short(&plan.definition_hash)
    );
    let flow = definition.workflow(&plan.plan.workflow);
    if let Some(flow) = flow.filter(|flow| !flow.after.is_empty()) {
        let _ = writeln!(text, "after a completed engagement of {}\n", flow.after.join(" or "));
    }
    for input in flow.into_iter().flat_map(|flow| &flow.inputs) {
        text.push_str(&of_input(input));
    }
    if flow.is_some_and(|flow| !flow.inputs.is_empty()) {
        text.push('\n');
    }
    for forecast in &plan.forecast.phases {
        if let Some(phase) = definition.phase(&forecast.phase) {
            let order = flow.map_or(&[][..], |flow| flow.phases.as_slice());
            let at = order.iter().position(|name| *name == phase.name).unwrap_or(0);
            let before = &order[..at];
            let inherited: Vec<&str> = plan
                .inherited
                .iter()
                .filter(|one| one.phase == phase.name)
                .map(|one| one.key.as_str())
                .collect();
            text.push_str(&of_phase(definition, (phase, before), &inherited, forecast));
        }
    }
    text.push_str("agents\n");
    for agent in &plan.agents {
        if let Some(its) = definition.agent(&agent.agent) {
            text.push_str(&of_agent(its, agent));
        }
    }
    let _ = writeln!(text, "\nforecast · {}", plan.forecast.total);
    let used = plan.forecast.phases.iter().filter_map(|phase| definition.phase(&phase.phase));
    let mut others = used.flat_map(|phase| phase.models.values());
    let served = |name: &String| definition.model(name).is_some_and(|model| model.live.is_some());
    let all_rehearsed = plan.agents.iter().all(|agent| agent.served == "rehearsed");
    if all_rehearsed && !others.any(served) {
        text.push_str("  this run is a rehearsal: it calls no live model and costs nothing\n");
    }
    if let Some(budget) = definition.workflow(&plan.plan.workflow).and_then(|w| w.budget) {
        let _ = writeln!(text, "  budget: {}", allowed(Some(budget)));
    }
    for pot in &definition.pots {
        let _ = writeln!(text, "  budget {}: {}", pot.name, allowed(Some(pot.budget)));
    }
    let assumed: Vec<String> = plan
        .forecast
        .assumptions
        .iter()
        .map(|a| format!("{} {}", a.what, a.range.show(number)))
        .collect();
    let _ = writeln!(text, "  assumed: {}", assumed.join(" · "));
    for variant in &plan.variants {
        text.push_str(&of_variant(variant));
    }
    if let Some(aws) = &plan.on_aws {
        text.push_str(&of_aws(aws));
    }
    for phase in &plan.past.phases {
        let what = if phase.phase.is_empty() {
            format!("\npast · {} completed", counted(plan.past.engagements as usize, "engagement"))
        } else {
            format!("  {:16}", phase.phase)
        };
        let money = phase.micro_usd.map_or_else(|| "price unknown".to_owned(), |m| m.show(dollars));
        let _ = writeln!(
            text,
            "{what} · {} turns · {} tokens · {money}",
            phase.turns.show(number),
            phase.tokens.show(number)
        );
    }
    text.push_str(&compared(plan));
    text
}

fn of_variant(variant: &PlanVariant) -> String {
    let PlanVariant { workflow, description, phases, gates, forecast } = variant;
    format!(
        "\nvariant {workflow}{} · {}\n  {}: {}\n  forecast · {forecast}\n",
        described(description),
        counted(*gates as usize, "gate"),
        counted(phases.len(), "phase"),
        phases.join(", "),
    )
}

fn of_aws(aws: &OnAws) -> String {
    let OnAws { engagement, idle, priced_from, priced_to } = aws;
    let idle: Vec<String> = idle
        .iter()
        .map(|stack| format!("{} ({})", dollars(stack.micro_usd_per_month), stack.egress))
        .collect();
    format!(
        "\non AWS · {} besides tokens: containers, functions and stores\n  an idle deployment: {} \
         a month, by its `egress`\n  prices of us-east-1, {priced_from} to {priced_to}\n",
        // A cent at least.
        engagement.show(|micro| dollars(micro.max(10_000))),
        idle.join(", ")
    )
}

/// The changes, and the engagements that they do not affect.
fn compared(plan: &PlanDocument) -> String {
    let mut text = String::new();
    if let Some(against) = &plan.against {
        let _ = writeln!(text, "\nagainst {against} · {}", counted(plan.changes.len(), "change"));
        let mut about = "";
        for change in &plan.changes {
            if change.about != about {
                about = &change.about;
                let _ = writeln!(text, "  {about}");
            }
            let _ = writeln!(text, "    {} [{}]", change.text, change.key);
        }
        if let Some(Expected { before, after }) = plan.expected.as_ref().filter(|e| e.differ()) {
            let _ = writeln!(text, "  forecast\n    before  {before}\n    now     {after}");
        }
    }
    for pinned in &plan.pinned {
        let _ = writeln!(
            text,
            "\n{} (at {}) keeps the definition it started with: {}",
            pinned.project,
            pinned.state,
            short(&pinned.definition)
        );
    }
    text
}

fn of_input(input: &Input) -> String {
    let otherwise = match &input.default {
        Some(value) => format!("by default {value}"),
        None => "needed".to_owned(),
    };
    let Input { name, description, .. } = input;
    format!("input {name}{} · {}, {otherwise}\n", described(description), input.of())
}

fn of_phase(
    definition: &Definition,
    (phase, before): (&Phase, &[String]),
    inherited: &[&str],
    forecast: &PhaseForecast,
) -> String {
    let mut text = format!("{}{}\n", phase.name, described(&phase.description));
    let swarm = &phase.swarm;
    let others: Vec<&str> =
        swarm.agents.iter().map(String::as_str).filter(|a| *a != swarm.entry).collect();
    let with = if others.is_empty() { String::new() } else { format!(", {}", others.join(", ")) };
    let _ = writeln!(text, "  agents    {} (entry){with}", swarm.entry);
    if !phase.models.is_empty() {
        let models = phase.models.iter().map(|(agent, model)| {
            let price = definition.model(model).map(price).unwrap_or_default();
            format!("{agent} uses {model} ({price})")
        });
        let _ = writeln!(text, "  models    {}", models.collect::<Vec<_>>().join(", "));
    }
    for (number, d) in phase.deliverables.iter().enumerate() {
        let head = if number == 0 { "delivers" } else { "" };
        let passed = if d.reviewers.is_empty() {
            String::new()
        } else {
            format!(", reviewed by {}", d.reviewers.join(", "))
        };
        let _ = writeln!(text, "  {head:9} {} by {}{passed}", d.path, d.owner);
    }
    if let Some(review) = &phase.review {
        let depth = if review.depth == Depth::Full { "in full" } else { "lightly" };
        let _ = writeln!(
            text,
            "  reviewed  {depth} by {}, {}",
            review.agent,
            sent_back(review.max_reworks)
        );
    }
    if !phase.deliverables.is_empty() {
        let _ = writeln!(
            text,
            "  owes      every file; if one is missing, {}",
            sent_back(phase.max_deliveries)
        );
    }
    if let Some(recall) = &phase.recall {
        let _ = writeln!(text, "  recalls   {}", recalled(recall));
    }
    let gate = phase.gate.as_ref().map_or_else(
        || "no one; the next phase follows directly".to_owned(),
        |gate| decided(gate, before),
    );
    let _ = writeln!(text, "  decided   by {gate}");
    let _ = writeln!(
        text,
        "  limits    {} visits of {} turns each, {} in total, {} per visit; {}",
        swarm.max_iterations.min(swarm.max_handoffs),
        swarm.max_turns,
        written(swarm.execution_timeout),
        written(swarm.node_timeout),
        retries(phase.retry.max_attempts),
    );
    if !inherited.is_empty() {
        let _ = writeln!(text, "  defaults  {}", parts(inherited));
    }
    let _ = writeln!(
        text,
        "  takes     {} visits · {}\n",
        forecast.visits.show(number),
        forecast.estimate
    );
    text
}

/// Keys by the part that they belong to: `7 of swarm, 4 of gate, retry`.
fn parts(keys: &[&str]) -> String {
    let mut parts: Vec<(&str, usize)> = Vec::new();
    for key in keys {
        let (part, inner) = key.split_once('.').map_or((*key, 0), |(part, _)| (part, 1));
        match parts.iter_mut().find(|(there, _)| *there == part) {
            Some((_, count)) => *count += inner,
            None => parts.push((part, inner)),
        }
    }
    let word = |(part, count): &(&str, usize)| match count {
        0 => (*part).to_owned(),
        count => format!("{count} of {part}"),
    };
    parts.iter().map(word).collect::<Vec<_>>().join(", ")
}

fn described(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(" · {words}") }
}

fn sent_back(number: u32) -> String {
    match number {
        0 => "never sent back".to_owned(),
        n => format!("sent back {}", at_most(n)),
    }
}

fn retries(number: u32) -> String {
    match number {
        0 => "no retries".to_owned(),
        1 => "1 retry".to_owned(),
        n => format!("{n} retries"),
    }
}

fn at_most(number: u32) -> String {
    match number {
        1 => "at most once".to_owned(),
        n => format!("at most {n} times"),
    }
}

/// The people who must approve a gate.
fn must_approve(Approvers { groups, quorum, not_own }: &Approvers) -> String {
    let of = if groups.is_empty() { "people".to_owned() } else { groups.join(", ") };
    let but = if *not_own { " who did not start it" } else { "" };
    format!("{quorum} of {of}{but}")
}

fn decided(gate: &Gate, before: &[String]) -> String {
    let people = gate.approvers.as_ref().map_or_else(|| "the customer".to_owned(), must_approve);
    let mut text = match gate.max_revisions {
        0 => format!("{people}, who cannot request changes"),
        n => format!("{people}, who may request changes {}", at_most(n)),
    };
    let back: Vec<&str> =
        gate.revise_to.iter().filter(|to| before.contains(to)).map(String::as_str).collect();
    if !back.is_empty() {
        let _ = write!(text, ", also from {} on", back.join(" or "));
    }
    if let Some(every) = gate.remind_after {
        let _ = write!(text, "; reminded every {}", written(every));
    }
    match (gate.expires_after, gate.on_expiry) {
        (None, _) => text.push_str("; no deadline"),
        (Some(after), OnExpiry::Stop) => {
            let _ = write!(text, "; the engagement ends after {}", written(after));
        }
        (Some(after), OnExpiry::Approve) => {
            let _ = write!(text, "; approved automatically after {}", written(after));
        }
        (Some(after), OnExpiry::Escalate) => {
            let group = gate.escalate_to.as_deref().unwrap_or_default();
            let _ = write!(text, "; {group} decides as well after {}, then ends", written(after));
        }
    }
    text
}

fn of_agent(agent: &Agent, planned: &PlanAgent) -> String {
    let PlanAgent { model, chosen_by: chosen, served, price, .. } = planned;
    let pot = agent.pot.as_ref().map(|pot| format!(", shares `{pot}`")).unwrap_or_default();
    let budget = format!("{}{pot}", allowed(agent.budget));
    let writes =
        if agent.writes.is_empty() { "nothing".to_owned() } else { agent.writes.join(" ") };
    format!(
        "  {:9} {model} ({chosen}), {served} · {price} · {budget}\n            may call \
         {}\n            may write {writes}\n",
        agent.name,
        agent.tools.join(", ")
    )
}

/// The limit of a budget.
fn allowed(budget: Option<Budget>) -> String {
    let Some(budget) = budget else { return "no budget".to_owned() };
    let tokens = budget.tokens.map(|t| format!("{} tokens", number(t)));
    let money = budget.micro_usd.map(dollars);
    let then = if budget.at_limit == AtLimit::Ask { ", then asks" } else { "" };
    format!("{}{then}", tokens.into_iter().chain(money).collect::<Vec<_>>().join(" and "))
}

fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}
