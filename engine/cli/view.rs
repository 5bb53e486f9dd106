//! What is seen of a run: a live view on a terminal, plain lines in a pipe, JSON Lines for programs.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use cloudcrew_runtime::engagement::{Engagement, Event, MeterLine, State};
use cloudcrew_runtime::ports::model::{Block, ModelReply, Purpose};
use cloudcrew_runtime::ports::watch::Watch;
use cloudcrew_runtime::swarm::Input;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::Format;

/// Somebody who looks on.
pub struct View {
    format: Format,
    stop: AtomicBool,
    bar: Option<ProgressBar>,
    out: Mutex<std::io::Stdout>,
}

impl View {
    pub fn new(format: Format) -> View {
        let live = format == Format::Human && std::io::stderr().is_terminal() && std::io::stdout().is_terminal();
        let bar = live.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}") {
                bar.set_style(style);
            }
            bar
        });
        View { format, stop: AtomicBool::new(false), bar, out: Mutex::new(std::io::stdout()) }
    }

    /// Asks the driver to stop between two steps.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Clears what is live.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => {
                let mut out = self.out.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                // A closed pipe ends the reader's interest, not the engagement.
                let _ = writeln!(out, "{text}");
            }
        }
    }
}

impl Watch for View {
    fn happened(&self, seq: u64, at: i64, event: &Event, engagement: &Engagement) {
        if self.format == Format::Json {
            let mut value = serde_json::to_value(event).unwrap_or_default();
            value["seq"] = seq.into();
            value["at"] = at.into();
            value["version"] = 1.into();
            value["project"] = engagement.project.clone().into();
            return self.line(&value.to_string());
        }
        if let Some(text) = words(event, &engagement.state) {
            self.line(&text);
        }
        if let Some(bar) = &self.bar {
            bar.set_message(standing(event, &engagement.state));
            bar.tick();
        }
    }

    fn stop_wanted(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Where it stands, in one line.
fn standing(event: &Event, state: &State) -> String {
    let total = state.meter.total();
    let floor = state.swarm.as_ref().and_then(|s| s.visits.last().cloned()).unwrap_or_default();
    let does = match event {
        Event::ModelCalled { .. } => "thinks".to_owned(),
        Event::ToolsCalled { calls, .. } => calls.iter().map(|(_, tool)| tool.as_str()).collect::<Vec<_>>().join(", "),
        _ => String::new(),
    };
    let tokens = total.usage.counted();
    format!("{} · {floor} {does} · {} files · {tokens} tokens · {}", state.at, state.artifacts.len(), money(&total))
}

/// An event in words; `None` for what only machines want to know.
fn words(event: &Event, state: &State) -> Option<String> {
    Some(match event {
        Event::Entered { state: at, on, resume, why } => {
            let how = on.map(|o| format!(" ({})", o.name())).unwrap_or_default();
            let again = resume.as_ref().map(|_| ", opened again: somebody changed what was approved").unwrap_or_default();
            let why = why.as_ref().map(|w| format!("\n    {}", w.text)).unwrap_or_default();
            format!("■ {at}{how}{again}{why}")
        }
        Event::VisitOpened { visit, agent, .. } => {
            let review = state.swarm.as_ref().is_some_and(|s| s.purpose == Purpose::Review);
            format!(
                "  {} {agent}{}",
                if review { "review" } else { "visit" },
                if review { String::new() } else { format!(" ({visit})") }
            )
        }
        Event::Committed(record) => record.paths.iter().map(|(p, _)| format!("    + {p}")).collect::<Vec<_>>().join("\n"),
        Event::SwarmInput { input, .. } => return said(input),
        Event::Reviewed { passed: true, .. } => "    review passed".to_owned(),
        Event::Reviewed { findings, .. } => {
            findings.iter().map(|f| format!("    found: {}", f.text)).collect::<Vec<_>>().join("\n")
        }
        Event::RequestAnswered { request, answer } => {
            format!("    {request} {} by {} ({})", answer.decision.name(), answer.actor, answer.channel)
        }
        Event::Reminded { request, number } => format!("    reminder {number} for {request}"),
        Event::RequestExpired { request } => format!("    {request} expired"),
        Event::ParkedUntil { reason, .. } => format!("    parked: {reason}"),
        Event::ForeignCommits { commits, .. } => format!("    {} commits by others", commits.len()),
        Event::CancelRequested { actor } => format!("    {actor} ends it"),
        Event::ProcessDied { .. } => "    the process before this one died here; the same swarm goes on".to_owned(),
        Event::Finalized { step, fault: Some(fault) } => format!("    {step}: {fault}"),
        _ => return None,
    })
}

fn said(input: &Input) -> Option<String> {
    match input {
        Input::Reply(ModelReply { content, .. }) => {
            let text: Vec<&str> =
                content.iter().filter_map(|b| if let Block::Text(t) = b { Some(t.as_str()) } else { None }).collect();
            let text = text.join(" ");
            let first: String = text.lines().next().unwrap_or_default().chars().take(100).collect();
            (!first.is_empty()).then(|| format!("    \"{first}\""))
        }
        Input::ToolResult { result, .. } if result.status == cloudcrew_runtime::ports::model::ToolStatus::Error => {
            Some(format!("    refused: {}", result.text))
        }
        Input::Asked { question, .. } => Some(format!("    asks: {question}")),
        Input::Fault { fault, .. } => Some(format!("    {}: {}", fault.error, fault.message)),
        _ => None,
    }
}

/// Money of a meter line.
pub fn money(line: &MeterLine) -> String {
    let known = format!("${:.2}", line.micro_usd as f64 / 1e6);
    match (line.unpriced, line.calls) {
        (0, _) => known,
        (n, calls) if n == calls => "unknown".to_owned(),
        (n, _) => format!("{known} + {n} calls of unknown price"),
    }
}

/// What came out, at the end of a run.
pub fn summary(engagement: &Engagement) -> String {
    let state = &engagement.state;
    let mut text = format!(
        "\n{} · {} · rehearsed: no live model was called, tokens are estimates\n",
        engagement.project, state.started.workflow
    );
    for (phase, _) in &state.plan().entries {
        let progress = state.progress(phase);
        if progress.revision == 0 {
            continue;
        }
        let handoffs = state.handoffs.iter().filter(|(p, _, _)| p == phase).count();
        let decision = state
            .requests
            .iter()
            .rev()
            .find(|r| r.phase == *phase && r.revision == progress.revision && r.answer.is_some())
            .and_then(|r| r.answer.as_ref());
        let decision = decision.map_or_else(String::new, |a| format!(", {} by {}", a.decision.name(), a.actor));
        let run = if progress.revision > 1 { format!(", run {}", progress.revision) } else { String::new() };
        text.push_str(&format!(
            "\n  {phase}{run}: {} ({handoffs} {}){decision}\n",
            progress.visits.join(" → "),
            if handoffs == 1 { "handoff" } else { "handoffs" }
        ));
        let Some(definition) = engagement.definition.phase(phase) else { continue };
        for d in &definition.deliverables {
            let mark = if state.artifacts.contains_key(&d.path) { "+" } else { "-" };
            text.push_str(&format!("    {mark} {} ({})\n", d.path, d.owner));
        }
    }
    let total = state.meter.total();
    let project = &engagement.project;
    text.push_str(&format!(
        "\n  {} model calls, {} tokens in, {} tokens out: would cost {}\n",
        total.calls,
        total.usage.input_tokens,
        total.usage.output_tokens,
        money(&total)
    ));
    text.push_str(&format!(
        "\n  look:  cloudcrew show {project} · artifacts {project} [PATH] · ledger {project} · cost {project}\n"
    ));
    text.push_str(&format!("         git -C {} log {}\n", state.started.repo, state.started.branch));
    text
}
