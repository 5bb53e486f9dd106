//! A phase's work: creates its swarm, drives it until it rests, and passes the outcome to the plan.

use cloudcrew_definition::crew::Phase;
use cloudcrew_definition::path::RepoPath;
use cloudcrew_plan::{Counter, Outcome};

use super::swarm::{ASKS_AGAIN, SwarmEnd, away, failed, limits, member, retry};
use crate::engagement::context::variables;
use crate::engagement::drive::Rest;
use crate::engagement::driver::Driver;
use crate::engagement::error::EngagementError;
use crate::engagement::event::{Event, Why};
use crate::engagement::load::Engagement;
use crate::engagement::state::CARRIED;
use crate::prompt::render;
use crate::swarm::{Status, SwarmSpec};
use cloudcrew_ports::ledger::{LedgerKind, LedgerRow};
use cloudcrew_ports::model::Purpose;
use cloudcrew_sow::{Item, SectionKind};
use cloudcrew_tools::Toolbox;

/// Maximum number of rows that an engagement takes from an earlier one; the newest count.
const MAX_CARRIED: usize = 1000;

impl Driver {
    /// Runs the swarm of the current phase.
    pub(in crate::engagement) async fn work(&self) -> Result<Option<Rest>, EngagementError> {
        let Some(phase) = self.phase().await else {
            return Err(self.damaged("a swarm state has no phase".into()).await);
        };
        self.commit_sow().await?;
        self.carry_ledger().await?;
        self.seed_ledger(&phase).await?;
        if self.look(|e| e.state.swarm.is_none()).await {
            let spec = match self.look(|e| work_spec(e, &self.ports.tools, &phase)).await {
                Ok(spec) => spec,
                Err(text) => {
                    let key = format!("phases/{}.yaml task", phase.name);
                    self.go_because(Outcome::Failed, Some(Why { text, key })).await?;
                    return Ok(None);
                }
            };
            let number = self.look(|e| e.state.progress(&phase.name).swarms + 1).await;
            let swarm = format!("{}.{number}", phase.name);
            let event = Event::SwarmBegan {
                swarm,
                purpose: Purpose::Work,
                spec: Box::new(spec),
                findings: Vec::new(),
            };
            self.append(vec![event]).await?;
        }
        let Some((status, reason)) = self.run_swarm(&phase).await? else {
            return Ok(Some(Rest::Stopped));
        };
        match status {
            SwarmEnd::Rests(Status::Completed) => self.finish(&phase).await?,
            SwarmEnd::Rests(Status::Interrupted) => self.go(Outcome::Asked).await?,
            SwarmEnd::Rests(Status::Cancelled) => self.go(Outcome::Cancelled).await?,
            SwarmEnd::Rests(status) if away(status, reason.as_ref()) => {
                self.go(Outcome::Parked).await?;
                self.append(vec![self.parked_until(status, reason.as_ref()).await]).await?;
            }
            SwarmEnd::Rests(_) => {
                let (outcome, why) = failed(&phase, reason.as_ref());
                self.go_because(outcome, Some(why)).await?;
            }
            SwarmEnd::Exhausted(why, asks) => self.exhausted(why, asks).await?,
            SwarmEnd::Unrendered(why) => self.stop_unrendered(why).await?,
        }
        Ok(None)
    }

    /// After a swarm has completed, checks the phase's deliverables, whatever the agents say.
    async fn finish(&self, phase: &Phase) -> Result<(), EngagementError> {
        // Plans of older versions leave this check to the review.
        let checks = self.look(|e| {
            let plan = e.state.plan();
            plan.state(&e.state.at)
                .is_some_and(|state| state.on.iter().any(|way| way.on == Outcome::Incomplete))
        });
        if !checks.await {
            return self.go(Outcome::Finished).await;
        }
        let findings = self.check_deliverables(phase).await?;
        let earlier = self.look(|e| e.state.progress(&phase.name).findings).await;
        let first = findings.first().cloned();
        // Findings of a review are kept until the next review.
        let cleared = findings.is_empty() && (earlier.is_empty() || phase.review.is_some());
        if findings != earlier && !cleared {
            self.append(vec![Event::Checked {
                phase: phase.name.clone(),
                findings: findings.clone(),
            }])
            .await?;
        }
        let Some(first) = first else { return self.go(Outcome::Finished).await };
        let more = if findings.len() > 1 {
            format!(" and {} more", findings.len() - 1)
        } else {
            String::new()
        };
        let text = format!("{} is incomplete: {}{more} [{}]", phase.name, first.text, first.key);
        self.go_because(Outcome::Incomplete, Some(Why { text, key: first.key })).await
    }

    /// Adds what the crew of the earlier engagement knew to the ledger of one that continues it.
    async fn carry_ledger(&self) -> Result<(), EngagementError> {
        let (after, began) = self
            .look(|e| {
                let began = e.state.phases.values().any(|progress| progress.swarms > 0);
                (e.state.started.after.clone(), began)
            })
            .await;
        let Some(after) = after.filter(|_| !began) else { return Ok(()) };
        let known = [
            LedgerKind::Fact,
            LedgerKind::Assumption,
            LedgerKind::Decision,
            LedgerKind::Blocker,
            LedgerKind::Answer,
        ];
        let rows = self.ports.ledger.rows(&after.project).await?;
        let is_open = |row: &LedgerRow| !after.settled.contains(&row.id);
        let carried = rows.into_iter().filter(|row| known.contains(&row.kind) && is_open(row));
        let mut carried: Vec<LedgerRow> = carried
            .map(|row| LedgerRow {
                id: format!("{CARRIED}{}", row.id),
                // Not a phase of this engagement, whatever its name: nothing is accepted twice.
                phase: format!("{}/{}", after.project, row.phase),
                source: match row.source.as_str() {
                    "" => after.project.clone(),
                    source => format!("{}: {source}", after.project),
                },
                ..row
            })
            .collect();
        let surplus = carried.len().saturating_sub(MAX_CARRIED);
        carried.drain(..surplus);
        self.record_rows(&carried).await
    }

    /// Adds the items of the statement of work to the ledger when an engagement starts at a later
    /// phase.
    async fn seed_ledger(&self, phase: &Phase) -> Result<(), EngagementError> {
        let (later, started, items) = self
            .look(|e| {
                let later =
                    e.state.first.as_ref().is_some_and(|first| *first != e.state.plan().start);
                let items: Vec<Item> =
                    SectionKind::ALL.iter().flat_map(|kind| e.sow.items(*kind)).cloned().collect();
                (later, e.state.phases.values().any(|progress| progress.swarms > 0), items)
            })
            .await;
        if !later || started {
            return Ok(());
        }
        let row = |item: Item| LedgerRow {
            id: format!("start.sow.{}", item.id),
            phase: phase.name.clone(),
            author: "engine".to_owned(),
            kind: LedgerKind::Fact,
            title: format!("{}: {}", item.id, item.text),
            body: String::new(),
            source: item.source,
        };
        self.record_rows(&items.into_iter().map(row).collect::<Vec<_>>()).await
    }

    /// Commits the statement of work first, so that agents and customer read the same text.
    async fn commit_sow(&self) -> Result<(), EngagementError> {
        const STEP: &str = "start.sow";
        if self.look(|e| e.state.commits.contains_key(STEP)).await {
            return Ok(());
        }
        let (name, text) =
            self.look(|e| (e.state.started.sow_file.clone(), e.sow_text.as_bytes().to_vec())).await;
        for path in [format!("docs/sow/{name}"), "docs/sow/statement-of-work.md".to_owned()] {
            let Ok(path) = RepoPath::parse(&path) else { continue };
            let files = vec![(path, text.clone())];
            if self.commit(STEP, "engine", files, "Add the statement of work").await?.is_ok() {
                return Ok(());
            }
        }
        Err(EngagementError::World(
            "the statement of work cannot be written to the repository".into(),
        ))
    }
}

fn work_spec(engagement: &Engagement, tools: &Toolbox, phase: &Phase) -> Result<SwarmSpec, String> {
    let state = &engagement.state;
    let mut values = variables(engagement, phase);
    let owner = engagement.definition.agent(&phase.swarm.entry);
    values["agent"] = serde_json::json!({ "name": phase.swarm.entry,
        "description": owner.map(|a| a.description.as_str()).unwrap_or_default() });
    let task = render(&phase.task, &values)
        .map_err(|why| format!("the task of `{}` cannot be rendered: {why}", phase.name))?;
    let retries = state.counters.get(&phase.name, Counter::Retries);
    let factor = phase.retry.timeout_factor.powi(i32::try_from(retries).unwrap_or(i32::MAX));
    let grown = |time: std::time::Duration| {
        std::time::Duration::from_millis((time.as_millis() as f64 * factor).min(1e13) as u64)
    };
    let mut limits = limits(phase);
    limits.execution_timeout = grown(limits.execution_timeout);
    limits.node_timeout = grown(limits.node_timeout);
    let members = phase
        .swarm
        .agents
        .iter()
        .filter_map(|name| member(engagement, tools, phase, name, Purpose::Work))
        .collect();
    Ok(SwarmSpec {
        task,
        entry: phase.swarm.entry.clone(),
        members,
        limits,
        handoff: phase.swarm.handoff,
        retry: retry(phase),
        handoffs: true,
        entry_hands_off: false,
        asks_again: ASKS_AGAIN,
    })
}
