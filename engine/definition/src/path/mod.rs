//! Decides where in a customer's repository an agent may write, based on the components of a path.
//!
//! A path is parsed from text to a [`RepoPath`], whose spelling no file system, Git or reader can
//! confuse with another path. A [`Scope`] accepts only such paths. This module accesses neither
//! disk nor repository: the files of a tree are passed in as text.

mod collision;
mod glob;
#[cfg(any(test, feature = "hostile"))]
pub mod hostile;
mod overlap;
mod repo_path;
mod scope;
mod sensitive;
mod unicode;

pub use collision::{Collision, collision};
pub use glob::GlobFault;
pub use overlap::Overlap;
pub use repo_path::{MAX_COMPONENT_BYTES, MAX_DEPTH, MAX_PATH_BYTES, PathFault, RepoPath};
pub use scope::{Scope, ScopeFault};
pub use sensitive::{sensitive, sensitive_page};
