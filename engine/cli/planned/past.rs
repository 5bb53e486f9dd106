//! Usage of completed engagements, and open ones that are pinned to another definition.

use std::collections::BTreeMap;

use crate::wiring::store::Store;
use cloudcrew_definition::crew::Definition;
use cloudcrew_plan::compare::compare;
use cloudcrew_plan::forecast::Range;
use cloudcrew_ports::index::{Index, Which};
use cloudcrew_runtime::engagement::{EndReason, Engagement, MeterLine, Record, Standing, open};
use cloudcrew_views::plan::{Past, PastPhase, Pinned};

use crate::args::Args;
use crate::exit::Failure;
use crate::home;
use crate::out::note;

/// Reads the engagements of a workflow from the home, if the home exists.
pub async fn look_back(
    args: &Args,
    workflow: &str,
    definition: &Definition,
    overlay: Option<&str>,
) -> Result<(Past, Vec<Pinned>), Failure> {
    let (mut sums, mut pinned) = (BTreeMap::new(), Vec::new());
    let mut past = Past::default();
    let Some(store) = Store::open_existing(&home::path(args)?)? else { return Ok((past, pinned)) };
    for listing in store.list(Which::All).await? {
        // The index rows tell which journals need reading.
        let standing = listing.row.as_ref().and_then(Standing::read);
        let counts = |standing: &Standing| {
            let ended = standing.end.as_ref().is_none_or(|end| end.kind == EndReason::Completed);
            standing.workflow == workflow && ended
        };
        if standing.is_some_and(|standing| !counts(&standing)) {
            continue;
        }
        let engagement = match open(Record::of(&store), &listing.engagement).await {
            Ok(engagement) => engagement,
            Err(error) => {
                note!("{}: {error}", listing.engagement);
                continue;
            }
        };
        let state = &engagement.state;
        if state.started.workflow != workflow {
            continue;
        }
        match &state.end {
            Some(end) if end.kind == EndReason::Completed => {
                past.engagements += 1;
                take(&engagement, &mut sums);
            }
            None if state.started.overlay.as_deref() != overlay => {}
            None if !compare(&engagement.definition, definition, workflow).is_empty() => pinned
                .push(Pinned {
                    project: engagement.project.clone(),
                    state: state.at.clone(),
                    definition: state.started.definition.clone(),
                }),
            _ => {}
        }
    }
    past.phases = sums.into_values().collect();
    Ok((past, pinned))
}

/// Adds an engagement to the ranges: the total first, then its phases in plan order.
fn take(engagement: &Engagement, sums: &mut BTreeMap<(usize, String), PastPhase>) {
    let meter = &engagement.state.meter;
    add(sums, (0, String::new()), &meter.total());
    for (number, (phase, _)) in engagement.state.plan().entries.iter().enumerate() {
        add(sums, (number + 1, phase.clone()), &meter.of_phase(phase));
    }
}

fn add(sums: &mut BTreeMap<(usize, String), PastPhase>, key: (usize, String), line: &MeterLine) {
    let turns = u64::from(line.calls);
    let tokens = line.usage.counted() + line.uncertain_tokens;
    let money = (line.unpriced == 0).then_some(line.micro_usd);
    let only = |n| Range { low: n, high: n };
    let wider = |range: &mut Range, n: u64| {
        *range = Range { low: range.low.min(n), high: range.high.max(n) }
    };
    match sums.get_mut(&key) {
        None => {
            let phase = PastPhase {
                phase: key.1.clone(),
                turns: only(turns),
                tokens: only(tokens),
                micro_usd: money.map(only),
            };
            sums.insert(key, phase);
        }
        Some(phase) => {
            wider(&mut phase.turns, turns);
            wider(&mut phase.tokens, tokens);
            match (&mut phase.micro_usd, money) {
                (Some(range), Some(money)) => wider(range, money),
                (range, _) => *range = None,
            }
        }
    }
}
