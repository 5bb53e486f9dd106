//! The contract of [`Connections`].

use super::done;
use crate::connection::{Connection, Connections, Follower, Place};

/// Runs all tests.
pub async fn run_all(connections: &dyn Connections) {
    a_connection_is_kept_until_it_is_removed(connections).await;
    a_reader_follows_what_it_has_a_place_in(connections).await;
    whoever_follows_every_engagement_follows_new_ones(connections).await;
    a_place_never_moves_back(connections).await;
    one_process_sends_what_a_reader_lacks(connections).await;
    many_readers_are_all_found(connections).await;
}

/// A connection that is open for an hour; far in the future, so that no store expires it.
fn connection(id: &str) -> Connection {
    let opened = 4_000_000_000_000;
    let reader = format!("{{\"name\":\"{id} ü\"}}");
    Connection { id: id.to_owned(), reader, opened, until: opened + 3_600_000 }
}

async fn added(connections: &dyn Connections, id: &str) -> Connection {
    let connection = connection(id);
    done("a connection is added", connections.add(&connection, "[]").await);
    connection
}

async fn follower(connections: &dyn Connections, id: &str, engagement: &str) -> Option<Follower> {
    let all = done("followers", connections.followers(engagement).await);
    let mut of = all.into_iter().filter(|follower| follower.connection.id == id);
    let found = of.next();
    assert_eq!(of.next(), None, "`{id}` follows `{engagement}` twice");
    let one = done("a follower", connections.follower(id, engagement).await);
    assert_eq!(one, found.clone().filter(|found| found.place.is_some()));
    found
}

/// It is found by its id, with what it was added with.
pub async fn a_connection_is_kept_until_it_is_removed(connections: &dyn Connections) {
    assert_eq!(done("nothing", connections.find("kept=").await), None);
    let kept = added(connections, "kept=").await;
    let found = done("a connection", connections.find("kept=").await);
    assert_eq!(found, Some((kept, "[]".to_owned())));
    done("it is removed", connections.remove("kept=").await);
    done("it is removed again", connections.remove("kept=").await);
    assert_eq!(done("nothing", connections.find("kept=").await), None);
}

/// A place says where to continue, and whether anything is to be sent.
pub async fn a_reader_follows_what_it_has_a_place_in(connections: &dyn Connections) {
    let reader = added(connections, "one").await;
    assert_eq!(follower(connections, "one", "shop").await, None);
    let at = |at: u64, gone: bool| Place { at, gone };
    done("it follows", connections.follow(&reader, "shop", 3).await);
    let found = follower(connections, "one", "shop").await.and_then(|found| found.place);
    assert_eq!(found, Some(at(3, false)));
    done("it gets more", connections.sent(&reader, "shop", 5).await);
    done("it follows again", connections.follow(&reader, "shop", 4).await);
    let found = follower(connections, "one", "shop").await.and_then(|found| found.place);
    assert_eq!(found, Some(at(5, false)), "a second start changes nothing");
    assert_eq!(follower(connections, "one", "bank").await, None);
    done("it is told", connections.told("one", "shop", true).await);
    done("it gets more", connections.sent(&reader, "shop", 6).await);
    let found = follower(connections, "one", "shop").await;
    let gone = Follower { connection: reader, place: Some(at(6, true)) };
    assert_eq!(found, Some(gone));
    done("it sees it again", connections.told("one", "shop", false).await);
    let found = follower(connections, "one", "shop").await.and_then(|found| found.place);
    assert_eq!(found, Some(at(6, false)));
    done("it leaves", connections.leave("one", "shop").await);
    assert_eq!(follower(connections, "one", "shop").await, None);
    done("it has left", connections.told("one", "shop", true).await);
    assert_eq!(follower(connections, "one", "shop").await, None);
}

/// It has no place in an engagement until something was sent.
pub async fn whoever_follows_every_engagement_follows_new_ones(connections: &dyn Connections) {
    let reader = added(connections, "every").await;
    assert_eq!(follower(connections, "every", "new").await, None, "it has not begun");
    done("it follows all", connections.follow_all(&reader).await);
    let found = follower(connections, "every", "new").await;
    assert_eq!(found, Some(Follower { connection: reader.clone(), place: None }));
    done("it gets some", connections.sent(&reader, "new", 7).await);
    let found = follower(connections, "every", "new").await;
    let place = Some(Place { at: 7, gone: false });
    assert_eq!(found, Some(Follower { connection: reader, place }));
    done("it is removed", connections.remove("every").await);
    assert_eq!(follower(connections, "every", "newer").await, None);
}

/// Two processes send to one connection: the one that is behind does not move it back.
pub async fn a_place_never_moves_back(connections: &dyn Connections) {
    let reader = added(connections, "forward").await;
    done("it gets some", connections.sent(&reader, "long", 9).await);
    done("another is late", connections.sent(&reader, "long", 4).await);
    let found = follower(connections, "forward", "long").await.and_then(|found| found.place);
    assert_eq!(found, Some(Place { at: 9, gone: false }));
}

/// A claim ends by itself.
pub async fn one_process_sends_what_a_reader_lacks(connections: &dyn Connections) {
    let reader = added(connections, "far").await;
    done("it follows", connections.follow(&reader, "long", 0).await);
    let claim = |now: i64| connections.claim("far", "long", now, now + 10);
    assert!(done("a claim", claim(100).await));
    assert!(!done("another", claim(105).await));
    done("it gets some", connections.sent(&reader, "long", 1).await);
    assert!(!done("another", claim(109).await), "it is still claimed");
    assert!(done("the first has ended", claim(111).await));
}

/// More than a page of a store holds.
pub async fn many_readers_are_all_found(connections: &dyn Connections) {
    for n in 0..60 {
        let reader = "x".repeat(20_000);
        let reader = Connection { reader, ..connection(&format!("many-{n}")) };
        done("it follows", connections.follow(&reader, "popular", 1).await);
    }
    let all = done("followers", connections.followers("popular").await);
    let many = all.iter().filter(|follower| follower.connection.id.starts_with("many-"));
    assert_eq!(many.count(), 60);
}
