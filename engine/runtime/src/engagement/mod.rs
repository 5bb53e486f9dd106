//! The durable plan interpreter: decide, act through ports, append, repeat.

mod act;
pub mod answer;
mod append;
mod asked;
mod begin;
mod context;
mod converse;
mod decide;
mod drive;
mod driver;
mod error;
mod event;
mod host;
mod inbound;
mod library;
mod load;
pub mod memory;
mod meter;
mod notes;
mod past;
mod reading;
mod recorded;
mod refusal;
mod request;
mod retry;
mod standing;
mod state;
mod timers;
mod workplace;

pub use act::finalize::STEPS as FINALIZE_STEPS;
pub use answer::{Recorded, Submission, readable, record};
pub use append::{Receipting, Record};
pub use begin::{Begin, SowFile, begin};
pub use cloudcrew_tools::{AnswerForm, CallQuestion, Part, WorkItem};
pub use converse::{Conversed, converse};
pub use decide::{Action, AtGate, Tried, decide, decide_gate};
pub use drive::Rest;
pub use driver::{Driver, Options};
pub use error::EngagementError;
pub use event::{
    AfterRecord, Answered, BaseRecord, CommitRecord, Decision, End, EndReason, Event, Finding,
    Member, MessageRecord, RemarkAnswer, RemarkOutcome, RemarkRecord, ReplyRecord, Role, RunMode,
    SourceHash, Started, SurveyRecord, ToolDone, Transition, VerdictRecord, Why, concerns_rights,
};
pub use inbound::{
    NewMessage, answer_remark, cancel, message, remark, remove_member, set_member, survey,
    survey_questions, waive_push,
};
pub use load::{Engagement, content, open, write_entries};
pub use meter::{CONVERSATION, Charge, Meter, MeterLine, VisitContext};
pub use reading::read_sow;
pub use refusal::{Refusal, RefusalKind};
pub use request::{Raise, Request, RequestKind, Unit};
pub use retry::{Retry, compatible, retry};
pub use standing::Standing;
pub use state::{
    Artifact, Conversation, Course, Exchange, Figures, Illegal, Memories, Parked, PhaseProgress,
    Reach, Remark, State, SwarmRun, Talk, Unpushed, Worked, is_persons,
};
pub use timers::{settle, show_due};
