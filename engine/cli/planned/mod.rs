//! Plans: the definition of a run, an earlier one to compare it with, and the usage of past
//! engagements.

mod aws;
mod before;
mod human;
mod past;

pub use aws::on_aws;
pub use before::before;
pub use human::human;
pub use past::look_back;
