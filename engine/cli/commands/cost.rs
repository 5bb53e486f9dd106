//! `cost`: what was used and what it costs.

use cloudcrew_runtime::engagement::MeterLine;
use serde_json::{Value, json};

use crate::args::{Args, Format};
use crate::exit::{Exit, Failure};
use crate::home;
use crate::out::say;
use crate::summary::money;

pub async fn cost(args: &Args, project: &str, format: Format) -> Result<Exit, Failure> {
    let (_, engagement) = home::engagement(args, project).await?;
    let meter = &engagement.state.meter;
    let total = meter.total();
    if format == Format::Json {
        let lines: Vec<Value> = meter
            .lines()
            .map(|(phase, agent, model, line)| {
                let mut value = json(line);
                value["phase"] = phase.into();
                value["agent"] = agent.into();
                value["model"] = model.into();
                value
            })
            .collect();
        say!("{:#}", json!({ "version": 1, "estimated": true, "lines": lines, "total": json(&total) }));
        return Ok(Exit::Done);
    }
    say!("{:14} {:10} {:8} {:>6} {:>10} {:>10} {:>12}", "phase", "agent", "model", "calls", "input", "output", "cost");
    for (phase, agent, model, line) in meter.lines() {
        row(phase, agent, model, line);
    }
    row("total", "", "", &total);
    say!("Rehearsed: no live model was called; tokens are estimates, and the cost is what they would cost.");
    Ok(Exit::Done)
}

fn row(phase: &str, agent: &str, model: &str, line: &MeterLine) {
    let usage = line.usage;
    say!(
        "{phase:14} {agent:10} {model:8} {:>6} {:>10} {:>10} {:>12}",
        line.calls,
        usage.input_tokens,
        usage.output_tokens,
        money(line)
    );
}

fn json(line: &MeterLine) -> Value {
    let known = line.unpriced == 0;
    json!({
        "calls": line.calls, "usage": line.usage, "usd": known.then_some(line.micro_usd as f64 / 1e6),
        "unpriced_calls": line.unpriced, "uncertain_calls": line.uncertain, "uncertain_tokens": line.uncertain_tokens,
    })
}
