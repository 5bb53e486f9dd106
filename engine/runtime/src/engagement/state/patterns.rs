//! What the crew did with patterns.

use cloudcrew_tools::PatternAct;

use super::State;
use crate::swarm::Input;

/// A use of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedPattern {
    /// Its name.
    pub name: String,
    /// Digest of its files.
    pub digest: String,
    /// Key of the step.
    pub step: String,
    /// The phase.
    pub phase: String,
    /// The agent.
    pub by: String,
    /// The files that were written.
    pub paths: Vec<String>,
    /// When, milliseconds since 1970 UTC.
    pub at: i64,
}

impl State {
    /// Applies what a call did with a pattern.
    pub(super) fn pattern_act(&mut self, act: &PatternAct, input: &Input, at: i64) {
        let phase = self.phase().unwrap_or_default().to_owned();
        let Some(run) = &self.swarm else { return };
        let by = run.visits.last().cloned().unwrap_or_default();
        let index = match input {
            Input::ToolResult { index, .. } => *index,
            _ => 0,
        };
        // The turn's calls, by their place.
        let ends = format!(".c{index}");
        let step = run.called.iter().find(|step| step.ends_with(&ends)).cloned();
        let step = step.unwrap_or_else(|| format!("{}.v{}{ends}", run.id, run.visits.len()));
        match act {
            PatternAct::Used { name, digest, paths } => self.patterns.push(UsedPattern {
                name: name.clone(),
                digest: digest.clone(),
                step,
                phase,
                by,
                paths: paths.clone(),
                at,
            }),
            PatternAct::Contributed { digest, .. } => {
                self.contributed.insert(digest.clone());
            }
            PatternAct::Promoted { digest, .. } => {
                self.promoted.push((step, digest.clone(), by, at));
            }
        }
    }
}
