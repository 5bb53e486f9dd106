//! The stores of engagements in one DynamoDB table: journal, index, leases, ledger, receipts,
//! passes and outbox.
//!
//! | Partition | Sort key | Content |
//! |---|---|---|
//! | `E#<engagement>` | `TIP` | head, newest entries, index row, epoch that may write |
//! | | `B#<last entry>` | older entries |
//! | | `LEASE` | holder and expiry |
//! | | `C#<state>` | the callback id of a scheduler that waits for the state's outcome |
//! | | `C-RUN` | the execution that was started |
//! | | `C-DUE`, `C-NOTICE` | the times for which events are scheduled |
//! | | `L#<number>` | rows of the ledger, as they were recorded together |
//! | | `UNPUSHED` | the blob with commits that the Git server lacks |
//! | `R#<key>` | `R` | a receipt |
//! | `P#<key>` | `P` | a pass |
//! | `O#<reader>` | `E#<engagement>`, `READER` | how far a reader of the journals is |
//!
//! An append is one conditional write of the tip. When its entries have grown, they are first
//! copied to an item of their own; that write needs no condition, because entries never change.
//! Only receipts and changes of a lease need a transaction.

mod callback;
mod fault;
mod index;
pub(crate) mod item;
mod journal;
mod lease;
mod ledger;
mod outbox;
mod pass;
mod receipt;
mod tip;
mod units;
mod unpushed;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;

pub use callback::{Known, Run, Timed};
pub(crate) use fault::{Written, failed, written};
pub use units::Units;

/// Number of times that a write is tried again when others write too.
const TRIES: u32 = 64;

/// The table with the stores. Clones share connections and counters.
#[derive(Clone)]
pub struct Store {
    client: Client,
    table: Arc<str>,
    now: Arc<dyn Fn() -> i64 + Send + Sync>,
    units: Arc<Units>,
}

impl Store {
    /// The stores in a table. Sends nothing yet.
    pub fn new(config: &SdkConfig, table: &str) -> Store {
        let now = || {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        };
        let client = Client::new(config);
        Store { client, table: table.into(), now: Arc::new(now), units: Arc::default() }
    }

    /// The same stores with another clock, in milliseconds since 1970 UTC: leases expire by it.
    #[must_use]
    pub fn with_clock(self, now: impl Fn() -> i64 + Send + Sync + 'static) -> Store {
        Store { now: Arc::new(now), ..self }
    }

    /// The capacity that this process has used.
    pub fn units(&self) -> &Units {
        &self.units
    }

    /// A short pause before a write is tried again.
    async fn pause(&self, tries: u32) {
        let millis = 2_u64 << tries.min(6);
        tokio::time::sleep(std::time::Duration::from_millis(millis)).await;
    }
}
