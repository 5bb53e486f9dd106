//! What is planned: the definition that a run would take, what it was before, and what similar
//! engagements took.

mod before;
mod human;
mod past;

pub use before::before;
pub use human::human;
pub use past::look_back;
