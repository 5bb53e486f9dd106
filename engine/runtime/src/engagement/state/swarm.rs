//! The current swarm.

use std::time::Duration;

use cloudcrew_plan::Counter;
use cloudcrew_ports::model::{Purpose, ToolUse};

use super::{Shown, State};
use crate::engagement::event::{Finding, VerdictRecord};
use crate::engagement::meter::Charge;
use crate::swarm::{Input, Swarm, SwarmSpec};

/// The system prompt of a visit.
#[derive(Debug, Clone)]
pub struct VisitPrompt {
    /// Number of the visit.
    pub visit: u32,
    /// Blob that holds the prompt.
    pub blob: String,
    /// See [`Event::VisitOpened`].
    pub steady: usize,
}

/// The current swarm.
#[derive(Debug)]
pub struct SwarmRun {
    /// Its id: `discovery.1`, `discovery.1.review`.
    pub id: String,
    /// Whether it works or reviews.
    pub purpose: Purpose,
    /// Names of its agents.
    pub members: Vec<String>,
    /// The machine; absent while a driver runs it.
    pub machine: Option<Swarm>,
    /// The system prompt of the current visit.
    pub system: Option<VisitPrompt>,
    /// Problems that the engine found before a review.
    pub findings: Vec<Finding>,
    /// The reviewer's verdict on the phase.
    pub verdict: Option<VerdictRecord>,
    /// Agents of the visits, in order.
    pub visits: Vec<String>,
    /// What the current visit was shown.
    pub shown: Shown,
    /// How often the conversation of the current visit was shortened.
    pub trims: usize,
    /// Keys of the tool calls of the last turn that had any.
    pub called: Vec<String>,
    /// Calls of the last reply that the machine refused, with the reason, while a driver runs it.
    /// Only for observers; not in the journal.
    pub refused: Vec<(ToolUse, String)>,
}

impl SwarmRun {
    /// Why the machine refused a call of its last reply; `None` when it did not.
    pub fn refusal(&self, call: &ToolUse) -> Option<String> {
        let refused = match &self.machine {
            Some(machine) => machine.refused(std::slice::from_ref(call)),
            None => self.refused.clone(),
        };
        refused.into_iter().find(|(refused, _)| refused == call).map(|(_, why)| why)
    }
}

/// Whether an input is the outcome of a model call.
pub(super) fn ends_call(input: &Input) -> bool {
    matches!(input, Input::Reply(_) | Input::Fault { .. } | Input::TimedOut { .. })
}

impl State {
    /// Starts a swarm.
    pub(super) fn swarm_began(
        &mut self,
        id: &str,
        purpose: Purpose,
        spec: &SwarmSpec,
        findings: &[Finding],
    ) {
        if let (Purpose::Work, Some(phase)) = (purpose, self.phase().map(str::to_owned)) {
            self.phases.entry(phase).or_default().swarms += 1;
        }
        self.swarm = Some(SwarmRun {
            id: id.to_owned(),
            purpose,
            members: spec.members.iter().map(|member| member.name.clone()).collect(),
            machine: Some(Swarm::new(spec.clone())),
            system: None,
            findings: findings.to_vec(),
            verdict: None,
            visits: Vec::new(),
            shown: Shown::default(),
            trims: 0,
            called: Vec::new(),
            refused: Vec::new(),
        });
    }

    /// Opens a visit, or replaces the prompt of the current one.
    pub(super) fn visit_opened(&mut self, prompt: VisitPrompt, agent: &str) {
        let phase = self.phase().map(str::to_owned);
        let Some(run) = self.swarm.as_mut() else { return };
        if run.system.as_ref().map(|prompt| prompt.visit) != Some(prompt.visit) {
            run.visits.push(agent.to_owned());
            run.shown = Shown::default();
            run.trims = 0;
            if let (Some(phase), Purpose::Work) = (phase, run.purpose) {
                let progress = self.phases.entry(phase.clone()).or_default();
                if let (Some(from), true) = (progress.visits.last(), prompt.visit > 1) {
                    self.handoffs.push((phase, from.clone(), agent.to_owned()));
                }
                if prompt.visit <= 1 {
                    progress.starts.push(progress.visits.len());
                }
                progress.visits.push(agent.to_owned());
            }
        }
        run.system = Some(prompt);
    }

    /// Settles the cost of a reply.
    pub(super) fn settled(&mut self, input: &Input, charge: Option<Charge>) {
        if ends_call(input) && self.meter.open_step().is_some() {
            self.meter.settle(charge);
            if let (Some(run), Some(charge)) = (&self.swarm, charge) {
                self.meter.note_context(&run.id, &run.visits, charge.usage);
            }
        }
    }

    /// Passes an input to the swarm.
    ///
    /// # Errors
    /// When its machine does not accept it; nothing is changed then.
    pub(super) fn swarm_input(&mut self, input: &Input, elapsed: Duration) -> Result<(), String> {
        let phase = self.phase().unwrap_or_default().to_owned();
        // While a driver runs the machine, the driver passes inputs to it.
        if let Some(machine) = self.swarm.as_mut().and_then(|run| run.machine.as_mut())
            && let Err(why) = machine.accept(input.clone(), elapsed)
        {
            return Err(why.to_string());
        }
        match input {
            Input::VisitOpened { notes } => self.shown(notes),
            Input::Noted { note } => self.shown(std::slice::from_ref(note)),
            _ => {}
        }
        self.intended = None;
        self.counters.reset(&phase, Counter::Restarts);
        Ok(())
    }

    pub(super) fn verdict(&mut self, verdict: VerdictRecord) {
        let phase = self.phase().unwrap_or_default().to_owned();
        match (&verdict.path, self.swarm.as_mut()) {
            (Some(path), _) => {
                let key = (path.clone(), verdict.reviewer.clone());
                self.phases.entry(phase).or_default().verdicts.insert(key, verdict);
            }
            (None, Some(run)) => run.verdict = Some(verdict),
            (None, None) => {}
        }
    }
}
