//! Engagements in memory: folded once, then only followed.

use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

use cloudcrew_ports::journal::Head;
use cloudcrew_runtime::engagement::{Engagement, EngagementError, Record, open};
use tokio::sync::OwnedMutexGuard;

/// Maximum number of engagements to keep.
const KEPT: usize = 256;

/// Engagements that were read lately. Requests of one engagement are served one after the other.
#[derive(Debug, Default)]
pub struct Kept(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// By id: the engagement, and when it was last used.
    all: HashMap<String, (Slot, u64)>,
    clock: u64,
}

type Slot = Arc<tokio::sync::Mutex<Option<Engagement>>>;

/// An engagement that nobody else can use now, as its journal has it.
#[derive(Debug)]
pub struct Current(OwnedMutexGuard<Option<Engagement>>);

impl Current {
    /// Forgets what was folded: an operation failed halfway, and the engagement may be ahead of its
    /// journal.
    pub(crate) fn forget(&mut self) {
        *self.0 = None;
    }
}

impl Deref for Current {
    type Target = Engagement;

    #[expect(clippy::expect_used, reason = "`open` fills it, and `forget` is its last use")]
    fn deref(&self) -> &Engagement {
        self.0.as_ref().expect("an opened engagement")
    }
}

impl DerefMut for Current {
    #[expect(clippy::expect_used, reason = "`open` fills it, and `forget` is its last use")]
    fn deref_mut(&mut self) -> &mut Engagement {
        self.0.as_mut().expect("an opened engagement")
    }
}

impl Kept {
    /// Opens an engagement, with everything that its journal has.
    ///
    /// # Errors
    /// When there is no such engagement, or its journal cannot be read.
    pub async fn open(
        &self,
        record: Record<'_>,
        project: &str,
    ) -> Result<Current, EngagementError> {
        self.open_at(record, project, None).await
    }

    /// Opens an engagement with the entries of its journal up to a head, and perhaps more. The
    /// journal is not read when the engagement is at this head.
    pub(crate) async fn open_at(
        &self,
        record: Record<'_>,
        project: &str,
        head: Option<&Head>,
    ) -> Result<Current, EngagementError> {
        let mut current = self.slot(project).lock_owned().await;
        if let Some(known) = current.as_mut() {
            // By its hash: an append that failed may have left it ahead of the journal.
            if head.is_some_and(|head| known.head == *head) {
                return Ok(Current(current));
            }
            match known.follow(record, |_, _, _| {}).await {
                Ok(()) => return Ok(Current(current)),
                // Its journal may have been replaced; it is read from the start.
                Err(_) => *current = None,
            }
        }
        match open(record, project).await {
            Ok(opened) => {
                *current = Some(opened);
                Ok(Current(current))
            }
            Err(error) => {
                drop(current);
                self.drop_slot(project);
                Err(error)
            }
        }
    }

    fn slot(&self, project: &str) -> Slot {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.clock += 1;
        let now = inner.clock;
        if inner.all.len() >= KEPT && !inner.all.contains_key(project) {
            let oldest = inner.all.iter().min_by_key(|(_, (_, used))| *used);
            if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
                inner.all.remove(&oldest);
            }
        }
        let entry = inner.all.entry(project.to_owned()).or_default();
        entry.1 = now;
        Arc::clone(&entry.0)
    }

    /// Forgets an engagement that does not exist, so that made-up names take no place.
    fn drop_slot(&self, project: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).all.remove(project);
    }
}
