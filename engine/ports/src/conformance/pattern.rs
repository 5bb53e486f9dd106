//! The contract of [`Patterns`].

use cloudcrew_definition::crew::Pattern;

use super::done;
use crate::memory::Space;
use crate::pattern::{Card, PatternEvent, Patterns};

/// Runs all tests.
pub async fn run_all(patterns: &dyn Patterns) {
    bundles_come_back_once_in_order(patterns).await;
    events_are_written_once_in_order(patterns).await;
    owners_see_their_own(patterns).await;
}

fn space(owner: &str) -> Space {
    Space { rehearsal: false, owner: owner.to_owned() }
}

fn card(name: &str, content: &str) -> Card {
    let pattern = Pattern {
        name: name.to_owned(),
        title: "„Ein Titel“ \u{1F980}".to_owned(),
        category: "infrastructure".to_owned(),
        tags: vec!["a".to_owned()],
        description: "When\nto use it".to_owned(),
        files: vec![("a/b.tf".to_owned(), content.to_owned())],
    };
    Card { pattern, project: "acme".to_owned(), by: "sa".to_owned(), at: 7 }
}

/// The same files are one bundle, whatever it is called.
pub async fn bundles_come_back_once_in_order(patterns: &dyn Patterns) {
    let space = space("order");
    assert_eq!(done("no bundles", patterns.cards(&space).await), []);
    for bundle in [card("b", "one"), card("a", "two"), card("c", "one"), card("a", "two")] {
        done("a bundle is added", patterns.offer(&space, &bundle).await);
    }
    let cards = done("bundles are read", patterns.cards(&space).await);
    assert_eq!(cards, [card("b", "one"), card("a", "two")]);
}

/// A replayed step adds nothing, and an event needs no bundle.
pub async fn events_are_written_once_in_order(patterns: &dyn Patterns) {
    let space = space("events");
    let promoted = |at| PatternEvent::Promoted { by: "qa".to_owned(), at };
    for (id, at) in [("b", 1), ("a", 2), ("b", 1), ("c", 3), ("a", 2)] {
        done("an event is written", patterns.note(&space, "digest", id, &promoted(at)).await);
    }
    let events = done("events are read", patterns.events(&space, "digest").await);
    assert_eq!(events, [promoted(1), promoted(2), promoted(3)]);
    assert_eq!(done("no events", patterns.events(&space, "other").await), []);
}

/// Neither bundles nor events of others, and rehearsals are apart.
pub async fn owners_see_their_own(patterns: &dyn Patterns) {
    let event = PatternEvent::Promoted { by: "qa".to_owned(), at: 1 };
    done("a bundle is added", patterns.offer(&space("ada"), &card("a", "x")).await);
    done("an event is written", patterns.note(&space("ada"), "d", "e", &event).await);
    let rehearsed = Space { rehearsal: true, owner: "ada".to_owned() };
    for other in [space("Ada"), space("ada/"), space(""), rehearsed] {
        assert_eq!(done("bundles", patterns.cards(&other).await), [], "{other:?}");
        assert_eq!(done("events", patterns.events(&other, "d").await), [], "{other:?}");
    }
}
