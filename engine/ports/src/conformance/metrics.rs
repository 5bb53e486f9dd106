//! The contract of [`Metrics`].

use futures_util::future::join_all;

use super::done;
use crate::metrics::{Item, MAX_BODY, Metrics};

/// Runs all tests.
pub async fn run_all(metrics: &dyn Metrics) {
    items_come_back_in_the_order_of_their_sort_keys(metrics).await;
    an_item_gives_way_only_to_one_that_knows_more(metrics).await;
    concurrent_writers_leave_the_one_that_knows_most(metrics).await;
    large_items_and_many_are_read(metrics).await;
    everything_can_be_forgotten(metrics).await;
}

fn item(key: &str, sort: &str, as_of: u64, body: &str) -> Item {
    Item { key: key.to_owned(), sort: sort.to_owned(), body: body.to_owned(), as_of }
}

async fn all(metrics: &dyn Metrics, key: &str) -> Vec<Item> {
    done("items are read", metrics.between(key, "", "\u{7f}", 10_000).await)
}

/// Within bounds that include the first and exclude the last.
pub async fn items_come_back_in_the_order_of_their_sort_keys(metrics: &dyn Metrics) {
    assert_eq!(all(metrics, "NOBODY").await, []);
    let written: Vec<Item> = ["b", "PHASE#x", "a#2", "a#1", "SUMMARY"]
        .into_iter()
        .map(|sort| item("ORDER", sort, 1, "{\"ü\":[1,null]}"))
        .collect();
    done("items are written", metrics.put(&written).await);
    done("nothing is written", metrics.put(&[]).await);
    let mut expected = written.clone();
    expected.sort();
    assert_eq!(all(metrics, "ORDER").await, expected);
    let some = done("some are read", metrics.between("ORDER", "a#1", "b", 10).await);
    let sorts: Vec<&str> = some.iter().map(|item| item.sort.as_str()).collect();
    assert_eq!(sorts, ["a#1", "a#2"]);
    let one = done("one is read", metrics.between("ORDER", "a", "z", 1).await);
    assert_eq!(one.len(), 1, "more than asked for");
}

/// Or as much: a repeated step writes the same.
pub async fn an_item_gives_way_only_to_one_that_knows_more(metrics: &dyn Metrics) {
    for (as_of, body, expected) in
        [(5, "five", "five"), (4, "four", "five"), (5, "again", "again"), (9, "nine", "nine")]
    {
        done("an item is written", metrics.put(&[item("STATE", "s", as_of, body)]).await);
        let bodies: Vec<String> =
            all(metrics, "STATE").await.into_iter().map(|item| item.body).collect();
        assert_eq!(bodies, [expected], "after {body}");
    }
}

/// Whatever the order in which they come.
pub async fn concurrent_writers_leave_the_one_that_knows_most(metrics: &dyn Metrics) {
    let items: Vec<[Item; 2]> = (0..32)
        .map(|n| {
            let as_of = (n * 7) % 32;
            let body = as_of.to_string();
            [item("RACE", "a", as_of, &body), item("RACE", "b", as_of, &body)]
        })
        .collect();
    for put in join_all(items.iter().map(|items| metrics.put(items))).await {
        done("items are written", put);
    }
    let left: Vec<u64> = all(metrics, "RACE").await.iter().map(|item| item.as_of).collect();
    assert_eq!(left, [31, 31]);
}

/// Also across the pages of a store.
pub async fn large_items_and_many_are_read(metrics: &dyn Metrics) {
    let body = "x".repeat(MAX_BODY);
    let items: Vec<Item> = (0..12).map(|n| item("LARGE", &format!("{n:03}"), 1, &body)).collect();
    done("large items are written", metrics.put(&items).await);
    assert_eq!(all(metrics, "LARGE").await.len(), 12, "large items are missing");
    let items: Vec<Item> = (0..60).map(|n| item("MANY", &format!("{n:03}"), 1, "{}")).collect();
    done("many items are written", metrics.put(&items).await);
    assert_eq!(all(metrics, "MANY").await, items);
}

/// The store is a projection.
pub async fn everything_can_be_forgotten(metrics: &dyn Metrics) {
    done("an item is written", metrics.put(&[item("GONE", "a", 3, "{}")]).await);
    done("everything is forgotten", metrics.forget_all().await);
    assert_eq!(all(metrics, "GONE").await, []);
    done("an item is written", metrics.put(&[item("GONE", "a", 1, "{}")]).await);
    assert_eq!(all(metrics, "GONE").await.len(), 1);
}
