//! The contract of [`Passes`].

use super::done;
use crate::pass::{Pass, Passes};

/// Runs all tests.
pub async fn run_all(passes: &dyn Passes) {
    a_pass_is_there_until_it_ends(passes).await;
    a_pass_is_taken_once(passes).await;
    a_pass_that_has_ended_is_not_taken(passes).await;
}

fn pass(key: &str, until: i64) -> Pass {
    Pass { key: key.to_owned(), owner: "ada".to_owned(), value: format!("of {key}"), until }
}

/// Reading changes nothing; at its end, it is gone.
pub async fn a_pass_is_there_until_it_ends(passes: &dyn Passes) {
    done("a pass is kept", passes.keep(&pass("read", 2_000), 1_000).await);
    for now in [1_000, 1_999] {
        let found = done("a pass is read", passes.find("read", now).await);
        assert_eq!(found.as_deref(), Some("of read"));
    }
    assert_eq!(done("a pass is read", passes.find("read", 2_000).await), None);
    assert_eq!(done("a pass is read", passes.find("unknown", 0).await), None);
}

/// Of many callers at once, one gets it.
pub async fn a_pass_is_taken_once(passes: &dyn Passes) {
    done("a pass is kept", passes.keep(&pass("taken", 2_000), 1_000).await);
    let callers = (0..8).map(|_| passes.take("taken", 1_000));
    let taken = futures_util::future::join_all(callers).await;
    let taken = taken.into_iter().filter_map(|taken| done("a pass is taken", taken)).count();
    assert_eq!(taken, 1);
    assert_eq!(done("a pass is read", passes.find("taken", 1_000).await), None);
}

/// Late is as bad as never.
pub async fn a_pass_that_has_ended_is_not_taken(passes: &dyn Passes) {
    done("a pass is kept", passes.keep(&pass("late", 2_000), 1_000).await);
    assert_eq!(done("a pass is taken", passes.take("late", 2_000).await), None);
}
