//! `compare`: what two versions of the definitions did, run by run.

use schemars::JsonSchema;
use serde::Serialize;

/// `compare`: what two versions of the definitions did.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ComparisonDocument {
    /// Always 1.
    pub version: u32,
    /// The workflow.
    pub workflow: String,
    /// The phase, if only one was run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// Whether live models replied.
    pub live: bool,
    /// The version that the workspace is compared with.
    pub before: Sample,
    /// The workspace.
    pub now: Sample,
    /// Why there are fewer runs than asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

/// The runs of one version.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Sample {
    /// Its name.
    pub name: String,
    /// What happened in each run.
    pub runs: Vec<Trial>,
}

/// A run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Trial {
    /// How it ended: `completed`, `failed`, `budget exhausted`, `asked a question`, ...
    pub outcome: String,
    /// Problems that reviews found.
    pub findings: u32,
    /// Deliverables that a reviewer did not pass.
    pub rejected: u32,
    /// Deliverables that a reviewer passed.
    pub passed: u32,
    /// How often a phase went back to its swarm.
    pub sent_back: u32,
    /// Handoffs.
    pub handoffs: u32,
    /// Model replies.
    pub turns: u32,
    /// Tokens read and written.
    pub tokens: u64,
    /// Cost in millionths of a US dollar; absent when a price is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub micro_usd: Option<u64>,
}

impl Sample {
    /// Least, median and greatest of a figure; `None` if some run lacks it. With an even number of
    /// runs, the median is the lower one of the middle.
    pub fn spread(&self, figure: impl Fn(&Trial) -> Option<u64>) -> Option<(u64, u64, u64)> {
        let mut all: Vec<u64> = self.runs.iter().map(figure).collect::<Option<_>>()?;
        all.sort_unstable();
        let middle = all.get(all.len().checked_sub(1)? / 2)?;
        Some((*all.first()?, *middle, *all.last()?))
    }

    /// The outcomes, each with how often it happened, the most frequent first.
    pub fn outcomes(&self) -> Vec<(&str, usize)> {
        let mut outcomes: Vec<(&str, usize)> = Vec::new();
        for run in &self.runs {
            match outcomes.iter_mut().find(|(there, _)| *there == run.outcome) {
                Some((_, count)) => *count += 1,
                None => outcomes.push((&run.outcome, 1)),
            }
        }
        outcomes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        outcomes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_summed_up_by_their_median_and_range() {
        let run = |findings, micro_usd| Trial { findings, micro_usd, ..Trial::default() };
        let runs = vec![run(4, Some(1)), run(1, Some(9)), run(2, None), run(7, Some(3))];
        let sample = Sample { name: String::new(), runs };
        assert_eq!(sample.spread(|run| Some(run.findings.into())), Some((1, 2, 7)));
        assert_eq!(sample.spread(|run| run.micro_usd), None);
        let none = Sample { name: String::new(), runs: Vec::new() };
        assert_eq!(none.spread(|run| Some(run.tokens)), None);
    }
}
