//! Phases take from `defaults` in `agents.yaml` what they do not set themselves, key by key.

use super::{
    Approvers, Deliver, Gate, PhaseDefaults, PhaseFile, ProviderRetry, Questions, Recall, Restart,
    Retry, Review, Swarm, SwarmDefaults, Written,
};
use crate::source::Span;

/// A value that a phase took from `defaults`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inherited {
    /// Its key in the phase, such as `gate.max_revisions`.
    pub key: String,
    /// Where it was written.
    pub span: Span,
}

/// What a phase has taken so far.
struct Taker {
    taken: Vec<Inherited>,
    /// The keys that lead to the map that is being filled.
    within: Vec<&'static str>,
}

impl Taker {
    fn take<T: Clone>(
        &mut self,
        key: &str,
        own: &mut Option<Written<T>>,
        from: &Option<Written<T>>,
    ) {
        let Some(from) = from.as_ref().filter(|_| own.is_none()) else { return };
        let way: Vec<&str> = self.within.iter().copied().chain([key]).collect();
        self.taken.push(Inherited { key: way.join("."), span: from.span });
        *own = Some(from.clone());
    }

    /// Fills a map that is there.
    fn fill<T: Clone + Fill<D>, D: Clone>(
        &mut self,
        key: &'static str,
        own: &mut Option<Written<T>>,
        from: &Option<Written<D>>,
    ) {
        let (Some(own), Some(from)) = (own, from) else { return };
        let (Some(own), Some(from)) = (own.value.as_mut(), from.get()) else { return };
        self.within.push(key);
        own.fill(from, self);
        self.within.pop();
    }

    /// Takes a map, or fills it if it is there.
    fn settle<T: Clone + Fill<T>>(
        &mut self,
        key: &'static str,
        own: &mut Option<Written<T>>,
        from: &Option<Written<T>>,
    ) {
        if own.is_none() {
            self.take(key, own, from);
        } else {
            self.fill(key, own, from);
        }
    }
}

/// A map that is filled from another.
trait Fill<D> {
    fn fill(&mut self, from: &D, taker: &mut Taker);
}

/// Fills the named keys.
macro_rules! filled {
    ($own:ty, $from:ty: $($key:ident)*) => {
        impl Fill<$from> for $own {
            fn fill(&mut self, from: &$from, taker: &mut Taker) {
                $(taker.take(stringify!($key), &mut self.$key, &from.$key);)*
            }
        }
    };
}

filled!(ProviderRetry, ProviderRetry: max_attempts initial_delay max_delay);
filled!(Review, Review: agent depth max_reworks);
filled!(Approvers, Approvers: groups quorum not_own);
filled!(Questions, Questions: remind_after linger);
filled!(Recall, Recall: lessons preferences summaries tokens);
filled!(Deliver, Deliver: max_attempts);
filled!(Retry, Retry: max_attempts timeout_factor);
filled!(Restart, Restart: max_attempts);

impl Fill<SwarmDefaults> for Swarm {
    fn fill(&mut self, from: &SwarmDefaults, taker: &mut Taker) {
        macro_rules! take {
            ($($key:ident)*) => {
                $(taker.take(stringify!($key), &mut self.$key, &from.$key);)*
            };
        }
        take!(max_handoffs max_iterations max_turns execution_timeout node_timeout
            repetitive_handoff_detection_window repetitive_handoff_min_unique_agents token_budget
            handoff);
        taker.settle("retry", &mut self.retry, &from.retry);
    }
}

impl Fill<Gate> for Gate {
    fn fill(&mut self, from: &Gate, taker: &mut Taker) {
        macro_rules! take {
            ($($key:ident)*) => {
                $(taker.take(stringify!($key), &mut self.$key, &from.$key);)*
            };
        }
        take!(kind ratings max_revisions revise_to);
        take!(remind_after expires_after on_expiry escalate_to);
        taker.settle("approvers", &mut self.approvers, &from.approvers);
    }
}

impl PhaseFile {
    /// Takes what the phase does not set, and returns what was taken. A review and a gate are
    /// never taken: a phase has them only if it says so.
    pub(crate) fn inherit(&mut self, from: &PhaseDefaults) -> Vec<Inherited> {
        let mut taker = Taker { taken: Vec::new(), within: Vec::new() };
        let mut swarm = Some(self.swarm.clone());
        taker.fill("swarm", &mut swarm, &from.swarm);
        if let Some(swarm) = swarm {
            self.swarm = swarm;
        }
        taker.fill("review", &mut self.review, &from.review);
        taker.fill("gate", &mut self.gate, &from.gate);
        taker.settle("questions", &mut self.questions, &from.questions);
        taker.settle("recall", &mut self.recall, &from.recall);
        taker.settle("deliver", &mut self.deliver, &from.deliver);
        taker.settle("retry", &mut self.retry, &from.retry);
        taker.settle("restart", &mut self.restart, &from.restart);
        taker.taken
    }
}
