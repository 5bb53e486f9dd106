//! Items of the metrics store, from figures and back.

use std::collections::BTreeMap;

use cloudcrew_ports::StoreError;
use cloudcrew_ports::metrics::{Item, MAX_BODY, Metrics};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::figures::{PhaseFigures, Summary, phase};
use super::month::Month;
use crate::engagement::{EndReason, Engagement};

/// The key of all engagements, by the time at which they began.
pub const TIMELINE: &str = "TIMELINE";
/// The key of the totals of months, before `#` and the month: `ROLLUP#2026-11`.
pub const ROLLUP: &str = "ROLLUP";
/// The key of the list of months.
const MONTHS: &str = "MONTHS";
/// Items to read at once.
const PAGE: usize = 500;
/// Attempts to fold a month that others are writing to.
const TRIES: usize = 5;

/// Whether figures of an engagement are to be kept: its workflow says so.
pub fn counts(e: &Engagement) -> bool {
    let workflow = e.definition.workflow(&e.state.started.workflow);
    workflow.is_some_and(|workflow| workflow.finalize.iter().any(|step| step == "metrics"))
}

fn item<T: Serialize>(key: String, sort: String, as_of: u64, body: &T) -> Result<Item, StoreError> {
    let body = serde_json::to_string(body).map_err(|error| unreadable(&sort, &error))?;
    if body.len() > MAX_BODY {
        let why = format!("{} bytes, and at most {MAX_BODY} can be kept", body.len());
        return Err(StoreError::Unusable { what: format!("the figure `{sort}`"), why });
    }
    Ok(Item { key, sort, body, as_of })
}

fn unreadable(what: &str, error: &serde_json::Error) -> StoreError {
    StoreError::Damaged { what: format!("the figure `{what}`"), why: error.to_string() }
}

fn read<T: DeserializeOwned>(item: &Item) -> Result<T, StoreError> {
    serde_json::from_str(&item.body).map_err(|error| unreadable(&item.sort, &error))
}

/// The figures of a phase, as items of the store.
///
/// # Errors
/// When they cannot be written as JSON.
pub fn of_phase(e: &Engagement, name: &str) -> Result<Vec<Item>, StoreError> {
    phase_items(e, &phase(e, name))
}

/// `PHASE#discovery`, and `PHASE#discovery#AGENT#pm#MODEL#opus` for each agent.
fn phase_items(e: &Engagement, figures: &PhaseFigures) -> Result<Vec<Item>, StoreError> {
    let (key, seq) = (format!("ENGAGEMENT#{}", e.project), e.head.seq);
    let mut items = vec![item(key.clone(), format!("PHASE#{}", figures.phase), seq, figures)?];
    for agent in &figures.agents {
        let sort = format!("PHASE#{}#AGENT#{}#MODEL#{}", figures.phase, agent.agent, agent.model);
        items.push(item(key.clone(), sort, seq, agent)?);
    }
    Ok(items)
}

/// All figures of an engagement that ends, to be written to the store.
pub struct Figures {
    items: Vec<Item>,
    /// The month in which it began.
    month: String,
}

impl Figures {
    /// What the journal says now.
    ///
    /// # Errors
    /// When they cannot be written as JSON.
    pub fn of(e: &Engagement, end: Option<EndReason>) -> Result<Figures, StoreError> {
        let summary = Summary::of(e, end);
        let key = format!("ENGAGEMENT#{}", e.project);
        let (seq, began) = (summary.through_seq, time(summary.began));
        let mut items = vec![item(key.clone(), "SUMMARY".to_owned(), seq, &summary)?];
        for figures in &summary.phases {
            items.extend(phase_items(e, figures)?);
        }
        if !summary.surveys.is_empty() {
            items.push(item(key, "SURVEY".to_owned(), seq, &summary.surveys)?);
        }
        items.push(item(TIMELINE.to_owned(), format!("#{began}#{}", e.project), seq, &summary)?);
        Ok(Figures { items, month: began.get(..7).unwrap_or_default().to_owned() })
    }

    /// Writes them, and folds the month again.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn write(&self, metrics: &dyn Metrics) -> Result<(), StoreError> {
        self.put(metrics).await?;
        fold(metrics, &self.month).await
    }

    /// Writes them; the month is left to [`rebuild_months`].
    ///
    /// # Errors
    /// When the store fails.
    pub async fn put(&self, metrics: &dyn Metrics) -> Result<(), StoreError> {
        metrics.put(&self.items).await
    }
}

/// Writes all figures of an engagement that has ended, and folds its month again.
///
/// # Errors
/// When the store fails.
pub async fn whole(metrics: &dyn Metrics, e: &Engagement) -> Result<(), StoreError> {
    Figures::of(e, None)?.write(metrics).await
}

/// The time in RFC 3339, which sorts by time.
fn time(ms: i64) -> String {
    let time = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{time:.3}")
}

/// The engagements that began in a month (`2026-11`), or all of them.
///
/// # Errors
/// When the store fails.
pub async fn summaries(
    metrics: &dyn Metrics,
    month: Option<&str>,
) -> Result<Vec<Summary>, StoreError> {
    // `~` comes after every digit, and after `-`.
    let (mut from, to) = match month {
        Some(month) => (format!("#{month}-"), format!("#{month}-~")),
        None => ("#".to_owned(), "#~".to_owned()),
    };
    let mut found = Vec::new();
    loop {
        let page = metrics.between(TIMELINE, &from, &to, PAGE).await?;
        for item in &page {
            found.push(read(item)?);
        }
        match page.last() {
            Some(last) if page.len() == PAGE => from = format!("{}\u{0}", last.sort),
            _ => return Ok(found),
        }
    }
}

/// One engagement; `None` when no figures of it are kept.
///
/// # Errors
/// When the store fails.
pub async fn summary(metrics: &dyn Metrics, project: &str) -> Result<Option<Summary>, StoreError> {
    let key = format!("ENGAGEMENT#{project}");
    let items = metrics.between(&key, "SUMMARY", "SUMMARY\u{0}", 1).await?;
    items.first().map(read).transpose()
}

/// Folds a month from the engagements that began in it. An engagement that ends meanwhile folds it
/// too, and the fold that knows more stays.
async fn fold(metrics: &dyn Metrics, name: &str) -> Result<(), StoreError> {
    let mut before = None;
    for _ in 0..TRIES {
        let mut month = Month::default();
        for summary in summaries(metrics, Some(name)).await? {
            month.take(&summary);
        }
        if before == Some(month.as_of) {
            break;
        }
        metrics.put(&month_items(name, &month)?).await?;
        before = Some(month.as_of);
    }
    Ok(())
}

fn month_items(name: &str, month: &Month) -> Result<Vec<Item>, StoreError> {
    let (key, as_of) = (format!("{ROLLUP}#{name}"), month.as_of);
    let realm = |live: &bool| if *live { "live" } else { "rehearsal" };
    let mut items = Vec::new();
    for ((live, workflow), total) in &month.workflows {
        items.push(item(key.clone(), format!("{}#{workflow}", realm(live)), as_of, total)?);
    }
    for ((live, workflow, phase), total) in &month.phases {
        let sort = format!("{}#{workflow}#{phase}", realm(live));
        items.push(item(key.clone(), sort, as_of, total)?);
    }
    for ((live, workflow, phase, agent, model), total) in &month.lines {
        let sort = format!("{}#{workflow}#{phase}#{agent}#{model}", realm(live));
        items.push(item(key.clone(), sort, as_of, total)?);
    }
    items.push(item(MONTHS.to_owned(), name.to_owned(), as_of, &items.len())?);
    Ok(items)
}

/// The months that have figures, oldest first, as they were folded.
///
/// # Errors
/// When the store fails.
pub async fn months(metrics: &dyn Metrics) -> Result<BTreeMap<String, Month>, StoreError> {
    let mut found = BTreeMap::new();
    let names = metrics.between(MONTHS, "", "~", 12 * 1000).await?;
    for name in names {
        let mut month = Month { as_of: name.as_of, ..Month::default() };
        let key = format!("{ROLLUP}#{}", name.sort);
        let mut from = String::new();
        loop {
            let page = metrics.between(&key, &from, "~", PAGE).await?;
            for item in &page {
                let parts: Vec<&str> = item.sort.split('#').collect();
                let live = parts.first() == Some(&"live");
                match parts.as_slice() {
                    [_, workflow] => {
                        month.workflows.insert((live, (*workflow).to_owned()), read(item)?);
                    }
                    [_, workflow, phase] => {
                        let key = (live, (*workflow).to_owned(), (*phase).to_owned());
                        month.phases.insert(key, read(item)?);
                    }
                    [_, workflow, phase, agent, model] => {
                        let [workflow, phase, agent, model] =
                            [workflow, phase, agent, model].map(|part| (*part).to_owned());
                        month.lines.insert((live, workflow, phase, agent, model), read(item)?);
                    }
                    _ => {}
                }
            }
            match page.last() {
                Some(last) if page.len() == PAGE => from = format!("{}\u{0}", last.sort),
                _ => break,
            }
        }
        found.insert(name.sort, month);
    }
    Ok(found)
}

/// Folds all months again.
///
/// # Errors
/// When the store fails.
pub async fn rebuild_months(metrics: &dyn Metrics) -> Result<(), StoreError> {
    let mut all: BTreeMap<String, Month> = BTreeMap::new();
    for summary in summaries(metrics, None).await? {
        let began = time(summary.began);
        all.entry(began.get(..7).unwrap_or_default().to_owned()).or_default().take(&summary);
    }
    for (name, month) in &all {
        metrics.put(&month_items(name, month)?).await?;
    }
    Ok(())
}
