//! The contract of [`Connections`].

use super::done;
use crate::connection::{Connection, Connections, Follower, Place};

/// Runs all tests.
pub async fn run_all(connections: &dyn Connections) {
    a_connection_is_kept_until_it_is_removed(connections).await;
    a_reader_follows_what_it_has_a_place_in(connections).await;
    whoever_follows_every_engagement_follows_new_ones(connections).await;
    a_reader_never_moves_back(connections).await;
    many_readers_are_all_found(connections).await;
}

/// A connection that is open for an hour; far in the future, so that no store expires it.
fn connection(id: &str, every: bool) -> Connection {
    let opened = 4_000_000_000_000;
    let value = format!("{{\"reader\":\"{id} ü\"}}");
    Connection { id: id.to_owned(), value, every, opened, until: opened + 3_600_000 }
}

async fn opened(connections: &dyn Connections, id: &str, every: bool) -> Connection {
    let connection = connection(id, every);
    done("a connection is added", connections.add(&connection).await);
    connection
}

async fn follower(connections: &dyn Connections, id: &str, engagement: &str) -> Option<Follower> {
    let all = done("followers", connections.followers(engagement).await);
    let mut of = all.into_iter().filter(|follower| follower.connection.id == id);
    let found = of.next();
    assert_eq!(of.next(), None, "`{id}` follows `{engagement}` twice");
    found
}

fn at(at: u64) -> Place {
    Place { at, gone: false }
}

/// It is found by its id, with what it was added with.
pub async fn a_connection_is_kept_until_it_is_removed(connections: &dyn Connections) {
    assert_eq!(done("nothing", connections.find("kept=").await), None);
    let kept = opened(connections, "kept=", false).await;
    assert_eq!(done("a connection", connections.find("kept=").await), Some(kept));
    done("it is removed", connections.remove("kept=").await);
    done("it is removed again", connections.remove("kept=").await);
    assert_eq!(done("nothing", connections.find("kept=").await), None);
}

/// A place says where to continue, and that nothing more is to be sent.
pub async fn a_reader_follows_what_it_has_a_place_in(connections: &dyn Connections) {
    let reader = opened(connections, "one", false).await;
    assert_eq!(follower(connections, "one", "shop").await, None);
    done("it follows", connections.place(&reader, "shop", at(0)).await);
    let found = follower(connections, "one", "shop").await.map(|follower| follower.place);
    assert_eq!(found, Some(Some(at(0))));
    assert_eq!(follower(connections, "one", "bank").await, None);
    let gone = Place { at: 3, gone: true };
    done("it is told", connections.place(&reader, "shop", gone).await);
    let found = follower(connections, "one", "shop").await;
    assert_eq!(found, Some(Follower { connection: reader, place: Some(gone) }));
    done("it leaves", connections.leave("one", "shop").await);
    assert_eq!(follower(connections, "one", "shop").await, None);
}

/// It has no place in an engagement until something was sent.
pub async fn whoever_follows_every_engagement_follows_new_ones(connections: &dyn Connections) {
    let reader = opened(connections, "every", true).await;
    let found = follower(connections, "every", "new").await;
    assert_eq!(found, Some(Follower { connection: reader.clone(), place: None }));
    done("it follows", connections.place(&reader, "new", at(7)).await);
    let found = follower(connections, "every", "new").await;
    assert_eq!(found, Some(Follower { connection: reader, place: Some(at(7)) }));
    done("it is removed", connections.remove("every").await);
    assert_eq!(follower(connections, "every", "newer").await, None);
}

/// Two processes send to one connection: the one that is behind does not move it back.
pub async fn a_reader_never_moves_back(connections: &dyn Connections) {
    let reader = opened(connections, "forward", false).await;
    done("it follows", connections.place(&reader, "long", at(9)).await);
    done("another is late", connections.place(&reader, "long", at(4)).await);
    let found = follower(connections, "forward", "long").await.and_then(|found| found.place);
    assert_eq!(found, Some(at(9)));
}

/// More than a page of a store holds.
pub async fn many_readers_are_all_found(connections: &dyn Connections) {
    for n in 0..60 {
        let value = "x".repeat(20_000);
        let reader = Connection { value, ..connection(&format!("many-{n}"), false) };
        done("it follows", connections.place(&reader, "popular", at(1)).await);
    }
    let all = done("followers", connections.followers("popular").await);
    let many = all.iter().filter(|follower| follower.connection.id.starts_with("many-"));
    assert_eq!(many.count(), 60);
}
