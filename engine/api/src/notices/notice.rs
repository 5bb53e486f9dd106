//! One notification: what happened, in a title and a text.

use cloudcrew_definition::shown::{inset, row};
use cloudcrew_runtime::engagement::{Decision, Event, Request, RequestKind, Unit};
use cloudcrew_views::api::Time;
use serde::Serialize;

/// What a notification is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A gate waits for a decision.
    Gate,
    /// An agent asks a question.
    Question,
    /// A budget is nearly or entirely used.
    Budget,
    /// A request still waits.
    Reminder,
    /// A deadline has passed: another group may decide as well, or the request has expired.
    Escalation,
    /// A phase was approved or has ended.
    Phase,
    /// A message of the customer was answered.
    Message,
    /// The engagement has ended.
    End,
}

/// A notification.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Notice {
    /// Unique: the engagement and the number of the journal entry.
    pub id: String,
    /// What it is about.
    pub kind: Kind,
    /// The engagement.
    pub project: String,
    /// Number of the journal entry.
    pub seq: u64,
    /// When it happened.
    pub at: Time,
    /// One line.
    pub title: String,
    /// What to do, in a few lines.
    pub text: String,
    /// Id of the request that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Until when it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Time>,
    /// Whether the engagement is a rehearsal.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rehearsal: bool,
    /// Groups that may decide; empty when it concerns everyone who has a role.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
}

/// Maximum bytes of a text.
const MOST: usize = 4 * 1024;

impl Notice {
    /// The notification about a journal entry; `None` for most.
    pub fn of(project: &str, seq: u64, at: i64, event: &Event) -> Option<Notice> {
        let (kind, title, text, request) = match event {
            Event::RequestOpened(request) => return Some(Notice::asked(project, seq, at, request)),
            Event::Reminded { request, number } => {
                let title = format!("{request} still waits (reminder {number})");
                (Kind::Reminder, title, String::new(), Some(request))
            }
            Event::Escalated { request } => {
                let title = format!("{request} is overdue: another group may decide as well");
                (Kind::Escalation, title, String::new(), Some(request))
            }
            Event::RequestExpired { request } => {
                let title = format!("{request} was not answered in time");
                (Kind::Escalation, title, String::new(), Some(request))
            }
            Event::BudgetNeared { budget, spent, limit } => {
                let unit = if budget.ends_with(".usd") { Unit::MicroUsd } else { Unit::Tokens };
                let used = format!("{} of {} used", unit.show(*spent), unit.show(*limit));
                (Kind::Budget, used, format!("Budget: {}", row(budget)), None)
            }
            Event::RequestAnswered { request, answer } => {
                let title =
                    format!("{request} {} by {}", answer.decision.name(), row(&answer.actor));
                match &answer.decision {
                    Decision::Answer { .. } => return None,
                    Decision::Approve { .. } => (Kind::Phase, title, String::new(), Some(request)),
                    Decision::Revise { words, to, .. } => {
                        let to = to.as_ref().map(|to| format!(" back to {}", row(to)));
                        let title = format!("{title}{}", to.unwrap_or_default());
                        (Kind::Phase, title, inset(words, ""), Some(request))
                    }
                }
            }
            // With a gate, its answer says it.
            Event::Entered { state, on: Some(on), .. }
                if state.ends_with(".swarm") && ["finished", "passed"].contains(&on.name()) =>
            {
                let phase = state.trim_end_matches(".swarm");
                (Kind::Phase, format!("{phase} begins"), String::new(), None)
            }
            Event::Replied(reply) => {
                let title = match &reply.fault {
                    None => format!("{} has answered", row(&reply.agent)),
                    Some(why) => format!("a message was not answered: {}", row(&why.text)),
                };
                (Kind::Message, title, inset(&reply.words, ""), None)
            }
            Event::Ended(end) => (Kind::End, row(&end.text).into_owned(), String::new(), None),
            _ => return None,
        };
        let mut notice = Notice::new(project, seq, at, kind, title, text);
        notice.request = request.cloned();
        Some(notice)
    }

    fn asked(project: &str, seq: u64, at: i64, request: &Request) -> Notice {
        let (kind, title, text) = match &request.kind {
            RequestKind::Approval { findings, .. } => {
                let files = request.subject.iter().map(|(path, _)| format!("- {}\n", row(path)));
                let mut text: String = files.collect();
                for finding in findings {
                    text.push_str(&format!("Finding: {}\n", row(&finding.text)));
                }
                (Kind::Gate, format!("{} waits for approval", request.phase), text)
            }
            RequestKind::Question { agent, question, form, .. } => {
                let mut text = inset(question, "");
                for (n, choice) in form.choices.iter().enumerate() {
                    text.push_str(&format!("\n{}. {}", n + 1, row(choice)));
                }
                let asker = form.asker(agent);
                (Kind::Question, format!("{} asks a question", row(&asker)), text)
            }
            RequestKind::Budget { budget, .. } => {
                let text = format!("Raise it or stop: {}", row(budget));
                (Kind::Budget, "A budget is used up".to_owned(), text)
            }
        };
        let mut notice = Notice::new(project, seq, at, kind, title, text);
        notice.request = Some(request.id.clone());
        notice.deadline = request.expires.map(Time);
        notice.groups = request.groups().into_iter().map(str::to_owned).collect();
        notice
    }

    fn new(
        project: &str,
        seq: u64,
        at: i64,
        kind: Kind,
        title: String,
        mut text: String,
    ) -> Notice {
        cloudcrew_ports::bounds::cut(&mut text, MOST);
        Notice {
            id: format!("{project}-{seq}"),
            kind,
            project: project.to_owned(),
            seq,
            at: Time(at),
            title: format!("{project}: {title}"),
            text,
            request: None,
            deadline: None,
            rehearsal: false,
            groups: Vec::new(),
        }
    }

    /// Says that the engagement is a rehearsal.
    #[must_use]
    pub fn rehearsed(mut self) -> Notice {
        self.rehearsal = true;
        self.title = format!("(rehearsal) {}", self.title);
        self
    }
}
