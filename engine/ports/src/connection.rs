//! Connections that a gateway keeps open to readers: who is connected, and how far each reader has
//! got. The service itself holds no connection, and sends each message by the connection's id.

use async_trait::async_trait;

use super::StoreError;

/// A connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The gateway's id for it.
    pub id: String,
    /// Who reads, opaque to the store.
    pub reader: String,
    /// When it was opened, in milliseconds since 1970 UTC.
    pub opened: i64,
    /// When the gateway will have closed it, in milliseconds since 1970 UTC.
    pub until: i64,
}

/// How far a reader has got in one engagement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Number of the last entry that was sent; 0 before the first.
    pub at: u64,
    /// Whether the reader was told that the engagement can no longer be seen.
    pub gone: bool,
}

/// A connection that follows an engagement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follower {
    /// The connection.
    pub connection: Connection,
    /// How far it has got; `None` before anything was sent.
    pub place: Option<Place>,
}

/// The connection port. Reads are strongly consistent. Connections whose time is up may remain
/// listed; sending to them reports that they are closed.
#[async_trait]
pub trait Connections: Send + Sync {
    /// Adds a connection, with what its reader asks for, opaque to the store. It follows nothing
    /// yet.
    async fn add(&self, connection: &Connection, asks: &str) -> Result<(), StoreError>;

    /// A connection by its id, with what its reader asks for; `None` when there is none.
    async fn find(&self, id: &str) -> Result<Option<(Connection, String)>, StoreError>;

    /// From now on, a connection follows every engagement.
    async fn follow_all(&self, connection: &Connection) -> Result<(), StoreError>;

    /// Removes a connection. It no longer follows every engagement.
    async fn remove(&self, id: &str) -> Result<(), StoreError>;

    /// The connections that follow an engagement: those with a place in it, and those that follow
    /// every engagement.
    async fn followers(&self, engagement: &str) -> Result<Vec<Follower>, StoreError>;

    /// A connection that has a place in an engagement, by its id.
    async fn follower(&self, id: &str, engagement: &str) -> Result<Option<Follower>, StoreError>;

    /// From now on, a connection follows an engagement, beginning after entry `at`. One that
    /// follows it already keeps its place.
    async fn follow(
        &self,
        connection: &Connection,
        engagement: &str,
        at: u64,
    ) -> Result<(), StoreError>;

    /// The entries up to `at` were sent. A place never moves back.
    async fn sent(
        &self,
        connection: &Connection,
        engagement: &str,
        at: u64,
    ) -> Result<(), StoreError>;

    /// The reader was told that it can no longer see an engagement, or sees it again.
    async fn told(&self, id: &str, engagement: &str, gone: bool) -> Result<(), StoreError>;

    /// Claims the right to send what a reader lacks, until a time; `false` when another process
    /// has it, or the reader has no place. Times are in milliseconds since 1970 UTC.
    async fn claim(
        &self,
        id: &str,
        engagement: &str,
        now: i64,
        until: i64,
    ) -> Result<bool, StoreError>;

    /// A connection no longer follows an engagement.
    async fn leave(&self, id: &str, engagement: &str) -> Result<(), StoreError>;
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// The gateway has it.
    Yes,
    /// The connection is closed, or not open yet.
    Closed,
}

/// The port to the gateway.
#[async_trait]
pub trait Gateway: Send + Sync {
    /// Sends a message to a connection.
    async fn send(&self, id: &str, message: &str) -> Result<Sent, StoreError>;

    /// Closes a connection, if it is open.
    async fn close(&self, id: &str) -> Result<(), StoreError>;
}
