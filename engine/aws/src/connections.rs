//! The connections of readers, in a table of their own. Its time to live removes what the gateway
//! closed without a word.
//!
//! | Partition | Sort key | Content |
//! |---|---|---|
//! | `C#<id>` | `C` | a connection |
//! | `ALL` | `C#<id>` | one that follows every engagement |
//! | `E#<engagement>` | `C#<id>` | one that follows the engagement, and its place |

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::connection::{Connection, Connections, Follower, Place};

use crate::store::item::{Item, damaged, key, number, number_of, of, text, text_of};
use crate::store::{Written, failed, written};

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

    async fn get(&self, key: Item) -> Result<Option<Item>, StoreError> {
        let get = self.client.get_item().table_name(&*self.table).set_key(Some(key));
        let got = get.consistent_read(true).send().await;
        Ok(got.map_err(|error| failed(&self.table, &error))?.item)
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
fn attributes(connection: &Connection) -> [(&'static str, AttributeValue); 5] {
    [
        ("id", text(&connection.id)),
        ("reader", text(&connection.reader)),
        ("opened", number(connection.opened)),
        ("until", number(connection.until)),
        ("expires", number(connection.until / 1000 + 1)),
    ]
}

/// An item of a connection.
fn item(mut key: Item, connection: &Connection) -> Item {
    let named = attributes(connection).map(|(name, value)| (name.to_owned(), value));
    key.extend(named);
    key
}

/// The connection of an item.
fn read(item: &Item) -> Result<Connection, StoreError> {
    let read = || {
        Some(Connection {
            id: text_of(item, "id")?.to_owned(),
            reader: text_of(item, "reader")?.to_owned(),
            opened: number_of(item, "opened")?,
            until: number_of(item, "until")?,
        })
    };
    read().ok_or_else(broken)
}

/// The follower of an item that has a place.
fn placed(item: &Item) -> Result<Follower, StoreError> {
    let at = number_of(item, "at").ok_or_else(broken)?;
    let place = Some(Place { at, gone: number_of::<u8>(item, "gone") == Some(1) });
    Ok(Follower { connection: read(item)?, place })
}

fn broken() -> StoreError {
    damaged("the table of connections", "an item cannot be read")
}

fn sort(id: &str) -> String {
    format!("C#{id}")
}

#[async_trait]
impl Connections for ConnectionTable {
    async fn add(&self, connection: &Connection, asks: &str) -> Result<(), StoreError> {
        let mut item = item(key(sort(&connection.id), "C"), connection);
        item.insert("asks".to_owned(), text(asks));
        self.put(item).await
    }

    async fn find(&self, id: &str) -> Result<Option<(Connection, String)>, StoreError> {
        let Some(item) = self.get(key(sort(id), "C")).await? else { return Ok(None) };
        let asks = text_of(&item, "asks").ok_or_else(broken)?.to_owned();
        Ok(Some((read(&item)?, asks)))
    }

    async fn follow_all(&self, connection: &Connection) -> Result<(), StoreError> {
        self.put(item(key(ALL.to_owned(), sort(&connection.id)), connection)).await
    }

    async fn remove(&self, id: &str) -> Result<(), StoreError> {
        self.delete(key(ALL.to_owned(), sort(id))).await?;
        self.delete(key(sort(id), "C")).await
    }

    async fn followers(&self, engagement: &str) -> Result<Vec<Follower>, StoreError> {
        let items = self.partition(&of(engagement)).await?;
        let mut followers: Vec<Follower> = items.iter().map(placed).collect::<Result<_, _>>()?;
        let known: HashSet<String> =
            followers.iter().map(|follower| follower.connection.id.clone()).collect();
        for item in self.partition(ALL).await? {
            let connection = read(&item)?;
            if !known.contains(&connection.id) {
                followers.push(Follower { connection, place: None });
            }
        }
        Ok(followers)
    }

    async fn follower(&self, id: &str, engagement: &str) -> Result<Option<Follower>, StoreError> {
        let item = self.get(key(of(engagement), sort(id))).await?;
        item.map(|item| placed(&item)).transpose()
    }

    async fn follow(
        &self,
        connection: &Connection,
        engagement: &str,
        at: u64,
    ) -> Result<(), StoreError> {
        let mut item = item(key(of(engagement), sort(&connection.id)), connection);
        item.insert("at".to_owned(), number(at));
        let put = self.client.put_item().table_name(&*self.table).set_item(Some(item));
        let sent = put.condition_expression("attribute_not_exists(PK)").send().await;
        // One that follows it already keeps its place.
        written(&self.table, sent)?;
        Ok(())
    }

    async fn sent(
        &self,
        connection: &Connection,
        engagement: &str,
        at: u64,
    ) -> Result<(), StoreError> {
        let mut update = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key(of(engagement), sort(&connection.id))))
            .condition_expression("attribute_not_exists(#at) OR #at < :at");
        let mut sets = vec!["#at = :at".to_owned()];
        update = update.expression_attribute_names("#at", "at");
        update = update.expression_attribute_values(":at", number(at));
        for (n, (name, value)) in attributes(connection).into_iter().enumerate() {
            sets.push(format!("#n{n} = :v{n}"));
            update = update.expression_attribute_names(format!("#n{n}"), name);
            update = update.expression_attribute_values(format!(":v{n}"), value);
        }
        let sent = update.update_expression(format!("SET {}", sets.join(", "))).send().await;
        // One that is further ahead stays there.
        written(&self.table, sent)?;
        Ok(())
    }

    async fn told(&self, id: &str, engagement: &str, gone: bool) -> Result<(), StoreError> {
        let sent = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key(of(engagement), sort(id))))
            .update_expression("SET gone = :gone")
            .condition_expression("attribute_exists(PK)")
            .expression_attribute_values(":gone", number(u8::from(gone)))
            .send()
            .await;
        written(&self.table, sent)?;
        Ok(())
    }

    async fn claim(
        &self,
        id: &str,
        engagement: &str,
        now: i64,
        until: i64,
    ) -> Result<bool, StoreError> {
        let sent = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key(of(engagement), sort(id))))
            .update_expression("SET claimed = :until")
            .condition_expression(
                "attribute_exists(PK) AND (attribute_not_exists(claimed) OR claimed < :now)",
            )
            .expression_attribute_values(":until", number(until))
            .expression_attribute_values(":now", number(now))
            .send()
            .await;
        Ok(matches!(written(&self.table, sent)?, Written::Done))
    }

    async fn leave(&self, id: &str, engagement: &str) -> Result<(), StoreError> {
        self.delete(key(of(engagement), sort(id))).await
    }
}
