//! The journal port: one conditional write per append.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use cloudcrew_planted::Fault;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::journal::{AppendError, Batch, Entry, Head, Journal, NewEntry, Writer, chain};
use cloudcrew_ports::receipt::Receipt;
use ring::rand::{SecureRandom as _, SystemRandom};

use super::fault::{Written, written};
use super::item::{
    self, Item, LEASE, TIP, damaged, key, list, number, number_of, of, sorted, text, texts_of,
};
use super::tip::{Change, KEPT, entry, hash, noted, row_change, stored};
use super::{Store, TRIES, receipt};

/// Bytes of an append that are written to an item of their own at once.
const LARGE: usize = 32 * 1024;

#[async_trait]
impl Journal for Store {
    async fn create(&self, engagement: &str, batch: Batch) -> Result<Option<Head>, StoreError> {
        self.fits(engagement, &batch)?;
        let Some(first) = batch.entries.first() else {
            let why = "a journal cannot begin without an entry".to_owned();
            return Err(StoreError::Unusable { what: engagement.to_owned(), why });
        };
        let at = first.at;
        let (head, tail) = follow(&Head::default(), &batch.entries);
        let token = token();
        let mut change = row_change(&batch.row, &head);
        let made = format!("{}#{engagement}", sorted(u64::try_from(at).unwrap_or(0)));
        change.set.extend([
            ("engagement", text(engagement)),
            ("created", number(at)),
            ("made", text(made)),
            ("listed", text("1")),
        ]);
        let large = tail.iter().map(String::len).sum::<usize>() > LARGE;
        let (first, tail, beside) = match large {
            true => (head.seq + 1, Vec::new(), Some(kept(engagement, &head, 1, &tail))),
            false => (1, tail, None),
        };
        tipped(&mut change, (&head, first, &tail, &[noted(&token, &head)]));
        for tries in 0..TRIES {
            if let Some(tip) = self.tip(engagement).await? {
                return Ok(tip.after(&token));
            }
            if let Some(receipt) = &batch.receipt
                && self.answered(receipt).await?.is_some()
            {
                return Ok(None);
            }
            let write = Write {
                change: change.clone(),
                condition: "attribute_not_exists(seq)",
                values: Vec::new(),
                beside: beside.clone(),
                receipt: batch.receipt.as_ref(),
            };
            match self.write_tip(engagement, write).await? {
                Written::Done => return Ok(Some(head)),
                Written::Refused => self.pause(tries).await,
            }
        }
        let by = "too many concurrent writers; try again".to_owned();
        Err(StoreError::Busy { what: engagement.to_owned(), by })
    }

    async fn append(
        &self,
        engagement: &str,
        expected: &Head,
        writer: Writer,
        batch: Batch,
    ) -> Result<Head, AppendError> {
        self.fits(engagement, &batch)?;
        let token = token();
        for tries in 0..TRIES {
            let Some(mut tip) = self.tip(engagement).await? else {
                let why = "no such engagement".to_owned();
                return Err(StoreError::Unusable { what: engagement.to_owned(), why }.into());
            };
            if let Some(head) = tip.after(&token) {
                return Ok(head);
            }
            if let Some(receipt) = &batch.receipt
                && let Some(there) = self.answered(receipt).await?
            {
                return Err(AppendError::Answered(there));
            }
            if let Writer::Driver(epoch) = writer
                && tip.driver != Some(epoch)
                && !Fault::NoEpoch.is_planted()
            {
                return Err(self.lost(engagement).await?);
            }
            if tip.head != *expected && !Fault::NoCompareAndSwap.is_planted() {
                return Err(AppendError::Conflict(tip.head));
            }
            if batch.entries.is_empty() {
                return Ok(tip.head);
            }
            let (head, new) = follow(&tip.head, &batch.entries);
            let large = new.iter().map(String::len).sum::<usize>() > LARGE;
            if tip.bytes() > KEPT || (large && !tip.tail.is_empty()) {
                self.put(kept(engagement, &tip.head, tip.first, &tip.tail)).await?;
                (tip.first, tip.tail) = (tip.head.seq + 1, Vec::new());
            }
            // Large entries go straight to an item of their own; through the tip, they would be
            // written twice.
            let (first, tail, beside) = match large {
                true => {
                    let item = kept(engagement, &head, tip.first, &new);
                    (head.seq + 1, Vec::new(), Some(item))
                }
                false => (tip.first, [std::mem::take(&mut tip.tail), new].concat(), None),
            };
            let mut change = match tip.row.as_ref() == Some(&batch.row) {
                true => Change { set: Vec::new(), remove: Vec::new() },
                false => row_change(&batch.row, &head),
            };
            tipped(&mut change, (&head, first, &tail, &tip.with(&token, &head)));
            let mut values = vec![(":was", number(tip.head.seq)), (":hash", text(&tip.head.hash))];
            let condition = match writer {
                Writer::Driver(epoch) if !Fault::NoEpoch.is_planted() => {
                    values.push((":epoch", number(epoch)));
                    "seq = :was AND #hash = :hash AND driver = :epoch"
                }
                _ => "seq = :was AND #hash = :hash",
            };
            let receipt = batch.receipt.as_ref();
            let write = Write { change, condition, values, beside, receipt };
            match self.write_tip(engagement, write).await? {
                Written::Done => return Ok(head),
                // Another writer came first, or this append with a lost reply: read the tip again.
                Written::Refused => self.pause(tries).await,
            }
        }
        let by = "too many concurrent writers; try again".to_owned();
        Err(StoreError::Busy { what: engagement.to_owned(), by }.into())
    }

    async fn read(
        &self,
        engagement: &str,
        after: &Head,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let not_there = || {
            let why = format!("it has no entry {} with the hash that was read before", after.seq);
            damaged(engagement, why)
        };
        let Some(tip) = self.tip(engagement).await? else {
            return if *after == Head::default() { Ok(Vec::new()) } else { Err(not_there()) };
        };
        if after.seq > tip.head.seq || (after.seq == tip.head.seq && *after != tip.head) {
            return Err(not_there());
        }
        let mut reading = Reading {
            what: engagement,
            at: after.clone(),
            seen: after.seq == 0 || after.seq == tip.head.seq,
            limit,
            read: Vec::new(),
        };
        if after.seq + 1 < tip.first || (after.seq != 0 && after.seq < tip.first) {
            let from = format!("B#{}", sorted(after.seq));
            self.each(of(engagement), "B#", Some(from), |item| {
                let (first, texts) = batch_of(engagement, &item)?;
                reading.take(first, &texts)
            })
            .await?;
        }
        let tail: Vec<&str> = tip.tail.iter().map(String::as_str).collect();
        reading.take(tip.first, &tail)?;
        if !reading.seen {
            return Err(not_there());
        }
        // It may have grown since its tip was read.
        if reading.read.len() < limit && reading.at.seq < tip.head.seq {
            return Err(damaged(engagement, format!("it ends before entry {}", tip.head.seq)));
        }
        Ok(reading.read)
    }

    async fn head(&self, engagement: &str) -> Result<Option<Head>, StoreError> {
        Ok(self.tip(engagement).await?.map(|tip| tip.head))
    }

    async fn head_at(&self, engagement: &str, seq: u64) -> Result<Option<Head>, StoreError> {
        if seq == 0 {
            return Ok(Some(Head::default()));
        }
        let Some(tip) = self.tip(engagement).await? else { return Ok(None) };
        let mut found = None;
        let mut look = |first: u64, texts: &[&str]| {
            let place = seq.checked_sub(first).and_then(|place| usize::try_from(place).ok());
            found = place.and_then(|place| hash(texts.get(place)?)).map(str::to_owned);
        };
        if seq >= tip.first {
            look(tip.first, &tip.tail.iter().map(String::as_str).collect::<Vec<_>>());
        } else {
            let from = format!("B#{}", sorted(seq));
            self.each(of(engagement), "B#", Some(from), |item| {
                let (first, texts) = batch_of(engagement, &item)?;
                look(first, &texts);
                Ok(false)
            })
            .await?;
        }
        Ok(found.map(|hash| Head { seq, hash }))
    }
}

/// A journal that is being read.
struct Reading<'a> {
    what: &'a str,
    at: Head,
    /// Whether the entry that the reader knows was found.
    seen: bool,
    limit: usize,
    read: Vec<Entry>,
}

impl Reading<'_> {
    /// Takes the entries that come next. `false` when there are enough.
    fn take(&mut self, first: u64, texts: &[&str]) -> Result<bool, StoreError> {
        for (seq, text) in (first..).zip(texts) {
            if seq == self.at.seq && !self.seen {
                if hash(text) != Some(self.at.hash.as_str()) {
                    return Err(damaged(self.what, format!("entry {seq} is another one")));
                }
                self.seen = true;
            }
            if self.read.len() == self.limit {
                return Ok(false);
            }
            if seq <= self.at.seq {
                continue;
            }
            if seq != self.at.seq + 1 {
                return Err(damaged(self.what, format!("entry {} is missing", self.at.seq + 1)));
            }
            let next = entry(self.what, text, seq, &self.at.hash)?;
            self.at = Head { seq, hash: next.hash.clone() };
            self.read.push(next);
        }
        Ok(self.read.len() < self.limit)
    }
}

/// The entries of an item behind the tip, and the number of the first.
fn batch_of<'i>(what: &str, item: &'i Item) -> Result<(u64, Vec<&'i str>), StoreError> {
    let read = || Some((number_of(item, "first")?, texts_of(item, "tail")?));
    read().ok_or_else(|| damaged(what, "some of its entries cannot be read"))
}

/// The head after these entries, and how they are stored.
fn follow(head: &Head, new: &[NewEntry]) -> (Head, Vec<String>) {
    let mut head = head.clone();
    let mut texts = Vec::with_capacity(new.len());
    for entry in new {
        let seq = head.seq + 1;
        let hash = chain(&head.hash, seq, entry.at, &entry.kind, &entry.payload);
        texts.push(stored(entry, &hash));
        head = Head { seq, hash };
    }
    (head, texts)
}

/// Adds the head and the kept entries to a change.
fn tipped(change: &mut Change, (head, first, tail, tokens): (&Head, u64, &[String], &[String])) {
    change.set.extend([
        ("seq", number(head.seq)),
        ("hash", text(&head.hash)),
        ("first", number(first)),
        ("tail", list(tail)),
        ("tokens", list(tokens)),
    ]);
}

/// A random id.
pub(super) fn token() -> String {
    let mut bytes = [0_u8; 16];
    // Without randomness, the time distinguishes writers well enough for a lost reply.
    if SystemRandom::new().fill(&mut bytes).is_err() {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        bytes = now.unwrap_or_default().as_nanos().to_be_bytes();
    }
    cloudcrew_definition::digest::hex(&bytes)
}

/// A conditional write of a tip.
struct Write<'a> {
    change: Change,
    condition: &'static str,
    values: Vec<(&'static str, AttributeValue)>,
    /// An item to write with it.
    beside: Option<Item>,
    /// A receipt to write with it.
    receipt: Option<&'a Receipt>,
}

/// Entries as an item of their own, under the number of the last. Entries never change, so it does
/// not matter who writes it, or how often.
fn kept(engagement: &str, last: &Head, first: u64, texts: &[String]) -> Item {
    let mut item = key(of(engagement), format!("B#{}", sorted(last.seq)));
    item.insert("first".to_owned(), number(first));
    item.insert("tail".to_owned(), list(texts));
    item
}

impl Store {
    fn fits(&self, engagement: &str, batch: &Batch) -> Result<(), StoreError> {
        let unusable = |why| StoreError::Unusable { what: engagement.to_owned(), why };
        batch.fits().map_err(unusable)
    }

    /// A receipt under the same key that is valid.
    async fn answered(&self, receipt: &Receipt) -> Result<Option<Receipt>, StoreError> {
        let there = self.receipt(&receipt.key).await?;
        Ok(there.filter(|there| there.is_valid(receipt.at)))
    }

    /// Who drives an engagement, for one that no longer does.
    async fn lost(&self, engagement: &str) -> Result<AppendError, StoreError> {
        let lease = self.get(key(of(engagement), LEASE)).await?.unwrap_or_default();
        let holder = super::lease::holder_of(&lease).map(|holder| holder.name);
        let epoch = number_of(&lease, "epoch").unwrap_or(0);
        Ok(AppendError::LeaseLost { holder: holder.unwrap_or_else(|| "nobody".to_owned()), epoch })
    }

    async fn write_tip(&self, engagement: &str, write: Write<'_>) -> Result<Written, StoreError> {
        let Write { change, condition, values, beside, receipt } = write;
        let mut whole = key(of(engagement), TIP);
        whole.extend(change.set.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let together = receipt.is_some() || beside.is_some();
        self.units.wrote(item::size(&whole), together);
        let sets: Vec<String> = (0..change.set.len()).map(|n| format!("#n{n} = :v{n}")).collect();
        let mut expression = format!("SET {}", sets.join(", "));
        if !change.remove.is_empty() {
            let names: Vec<String> = (0..change.remove.len()).map(|n| format!("#r{n}")).collect();
            expression.push_str(&format!(" REMOVE {}", names.join(", ")));
        }
        let mut update = Update::builder()
            .table_name(&*self.table)
            .set_key(Some(key(of(engagement), TIP)))
            .update_expression(expression)
            .condition_expression(condition);
        if condition.contains("#hash") {
            update = update.expression_attribute_names("#hash", "hash");
        }
        for (n, (name, value)) in change.set.into_iter().enumerate() {
            update = update
                .expression_attribute_names(format!("#n{n}"), name)
                .expression_attribute_values(format!(":v{n}"), value);
        }
        for (n, name) in change.remove.into_iter().enumerate() {
            update = update.expression_attribute_names(format!("#r{n}"), name);
        }
        for (name, value) in values {
            update = update.expression_attribute_values(name, value);
        }
        let update = update.build().map_err(|error| damaged(&self.table, error.to_string()))?;
        if !together {
            let sent = self
                .client
                .update_item()
                .table_name(&*self.table)
                .set_key(Some(update.key))
                .update_expression(update.update_expression)
                .set_condition_expression(update.condition_expression)
                .set_expression_attribute_names(update.expression_attribute_names)
                .set_expression_attribute_values(update.expression_attribute_values)
                .send()
                .await;
            return written(&self.table, sent);
        }
        let mut items = vec![TransactWriteItem::builder().update(update).build()];
        let broken =
            |error: aws_sdk_dynamodb::error::BuildError| damaged(&self.table, error.to_string());
        if let Some(item) = beside {
            self.units.wrote(item::size(&item), true);
            let put = Put::builder().table_name(&*self.table).set_item(Some(item)).build();
            items.push(TransactWriteItem::builder().put(put.map_err(broken)?).build());
        }
        if let Some(receipt) = receipt {
            let item = receipt::item(receipt);
            self.units.wrote(item::size(&item), true);
            let put = Put::builder()
                .table_name(&*self.table)
                .set_item(Some(item))
                .condition_expression("attribute_not_exists(PK) OR #at <= :old")
                .expression_attribute_names("#at", "at")
                .expression_attribute_values(":old", receipt::outdated(receipt.at))
                .build()
                .map_err(broken)?;
            items.push(TransactWriteItem::builder().put(put).build());
        }
        let transaction = self.client.transact_write_items().set_transact_items(Some(items));
        written(&self.table, transaction.send().await)
    }
}
