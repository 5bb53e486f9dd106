//! `cost`: what was used and what it costs.

use cloudcrew_runtime::engagement::MeterLine;

use crate::args::{Args, Format};
use crate::exit::{Exit, Failure};
use crate::home;
use crate::out::say;
use crate::output::{Cost, CostLine, Spent, VERSION, pretty};
use crate::summary::money;

pub async fn cost(args: &Args, project: &str, format: Format) -> Result<Exit, Failure> {
    let (_, engagement) = home::engagement(args, project).await?;
    let meter = &engagement.state.meter;
    let total = meter.total();
    if format == Format::Json {
        let line = |(phase, agent, model, line): (&str, &str, &str, &MeterLine)| CostLine {
            phase: phase.to_owned(),
            agent: agent.to_owned(),
            model: model.to_owned(),
            spent: line.into(),
        };
        let lines = meter.lines().map(line).collect();
        say!("{}", pretty(&Cost { version: VERSION, estimated: true, lines, total: Spent::from(&total) }));
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
