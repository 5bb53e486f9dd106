//! The roll of all engagements, for connections that follow every one that a person may see: read
//! from the index once a second for all of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cloudcrew_ports::index::{Index, Which};
use cloudcrew_runtime::engagement::{Engagement, EngagementError, Record, Request};
use cloudcrew_views::api::Time;
use cloudcrew_views::standings::{Found, standings};
use tokio::sync::Mutex;

use crate::app::App;
use crate::people::{Person, sees};
use crate::problem::Problem;

/// How long the roll is used before it is read again.
const FRESH: Duration = Duration::from_secs(1);

/// The roll, when it was read.
#[derive(Debug, Default)]
pub(crate) struct Roll(Mutex<Option<(Instant, Arc<[Called]>)>>);

/// An engagement of the roll.
#[derive(Debug)]
pub(crate) struct Called {
    /// Its id.
    pub(crate) id: String,
    /// When it was started.
    pub(crate) created: Time,
    /// Number of its newest entry.
    pub(crate) as_of: u64,
    /// Whether it has ended.
    pub(crate) ended: bool,
    owner: String,
    members: Vec<String>,
    /// The groups that its requests ask.
    groups: Vec<String>,
}

impl Called {
    fn new(found: Found) -> Option<Called> {
        let Found { listing, standing } = found;
        let standing = standing.ok()?;
        let groups = standing.requests.iter().flat_map(Request::groups);
        let groups = groups.map(str::to_owned).collect();
        Some(Called {
            id: listing.engagement,
            created: Time(listing.created),
            as_of: listing.head.seq,
            ended: standing.end.is_some(),
            owner: standing.owner,
            members: standing.members,
            groups,
        })
    }

    /// Whether a person may see it.
    pub(crate) fn is_for(&self, person: &Person) -> bool {
        sees(person, &self.owner, &self.members, &self.groups)
    }
}

impl Roll {
    /// All engagements that can be read, in the order they were started.
    pub(crate) async fn call(&self, app: &App) -> Result<Arc<[Called]>, Problem> {
        let mut last = self.0.lock().await;
        if let Some((_, roll)) = last.as_ref().filter(|(read, _)| read.elapsed() < FRESH) {
            return Ok(Arc::clone(roll));
        }
        let roll = called(app.record(), &*app.ports().index, app.ports().clock.now()).await?;
        let roll: Arc<[Called]> = roll.into();
        *last = Some((Instant::now(), Arc::clone(&roll)));
        Ok(roll)
    }
}

/// All engagements that can be read, in the order they were started, at `now`.
pub(crate) async fn called(
    record: Record<'_>,
    index: &dyn Index,
    now: i64,
) -> Result<Vec<Called>, EngagementError> {
    let settled = async |_: &mut Engagement| Ok::<(), EngagementError>(());
    let found = standings(record, index, Which::All, now, settled).await?;
    Ok(found.into_iter().filter_map(Called::new).collect())
}
