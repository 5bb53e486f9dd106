//! Connections that a gateway keeps open to readers: who is connected, and how far each reader has
//! got. The service itself holds no connection, and sends each message by the connection's id.

use async_trait::async_trait;

use super::StoreError;

/// A connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The gateway's id for it.
    pub id: String,
    /// Who reads what, opaque to the store.
    pub value: String,
    /// Whether it follows every engagement that its reader may see, also later ones.
    pub every: bool,
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
    /// Adds a connection.
    async fn add(&self, connection: &Connection) -> Result<(), StoreError>;

    /// A connection by its id; `None` when there is none.
    async fn find(&self, id: &str) -> Result<Option<Connection>, StoreError>;

    /// Removes a connection. It no longer follows every engagement.
    async fn remove(&self, id: &str) -> Result<(), StoreError>;

    /// The connections that follow an engagement: those with a place in it, and those that follow
    /// every engagement.
    async fn followers(&self, engagement: &str) -> Result<Vec<Follower>, StoreError>;

    /// Moves a connection to a place in an engagement, which it follows from then on. It never
    /// moves back.
    async fn place(
        &self,
        connection: &Connection,
        engagement: &str,
        place: Place,
    ) -> Result<(), StoreError>;

    /// A connection no longer follows an engagement.
    async fn leave(&self, id: &str, engagement: &str) -> Result<(), StoreError>;
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// The gateway has it.
    Yes,
    /// The connection is closed.
    Closed,
}

/// The port to the gateway.
#[async_trait]
pub trait Gateway: Send + Sync {
    /// Sends a message to a connection.
    async fn send(&self, id: &str, message: &str) -> Result<Sent, StoreError>;
}
