//! Figures of engagements: a fold of their journals, and months as a fold of engagements.
//!
//! Nothing here counts up: an item is made anew from everything that it is about, so a step that is
//! repeated after a crash writes the same bytes. Money is in millionths of a US dollar and added as
//! whole numbers; calls whose price is unknown are counted and never taken for free.

mod figures;
mod month;
pub mod stats;
mod write;

pub use figures::{AgentFigures, GateFigures, PhaseFigures, Score, Spent, Summary, SurveyFigures};
pub use month::{LineTotal, Month, PhaseTotal, Rated, WorkflowTotal};
pub use write::{
    Figures, ROLLUP, TIMELINE, counts, months, of_phase, rebuild_months, summaries, summary, whole,
};
