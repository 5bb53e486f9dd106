//! `cost`: token usage and cost.

use cloudcrew_runtime::engagement::{MeterLine, RunMode, VisitContext};
use cloudcrew_runtime::metrics::{Summary, summaries};

use crate::args::{Args, Format};
use crate::exit::{Exit, Failure};
use crate::home;
use crate::out::{document, file, say};
use crate::output::pretty;
use crate::summary::money;
use crate::words::counted;
use cloudcrew_views::cost::{Cost, lines};

pub async fn cost(args: &Args, project: &str, format: Format) -> Result<Exit, Failure> {
    let (_, engagement) = home::engagement(args, project).await?;
    let state = &engagement.state;
    let meter = &state.meter;
    let total = meter.total();
    if format == Format::Json {
        document(&pretty(&Cost::new(&engagement)));
        return Ok(Exit::Done);
    }
    let cached = total.usage.cache_read_tokens > 0 || total.usage.cache_write_tokens > 0;
    say!(
        "{}",
        row(
            ["phase", "agent", "model", "calls", "input", "cached", "output", "cost"]
                .map(str::to_owned),
            cached
        )
    );
    for (phase, agent, model, line) in lines(&engagement) {
        say!("{}", figures([phase, agent, model], line, cached));
    }
    say!("{}", figures(["total", "", ""], &total, cached));
    if total.uncertain > 0 {
        say!(
            "{} reported no usage; the cost includes their upper bound of {} tokens.",
            counted(total.uncertain as usize, "call"),
            total.uncertain_tokens
        );
    }
    grown(meter.contexts());
    match &state.started.voice {
        RunMode::Rehearsal => {
            say!("Rehearsed: no live model was called; tokens and cost are estimates.")
        }
        RunMode::Replay { .. } => {
            say!("Replayed: no model was called; this is what the recorded run cost.")
        }
        RunMode::Live { .. } => {}
    }
    Ok(Exit::Done)
}

/// The costs of engagements that have ended as FOCUS.
pub async fn focus(args: &Args, project: Option<&str>) -> Result<Exit, Failure> {
    let store = home::existing(&home::path(args)?)?;
    let found = match project {
        None => summaries(&store, None).await?,
        Some(project) => {
            let (_, engagement) = home::engagement(args, project).await?;
            vec![Summary::of(&engagement, None)]
        }
    };
    file(cloudcrew_views::analytics::focus(&found).as_bytes());
    Ok(Exit::Done)
}

/// How conversations grew: from the first call of a visit to its last, and from visit to visit.
fn grown(contexts: &[VisitContext]) {
    if contexts.is_empty() {
        return;
    }
    say!();
    say!("conversation length in input tokens: first call → last call of each visit");
    let mut swarm = "";
    for context in contexts {
        if context.swarm != swarm {
            swarm = &context.swarm;
            say!("  {swarm}");
        }
        let VisitContext { visit, agent, calls, first, last, most, .. } = context;
        let peak = if most > last { format!(", most {most}") } else { String::new() };
        say!(
            "    visit {visit:<3} {agent:10} {first:>8} → {last:<8} in {}{peak}",
            counted(*calls as usize, "call")
        );
    }
    let steps: Vec<f64> = contexts
        .windows(2)
        .filter(|pair| pair[0].swarm == pair[1].swarm)
        .map(|pair| pair[1].first as f64 - pair[0].first as f64)
        .collect();
    if !steps.is_empty() {
        let mean = steps.iter().sum::<f64>() / steps.len() as f64;
        let (by, more) = (mean.abs(), if mean < 0.0 { "fewer" } else { "more" });
        say!(
            "  on average, a visit starts with {by:.0} tokens {more} than the one before ({})",
            counted(steps.len(), "handoff")
        );
    }
}

fn figures([phase, agent, model]: [&str; 3], line: &MeterLine, cached: bool) -> String {
    let usage = line.usage;
    let cells = [
        phase.to_owned(),
        agent.to_owned(),
        model.to_owned(),
        line.calls.to_string(),
        usage.input_tokens.saturating_add(usage.cache_write_tokens).to_string(),
        usage.cache_read_tokens.to_string(),
        usage.output_tokens.to_string(),
        money(line),
    ];
    row(cells, cached)
}

/// A row, with a column for cached tokens only if there are any.
fn row(
    [phase, agent, model, calls, input, cache, output, cost]: [String; 8],
    cached: bool,
) -> String {
    let cache = if cached { format!(" {cache:>10}") } else { String::new() };
    format!("{phase:14} {agent:10} {model:8} {calls:>6} {input:>10}{cache} {output:>10} {cost:>12}")
}
