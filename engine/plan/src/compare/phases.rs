//! A phase: who works in it, its deliverables, who decides, and its limits.

use std::collections::BTreeSet;
use std::time::Duration;

use cloudcrew_definition::crew::{Approvers, Deliverable, Gate, Phase, Recall, Review, Swarm};
use cloudcrew_definition::syntax::{Depth, HandoffMode, OnExpiry, written};

use super::texts::lines;
use super::{Change, Changes};

pub(super) fn compare(old: &Phase, new: &Phase, found: &mut Vec<Change>) {
    let mut changes = Changes {
        found,
        about: format!("phase {}", new.name),
        file: format!("phases/{}.yaml", new.name),
    };
    swarm(&old.swarm, &new.swarm, &mut changes);
    if let Some(how) = lines(&old.task, &new.task) {
        changes.say("task", format!("the task has changed: {how}"));
    }
    models(old, new, &mut changes);
    deliverables(&old.deliverables, &new.deliverables, &mut changes);
    review(old.review.as_ref(), new.review.as_ref(), &mut changes);
    gate(old.gate.as_ref(), new.gate.as_ref(), &mut changes);
    changes.differ(
        "questions.remind_after",
        old.question_reminder,
        new.question_reminder,
        |_, new| match new {
            Some(every) => {
                format!("the customer is reminded of a question every {}", written(every))
            }
            None => "the customer is no longer reminded of a question".to_owned(),
        },
    );
    changes.differ(
        "questions.linger",
        old.question_linger,
        new.question_linger,
        |_, new| match new {
            Some(time) => format!("the crew waits for an answer for {}", written(time)),
            None => "the crew no longer waits for an answer".to_owned(),
        },
    );
    changes.differ("recall", old.recall, new.recall, |_, new| match new {
        Some(recall) => format!("agents are shown {}", recalled(&recall)),
        None => "agents are no longer shown notes from earlier work".to_owned(),
    });
    super::budgets::differ(&mut changes, "budget", (old.budget, new.budget));
    changes.differ("deliver.max_attempts", old.max_deliveries, new.max_deliveries, |old, new| {
        format!("incomplete work is sent back {}, instead of {}", times(new), times(old))
    });
    changes.differ(
        "retry.max_attempts",
        old.retry.max_attempts,
        new.retry.max_attempts,
        |old, new| {
            format!(
                "the crew restarts {} after a limit or a failure, instead of {}",
                times(new),
                times(old)
            )
        },
    );
    changes.differ(
        "retry.timeout_factor",
        old.retry.timeout_factor,
        new.retry.timeout_factor,
        |old, new| {
            format!(
                "each restart has {new} times the time of the one before, instead of {old} times"
            )
        },
    );
    changes.differ("restart.max_attempts", old.max_restarts, new.max_restarts, |old, new| {
        format!("a process may die {} at one step, instead of {}", times(new), times(old))
    });
}

/// What a new phase asks of the crew and of people.
pub(super) fn introduce(new: &Phase, found: &mut Vec<Change>) {
    let mut changes = Changes {
        found,
        about: format!("phase {}", new.name),
        file: format!("phases/{}.yaml", new.name),
    };
    let swarm = &new.swarm;
    let others: Vec<&str> =
        swarm.agents.iter().map(String::as_str).filter(|name| *name != swarm.entry).collect();
    let entry = &swarm.entry;
    changes.say(
        "swarm.agents",
        match others.as_slice() {
            [] => {
                format!("`{entry}` works alone, for at most {}", written(swarm.execution_timeout))
            }
            _ => format!(
                "`{entry}` starts and works with {}, for at most {}",
                others.join(", "),
                written(swarm.execution_timeout)
            ),
        },
    );
    for one in &new.deliverables {
        changes.say(
            "deliverables",
            match one.reviewers.as_slice() {
                [] => format!("`{}` is written by {}", one.path, one.owner),
                of => format!(
                    "`{}` is written by {} and passed by {}",
                    one.path,
                    one.owner,
                    of.join(", ")
                ),
            },
        );
    }
    models(&Phase { models: Default::default(), ..new.clone() }, new, &mut changes);
    review(None, new.review.as_ref(), &mut changes);
    if new.gate.is_none() {
        changes.say("gate", "nobody is asked; the next phase follows directly");
    }
    gate(None, new.gate.as_ref(), &mut changes);
}

/// A gate where there was none.
fn opens(new: &Gate, changes: &mut Changes<'_>) {
    changes.say("gate", "the customer is asked to approve");
    let revise = format!("the customer may request changes {}", times(new.max_revisions));
    changes.say("gate.max_revisions", revise);
    if !new.revise_to.is_empty() {
        let to = new.revise_to.join(", ");
        changes.say("gate.revise_to", format!("the customer may return the work to {to}"));
    }
    if let Some(time) = new.expires_after {
        let ends = format!("the wait for the customer ends after {}", written(time));
        changes.say("gate.expires_after", ends);
        changes.say("gate.on_expiry", on_expiry(new.on_expiry));
    }
    if new.approvers.is_some() {
        let who = approvers(new.approvers.as_ref());
        changes.say("gate.approvers", format!("{who} must approve"));
    }
}

/// Models that a phase sets for its agents.
fn models(old: &Phase, new: &Phase, changes: &mut Changes<'_>) {
    let agents: BTreeSet<&String> = old.models.keys().chain(new.models.keys()).collect();
    for agent in agents {
        let key = format!("models.{agent}");
        changes.differ(&key, old.models.get(agent), new.models.get(agent), |_, new| match new {
            Some(model) => format!("{agent} uses model `{model}` here"),
            None => format!("{agent} uses its own model here"),
        });
    }
}

/// What a phase recalls: `2 lessons, 3 preferences and 4 summaries at most, in 1500 tokens`.
pub fn recalled(recall: &Recall) -> String {
    let one = |number: u32, one: &str, more: &str| match number {
        0 => None,
        1 => Some(format!("1 {one}")),
        number => Some(format!("{number} {more}")),
    };
    let parts = [
        one(recall.lessons, "lesson", "lessons"),
        one(recall.preferences, "preference", "preferences"),
        one(recall.summaries, "summary", "summaries"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let parts = match parts.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        parts => parts.concat(),
    };
    format!("at most {parts} from earlier work, within {} tokens", recall.tokens)
}

fn times(number: u32) -> String {
    match number {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        n => format!("{n} times"),
    }
}

fn swarm(old: &Swarm, new: &Swarm, changes: &mut Changes<'_>) {
    changes.lists("swarm.agents", &old.agents, &new.agents, "new members:", "removed members:");
    changes.differ("swarm.entry", &old.entry, &new.entry, |old, new| {
        format!("`{new}` starts instead of `{old}`")
    });
    let numbers: [(&str, u32, u32, &str); 6] = [
        ("max_handoffs", old.max_handoffs, new.max_handoffs, "visits until the crew must be done"),
        ("max_iterations", old.max_iterations, new.max_iterations, "visits in total"),
        ("max_turns", old.max_turns, new.max_turns, "model replies in one visit"),
        (
            "repetitive_handoff_detection_window",
            old.repetitive_handoff_detection_window,
            new.repetitive_handoff_detection_window,
            "most recent visits are examined for work that goes back and forth",
        ),
        (
            "repetitive_handoff_min_unique_agents",
            old.repetitive_handoff_min_unique_agents,
            new.repetitive_handoff_min_unique_agents,
            "different agents must be among them",
        ),
        (
            "retry.max_attempts",
            old.provider_max_attempts,
            new.provider_max_attempts,
            "provider calls for one reply",
        ),
    ];
    for (key, old, new, what) in numbers {
        changes.differ(&format!("swarm.{key}"), old, new, |old, new| {
            format!("{new} {what}, instead of {old}")
        });
    }
    let durations = [
        ("execution_timeout", old.execution_timeout, new.execution_timeout, "for the crew's work"),
        ("node_timeout", old.node_timeout, new.node_timeout, "for one visit"),
        (
            "retry.initial_delay",
            old.provider_initial_delay,
            new.provider_initial_delay,
            "before a provider call is repeated",
        ),
        (
            "retry.max_delay",
            old.provider_max_delay,
            new.provider_max_delay,
            "at most between provider calls",
        ),
    ];
    for (key, old, new, what) in durations {
        changes.differ(&format!("swarm.{key}"), old, new, |old, new| {
            format!("{} {what}, instead of {}", written(new), written(old))
        });
    }
    changes.differ("swarm.token_budget", old.token_budget, new.token_budget, |old, new| {
        match (old, new) {
            (_, None) => "one swarm may use any number of tokens".to_owned(),
            (None, Some(new)) => {
                format!("one swarm may use at most {new} tokens instead of any number")
            }
            (Some(old), Some(new)) => {
                format!("one swarm may use at most {new} tokens instead of {old}")
            }
        }
    });
    changes.differ("swarm.handoff", old.handoff, new.handoff, |_, new| match new {
        HandoffMode::Immediate => "an agent's visit ends at its handoff".to_owned(),
        HandoffMode::Continue => {
            "an agent continues after its handoff until its visit ends".to_owned()
        }
    });
}

fn deliverables(old: &[Deliverable], new: &[Deliverable], changes: &mut Changes<'_>) {
    let paths = |all: &[Deliverable]| all.iter().map(|d| d.path.clone()).collect::<Vec<_>>();
    changes.lists(
        "deliverables",
        &paths(old),
        &paths(new),
        "new deliverables:",
        "removed deliverables:",
    );
    for after in new {
        let Some(before) = old.iter().find(|d| d.path == after.path) else { continue };
        let path = &after.path;
        changes.differ("deliverables", &before.owner, &after.owner, |old, new| {
            format!("`{path}` is written by {new} instead of {old}")
        });
        changes.differ("deliverables", &before.template, &after.template, |_, new| match new {
            Some(template) => format!("`{path}` follows the template `{template}`"),
            None => format!("`{path}` no longer follows a template"),
        });
        let (came, went) = (
            format!("`{path}` must also be passed by"),
            format!("`{path}` no longer has to be passed by"),
        );
        changes.lists("deliverables", &before.reviewers, &after.reviewers, &came, &went);
    }
}

fn review(old: Option<&Review>, new: Option<&Review>, changes: &mut Changes<'_>) {
    match (old, new) {
        (None, None) => {}
        (Some(old), None) => {
            changes.say("review", format!("{} no longer reviews the work", old.agent))
        }
        (None, Some(new)) => changes.say("review", format!("{} reviews the work", new.agent)),
        (Some(old), Some(new)) => {
            changes.differ("review.agent", &old.agent, &new.agent, |old, new| {
                format!("{new} reviews the work instead of {old}")
            });
            changes.differ("review.depth", old.depth, new.depth, |_, new| match new {
                Depth::Light => {
                    "the review no longer reads each deliverable against the statement of work"
                        .to_owned()
                }
                Depth::Full => {
                    "the review also reads each deliverable against the statement of work"
                        .to_owned()
                }
            });
            changes.differ("review.max_reworks", old.max_reworks, new.max_reworks, |old, new| {
                format!(
                    "a review sends the work back at most {}, instead of {}",
                    times(new),
                    times(old)
                )
            });
        }
    }
}

fn gate(old: Option<&Gate>, new: Option<&Gate>, changes: &mut Changes<'_>) {
    let (old, new) = match (old, new) {
        (None, None) => return,
        (Some(_), None) => {
            return changes.say("gate", "the customer is no longer asked to approve");
        }
        (None, Some(new)) => return opens(new, changes),
        (Some(old), Some(new)) => (old, new),
    };
    changes.lists(
        "gate.ratings",
        &old.ratings,
        &new.ratings,
        "the customer may also rate",
        "the customer may no longer rate",
    );
    changes.differ("gate.max_revisions", old.max_revisions, new.max_revisions, |old, new| {
        format!("the customer may request changes {}, instead of {}", times(new), times(old))
    });
    changes.lists(
        "gate.revise_to",
        &old.revise_to,
        &new.revise_to,
        "the customer may also return the work to",
        "the customer may no longer return the work to",
    );
    let every = |time: Option<Duration>| {
        time.map_or_else(|| "never".to_owned(), |t| format!("every {}", written(t)))
    };
    changes.differ("gate.remind_after", old.remind_after, new.remind_after, |old, new| {
        format!("the customer is reminded {}, instead of {}", every(new), every(old))
    });
    let after = |time: Option<Duration>| {
        time.map_or_else(|| "never".to_owned(), |t| format!("after {}", written(t)))
    };
    changes.differ("gate.expires_after", old.expires_after, new.expires_after, |old, new| {
        format!("the wait for the customer ends {}, instead of {}", after(new), after(old))
    });
    if new.expires_after.is_some() {
        changes.differ("gate.on_expiry", old.on_expiry, new.on_expiry, |_, new| on_expiry(new));
    }
    changes.differ(
        "gate.escalate_to",
        old.escalate_to.as_ref(),
        new.escalate_to.as_ref(),
        |_, new| match new {
            Some(group) => format!("after the deadline, {group} decides as well"),
            None => "after the deadline, nobody else is asked".to_owned(),
        },
    );
    changes.differ("gate.approvers", old.approvers.as_ref(), new.approvers.as_ref(), |old, new| {
        format!("{} must approve, instead of {}", approvers(new), approvers(old))
    });
}

fn on_expiry(on: OnExpiry) -> String {
    match on {
        OnExpiry::Stop => "if nobody decides in time, the engagement ends".to_owned(),
        OnExpiry::Approve => "if nobody decides in time, it counts as approved".to_owned(),
        OnExpiry::Escalate => "if nobody decides in time, others are asked".to_owned(),
    }
}

/// The people who must approve, for display.
fn approvers(approvers: Option<&Approvers>) -> String {
    let Some(Approvers { groups, quorum, not_own }) = approvers else {
        return "one person".to_owned();
    };
    let people = if *quorum == 1 { "one person".to_owned() } else { format!("{quorum} people") };
    let of = if groups.is_empty() { String::new() } else { format!(" of {}", groups.join(", ")) };
    let but = if *not_own { " who did not start it" } else { "" };
    format!("{people}{of}{but}")
}
