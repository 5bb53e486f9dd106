//! `show`: where an engagement stands, what to review, what changed since the last look at it.

use std::path::Path;

use cloudcrew_local::repo::GitRepo;
use cloudcrew_local::store::Store;
use cloudcrew_runtime::engagement::{Engagement, Request, RequestKind};
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::view::summary;

/// For people.
pub fn human(_: &Store, engagement: &Engagement) -> Result<String, Failure> {
    let state = &engagement.state;
    let mut text = summary(engagement);
    if let Some(end) = &state.end {
        text.push_str(&format!("\n  ended: {}\n", end.text));
    }
    for request in state.open_requests() {
        match &request.kind {
            RequestKind::Approval { ratings, may_revise, findings } => {
                text.push_str(&format!(
                    "\n  waits at the gate of {}, run {} (digest {})\n",
                    request.phase,
                    request.revision,
                    &request.digest[..12]
                ));
                for finding in findings {
                    text.push_str(&format!("    found: {} [{}]\n", finding.text, finding.key));
                }
                for (path, what) in changes(engagement, request)? {
                    text.push_str(&format!("    {what} {path}\n"));
                }
                let rate: String = ratings.iter().map(|r| format!(" --rating {r}=5")).collect();
                let project = &engagement.project;
                text.push_str(&format!("    read:    cloudcrew artifacts {project} PATH\n"));
                text.push_str(&format!("    decide:  cloudcrew approve {project} --digest {}{rate}\n", &request.digest[..12]));
                if *may_revise {
                    text.push_str(&format!("             cloudcrew revise {project} \"what should change\"\n"));
                }
            }
            RequestKind::Question { agent, question, .. } => {
                text.push_str(&format!(
                    "\n  {agent} asks: {question}\n    cloudcrew answer {} {} \"...\"\n",
                    engagement.project, request.id
                ));
            }
        }
    }
    Ok(text)
}

/// What a gate covers, compared with what the customer saw at the last gate of the phase.
fn changes(engagement: &Engagement, request: &Request) -> Result<Vec<(String, String)>, Failure> {
    let state = &engagement.state;
    let before = state.requests.iter().rfind(|r| r.phase == request.phase && r.id != request.id && !r.subject.is_empty());
    let repo = GitRepo::open(Path::new(&state.started.repo), &engagement.project)?;
    let mut changes = Vec::new();
    for (path, oid) in &request.subject {
        let old = before.and_then(|b| b.subject.iter().find(|(p, _)| p == path)).map(|(_, o)| o.as_str());
        let what = match old {
            None => "new      ".to_owned(),
            Some(old) if old == oid => "same     ".to_owned(),
            Some(old) => {
                let (added, removed) = repo.lines_changed(old, oid)?;
                format!("changed +{added} -{removed}")
            }
        };
        changes.push((path.clone(), what));
    }
    Ok(changes)
}

/// For programs.
pub fn json(_: &Store, engagement: &Engagement) -> Result<Value, Failure> {
    let state = &engagement.state;
    let total = state.meter.total();
    let phases: Vec<Value> = state
        .plan()
        .entries
        .iter()
        .map(|(phase, _)| {
            let p = state.progress(phase);
            json!({ "phase": phase, "revision": p.revision, "visits": p.visits, "reviewed": p.reviewed, "findings": p.findings, "ratings": p.ratings,
                    "feedback": p.feedback })
        })
        .collect();
    let handoffs: Vec<Value> =
        state.handoffs.iter().map(|(phase, from, to)| json!({ "phase": phase, "from": from, "to": to })).collect();
    Ok(json!({
        "version": 1, "project": engagement.project, "workflow": state.started.workflow, "rehearsal": true, "state": state.at, "end": state.end,
        "phases": phases, "handoffs": handoffs, "requests": state.requests, "events": engagement.head.seq, "branch": state.started.branch,
        "repo": state.started.repo, "head": state.head, "definition": state.started.definition, "plan": state.started.plan,
        "usage": { "calls": total.calls, "tokens": total.usage, "usd": (total.unpriced == 0).then_some(total.micro_usd as f64 / 1e6) },
    }))
}
