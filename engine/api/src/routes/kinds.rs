//! The kinds of journal entries, for filters: an unknown kind is refused.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The kind of a journal entry.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EntryKind {
    Started,
    Entered,
    SwarmBegan,
    VisitOpened,
    Recalled,
    ModelCalled,
    ToolsCalled,
    CommitIntended,
    Committed,
    ForeignCommits,
    Pushed,
    NotPushed,
    PushWaived,
    SwarmInput,
    Reviewed,
    Checked,
    ParkedUntil,
    Trimmed,
    Rerouted,
    BudgetNeared,
    RequestOpened,
    RequestAnswered,
    Voted,
    Escalated,
    MemberSet,
    MemberRemoved,
    Reminded,
    RequestExpired,
    RequestSuperseded,
    CancelRequested,
    MessageReceived,
    ConversationBegan,
    ConversationJoined,
    ConversationCalled,
    ConversationInput,
    Replied,
    Remarked,
    RemarkAnswered,
    Surveyed,
    Transitioned,
    Withdrawn,
    NoteAccepted,
    Published,
    ProcessDied,
    Finalized,
    Repinned,
    Retried,
    Ended,
}

impl EntryKind {
    /// Its name in the journal.
    pub(crate) fn name(self) -> String {
        serde_json::json!(self).as_str().unwrap_or_default().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use cloudcrew_runtime::engagement::Event;
    use serde_json::json;
    use utoipa::PartialSchema as _;

    use super::*;

    #[test]
    fn a_filter_knows_every_kind_of_event() {
        let event = serde_json::to_value(schemars::schema_for!(Event)).expect("JSON");
        let variants = event["oneOf"].as_array().expect("variants").iter();
        let mut kinds: Vec<_> =
            variants.map(|variant| variant["properties"]["event"]["const"].clone()).collect();
        let filter = json!(EntryKind::schema());
        let mut known = filter["enum"].as_array().expect("names").clone();
        let name = |kind: &serde_json::Value| kind.as_str().map(str::to_owned);
        kinds.sort_by_key(name);
        known.sort_by_key(name);
        assert_eq!(known, kinds);
    }
}
