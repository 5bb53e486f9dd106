//! Ids of commits and notes in a replay.
//!
//! The id of a commit depends on when it was made and that of a note on the engagement, so a replay
//! has other ids than the recording. A model may have read such an id and named it in a later call.
//! Requests that are equal but for their ids are paired, id by id, and what was recorded is read
//! with the ids of the replay.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The id of a note; that of a commit as tools show it, and a whole one.
static ID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?-u:\b)(?:m-[0-9a-f]{24}|[0-9a-f]{12}(?:[0-9a-f]{28})?)(?-u:\b)")
        .expect("the pattern is tested")
});

/// The ids of the replay by those of the recording.
#[derive(Default)]
pub(super) struct Commits(HashMap<String, String>);

impl Commits {
    /// Pairs the ids of two values, if nothing else is different.
    pub(super) fn pair<T: Serialize>(&mut self, recorded: &T, now: &T) {
        let (Ok(recorded), Ok(now)) = (serde_json::to_value(recorded), serde_json::to_value(now))
        else {
            return;
        };
        let (mut was, mut is) = (Vec::new(), Vec::new());
        let same = without_ids(recorded, &mut was) == without_ids(now, &mut is);
        if same && was.len() == is.len() {
            for (was, is) in was.into_iter().zip(is) {
                self.0.entry(was).or_insert(is);
            }
        }
    }

    /// What was recorded, with the ids of the replay.
    pub(super) fn read<T: Serialize + DeserializeOwned>(&self, recorded: T) -> T {
        if self.0.iter().all(|(was, is)| was == is) {
            return recorded;
        }
        let id = |found: &Captures<'_>| {
            let was = found.get_match().as_str();
            self.0.get(was).map_or(was, String::as_str).to_owned()
        };
        let read = serde_json::to_value(&recorded).and_then(|value| {
            serde_json::from_value(changed(value, &mut |text| {
                ID.replace_all(&text, id).into_owned()
            }))
        });
        read.unwrap_or(recorded)
    }
}

fn without_ids(value: Value, ids: &mut Vec<String>) -> Value {
    changed(value, &mut |text| {
        ids.extend(ID.find_iter(&text).map(|found| found.as_str().to_owned()));
        ID.replace_all(&text, "ID").into_owned()
    })
}

/// A value with each of its texts changed, in order.
fn changed(value: Value, change: &mut impl FnMut(String) -> String) -> Value {
    match value {
        Value::String(text) => change(text).into(),
        Value::Array(values) => {
            values.into_iter().map(|value| changed(value, &mut *change)).collect()
        }
        Value::Object(map) => {
            map.into_iter().map(|(key, value)| (key, changed(value, &mut *change))).collect()
        }
        other => other,
    }
}
