//! The documents of the HTTP interface. Times are RFC 3339, money is in millionths of a US dollar,
//! and each document of an engagement says as of which journal entry it is.

mod artifacts;
mod blocks;
mod board;
mod cost;
mod events;
mod history;
mod learned;
mod messages;
mod project;
mod remarks;
mod request;
mod since;
mod statement;
mod time;

pub use artifacts::{ArtifactEntry, Artifacts};
pub use blocks::{Block, Document, Item, Span, blocks, prose};
pub use board::{Board, Card, CardReview, CardState, CardVerdict};
pub use cost::{ProjectCost, Spending, SpendingLine};
pub use events::{EventPage, JournalEvent, LiveText};
pub use history::{DiffLine, FileDiff, Hunk, LineChange, Version};
pub use learned::{NotePage, NoteRow, NotedFile, PatternPage, PatternRow, ProjectNotes};
pub use messages::{MessageAnswer, MessageRow, MessageState, MessagesPage};
pub use project::{
    Deliverable, EndReport, Lifecycle, PhaseReport, ProjectDetail, ProjectPage, ProjectRow,
    ProjectStatus, Spend,
};
pub use remarks::{RemarkEnd, RemarkReply, RemarkRow, Remarks};
pub use request::{
    Answer, BudgetAsked, Coverage, Expected, InboxPage, InboxRow, OfferedNote, OpenRequest, Quorum,
    RequestDetail, RequestPage, Subject, WaitingKind,
};
pub use since::{
    Against, Basis, FileChange, FileState, NoteSince, Requirement, SectionChange, SectionState,
    Since, Versions,
};
pub use statement::{Statement, StatementItem, StatementSection};
pub use time::Time;
