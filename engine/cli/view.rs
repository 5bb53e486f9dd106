//! Progress output: a live view on a terminal, plain lines in a pipe, JSON Lines for programs.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::wiring::clock::SystemClock;
use cloudcrew_ports::clock::Clock as _;
use cloudcrew_runtime::engagement::{Engagement, Event, RunMode, State};
use cloudcrew_runtime::swarm::Input;
use cloudcrew_runtime::watch::{self, Watch};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::Format;
use crate::out::{document, note, say, shown};
use crate::paint::painted;
use cloudcrew_views::VERSION;
use cloudcrew_views::events::{Line, LiveLine};

use crate::output;
use crate::summary::{lasting, money};
use crate::words::{counted, heading, words};

/// Characters of an unfinished line that a terminal shows.
const TAIL: usize = 100;

/// Prints the events of an engagement as they happen.
pub struct View {
    format: Format,
    stop: AtomicBool,
    live: Option<Live>,
    heard: Mutex<Heard>,
}

/// The part of an unfinished reply that has been streamed.
#[derive(Default)]
struct Heard {
    /// The unfinished line.
    line: String,
    agent: String,
    /// Whether anything has been streamed.
    any: bool,
    /// Whether lines of it have been printed.
    shown: bool,
}

/// The status lines at the bottom of a terminal.
struct Live {
    all: MultiProgress,
    phases: ProgressBar,
    floor: ProgressBar,
    sums: ProgressBar,
    counted: Mutex<Counted>,
    clock: SystemClock,
}

/// Totals at the last event.
#[derive(Default)]
struct Counted {
    text: String,
    began: i64,
    /// Time of the last event, if the engagement does not run on the system clock.
    until: Option<i64>,
}

impl Live {
    fn new() -> Live {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let line = |template: &str| {
            let bar = all.add(ProgressBar::no_length());
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar
        };
        let (phases, floor, sums) =
            (line("{wide_msg}"), line("{spinner} {wide_msg}"), line("{wide_msg}"));
        floor.enable_steady_tick(Duration::from_millis(120));
        Live { all, phases, floor, sums, counted: Mutex::default(), clock: SystemClock::default() }
    }

    fn show(&self, event: &Event, engagement: &Engagement) {
        let state = &engagement.state;
        self.phases.set_message(phases(state));
        if let Some(doing) = doing(event, state) {
            self.floor.set_message(doing);
        }
        let (began, last) = state.times;
        let runs = state.end.is_none() && matches!(state.started.voice, RunMode::Live { .. });
        let counted = Counted { text: sums(engagement), began, until: (!runs).then_some(last) };
        *self.counted.lock().unwrap_or_else(PoisonError::into_inner) = counted;
        self.tick();
    }

    fn tick(&self) {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if !counted.text.is_empty() {
            let until = counted.until.unwrap_or_else(|| self.clock.now());
            self.sums.set_message(format!("{} · {}", counted.text, lasting(until - counted.began)));
        }
    }
}

impl View {
    pub fn new(format: Format) -> View {
        let live = format == Format::Human
            && std::io::stderr().is_terminal()
            && std::io::stdout().is_terminal();
        View {
            format,
            stop: AtomicBool::new(false),
            live: live.then(Live::new),
            heard: Mutex::default(),
        }
    }

    /// Shows the current state before the first event.
    pub fn open(&self, state: &State) {
        if let Some(text) = heading(state).filter(|_| self.format == Format::Human) {
            self.line(&text);
        }
    }

    /// Asks the driver to stop between two steps.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Prints a message that is not data, above the status lines.
    pub fn aside(&self, text: &str) {
        match &self.live {
            Some(live) => drop(live.all.println(painted(text))),
            None => note!("{text}"),
        }
    }

    /// Updates the elapsed time between events.
    pub fn tick(&self) {
        if let Some(live) = &self.live {
            live.tick();
        }
    }

    /// Clears the status lines.
    pub fn finish(&self) {
        if let Some(live) = &self.live {
            [&live.phases, &live.floor, &live.sums]
                .into_iter()
                .for_each(ProgressBar::finish_and_clear);
        }
    }

    /// Prints complete lines. A terminal shows the unfinished one in its status lines.
    fn hear(&self, agent: &str, text: &str) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.any = true;
        agent.clone_into(&mut heard.agent);
        let mut rest = text;
        while let Some((end, more)) = rest.split_once('\n') {
            rest = more;
            let line = std::mem::take(&mut heard.line) + end;
            if !line.trim().is_empty() {
                heard.shown = true;
                self.line(&format!("    {agent} │ {}", line.trim_end()));
            }
        }
        heard.line.push_str(rest);
        if let Some(live) = &self.live {
            // Only the tail: a line may be as long as the reply and arrive a few letters at a time.
            let from = heard.line.char_indices().rev().nth(TAIL - 1).map_or(0, |(at, _)| at);
            let tail = &heard.line[from..];
            live.floor.set_message(shown(&format!("{agent}: {tail}")));
        }
    }

    /// Prints the rest of a finished reply. Returns whether any of it was streamed.
    fn heard_out(&self) -> bool {
        let heard = std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner));
        if !heard.line.trim().is_empty() {
            self.line(&format!("    {} │ {}", heard.agent, heard.line.trim_end()));
        }
        heard.any
    }

    fn line(&self, text: &str) {
        match &self.live {
            Some(live) => drop(live.all.println(painted(text))),
            None => say!("{text}"),
        }
    }
}

impl Watch for View {
    fn happened(&self, seq: u64, at: i64, event: &Event, engagement: &Engagement) {
        if self.format == Format::Json {
            let line = Line { version: VERSION, project: &engagement.project, seq, at, event };
            return document(&output::line(&line));
        }
        let heard = matches!(event, Event::SwarmInput { input, .. } if matches!(**input,
            Input::Reply(_)))
            && self.heard_out();
        if let Some(text) = words(event, &engagement.state, heard) {
            self.line(&text);
        }
        if let Some(live) = &self.live {
            live.show(event, engagement);
        }
    }

    fn live(&self, project: &str, live: watch::Live<'_>) {
        if self.format == Format::Json {
            let (agent, message, text) = match live {
                watch::Live::Says { agent, text, message } => (agent, message, Some(text)),
                watch::Live::Forget { agent, message } => (agent, message, None),
            };
            return document(&output::line(&LiveLine {
                version: VERSION,
                project,
                event: "live",
                agent,
                message,
                text,
            }));
        }
        match live {
            watch::Live::Says { agent, text, .. } => self.hear(agent, text),
            watch::Live::Forget { agent, .. } => {
                let heard =
                    std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner));
                if heard.shown {
                    self.line(&format!("    {agent} │ (interrupted; ignore the lines above)"));
                }
            }
        }
    }

    fn stop_wanted(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// All phases on one line: done, current, and still to come.
fn phases(state: &State) -> String {
    let here = state.phase();
    let all = state.plan().entries.iter().map(|(phase, _)| {
        let revision = state.phases.get(phase).map_or(0, |p| p.revision);
        let mark = match (here == Some(phase), revision) {
            (true, _) => "●",
            (false, 0) => "○",
            (false, _) => "✓",
        };
        let run = if revision > 1 { format!(" run {revision}") } else { String::new() };
        format!("{mark} {phase}{run}")
    });
    all.collect::<Vec<_>>().join("  ")
}

/// The active agent and its activity; `None` if the event changes neither.
fn doing(event: &Event, state: &State) -> Option<String> {
    let floor = state.swarm.as_ref().and_then(|s| s.visits.last()).map(String::as_str);
    Some(match (event, floor) {
        (Event::ModelCalled { agent, .. }, _) => format!("{agent} is thinking"),
        (Event::ToolsCalled { agent, calls }, _) => {
            format!(
                "{agent}: {}",
                calls.iter().map(|(_, tool)| tool.as_str()).collect::<Vec<_>>().join(", ")
            )
        }
        (Event::Entered { .. }, _) => state.at.clone(),
        (Event::VisitOpened { agent, .. }, _) => format!("{agent} has the floor"),
        _ => return None,
    })
}

/// Deliverables, tokens and money so far. A pending call counts only once it is answered or lost:
/// its upper bound would be misleading.
fn sums(engagement: &Engagement) -> String {
    let state = &engagement.state;
    let total = state.meter.settled();
    let owed = state
        .plan()
        .entries
        .iter()
        .filter_map(|(phase, _)| engagement.definition.phase(phase))
        .flat_map(|p| &p.deliverables);
    let (mut there, mut all) = (0, 0);
    for deliverable in owed {
        all += 1;
        there += usize::from(state.artifacts.contains_key(&deliverable.path));
    }
    format!(
        "{there} of {} · {} tokens · {}",
        counted(all, "deliverable"),
        total.usage.counted(),
        money(&total)
    )
}
