//! The system prompt of a visit, from the definitions and the current state.

use cloudcrew_definition::crew::Agent;
use cloudcrew_definition::shown::{inset, row};
use cloudcrew_ports::ledger::{LedgerKind, LedgerRow};
use cloudcrew_ports::model::Purpose;
use cloudcrew_tools::ANSWER_REMARK;
use serde_json::json;

use super::{HostError, SwarmHost, failed};
use crate::engagement::context::{deliverable, variables};
use crate::engagement::event::{RemarkRecord, Why};
use crate::engagement::state::Remark;
use crate::prompt::{Part, render};
use crate::swarm::{Stop, Swarm};

/// The instruction for a template.
const FILL_IN: &str = "Fill in this template; keep every heading and replace every `fill` comment:";
/// The instruction for remarks.
const REMARKS: &str = "# Remarks of the customer on your files\n\nChange what they ask for where \
                       it is right, then call answer_remark for each of them.";
/// Maximum number of lines about the previous swarm.
const MAX_EARLIER_LINES: usize = 100;

impl SwarmHost<'_> {
    pub(super) async fn agent(&self, name: &str) -> Result<Agent, Stop<HostError>> {
        let agent = self.driver.look(|e| Some(self.phase.cast(e.definition.agent(name)?))).await;
        match agent {
            Some(agent) => Ok(agent),
            None => Err(failed(self.driver.damaged(format!("no agent `{name}`")).await)),
        }
    }

    /// The system prompt's parts.
    pub(super) async fn parts(
        &self,
        agent: &Agent,
        swarm: &Swarm,
    ) -> Result<Vec<Part>, Stop<HostError>> {
        let rows = self.driver.ledger_rows().await.map_err(failed)?;
        let mut values = self.driver.look(|e| variables(e, self.phase)).await;
        values["agent"] = json!({ "name": agent.name, "description": agent.description });
        let prompt = match render(&agent.prompt, &values) {
            Ok(prompt) => prompt,
            Err(why) => {
                let key = format!("agents.yaml agents.{}.prompt", agent.name);
                return Err(self.unrendered(&format!("prompt of `{}`", agent.name), key, &why));
            }
        };
        let mut owed = String::new();
        for (path, description, template, variable) in self.owed(agent) {
            owed.push_str(&format!("## {path}\n\n{description}\n\n"));
            let Some(name) = template else { continue };
            let Some(text) = self.driver.template(&name).await else { continue };
            values["deliverable"] = variable;
            match render(&text, &values) {
                Ok(text) => owed
                    .push_str(&format!("{FILL_IN}\n\n~~~markdown\n{}\n~~~\n\n", text.trim_end())),
                Err(why) => {
                    let key = format!("templates/{name}.md");
                    return Err(self.unrendered(&format!("template `{name}`"), key, &why));
                }
            }
        }
        let owed =
            if owed.is_empty() { owed } else { format!("# What you owe in this phase\n\n{owed}") };
        Ok(vec![
            Part { source: "prompt", text: prompt },
            Part {
                source: "phase",
                text: format!("# Phase: {}\n\n{}", self.phase.name, self.phase.description),
            },
            Part { source: "templates", text: owed },
            Part { source: "earlier", text: self.earlier().await },
            Part { source: "ledger", text: digest(&rows) },
            Part { source: "remarks", text: self.remarks(agent, swarm).await },
        ])
    }

    /// Remarks of the customer that the agent must answer.
    async fn remarks(&self, agent: &Agent, swarm: &Swarm) -> String {
        let member = swarm.spec().members.iter().find(|member| member.name == agent.name);
        // One that was made since the swarm began waits for the next.
        if !member.is_some_and(|member| member.tools.iter().any(|tool| tool == ANSWER_REMARK)) {
            return String::new();
        }
        let line = |remark: &Remark| {
            let RemarkRecord { id, path, quote, words, .. } = &remark.record;
            format!("- {id} on {} \"{}\": {}\n", row(path), row(quote), inset(words, "  "))
        };
        let lines = self.driver.look(|e| {
            e.state.remarks_for(&agent.name).take(MAX_EARLIER_LINES).map(line).collect::<String>()
        });
        let lines = lines.await;
        if lines.is_empty() { lines } else { format!("{REMARKS}\n\n{lines}") }
    }

    /// For a restarted swarm, how the previous one ended: why, what is missing, and what is already
    /// written.
    pub(super) async fn earlier(&self) -> String {
        if self.purpose == Purpose::Review {
            return String::new();
        }
        let earlier = self.driver.look(|e| {
            let progress = e.state.progress(&self.phase.name);
            let why = progress.earlier?;
            let mut text = format!(
                "# What happened before\n\nThis phase was worked on before, and that did \
                    not end well: {}\n",
                row(&why)
            );
            if !progress.findings.is_empty() {
                text.push_str("\nWhat was found missing or wrong:\n");
                progress.findings.iter().take(MAX_EARLIER_LINES).for_each(|f| {
                    text.push_str(&format!(
                        "- \
                    {}\n",
                        row(&f.text)
                    ))
                });
            }
            let files = e.state.artifacts.iter().filter(|(_, a)| a.phase == self.phase.name);
            let files: Vec<String> = files
                .take(MAX_EARLIER_LINES)
                .map(|(path, a)| {
                    format!(
                        "- {} \
                ({})\n",
                        row(path),
                        a.owner
                    )
                })
                .collect();
            text.push_str(if files.is_empty() {
                "\nNothing was written yet.\n"
            } else {
                "\nThese \
                files are there already:\n"
            });
            text.push_str(&files.concat());
            Some(text)
        });
        earlier.await.unwrap_or_default()
    }

    /// What an agent must write here: path, description, template, and the template's
    /// `deliverable`.
    pub(super) fn owed(
        &self,
        agent: &Agent,
    ) -> Vec<(String, String, Option<String>, serde_json::Value)> {
        if self.purpose == Purpose::Work {
            let mine = self.phase.deliverables.iter().filter(|d| d.owner == agent.name);
            return mine
                .map(|d| {
                    (d.path.clone(), d.description.clone(), d.template.clone(), deliverable(d))
                })
                .collect();
        }
        let path = format!("docs/phase-summaries/{}.md", self.phase.name);
        let variable = json!({ "path": path, "owner": agent.name, "reviewers": [],
            "template": "phase_summary", "description": "", "title": self.phase.name });
        vec![(
            path,
            "What the customer reads first.".to_owned(),
            Some("phase_summary".to_owned()),
            variable,
        )]
    }

    /// The error for a text that cannot be rendered. It is pinned, so trying again would not help.
    pub(super) fn unrendered(&self, what: &str, key: String, why: &str) -> Stop<HostError> {
        let text = format!("the {what} cannot be rendered: {why} [{key}]");
        Stop::Failed(HostError::Unrendered(Why { text, key }))
    }
}

/// The ledger in its shortest form, for a prompt.
pub(in crate::engagement) fn digest(rows: &[LedgerRow]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let shown = rows.iter().rev().take(80).rev().map(|r| {
        let kind = match r.kind {
            LedgerKind::Fact => "fact",
            LedgerKind::Assumption => "assumption",
            LedgerKind::Decision => "decision",
            LedgerKind::Blocker => "blocker",
            LedgerKind::Deliverable => "deliverable",
            LedgerKind::Review => "review",
            LedgerKind::Feedback => "feedback",
            LedgerKind::Answer => "answer",
        };
        // A title of several lines would look like several entries.
        format!("- {kind} ({}, {}): {}", row(&r.phase), row(&r.author), row(&r.title))
    });
    format!("# Ledger\n\n{}", shown.collect::<Vec<_>>().join("\n"))
}
