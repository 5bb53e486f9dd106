//! Events as sentences, for terminals and pipes.

use cloudcrew_definition::shown::row;
use cloudcrew_plan::{Kind, Outcome};
use cloudcrew_ports::model::{Block, ModelReply, Purpose, ToolStatus, ToolUse};
use cloudcrew_runtime::engagement::{Event, Request, RequestKind, State, Unit, VerdictRecord};
use cloudcrew_runtime::swarm::Input;

/// An event as a sentence, or `None` if it interests only programs. The text of a reply that was
/// already streamed (`heard`) is not repeated.
pub fn words(event: &Event, state: &State, heard: bool) -> Option<String> {
    Some(match event {
        Event::Entered { state: at, on, resume, why } => {
            let again = resume.as_ref().map(|_| ", reopened").unwrap_or_default();
            let why = why.as_ref().map(|w| format!("\n    {}", row(&w.text))).unwrap_or_default();
            format!("■ {}{again}{}{why}", entered(at, state), came(*on))
        }
        Event::VisitOpened { visit, agent, .. } => match state.swarm.as_ref().map(|s| s.purpose) {
            Some(Purpose::Review) => format!("  {agent} reviews"),
            _ => format!("  visit {visit}: {agent}"),
        },
        Event::Committed(record) => record
            .paths
            .iter()
            .map(|(path, oid)| {
                let mark = if oid.is_empty() { '-' } else { '+' };
                format!("    {mark} {}", row(path))
            })
            .collect::<Vec<_>>()
            .join("\n"),
        Event::SwarmInput { input, done, .. } => {
            return match done.as_ref().and_then(|d| d.verdict.as_ref()) {
                Some(verdict) => Some(judged(verdict)),
                None => said(input, state, heard),
            };
        }
        Event::Reviewed { passed: true, .. } => "    no findings".to_owned(),
        Event::Reviewed { findings, .. } => findings
            .iter()
            .map(|f| format!("    found: {}", row(&f.text)))
            .collect::<Vec<_>>()
            .join("\n"),
        Event::Checked { findings, .. } if findings.is_empty() => {
            "    all deliverables are present".to_owned()
        }
        Event::Checked { findings, .. } => findings
            .iter()
            .map(|f| format!("    missing: {}", row(&f.text)))
            .collect::<Vec<_>>()
            .join("\n"),
        Event::RequestSuperseded { request } => {
            format!("    {request} is withdrawn: the files have changed")
        }
        Event::RequestAnswered { request, answer } => {
            format!(
                "    {request} {} by {} ({})",
                answer.decision.words(),
                row(&answer.actor),
                answer.channel
            )
        }
        Event::Voted { request, answer, have } => {
            let need = state.request(request).map_or(1, |request| request.quorum().1);
            format!(
                "    {request} approved by {} ({}): {have} of {need}",
                row(&answer.actor),
                answer.channel
            )
        }
        Event::Escalated { request } => {
            let to = state.request(request).and_then(|request| request.escalate_to.as_deref());
            format!("    {request} is overdue: {} decides as well", row(to.unwrap_or_default()))
        }
        Event::MemberSet(member) => {
            format!("    {} is now {}", row(&member.person), member.role.name())
        }
        Event::MemberRemoved { person, .. } => format!("    {} has no role any more", row(person)),
        Event::Reminded { request, number } => format!("    reminder {number} for {request}"),
        Event::RequestOpened(request) if again(request, state) => {
            "    approval requested again".to_owned()
        }
        Event::RequestExpired { request } => format!("    {request} expired"),
        Event::ParkedUntil { reason, .. } => format!("    parked: {}", row(reason)),
        Event::Trimmed { agent, trim, .. } => format!(
            "    trimmed {agent}'s conversation from about {} to {} tokens: {} shortened, {} \
             dropped",
            trim.before,
            trim.after,
            counted(trim.results as usize, "tool result"),
            counted(trim.turns as usize, "turn")
        ),
        Event::BudgetNeared { budget, spent, limit } => {
            let unit = if budget.ends_with(".usd") { Unit::MicroUsd } else { Unit::Tokens };
            format!("    ! {} of {} used [{budget}]", unit.show(*spent), unit.show(*limit))
        }
        Event::ForeignCommits { commits, .. } => {
            format!("    {} by others", counted(commits.len(), "commit"))
        }
        Event::Pushed { .. } => "    pushed".to_owned(),
        Event::NotPushed { .. } => {
            let unpushed = state.unpushed.as_ref()?;
            format!("    ! {}", row(&unpushed.words()))
        }
        Event::PushWaived { actor } => {
            format!("    {} lets the engagement end without pushing", row(actor))
        }
        Event::MessageReceived(message) => {
            let (actor, words) = (row(&message.actor), row(&message.words));
            format!("    {actor} writes: {words}")
        }
        Event::Replied(reply) => match &reply.fault {
            None => format!("    {} answers: {}", row(&reply.agent), row(&reply.words)),
            Some(why) => format!("    no answer: {}", row(&why.text)),
        },
        Event::Remarked(remark) => {
            let (actor, words) = (row(&remark.actor), row(&remark.words));
            format!("    {actor} remarks on {}: {words}", row(&remark.path))
        }
        Event::RemarkAnswered { remark, actor, closes: true, .. } => {
            format!("    {} settles {}", row(actor), row(remark))
        }
        Event::Recalled { notes, .. } => {
            format!("    recalls {}", counted(notes.len(), "note"))
        }
        Event::Transitioned(done) => {
            let wrote = |(_, path): &(String, String)| format!("    + {}", row(path));
            let mut lines: Vec<String> = done.adrs.iter().map(wrote).collect();
            lines.extend(done.fault.as_ref().map(|why| format!("    {}: {}", done.step, row(why))));
            return (!lines.is_empty()).then(|| lines.join("\n"));
        }
        Event::Withdrawn { memory, actor, .. } => {
            format!("    {} withdraws note {memory}", row(actor))
        }
        Event::NoteAccepted { memory, actor } => {
            format!("    {} accepts note {memory}", row(actor))
        }
        Event::Published { memory, actor } => {
            format!("    {} publishes note {memory}", row(actor))
        }
        Event::Retried { phase, actor } => format!("    {} retried {phase}", row(actor)),
        Event::Repinned { .. } => "    continuing with the current definitions".to_owned(),
        Event::CancelRequested { actor } => format!("    cancel requested by {}", row(actor)),
        Event::ProcessDied { .. } => {
            "    the previous process died here; the swarm continues".to_owned()
        }
        Event::Finalized { step, fault: Some(fault) } => format!("    {step}: {}", row(fault)),
        _ => return None,
    })
}

/// `3 commits`, `1 commit`.
pub fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Whether this run of the phase has requested approval before.
fn again(request: &Request, state: &State) -> bool {
    let same = |r: &&Request| {
        r.phase == request.phase && r.revision == request.revision && r.id != request.id
    };
    matches!(request.kind, RequestKind::Approval { .. })
        && state
            .requests
            .iter()
            .filter(same)
            .any(|r| matches!(r.kind, RequestKind::Approval { .. }))
}

/// The heading of the state in which a process starts to drive an engagement; `None` if that state
/// only waits.
pub fn heading(state: &State) -> Option<String> {
    let works = matches!(state.kind(), Some(Kind::Swarm | Kind::Review));
    (works && state.end.is_none()).then(|| format!("■ {}", entered(&state.at, state)))
}

/// What happens in a state.
fn entered(at: &str, state: &State) -> String {
    let Some(found) = state.plan().state(at) else { return at.to_owned() };
    let phase = found.phase.as_deref().unwrap_or_default();
    match found.kind {
        Kind::Swarm => format!("{phase}: crew at work"),
        Kind::Review => format!("{phase}: review"),
        Kind::Gate => format!("{phase}: customer gate"),
        Kind::Question => format!("{phase}: question for the customer"),
        Kind::Park => format!("{phase}: waiting for the provider"),
        kind => kind.name().to_owned(),
    }
}

/// The outcome that led here, unless it is the usual one.
fn came(on: Option<Outcome>) -> String {
    match on {
        None
        | Some(
            Outcome::Finished
            | Outcome::Passed
            | Outcome::Approved
            | Outcome::Asked
            | Outcome::Parked
            | Outcome::Finalized,
        ) => String::new(),
        Some(on) => format!(" ({})", on.name()),
    }
}

fn judged(verdict: &VerdictRecord) -> String {
    let what = verdict.path.as_deref().unwrap_or("the phase");
    if verdict.passed {
        return format!("    {} passed {what}", verdict.reviewer);
    }
    let findings =
        verdict.findings.iter().map(|f| format!("\n      {}", row(&f.text))).collect::<String>();
    format!("    {} found problems in {what}:{findings}", verdict.reviewer)
}

fn said(input: &Input, state: &State, heard: bool) -> Option<String> {
    match input {
        Input::Reply(ModelReply { content, stop_reason, guardrail, .. }) => {
            let news = content.iter().filter(|block| !heard || !matches!(block, Block::Text(_)));
            let mut lines: Vec<String> = news.filter_map(|block| spoken(block, state)).collect();
            if !matches!(stop_reason.as_str(), "end_turn" | "tool_use" | "stop_sequence") {
                lines.push(format!("    (stop reason: {stop_reason})"));
            }
            lines.extend(
                guardrail
                    .iter()
                    .map(|found| format!("    ! the guardrail found in {}", one_line(found))),
            );
            (!lines.is_empty()).then(|| lines.join("\n"))
        }
        Input::ToolResult { result, .. } if result.status == ToolStatus::Error => {
            Some(format!("    refused: {}", one_line(&result.text)))
        }
        Input::Asked { question, .. } => Some(format!("    asks: {}", one_line(question))),
        Input::Fault { fault, .. } => {
            Some(format!("    {}: {}", fault.error, one_line(&fault.message)))
        }
        _ => None,
    }
}

/// The start of untrusted text, on one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect()
}

fn spoken(block: &Block, state: &State) -> Option<String> {
    if let Block::ToolUse(call) = block
        && let Some(why) = state.swarm.as_ref().and_then(|run| run.refusal(call))
    {
        return Some(format!("    refused: {}: {}", one_line(&call.name), one_line(&why)));
    }
    match block {
        Block::Text(text) => {
            let first: String = text.lines().next().unwrap_or_default().chars().take(100).collect();
            (!first.is_empty()).then(|| format!("    \"{first}\""))
        }
        Block::ToolUse(ToolUse { name, input, .. }) if name == "handoff_to_agent" => {
            let part = |key: &str| one_line(input[key].as_str().unwrap_or_default());
            Some(format!("    → {}: {}", part("agent_name"), part("message")))
        }
        _ => None,
    }
}
