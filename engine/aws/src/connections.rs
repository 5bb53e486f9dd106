//! The connections of readers, in a table of their own. Its time to live removes what the gateway
//! closed without a word.
//!
//! | Partition | Sort key | Content |
//! |---|---|---|
//! | `C#<id>` | `C` | a connection |
//! | `ALL` | `C#<id>` | one that follows every engagement |
//! | `E#<engagement>` | `C#<id>` | one that follows the engagement, and its place |

use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::connection::{Connection, Connections, Follower, Place};

use crate::store::item::{Item, SK, damaged, key, number, number_of, of, text, text_of};
use crate::store::{failed, written};

/// Partition of the connections that follow every engagement.
const ALL: &str = "ALL";

/// The table. Clones share connections to it.
#[derive(Debug, Clone)]
pub struct ConnectionTable {
    client: Client,
    table: Arc<str>,
}

impl ConnectionTable {
    /// The connections in a table. Sends nothing yet.
    pub fn new(config: &SdkConfig, table: &str) -> ConnectionTable {
        ConnectionTable { client: Client::new(config), table: table.into() }
    }

    async fn put(&self, item: Item) -> Result<(), StoreError> {
        let sent = self.client.put_item().table_name(&*self.table).set_item(Some(item)).send();
        sent.await.map(|_| ()).map_err(|error| failed(&self.table, &error))
    }

    async fn delete(&self, key: Item) -> Result<(), StoreError> {
        let sent = self.client.delete_item().table_name(&*self.table).set_key(Some(key)).send();
        sent.await.map(|_| ()).map_err(|error| failed(&self.table, &error))
    }

    /// The items of a partition.
    async fn partition(&self, name: &str) -> Result<Vec<Item>, StoreError> {
        let (mut items, mut after) = (Vec::new(), None);
        loop {
            let page = self
                .client
                .query()
                .table_name(&*self.table)
                .consistent_read(true)
                .key_condition_expression("PK = :partition")
                .expression_attribute_values(":partition", text(name))
                .set_exclusive_start_key(after)
                .send()
                .await
                .map_err(|error| failed(&self.table, &error))?;
            items.extend(page.items.unwrap_or_default());
            after = page.last_evaluated_key;
            if after.is_none() {
                return Ok(items);
            }
        }
    }
}

/// What every item of a connection has.
fn filled(mut item: Item, connection: &Connection) -> Item {
    item.insert("id".to_owned(), text(&connection.id));
    item.insert("value".to_owned(), text(&connection.value));
    item.insert("opened".to_owned(), number(connection.opened));
    item.insert("until".to_owned(), number(connection.until));
    item.insert("expires".to_owned(), number(connection.until / 1000 + 1));
    item
}

/// The connection of an item.
fn read(item: &Item, every: bool) -> Option<Connection> {
    Some(Connection {
        id: text_of(item, "id")?.to_owned(),
        value: text_of(item, "value")?.to_owned(),
        every: number_of::<u8>(item, "every").map_or(every, |every| every == 1),
        opened: number_of(item, "opened")?,
        until: number_of(item, "until")?,
    })
}

fn broken() -> StoreError {
    damaged("the table of connections", "an item cannot be read")
}

fn sort(id: &str) -> String {
    format!("C#{id}")
}

#[async_trait]
impl Connections for ConnectionTable {
    async fn add(&self, connection: &Connection) -> Result<(), StoreError> {
        let mut item = filled(key(sort(&connection.id), "C"), connection);
        item.insert("every".to_owned(), number(u8::from(connection.every)));
        self.put(item).await?;
        if connection.every {
            self.put(filled(key(ALL.to_owned(), sort(&connection.id)), connection)).await?;
        }
        Ok(())
    }

    async fn find(&self, id: &str) -> Result<Option<Connection>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&*self.table)
            .set_key(Some(key(sort(id), "C")))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| failed(&self.table, &error))?;
        found.item.map(|item| read(&item, false).ok_or_else(broken)).transpose()
    }

    async fn remove(&self, id: &str) -> Result<(), StoreError> {
        self.delete(key(ALL.to_owned(), sort(id))).await?;
        self.delete(key(sort(id), "C")).await
    }

    async fn followers(&self, engagement: &str) -> Result<Vec<Follower>, StoreError> {
        let mut followers = Vec::new();
        for item in self.partition(&of(engagement)).await? {
            let connection = read(&item, false).ok_or_else(broken)?;
            let at = number_of(&item, "at").ok_or_else(broken)?;
            let gone = number_of::<u8>(&item, "gone") == Some(1);
            followers.push(Follower { connection, place: Some(Place { at, gone }) });
        }
        for item in self.partition(ALL).await? {
            let id = text_of(&item, SK).and_then(|sort| sort.strip_prefix("C#"));
            let id = id.ok_or_else(broken)?;
            if !followers.iter().any(|follower| follower.connection.id == id) {
                let connection = read(&item, true).ok_or_else(broken)?;
                followers.push(Follower { connection, place: None });
            }
        }
        Ok(followers)
    }

    async fn place(
        &self,
        connection: &Connection,
        engagement: &str,
        place: Place,
    ) -> Result<(), StoreError> {
        let mut item = filled(key(of(engagement), sort(&connection.id)), connection);
        item.insert("every".to_owned(), number(u8::from(connection.every)));
        item.insert("at".to_owned(), number(place.at));
        item.insert("gone".to_owned(), number(u8::from(place.gone)));
        let sent = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#at) OR #at <= :at")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":at", number(place.at))
            .send()
            .await;
        // One that is further ahead stays there.
        written(&self.table, sent)?;
        Ok(())
    }

    async fn leave(&self, id: &str, engagement: &str) -> Result<(), StoreError> {
        self.delete(key(of(engagement), sort(id))).await
    }
}
