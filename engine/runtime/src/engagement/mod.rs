//! The durable interpreter of a plan: decide, act through ports, append, repeat.

pub mod answer;
mod append;
mod begin;
mod budget;
mod commit;
mod context;
mod drive;
mod error;
mod event;
mod finalize;
mod gate;
mod host;
mod inbound;
mod load;
mod meter;
mod request;
mod retry;
mod review;
mod standing;
mod state;
mod timers;
mod work;
mod workplace;

pub use answer::{Given, Recorded, readable, record};
pub use append::Record;
pub use begin::{Begin, SowFile, begin};
pub use drive::{Driver, Options, Rest};
pub use error::EngagementError;
pub use event::{
    Answered, BaseRecord, CommitRecord, Decision, End, EndReason, Event, Finding, MessageRecord,
    SourceHash, Started, ToolDone, VerdictRecord, Voice, Why,
};
pub use finalize::STEPS as FINALIZE_STEPS;
pub use inbound::{cancel, message};
pub use load::{Engagement, open, write_entries};
pub use meter::{Charge, Meter, MeterLine, VisitContext};
pub use request::{Raise, Request, RequestKind, Unit};
pub use retry::{Retry, compatible, retry};
pub use standing::Standing;
pub use state::{Artifact, Illegal, Parked, PhaseProgress, State, SwarmRun};
pub use timers::{settle, show_due};
