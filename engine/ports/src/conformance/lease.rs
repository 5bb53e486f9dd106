//! The contract of [`Leases`], and of [`Journal`] about who may drive. Each adapter tests the
//! expiry of a lease itself, because it has its own clock.

use futures_util::future::join_all;

use super::{batch, begun, done, entry, holder};
use crate::journal::{AppendError, Head, Journal, Writer};
use crate::lease::{Lease, LeaseError, Leases};

/// Runs all tests.
pub async fn run_all(journal: &dyn Journal, leases: &dyn Leases) {
    a_held_lease_is_refused_with_its_holder(journal, leases).await;
    a_released_lease_is_free_and_its_epoch_ends(journal, leases).await;
    a_lost_lease_is_reported_before_a_conflict(journal, leases).await;
    an_answer_needs_no_lease(journal, leases).await;
    one_of_many_concurrent_requests_gets_the_lease(journal, leases).await;
}

async fn taken(leases: &dyn Leases, engagement: &str, by: &str) -> Lease {
    done("a free lease is given", leases.acquire(engagement, &holder(by)).await)
}

/// The holder may acquire it again and gets the same lease.
pub async fn a_held_lease_is_refused_with_its_holder(journal: &dyn Journal, leases: &dyn Leases) {
    let engagement = "driven-by-one";
    begun(journal, engagement).await;
    assert_eq!(
        done("the lease is read", leases.lease(engagement).await),
        None,
        "the lease of `{engagement}` was never taken"
    );
    let lease = taken(leases, engagement, "anna").await;
    assert_eq!(lease.holder, holder("anna"), "the lease names the wrong holder");
    match leases.acquire(engagement, &holder("ben")).await {
        Err(LeaseError::Held { engagement: about, holder: by }) => {
            assert_eq!(
                (about.as_str(), by),
                (engagement, holder("anna")),
                "the refusal names the wrong holder"
            );
        }
        other => panic!("a second process got the lease that `anna` holds: {other:?}"),
    }
    assert_eq!(
        taken(leases, engagement, "anna").await,
        lease,
        "the holder did not get the same lease again"
    );
    assert!(
        done("the lease is renewed", leases.renew(engagement, &lease).await),
        "the holder could not renew"
    );
    assert_eq!(
        done("the lease is read", leases.lease(engagement).await),
        Some((lease, true)),
        "the lease does not show anna as a living holder"
    );
}

/// The next holder has a higher epoch, and the former holder can no longer use the lease.
pub async fn a_released_lease_is_free_and_its_epoch_ends(
    journal: &dyn Journal,
    leases: &dyn Leases,
) {
    let engagement = "given-back";
    let head = begun(journal, engagement).await;
    let first = taken(leases, engagement, "anna").await;
    done("the lease is released", leases.release(engagement, &first).await);
    assert_eq!(
        done("the lease is read", leases.lease(engagement).await),
        None,
        "a released lease has a holder"
    );
    assert!(
        !done("a renewal is answered", leases.renew(engagement, &first).await),
        "a released lease was renewed"
    );
    refused(journal, engagement, &head, first.epoch).await;
    let second = taken(leases, engagement, "ben").await;
    assert!(second.epoch > first.epoch, "epoch {} follows {}", second.epoch, first.epoch);
    assert!(
        !done("a renewal is answered", leases.renew(engagement, &first).await),
        "the former holder renewed another's lease"
    );
    done("an old lease is released", leases.release(engagement, &first).await);
    let now = done("the lease is read", leases.lease(engagement).await).map(|(lease, _)| lease);
    assert_eq!(now, Some(second.clone()), "the former holder released another's lease");
    done(
        "the holder appends",
        journal
            .append(engagement, &head, Writer::Driver(second.epoch), batch(vec![entry(2)]))
            .await,
    );
}

/// A process that slept through its replacement must stop; a conflict would make it read and retry.
pub async fn a_lost_lease_is_reported_before_a_conflict(
    journal: &dyn Journal,
    leases: &dyn Leases,
) {
    let engagement = "lost-lease";
    let old = begun(journal, engagement).await;
    let first = taken(leases, engagement, "anna").await;
    let head = done(
        "the holder appends",
        journal.append(engagement, &old, Writer::Driver(first.epoch), batch(vec![entry(2)])).await,
    );
    done("the lease is released", leases.release(engagement, &first).await);
    let second = taken(leases, engagement, "ben").await;
    for expected in [&old, &head] {
        let refusal = refused(journal, engagement, expected, first.epoch).await;
        assert_eq!(
            refusal,
            ("ben".to_owned(), second.epoch),
            "the refusal names the wrong holder or epoch"
        );
    }
    refused(journal, engagement, &head, second.epoch + 1).await;
    assert_eq!(
        done("the head is read", journal.head(engagement).await),
        Some(head),
        "a stale driver wrote"
    );
}

async fn refused(
    journal: &dyn Journal,
    engagement: &str,
    expected: &Head,
    epoch: u64,
) -> (String, u64) {
    match journal.append(engagement, expected, Writer::Driver(epoch), batch(vec![entry(9)])).await {
        Err(AppendError::LeaseLost { holder, epoch }) => (holder, epoch),
        other => {
            panic!("an append with the outdated epoch {epoch} was not refused: {other:?}")
        }
    }
}

/// Anyone may record an answer, with or without the lease.
pub async fn an_answer_needs_no_lease(journal: &dyn Journal, leases: &dyn Leases) {
    let head = begun(journal, "answered").await;
    taken(leases, "answered", "anna").await;
    done(
        "an answer is recorded",
        journal.append("answered", &head, Writer::Inbound, batch(vec![entry(2)])).await,
    );
    let unheld = begun(journal, "undriven").await;
    refused(journal, "undriven", &unheld, 0).await;
    refused(journal, "undriven", &unheld, 1).await;
}

/// Several processes that start at once.
pub async fn one_of_many_concurrent_requests_gets_the_lease(
    journal: &dyn Journal,
    leases: &dyn Leases,
) {
    let engagement = "wanted-by-eight";
    begun(journal, engagement).await;
    let holders: Vec<_> = (0..8).map(|n| holder(&format!("process-{n}"))).collect();
    let asked = join_all(holders.iter().map(|holder| leases.acquire(engagement, holder))).await;
    let got: Vec<Lease> = asked.into_iter().filter_map(Result::ok).collect();
    assert_eq!(got.len(), 1, "not exactly one of eight requests got the lease: {got:?}");
}
