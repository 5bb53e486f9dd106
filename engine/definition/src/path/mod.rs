//! Where in a customer's repository an agent may write, decided on the components of a path.
//!
//! A path enters as text and leaves as a [`RepoPath`], which has no spelling that a file system,
//! Git or a reader could take for another one. A [`Scope`] is asked about such paths only. Nothing
//! here looks at a disk or a repository: what a tree already holds is passed in as text.

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
