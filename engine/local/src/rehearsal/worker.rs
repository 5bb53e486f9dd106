//! A working agent: looks around, records what it learned, writes its deliverables, judges what it
//! reviews, hands off.

use cloudcrew_definition::crew::{Agent, Bend, Deliverable, Phase};
use cloudcrew_definition::text::slots;
use cloudcrew_ports::model::{ModelRequest, ToolStatus};
use serde_json::json;

use super::knowledge::{Knowledge, Row};
use super::transcript::Transcript;
use super::{RehearsalModel, Turn, checks, compose, exercise, has, notes, sketch};

/// Tools that show an agent the current state.
const LOOK: [&str; 3] = ["parse_sow", "ledger_read", "repo_list"];

struct Worker<'a> {
    model: &'a RehearsalModel,
    request: &'a ModelRequest<'a>,
    phase: &'a Phase,
    agent: &'a Agent,
    transcript: &'a Transcript<'a>,
    known: Knowledge,
}

pub(super) fn turn(
    model: &RehearsalModel,
    request: &ModelRequest<'_>,
    phase: &Phase,
    agent: &Agent,
    transcript: &Transcript<'_>,
) -> Turn {
    let worker =
        Worker { model, request, phase, agent, transcript, known: Knowledge::of(transcript) };
    worker
        .bent()
        .or_else(|| worker.look())
        .or_else(|| worker.note())
        .or_else(|| worker.write())
        .or_else(|| worker.check())
        .or_else(|| worker.exercise())
        .or_else(|| notes::turn(request, phase, agent, transcript))
        .or_else(|| notes::scores(request, phase, &model.definition, &worker.known, transcript))
        .or_else(|| worker.read())
        .or_else(|| worker.judge())
        .or_else(|| worker.remarks())
        .unwrap_or_else(|| worker.hand_on())
}

impl Worker<'_> {
    fn bent(&self) -> Option<Turn> {
        let calls = self.request.context.earlier_calls;
        self.model.bends(self.request).find_map(|b| match &b.bend {
            Bend::Asks(question) if calls < b.times && has(self.request, "ask_customer") => Some(
                Turn::says("I need an answer before I continue.")
                    .call("ask_customer", json!({ "question": question })),
            ),
            Bend::Writes(path) if calls < b.times && has(self.request, "repo_write") => {
                let content = "written out of turn\n";
                Some(Turn::says("").call(
                    "repo_write",
                    json!({ "path": path, "content": content, "message": format!("Write {path}") }),
                ))
            }
            Bend::LoopsWith(other) if !self.transcript.called("handoff_to_agent") => {
                Some(Turn::says("").call(
                    "handoff_to_agent",
                    json!({ "agent_name": other, "message": "please look at this again" }),
                ))
            }
            _ => None,
        })
    }

    fn look(&self) -> Option<Turn> {
        let deliverables = || self.phase.deliverables.iter().filter(|_| self.looks_at_each());
        if LOOK.iter().any(|t| self.transcript.called(t))
            || deliverables().any(|d| self.transcript.read(&d.path).is_some())
        {
            return None;
        }
        let mut turn = Turn::says("Let me see what exists so far.");
        for tool in LOOK.into_iter().filter(|t| has(self.request, t)) {
            turn = turn.call(tool, json!({}));
        }
        for d in deliverables() {
            turn = turn.call("repo_read", json!({ "path": d.path }));
        }
        (!turn.calls.is_empty()).then_some(turn)
    }

    /// Whether it must read a deliverable to know that it exists.
    fn looks_at_each(&self) -> bool {
        has(self.request, "repo_read") && !has(self.request, "repo_list")
    }

    /// Whether a deliverable was written in this run of the phase, as far as it can know.
    fn exists(&self, d: &Deliverable) -> bool {
        let read =
            || self.transcript.read(&d.path).is_some_and(|r| r.status == ToolStatus::Success);
        self.known.is_of_run(&self.phase.name, &d.path, self.request.context.revision)
            || (self.looks_at_each() && read())
    }

    /// The agent that parses the statement of work records it in the ledger, line by line, with
    /// what is missing.
    fn note(&self) -> Option<Turn> {
        let sow = self.known.sow.as_ref().filter(|_| {
            has(self.request, "ledger_write") && !self.transcript.called("ledger_write")
        })?;
        let mut turn = Turn::says("I record what the statement of work says.");
        for letter in ['O', 'R', 'C', 'D', 'A', 'T'] {
            for (id, text, source) in self.known.lines(letter) {
                let line = format!("{id}: {text}");
                let short: String = line.chars().take(290).collect();
                if !self.known.rows_of("fact").any(|r| r.source == source && r.title == short) {
                    let body = if short == line { String::new() } else { text };
                    turn = turn.call(
                        "ledger_write",
                        json!({ "kind": "fact", "title": short, "body": body, "source": source }),
                    );
                }
            }
        }
        for section in &sow.missing {
            let title = format!("Nothing was recognised under {}", section.title());
            if !self.known.rows_of("assumption").any(|r| r.title == title) {
                let body = "Nothing was made up for it.";
                turn = turn.call(
                    "ledger_write",
                    json!({ "kind": "assumption", "title": title,
                    "body": body, "source": sow.file }),
                );
            }
        }
        let unread = sow.unread.iter().map(|part| {
            let title = format!("In no section of the statement of work: {}", part.text);
            (part, title, "Nothing was taken from it; a person must look at it.")
        });
        let open = sow.open_points.iter().map(|point| {
            let title = format!("Left open by the customer: {}", point.text);
            (point, title, "Nothing was made up for it; a person must fill it in.")
        });
        let doubts = sow.contradictions.iter().map(|doubt| {
            let title = format!("The statement of work contradicts itself: {}", doubt.text);
            (doubt, title, "A live crew asks the customer which one holds.")
        });
        for (part, title, body) in unread.chain(open).chain(doubts) {
            let title: String = title.chars().take(290).collect();
            let known = |r: &Row| r.source == part.source && r.title == title;
            if !self.known.rows_of("assumption").any(known) {
                turn = turn.call(
                    "ledger_write",
                    json!({ "kind": "assumption", "title": title,
                        "body": body, "source": part.source }),
                );
            }
        }
        (!turn.calls.is_empty()).then_some(turn)
    }

    fn forgets(&self, d: &Deliverable) -> bool {
        let bends = &self.model.rehearsal.agents;
        bends.iter().any(|b| {
            b.agent == d.owner
                && b.phase.as_ref().is_none_or(|p| *p == self.phase.name)
                && matches!(&b.bend, Bend::Forgets(path) if *path == d.path)
        })
    }

    /// Whether a deliverable is still to be written in this swarm.
    fn is_due(&self, d: &Deliverable) -> bool {
        let context = self.request.context;
        if self.forgets(d) || self.transcript.wrote(&d.path) {
            return false;
        }
        if !self.exists(d) {
            return true;
        }
        let written = self.known.written_in(&self.phase.name, &d.path).unwrap_or(0);
        let found_wanting =
            self.transcript.input.contains(&d.path) && context.swarm > written && self.is_rework();
        let sent_back = d.reviewers.iter().any(|r| {
            let (since, failed) = self.known.verdicts(&self.phase.name, &d.path, r);
            since.last() == Some(&false) && failed < 2
        });
        found_wanting || sent_back
    }

    fn is_rework(&self) -> bool {
        self.request.context.swarm > 1
    }

    fn write(&self) -> Option<Turn> {
        if !has(self.request, "repo_write") {
            return None;
        }
        let mine: Vec<&Deliverable> = self
            .phase
            .deliverables
            .iter()
            .filter(|d| d.owner == self.agent.name && self.is_due(d))
            .collect();
        if mine.is_empty() {
            return None;
        }
        let mut turn = Turn::says("I write my deliverables.");
        let decided = self.known.rows_of("decision").any(|r| r.author == self.agent.name);
        if has(self.request, "write_adr") && !decided && !self.transcript.called("write_adr") {
            turn = self.decide(turn);
        }
        for d in mine {
            let content = match compose::template_of(self.request.system, &d.path)
                .filter(|_| d.template.is_some())
            {
                Some(template) => compose::document(template, &self.writing(&d.path)),
                None => sketch::source_file(d, self.phase, &self.known),
            };
            if d.template.as_deref() == Some("security_review")
                && has(self.request, "write_security_review")
            {
                turn = turn.call("write_security_review", reviewed(&d.path, &content));
                continue;
            }
            let message = format!("Write {} (swarm {})", d.path, self.request.context.swarm);
            turn = turn.call(
                "repo_write",
                json!({ "path": d.path, "content": content, "message": message }),
            );
        }
        Some(turn)
    }

    fn writing<'w>(&'w self, path: &'w str) -> compose::Writing<'w> {
        compose::Writing {
            path,
            request: self.request,
            definition: &self.model.definition,
            phase: self.phase,
            known: &self.known,
        }
    }

    fn decide(&self, turn: Turn) -> Turn {
        let requirements = self.known.lines('R');
        let Some((id, _, source)) = requirements.first() else { return turn };
        let constraints = self.known.lines('C');
        let lists = compose::lists(&self.model.definition, self.phase, "requirements")
            .filter(|path| self.known.files.contains_key(*path));
        let context: Vec<String> = match lists {
            Some(path) => {
                let ids = |lines: &[(String, String, String)]| match lines {
                    [] => "none".to_owned(),
                    [only] => only.0.clone(),
                    [first, .., last] => format!("{} to {}", first.0, last.0),
                };
                vec![
                    format!("- Requirements: {}, listed in {path}", ids(&requirements)),
                    format!("- Constraints: {}, listed there too", ids(&constraints)),
                ]
            }
            None => requirements
                .iter()
                .chain(&constraints)
                .map(|(id, text, source)| format!("- {id}: {text} ({source})"))
                .collect(),
        };
        turn.call("write_adr", json!({
            "title": format!("Which structure meets {id} first"),
            "status": "proposed",
            "context": context.join("\n"),
            "decision": format!("Rehearsed, so nothing is decided: a live {} names here the \
             structure that meets {id} ({source}), \
                                 what else was possible, and why it was not \
                                 taken.", self.agent.name),
            "consequences": "A live crew says here what the decision makes easier and harder, and \
             what it would cost to turn back.",
        }))
    }

    /// Uses its other tools once.
    fn exercise(&self) -> Option<Turn> {
        let patterns = &self.model.definition.patterns;
        let (phase, agent) = (self.phase, self.agent);
        exercise::turn(self.request, phase, agent, &self.known, self.transcript, patterns)
    }

    /// Runs the checks that its tools allow, over its own files and those that it reviews.
    fn check(&self) -> Option<Turn> {
        let judged = self.to_judge(&self.agent.name);
        let calls = checks::checks(self.agent, self.phase, self.transcript, &judged);
        checks::turn(calls, self.request, self.transcript)
            .or_else(|| checks::noted(self.request, self.phase, self.transcript))
    }

    /// Deliverables that await this agent's verdict.
    fn to_judge(&self, agent: &str) -> Vec<&Deliverable> {
        let waits = |d: &&Deliverable| {
            let written = self.exists(d) || self.transcript.wrote(&d.path);
            let (since, failed) = self.known.verdicts(&self.phase.name, &d.path, agent);
            let mine = agent == self.agent.name;
            let stale = self.transcript.wrote(&d.path);
            let judged = (!since.is_empty() && !stale)
                || (mine && self.transcript.judged(&d.path).is_some());
            written && d.reviewers.iter().any(|r| r == agent) && !judged && failed < 2
        };
        self.phase.deliverables.iter().filter(waits).collect()
    }

    fn read(&self) -> Option<Turn> {
        let mut turn = Turn::says("I read the files under review.");
        for d in self.to_judge(&self.agent.name) {
            if self.transcript.read(&d.path).is_none() && has(self.request, "repo_read") {
                turn = turn.call("repo_read", json!({ "path": d.path }));
            }
        }
        (!turn.calls.is_empty()).then_some(turn)
    }

    fn judge(&self) -> Option<Turn> {
        if !has(self.request, "review_verdict") {
            return None;
        }
        let mut turn = Turn::says("This is my verdict.");
        for d in self.to_judge(&self.agent.name) {
            let Some(read) = self.transcript.read(&d.path) else { continue };
            let mut findings = untraced(self.model, self.phase, d, &read.text, &self.known);
            findings.extend(self.rejects(d));
            turn = if findings.is_empty() {
                turn.call("review_verdict", json!({ "path": d.path, "verdict": "pass" }))
            } else {
                let findings: Vec<_> =
                    findings.iter().map(|f| json!({ "path": d.path, "text": f })).collect();
                turn.call(
                    "review_verdict",
                    json!({ "path": d.path, "verdict": "fail", "findings": findings }),
                )
            };
        }
        (!turn.calls.is_empty()).then_some(turn)
    }

    /// What the rehearsal file finds wrong with a deliverable, once.
    fn rejects(&self, d: &Deliverable) -> Option<String> {
        let mut faults = self.known.faults(&self.phase.name, &d.path);
        if faults.any(|(reviewer, _)| reviewer == self.agent.name) {
            return None;
        }
        self.model.bends(self.request).find_map(|b| match &b.bend {
            Bend::Rejects { path, finds } if *path == d.path => Some(finds.clone()),
            _ => None,
        })
    }

    /// Says what became of each remark on its files.
    fn remarks(&self) -> Option<Turn> {
        if !has(self.request, "answer_remark") || self.transcript.called("answer_remark") {
            return None;
        }
        let listed = self.request.system.split_once("# Remarks of the customer on your files\n")?.1;
        let ids = listed.lines().filter_map(|line| line.strip_prefix("- ")?.split(' ').next());
        let words = "Rehearsed: a live agent says here what it changed.";
        let turn = ids.filter(|id| id.starts_with("r-")).fold(Turn::says(""), |turn, id| {
            turn.call("answer_remark", json!({ "id": id, "outcome": "applied", "words": words }))
        });
        (!turn.calls.is_empty()).then_some(turn)
    }

    /// Hands off to the first agent that has something to do, or ends the swarm.
    fn hand_on(&self) -> Turn {
        let members = &self.phase.swarm.agents;
        let me = members.iter().position(|m| *m == self.agent.name).unwrap_or(0);
        for offset in 1..members.len() {
            let other = &members[(me + offset) % members.len()];
            let owes: Vec<&str> = self
                .phase
                .deliverables
                .iter()
                .filter(|d| d.owner == *other && self.others_due(d))
                .map(|d| d.path.as_str())
                .collect();
            let judges: Vec<&str> =
                self.to_judge(other).into_iter().map(|d| d.path.as_str()).collect();
            if owes.is_empty() && judges.is_empty() {
                continue;
            }
            let mut message = String::new();
            if !owes.is_empty() {
                message.push_str(&format!("Please write {}. ", owes.join(", ")));
            }
            if !judges.is_empty() {
                message.push_str(&format!("Please review {}.", judges.join(", ")));
            }
            return Turn::says("").call(
                "handoff_to_agent",
                json!({ "agent_name": other, "message": message.trim() }),
            );
        }
        Turn::says("All deliverables of this phase are complete.")
    }

    fn others_due(&self, d: &Deliverable) -> bool {
        self.is_due(d)
            || self.transcript.judged(&d.path) == Some(false)
                && self.known.verdicts(&self.phase.name, &d.path, &self.agent.name).1 < 1
    }
}

/// A document as the arguments of `write_security_review`: its text by heading, without findings.
fn reviewed(path: &str, document: &str) -> serde_json::Value {
    let (mut sections, mut tried) = (serde_json::Map::new(), String::new());
    for part in document.split("\n## ").skip(1) {
        let (heading, text) = part.split_once('\n').unwrap_or((part, ""));
        match heading {
            "Findings" => tried = text.trim().to_owned(),
            heading => drop(sections.insert(heading.to_owned(), text.trim().into())),
        }
    }
    if let Some((_, first)) = sections.iter_mut().next() {
        *first = format!("> {}\n\n{}", compose::MARK, first.as_str().unwrap_or_default()).into();
    }
    let tried = format!("This is a rehearsal: nothing was reviewed.\n\n{tried}");
    json!({ "path": path, "sections": sections, "findings": [], "tried": tried })
}

/// Requirements that a deliverable should trace and does not.
pub(super) fn untraced(
    model: &RehearsalModel,
    phase: &Phase,
    d: &Deliverable,
    text: &str,
    known: &Knowledge,
) -> Vec<String> {
    let template = d.template.as_ref().and_then(|t| model.definition.template(t));
    let traces = template.is_some_and(|t| {
        slots(&t.text).iter().any(|s| s.sources.iter().any(|(n, _)| n == "requirements"))
    });
    if !traces {
        return Vec::new();
    }
    // Elsewhere, a link to the document that lists them is enough.
    let listed = compose::lists(&model.definition, phase, "requirements");
    if listed.is_some_and(|path| path != d.path && text.contains(path)) {
        return Vec::new();
    }
    let missing = known.lines('R').into_iter().filter(|(id, _, source)| {
        !text.contains(&format!("{id}:")) || !text.contains(source.as_str())
    });
    missing.map(|(id, words, source)| format!("{id} is not traced: {words} ({source})")).collect()
}
