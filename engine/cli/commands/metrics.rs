//! `metrics`: metrics across engagements.

use std::collections::BTreeMap;

use cloudcrew_definition::shown::row;
use cloudcrew_runtime::metrics::{Month, Summary, months, summaries, summary};
use cloudcrew_views::analytics::{
    AdviceDocument, Comparison, CostDocument, Mean, Share, Side, Trend, advise, compare, costs,
    trend,
};

use super::patterns::patterns;
use crate::args::{Args, Format, Metrics, Patterns};
use crate::exit::{Exit, Failure};
use crate::home;
use crate::out::{document, note, say};
use crate::output::pretty;
use crate::wiring::store::Store;
use crate::words::counted;
use crate::workspace;

pub async fn metrics(args: &Args, verb: &Metrics) -> Result<Exit, Failure> {
    let store = home::existing(&home::path(args)?)?;
    match verb {
        Metrics::Trend(which) => {
            let found = trend(&months(&store).await?, !which.rehearsals);
            match which.format {
                Format::Json => document(&pretty(&found)),
                Format::Human => by_month(&found),
            }
        }
        Metrics::Cost(which) => {
            let found = costs(&months(&store).await?, !which.rehearsals);
            match which.format {
                Format::Json => document(&pretty(&found)),
                Format::Human => by_line(&found),
            }
        }
        Metrics::Patterns { format } => {
            return patterns(args, &Patterns::List { format: *format }).await;
        }
        Metrics::Compare { a, b, workflow, rehearsals, format } => {
            let only = |month: Month| month.only(!rehearsals, workflow.as_deref());
            let groups = [group(&store, a, &only).await?, group(&store, b, &only).await?];
            let order = phases(args, workflow.as_deref());
            let found = compare([a, b], [&groups[0], &groups[1]], &order);
            match format {
                Format::Json => document(&pretty(&found)),
                Format::Human => beside(&found),
            }
            if found.not_comparable.is_some() {
                return Ok(Exit::Failed);
            }
        }
        Metrics::Advise { workflow, format } => {
            let root = workspace::find(args)?;
            let definition = workspace::definition(&root)?;
            let name = workspace::workflow(&definition, workflow.as_deref())?;
            let found = advise(&months(&store).await?, &definition, &name);
            let found = found.ok_or_else(|| Failure::usage(format!("no workflow `{name}`")))?;
            match format {
                Format::Json => document(&pretty(&found)),
                Format::Human => advice(&found),
            }
        }
    }
    Ok(Exit::Done)
}

/// The order of phases in a workflow of the workspace; empty where there is none.
fn phases(args: &Args, workflow: Option<&str>) -> Vec<String> {
    let found = workspace::find(args);
    let Ok(definition) = found.and_then(|root| workspace::definition(&root)) else {
        return Vec::new();
    };
    let of = definition.workflow(workflow.unwrap_or("delivery"));
    of.or(definition.workflows.first()).map(|of| of.phases.clone()).unwrap_or_default()
}

/// The engagements that a name stands for; of a month or a hash, those that are wanted.
async fn group(
    store: &Store,
    name: &str,
    only: &impl Fn(Month) -> Month,
) -> Result<Month, Failure> {
    if let Some(one) = summary(store, name).await? {
        return Ok(Month::of([&one]));
    }
    let is_month = name.len() == 7
        && name
            .bytes()
            .enumerate()
            .all(|(n, b)| if n == 4 { b == b'-' } else { b.is_ascii_digit() });
    if is_month {
        return Ok(only(months(store).await?.remove(name).unwrap_or_default()));
    }
    let hash = name.len() >= 8 && name.bytes().all(|b| b.is_ascii_hexdigit());
    let all = if hash { summaries(store, None).await? } else { Vec::new() };
    let starts = |summary: &&Summary| summary.definition.starts_with(name);
    if !all.iter().any(|summary| starts(&summary)) {
        return Err(Failure::usage(format!(
            "`{name}` is not an engagement that has ended, a month such as `2026-11`, or the start \
             of a definition hash (8 or more characters); `cloudcrew list` shows the engagements"
        )));
    }
    Ok(only(Month::of(all.iter().filter(starts))))
}

fn by_month(found: &Trend) {
    if found.rows.is_empty() {
        return nothing(found.live);
    }
    for month in &found.rows {
        say!("{} {}", month.month, row(&month.workflow));
        say!("  completed            {}", share(month.completed));
        say!("  approved unchanged   {}", share(month.first_time));
        say!("  changes requested    {} per phase", mean(month.revisions, 2));
        say!("  sent back by review  {} per phase", mean(month.reworks, 2));
        let unpriced = match month.unpriced_calls {
            0 => String::new(),
            calls => format!(", excluding {} whose price is unknown", numbered(calls, "call")),
        };
        say!("  cost                 ${} per engagement{unpriced}", mean(month.usd, 2));
        say!("  tokens               {} per engagement", mean(month.tokens, 0));
        say!("  active time          {} hours per engagement", mean(month.working_hours, 2));
        say!("  waiting for people   {} hours per engagement", mean(month.waiting_hours, 2));
        rated("rated", &month.ratings);
        if !found.live && month.surveyed.count == 0 {
            continue;
        }
        say!("  answered the survey  {}", share(month.surveyed));
        rated("survey", &month.survey);
    }
    if !found.live {
        say!("Rehearsed: tokens and costs are estimates.");
    }
}

fn rated(what: &str, ratings: &BTreeMap<String, Mean>) {
    for (name, rating) in ratings {
        say!("  {what:8} {:11} {} of 5", row(name), mean(Some(*rating), 2));
    }
}

fn by_line(found: &CostDocument) {
    if found.lines.is_empty() {
        return nothing(found.live);
    }
    say!("phase          agent      model       calls      tokens     cost  an engagement");
    for line in &found.lines {
        let unpriced = match line.unpriced_calls {
            0 => String::new(),
            calls => format!("  excluding {} whose price is unknown", numbered(calls, "call")),
        };
        say!(
            "{:14} {:10} {:8} {:>8} {:>11} {:>8.2}  {}{unpriced}",
            row(&line.phase),
            row(&line.agent),
            row(&line.model),
            line.calls,
            line.tokens,
            line.micro_usd as f64 / 1e6,
            mean(line.usd, 2)
        );
    }
    say!("total {:>56.2}", found.micro_usd as f64 / 1e6);
}

fn beside(found: &Comparison) {
    let [a, b] = &found.names;
    let [n, m] = found.engagements;
    say!("{} (n={n}) and {} (n={m})", row(a), row(b));
    if let Some(why) = &found.not_comparable {
        return say!("not comparable: {}", row(why));
    }
    for phase in &found.phases {
        say!("{}", row(&phase.phase));
        let both = |of: &dyn Fn(&Side) -> String| {
            let [a, b] = [0, 1].map(|n| phase.sides[n].as_ref().map_or_else(|| "-".to_owned(), of));
            format!("{a:>28} {b:>28}")
        };
        say!("  cost                {}", both(&|side| format!("${}", mean(side.usd, 2))));
        say!("  tokens              {}", both(&|side| mean(side.tokens, 0)));
        say!("  active minutes      {}", both(&|side| mean(side.working_minutes, 1)));
        say!("  changes requested   {}", both(&|side| mean(side.revisions, 2)));
        say!("  sent back by review {}", both(&|side| mean(side.reworks, 2)));
        say!("  approved unchanged  {}", both(&|side| share(side.first_time)));
    }
}

fn advice(found: &AdviceDocument) {
    for one in &found.advice {
        say!("{}: {}", one.code, row(&one.text));
        let before = one.before.as_ref().map(|value| format!("- {}: {value}", one.key));
        say!("  {}", one.file);
        if let Some(before) = before {
            say!("  {before}");
        }
        say!("  + {}: {}", one.key, one.after);
        say!("  forecast now    {}", one.forecast_before);
        say!("  with the change {}", one.forecast_after);
    }
    if !found.advice.is_empty() {
        say!("Run `cloudcrew explain CODE` to see what a recommendation is based on.");
    }
    for few in &found.too_few {
        note!(
            "not enough engagements yet: {} (n={}, {} needed)",
            row(&few.what),
            few.there,
            found.minimum
        );
    }
    if found.advice.is_empty() && found.too_few.is_empty() {
        say!("no changes to recommend, based on {}", numbered(found.engagements, "engagement"));
    }
}

fn nothing(live: bool) {
    let (of, hint) = match live {
        true => ("engagement with live models", "; `--rehearsals` counts rehearsals"),
        false => ("rehearsal", ""),
    };
    note!("no {of} has ended yet in a workflow with `metrics` in `finalize`{hint}");
}

/// `3 calls`, `1 call`.
fn numbered(number: u64, what: &str) -> String {
    counted(usize::try_from(number).unwrap_or(usize::MAX), what)
}

/// `18 of 20 (70% to 97%)`.
fn share(share: Share) -> String {
    let Share { count, of, low, high } = share;
    match of {
        0 => "none decided".to_owned(),
        _ => format!("{count} of {of} ({:.0}% to {:.0}%)", low * 100.0, high * 100.0),
    }
}

/// `1.25 (n=8)`.
fn mean(mean: Option<Mean>, digits: usize) -> String {
    match mean {
        None => "-".to_owned(),
        Some(Mean { mean, of }) => format!("{mean:.digits$} (n={of})"),
    }
}
