//! What the scheduler knows of an engagement, in the partition of the engagement: the callbacks
//! that it waits for, the execution that was started, and the scheduled time.

use cloudcrew_ports::StoreError;
use cloudcrew_ports::index::Row;

use super::Store;
use super::fault::{Written, written};
use super::item::{damaged, key, number, number_of, of, size, text, text_of};
use crate::callbacks::Callback;

/// What the sort keys of callback ids begin with.
const CALLBACK: &str = "C#";
/// Sort key of the item about the execution.
const RUN: &str = "C-RUN";
/// Sort keys of the items about schedules.
const DUE: &str = "C-DUE";
const NOTICE: &str = "C-NOTICE";

/// What an event is scheduled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timed {
    /// A deadline or a reminder.
    Due,
    /// A notification that is sent later.
    Notice,
}

impl Timed {
    fn sort(self) -> &'static str {
        match self {
            Timed::Due => DUE,
            Timed::Notice => NOTICE,
        }
    }
}

/// What a scheduler knows of an engagement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// The callbacks that were not used yet.
    pub callbacks: Vec<Callback>,
    /// The execution that was started last.
    pub run: Option<Run>,
    /// The time for which an event is scheduled, in milliseconds since 1970 UTC.
    pub due: Option<i64>,
    /// The time for which notifications are scheduled, likewise.
    pub notice: Option<i64>,
}

/// An execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// How often the engagement had been retried.
    pub retries: u32,
    /// The version of the machine.
    pub machine: String,
    /// Digest of the definitions that the machine was generated from.
    pub definition: String,
}

impl Store {
    /// Stores a callback. It replaces one of an earlier entry. For the same entry, only the id
    /// changes, because the outcome may already be recorded.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn expect(&self, engagement: &str, callback: &Callback) -> Result<(), StoreError> {
        let place = key(of(engagement), format!("{CALLBACK}{}", callback.state));
        self.units.wrote(size(&place) + callback.id.len(), false);
        let sent = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(place.clone()))
            .update_expression("SET callback = :id")
            .condition_expression("entered = :entered")
            .expression_attribute_values(":id", text(&callback.id))
            .expression_attribute_values(":entered", text(&callback.entered))
            .send()
            .await;
        if matches!(written(&self.table, sent)?, Written::Done) {
            return Ok(());
        }
        let mut item = place;
        item.insert("callback".to_owned(), text(&callback.id));
        item.insert("entered".to_owned(), text(&callback.entered));
        item.insert("entry".to_owned(), number(callback.entry));
        // A program of an earlier entry that is late must not replace a newer callback.
        let sent = self
            .client
            .put_item()
            .table_name(&*self.table)
            .condition_expression("attribute_not_exists(entered) OR entered < :entered")
            .expression_attribute_values(":entered", text(&callback.entered))
            .set_item(Some(item))
            .send()
            .await;
        written(&self.table, sent)?;
        Ok(())
    }

    /// Notes that the state of a callback was entered again without the scheduler, which still
    /// waits for its outcome.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn entered_again(
        &self,
        engagement: &str,
        state: &str,
        callback: &str,
        entry: u64,
    ) -> Result<(), StoreError> {
        let place = key(of(engagement), format!("{CALLBACK}{state}"));
        self.units.wrote(size(&place) + callback.len(), false);
        let sent = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(place))
            .update_expression("SET entry = :entry")
            .condition_expression("callback = :id")
            .expression_attribute_values(":entry", number(entry))
            .expression_attribute_values(":id", text(callback))
            .send()
            .await;
        // Another task has taken its place.
        written(&self.table, sent)?;
        Ok(())
    }

    /// What the scheduler knows.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn known(&self, engagement: &str) -> Result<Known, StoreError> {
        let mut known = Known::default();
        self.each(of(engagement), "C", None, |item| {
            let broken = || damaged(engagement, "a scheduler item cannot be read");
            match text_of(&item, "SK").unwrap_or_default() {
                RUN => {
                    let text = |name| text_of(&item, name).map(str::to_owned).ok_or_else(broken);
                    let retries = number_of(&item, "retries").ok_or_else(broken)?;
                    let (machine, definition) = (text("machine")?, text("definition")?);
                    known.run = Some(Run { retries, machine, definition });
                }
                DUE => known.due = Some(number_of(&item, "at").ok_or_else(broken)?),
                NOTICE => known.notice = Some(number_of(&item, "at").ok_or_else(broken)?),
                sort => {
                    let state = sort.strip_prefix(CALLBACK).ok_or_else(broken)?;
                    let id = text_of(&item, "callback").ok_or_else(broken)?;
                    let entered = text_of(&item, "entered").ok_or_else(broken)?;
                    let entry = number_of(&item, "entry").ok_or_else(broken)?;
                    known.callbacks.push(Callback::new(state, entered, entry, id));
                }
            }
            Ok(true)
        })
        .await?;
        Ok(known)
    }

    /// Records that an execution was started.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn runs(&self, engagement: &str, run: &Run) -> Result<(), StoreError> {
        let mut item = key(of(engagement), RUN);
        item.insert("retries".to_owned(), number(run.retries));
        item.insert("machine".to_owned(), text(&run.machine));
        item.insert("definition".to_owned(), text(&run.definition));
        self.put(item).await
    }

    /// Notes the time for which an event is scheduled; `None` when there is none.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn scheduled(
        &self,
        engagement: &str,
        timed: Timed,
        at: Option<i64>,
    ) -> Result<(), StoreError> {
        let mut item = key(of(engagement), timed.sort());
        let Some(at) = at else { return self.delete(item).await };
        item.insert("at".to_owned(), number(at));
        self.put(item).await
    }

    /// Removes a callback that was used, unless a newer one has replaced it.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn forget(&self, engagement: &str, callback: &Callback) -> Result<(), StoreError> {
        let place = key(of(engagement), format!("{CALLBACK}{}", callback.state));
        self.remove(place, "callback", &callback.id).await
    }

    /// The index row of an engagement, read consistently; `None` when there is no such engagement.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn row(&self, engagement: &str) -> Result<Option<Row>, StoreError> {
        Ok(self.tip(engagement).await?.and_then(|tip| tip.row))
    }
}
