//! The promises of [`Leases`], and of [`Journal`] about who may drive. That a lease ends by itself is for each adapter
//! to show: it has its own clock.

use futures_util::future::join_all;

use super::{batch, begun, entry, holder, kept};
use crate::journal::{AppendError, Head, Journal, Writer};
use crate::lease::{Lease, LeaseError, Leases};

/// All of them.
pub async fn every_promise(journal: &dyn Journal, leases: &dyn Leases) {
    one_process_drives_and_another_is_told_who(journal, leases).await;
    a_lease_given_back_is_free_and_its_epoch_is_over(journal, leases).await;
    who_lost_the_lease_is_told_so_before_anything_else(journal, leases).await;
    an_answer_needs_no_lease(journal, leases).await;
    of_many_who_want_a_lease_one_gets_it(journal, leases).await;
}

async fn taken(leases: &dyn Leases, engagement: &str, by: &str) -> Lease {
    kept("a free lease is given", leases.acquire(engagement, &holder(by)).await)
}

/// The holder may ask again, and stays what it was.
pub async fn one_process_drives_and_another_is_told_who(
    journal: &dyn Journal,
    leases: &dyn Leases,
) {
    let engagement = "driven-by-one";
    begun(journal, engagement).await;
    assert_eq!(
        kept("the lease is looked at", leases.lease(engagement).await),
        None,
        "nobody took the lease of `{engagement}`"
    );
    let lease = taken(leases, engagement, "anna").await;
    assert_eq!(lease.holder, holder("anna"), "the lease names who asked");
    match leases.acquire(engagement, &holder("ben")).await {
        Err(LeaseError::Held { engagement: about, holder: by }) => {
            assert_eq!(
                (about.as_str(), by),
                (engagement, holder("anna")),
                "the refusal names the wrong holder"
            );
        }
        other => panic!("a second process was given the lease that `anna` holds: {other:?}"),
    }
    assert_eq!(taken(leases, engagement, "anna").await, lease, "who asks again has the same lease");
    assert!(
        kept("it is renewed", leases.renew(engagement, &lease).await),
        "the holder could not renew"
    );
    assert_eq!(
        kept("the lease is looked at", leases.lease(engagement).await),
        Some((lease, true)),
        "the lease is anna's, who lives"
    );
}

/// The next holder has a higher epoch, and the former one can do nothing with the lease.
pub async fn a_lease_given_back_is_free_and_its_epoch_is_over(
    journal: &dyn Journal,
    leases: &dyn Leases,
) {
    let engagement = "given-back";
    let head = begun(journal, engagement).await;
    let first = taken(leases, engagement, "anna").await;
    kept("it is given back", leases.release(engagement, &first).await);
    assert_eq!(
        kept("the lease is looked at", leases.lease(engagement).await),
        None,
        "a lease given back is held by nobody"
    );
    assert!(
        !kept("a renewal is answered", leases.renew(engagement, &first).await),
        "a lease that was given back was renewed"
    );
    refused(journal, engagement, &head, first.epoch).await;
    let second = taken(leases, engagement, "ben").await;
    assert!(second.epoch > first.epoch, "epoch {} follows {}", second.epoch, first.epoch);
    assert!(
        !kept("a renewal is answered", leases.renew(engagement, &first).await),
        "the former holder renewed another's lease"
    );
    kept("an old lease is given back", leases.release(engagement, &first).await);
    let now =
        kept("the lease is looked at", leases.lease(engagement).await).map(|(lease, _)| lease);
    assert_eq!(now, Some(second.clone()), "the former holder gave another's lease back");
    kept(
        "the holder appends",
        journal
            .append(engagement, &head, Writer::Driver(second.epoch), batch(vec![entry(2)]))
            .await,
    );
}

/// A process that slept through its own replacement must stop; a conflict would have it read and
/// try again.
pub async fn who_lost_the_lease_is_told_so_before_anything_else(
    journal: &dyn Journal,
    leases: &dyn Leases,
) {
    let engagement = "lost-lease";
    let old = begun(journal, engagement).await;
    let first = taken(leases, engagement, "anna").await;
    let head = kept(
        "the holder appends",
        journal.append(engagement, &old, Writer::Driver(first.epoch), batch(vec![entry(2)])).await,
    );
    kept("it is given back", leases.release(engagement, &first).await);
    let second = taken(leases, engagement, "ben").await;
    for expected in [&old, &head] {
        let told = refused(journal, engagement, expected, first.epoch).await;
        assert_eq!(
            told,
            ("ben".to_owned(), second.epoch),
            "the refusal names who holds the lease and its epoch"
        );
    }
    refused(journal, engagement, &head, second.epoch + 1).await;
    assert_eq!(
        kept("the head is read", journal.head(engagement).await),
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
            panic!("a driver with epoch {epoch}, which is not in force, was not told so: {other:?}")
        }
    }
}

/// Anybody may record an answer, whoever drives.
pub async fn an_answer_needs_no_lease(journal: &dyn Journal, leases: &dyn Leases) {
    let head = begun(journal, "answered").await;
    taken(leases, "answered", "anna").await;
    kept(
        "an answer is recorded",
        journal.append("answered", &head, Writer::Inbound, batch(vec![entry(2)])).await,
    );
    let unheld = begun(journal, "undriven").await;
    refused(journal, "undriven", &unheld, 0).await;
    refused(journal, "undriven", &unheld, 1).await;
}

/// Several processes that start at once.
pub async fn of_many_who_want_a_lease_one_gets_it(journal: &dyn Journal, leases: &dyn Leases) {
    let engagement = "wanted-by-eight";
    begun(journal, engagement).await;
    let holders: Vec<_> = (0..8).map(|n| holder(&format!("process-{n}"))).collect();
    let asked = join_all(holders.iter().map(|holder| leases.acquire(engagement, holder))).await;
    let got: Vec<Lease> = asked.into_iter().filter_map(Result::ok).collect();
    assert_eq!(got.len(), 1, "of eight who want one lease exactly one gets it: {got:?}");
}
