//! `compare`: what a change of the definitions does, in several runs of each version.

use std::sync::{Arc, Mutex, PoisonError};

use cloudcrew_definition::crew::{Budget, Definition, Workflow};
use cloudcrew_definition::shown::row;
use cloudcrew_definition::syntax::AtLimit;
use cloudcrew_plan::forecast::{dollars, forecast, number};
use cloudcrew_plan::{Outcome, Plan, build};
use cloudcrew_ports::clock::Clock as _;
use cloudcrew_ports::repo::Repo as _;
use cloudcrew_runtime::engagement::{
    Begin, Driver, EndReason, Engagement, Event, Options, Record, RequestKind, Rest, RunMode,
    SowFile, begin, open,
};
use cloudcrew_runtime::watch::{Live, Watch};
use cloudcrew_views::VERSION;
use cloudcrew_views::comparison::{ComparisonDocument, Sample, Trial};

use crate::args::{Args, Compared, Format};
use crate::exit::{Exit, Failure};
use crate::models::{self, Chosen, Mode};
use crate::out::{note, say};
use crate::output::pretty;
use crate::planned::before;
use crate::sow::statement_of_work;
use crate::start::date_of;
use crate::wiring::clock::SystemClock;
use crate::wiring::holder;
use crate::wiring::repo::GitRepo;
use crate::wiring::store::Store;
use crate::words::counted;
use crate::{servers, wiring, workspace};

/// The id of each run; it occurs in prompts, so it is always the same.
const PROJECT: &str = "comparison";

/// One version of the definitions, ready to run.
struct Version {
    name: String,
    definition: Definition,
    plan: Plan,
    chosen: Chosen,
    voice: RunMode,
}

pub async fn compare(args: &Args, asked: &Compared) -> Result<Exit, Failure> {
    let place = workspace::find(args)?;
    let now = workspace::definition(&place)?;
    let old = before(args, &place, &asked.against).await?;
    let workflow = workspace::workflow(&now, asked.workflow.as_deref())?;
    let now = version(asked, "the workspace".to_owned(), now, &workflow).await?;
    let old = version(asked, old.name, old.definition, &workflow).await?;
    let sow = statement_of_work(&place, &asked.sow)?;
    let live = [&old, &now].into_iter().any(|version| version.voice.is_live());
    let limit = match (live, asked.at_most) {
        (true, None) => return Err(unlimited(&now, &workflow, asked.runs)),
        (_, at_most) => at_most.map(|usd| (usd * 1e6) as u64),
    };
    let sample = |version: &Version| Sample { name: version.name.clone(), runs: Vec::new() };
    let mut samples = [sample(&old), sample(&now)];
    let (mut spent, mut stopped) = (0_u64, None);
    // In turns, so that whatever changes meanwhile concerns both.
    'runs: for run in 1..=asked.runs {
        for (version, sample) in [&old, &now].into_iter().zip(&mut samples) {
            let left = limit.map(|limit| limit.saturating_sub(spent));
            if left == Some(0) {
                stopped = Some(format!("{} are spent (`--at-most`)", dollars(spent)));
                break 'runs;
            }
            note!("run {run} of {}: {}", asked.runs, version.name);
            let trial = tried(version, &workflow, asked.phase.as_deref(), &sow, left).await?;
            spent = spent.saturating_add(trial.micro_usd.unwrap_or(0));
            // It did not end by itself, so its figures would mislead.
            if trial.outcome == EXHAUSTED && limit.is_some_and(|limit| spent >= limit) {
                stopped = Some(format!("{} are spent (`--at-most`)", dollars(spent)));
                break 'runs;
            }
            sample.runs.push(trial);
        }
    }
    let [before, now] = samples;
    let phase = asked.phase.clone();
    let document =
        ComparisonDocument { version: VERSION, workflow, phase, live, before, now, stopped };
    match asked.format {
        Format::Json => say!("{}", pretty(&document)),
        Format::Human => human(&document),
    }
    Ok(if document.stopped.is_some() { Exit::Budget } else { Exit::Done })
}

/// The outcome of a run whose budget is used up.
const EXHAUSTED: &str = "budget exhausted";

fn unlimited(version: &Version, workflow: &str, runs: u32) -> Failure {
    let flow = version.definition.workflow(workflow);
    let one = flow.map(|flow| forecast(&version.definition, flow).total.to_string());
    Failure::usage(format!(
        "this calls live models in {}; set the most that all of them may cost with `--at-most \
         USD`. One run of the whole workflow is expected to take {}",
        counted(2 * runs as usize, "run"),
        one.unwrap_or_default()
    ))
}

async fn version(
    asked: &Compared,
    name: String,
    definition: Definition,
    workflow: &str,
) -> Result<Version, Failure> {
    let missing = |what: &str| Failure::usage(format!("{name} has no {what}"));
    let chosen = Chosen::read(&asked.model, &definition)?;
    let flow = definition.workflow(workflow);
    let flow = flow.ok_or_else(|| missing(&format!("workflow `{workflow}`")))?;
    let voice = models::voice(Mode::default(), &chosen, &definition, flow)?;
    models::priced(&voice, &chosen, &definition, flow)?;
    if voice.is_live() && !has_prices(&chosen, &definition, flow) {
        return Err(Failure::usage(format!(
            "a model of {name} has no `price`, so `--at-most` could not be kept"
        )));
    }
    let definition = servers::pinned(definition, workflow, &voice).await?;
    let plan = build(&definition, workflow);
    let plan = plan.ok_or_else(|| missing(&format!("phases in `{workflow}`")))?;
    if let Some(phase) = asked.phase.as_deref().filter(|phase| plan.entry(phase).is_none()) {
        return Err(missing(&format!("phase `{phase}` in `{workflow}`")));
    }
    Ok(Version { name, definition, plan, chosen, voice })
}

fn has_prices(chosen: &Chosen, definition: &Definition, flow: &Workflow) -> bool {
    let cast = models::cast(definition, flow);
    let price = |name: &str| definition.model(name).is_some_and(|model| model.price.is_some());
    cast.iter().all(|agent| price(chosen.of(agent).0))
}

/// Runs an engagement in a home of its own; `left` is the most that it may cost.
async fn tried(
    version: &Version,
    workflow: &str,
    phase: Option<&str>,
    sow: &SowFile,
    left: Option<u64>,
) -> Result<Trial, Failure> {
    let home = tempfile::tempdir()?;
    let store = Store::open(home.path())?;
    let path = home.path().join("repo.git");
    let repo = GitRepo::create(&path, PROJECT)?;
    let mut definition = version.definition.clone();
    if let Some(left) = left {
        let flow = definition.workflows.iter_mut().find(|flow| flow.name == workflow);
        let budget = flow.map(|flow| &mut flow.budget);
        if let Some(budget) = budget {
            let own = budget.and_then(|own| own.micro_usd).unwrap_or(u64::MAX);
            let tokens = budget.and_then(|own| own.tokens);
            let micro_usd = Some(own.min(left));
            *budget = Some(Budget { tokens, micro_usd, at_limit: AtLimit::Stop });
        }
    }
    let flow = definition.workflow(workflow);
    let flow = flow.ok_or_else(|| Failure::failed(format!("no workflow named `{workflow}`")))?;
    let now = SystemClock::default().now();
    let start = Begin {
        project: PROJECT,
        actor: "comparison",
        definition: &definition,
        plan: &version.plan,
        entry: phase,
        sow: sow.clone(),
        inputs: flow.inputs(&Default::default()).map_err(Failure::usage)?,
        overlay: None,
        after: None,
        model: version.chosen.for_all(),
        agent_models: version.chosen.agents.clone(),
        voice: version.voice.clone(),
        rehearsal: None,
        repo: path.display().to_string(),
        remote: None,
        branch: repo.branch().to_owned(),
        identity: String::new(),
        base: None,
        date: date_of(now),
        now,
    };
    begin(Record::of(&store), start).await?;
    let engagement = open(Record::of(&store), PROJECT).await?;
    let watch = Arc::new(Counts::default());
    let ports = wiring::ports(&store, &engagement, watch.clone()).await?;
    let holder = holder::this_process();
    // A single phase ends at its gate.
    let options = Options { approve_all: phase.is_none(), ..Options::default() };
    let driver = Driver::acquire(ports, engagement, &holder, options).await?;
    let driven = driver.drive().await;
    let total = driver.look(|e| (e.state.meter.total(), e.state.handoffs.len())).await;
    let released = driver.release().await;
    let rest = driven?;
    released?;
    let mut trial = watch.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let (total, handoffs) = total;
    trial.outcome = outcome(&rest);
    trial.handoffs = handoffs as u32;
    trial.turns = total.calls;
    trial.tokens = total.usage.counted() + total.uncertain_tokens;
    trial.micro_usd = (total.unpriced == 0).then_some(total.micro_usd);
    Ok(trial)
}

fn outcome(rest: &Rest) -> String {
    match rest {
        Rest::Ended(end) => match end.kind {
            EndReason::Completed => "completed",
            EndReason::Failed => "failed",
            EndReason::BudgetExhausted => EXHAUSTED,
            EndReason::Expired => "expired",
            EndReason::Cancelled => "cancelled",
        },
        Rest::Waiting(requests) => match requests.first().map(|request| &request.kind) {
            Some(RequestKind::Question { .. }) => "asked a question",
            Some(RequestKind::Budget { .. }) => EXHAUSTED,
            Some(RequestKind::Approval { findings, .. }) if !findings.is_empty() => {
                "at a gate with findings"
            }
            _ => "at its gate",
        },
        Rest::Blocked(_) => "refused by the provider",
        Rest::Stopped | Rest::Left | Rest::Away => "stopped",
    }
    .to_owned()
}

/// Counts what reviewers say.
#[derive(Default)]
struct Counts(Mutex<Trial>);

impl Watch for Counts {
    fn happened(&self, _: u64, _: i64, event: &Event, _: &Engagement) {
        let mut trial = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Reviewed { findings, .. } | Event::Checked { findings, .. } => {
                trial.findings += findings.len() as u32;
            }
            Event::SwarmInput { done: Some(done), .. } => match &done.verdict {
                Some(verdict) if verdict.path.is_none() => {}
                Some(verdict) if verdict.passed => trial.passed += 1,
                Some(_) => trial.rejected += 1,
                None => {}
            },
            Event::Entered { on: Some(Outcome::Faulted | Outcome::Incomplete), state, .. }
                if state.ends_with(".swarm") =>
            {
                trial.sent_back += 1;
            }
            _ => {}
        }
    }

    fn live(&self, _: &str, _: Live<'_>) {}

    fn stop_wanted(&self) -> bool {
        false
    }
}

/// A figure of a run.
type Figure = (&'static str, fn(&Trial) -> Option<u64>, fn(u64) -> String);

const FIGURES: [Figure; 8] = [
    ("findings", |run| Some(run.findings.into()), number),
    ("verdicts: passed", |run| Some(run.passed.into()), number),
    ("verdicts: rejected", |run| Some(run.rejected.into()), number),
    ("phases sent back", |run| Some(run.sent_back.into()), number),
    ("handoffs", |run| Some(run.handoffs.into()), number),
    ("turns", |run| Some(run.turns.into()), number),
    ("tokens", |run| Some(run.tokens), number),
    ("cost", |run| run.micro_usd, dollars),
];

/// Runs of each version below which a difference says little.
const FEW: usize = 5;

fn human(document: &ComparisonDocument) {
    let ComparisonDocument { before, now, .. } = document;
    let of = document.phase.as_ref().map(|phase| format!(", phase {phase}")).unwrap_or_default();
    let by = if document.live { "live models" } else { "rehearsed: nothing was called" };
    say!("{}{of} · {by}", document.workflow);
    let title = |sample: &Sample| format!("{} (n={})", row(&sample.name), sample.runs.len());
    say!("{:20} {:28} {}", "", title(before), title(now));
    let ended = |sample: &Sample| {
        let all = sample.outcomes().into_iter();
        all.map(|(outcome, count)| format!("{count} {outcome}")).collect::<Vec<_>>().join(", ")
    };
    say!("{:20} {:28} {}", "ended", ended(before), ended(now));
    for (name, figure, show) in FIGURES {
        let spread = |sample: &Sample| match sample.spread(figure) {
            Some((low, middle, high)) if low == high => show(middle),
            Some((low, middle, high)) => {
                format!("{} ({} to {})", show(middle), show(low), show(high))
            }
            None => "unknown".to_owned(),
        };
        say!("{name:20} {:28} {}", spread(before), spread(now));
    }
    say!("\nmedian (least to greatest)");
    if document.live && before.runs.len().min(now.runs.len()) < FEW {
        say!("with fewer than {FEW} runs of each, a difference may be chance");
    }
    if let Some(why) = &document.stopped {
        say!("stopped early: {why}");
    }
}
