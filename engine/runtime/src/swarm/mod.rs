//! The swarm of one phase: agents take turns, one at a time. A pure machine says which step it
//! needs, and a short loop performs it.

mod answer;
mod drive;
mod fault;
mod handoff;
mod machine;
mod opening;
mod record;
mod spec;
mod step;
mod trim;
mod turn;

pub use answer::Refusal;
pub use drive::{Host, Stop, ToolAnswer, drive};
pub use handoff::{TOOL as HANDOFF_TOOL, spec as handoff_spec};
pub use machine::Swarm;
pub use record::{
    CallRecord, Finished, Handoff, Question, Reason, Status, Trim, VisitRecord, VisitStatus,
};
pub use spec::{ContextRule, HandoffMode, Limits, Member, RetryPolicy, SwarmSpec};
pub use step::{Answers, Input, ModelCall, Note, Step, ToolCalls, Unexpected};
