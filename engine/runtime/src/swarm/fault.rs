//! Calls without a reply: retried, shortened, or the end of the swarm.

use std::time::Duration;

use super::machine::{At, Swarm};
use super::record::{Reason, Status, VisitStatus};
use super::trim::reduce;
use cloudcrew_ports::model::{FaultKind, ModelFault};

/// The longest `Retry-After` to wait for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(300);
/// Maximum number of reductions for one turn.
const REDUCTIONS: u32 = 5;

impl Swarm {
    pub(super) fn fault(&mut self, fault: ModelFault, jitter: f64) {
        self.call(&fault.error, fault.usage);
        match &fault.kind {
            FaultKind::Transient { retry_after } => self.try_again(&fault, *retry_after, jitter),
            FaultKind::InputTooLong => self.too_long(&fault),
            FaultKind::Permanent | FaultKind::Denied => {
                let mut reason = self.fault_reason("model_error", &fault, "The model call failed");
                reason.mendable = fault.kind == FaultKind::Denied;
                if let Some(record) = self.record() {
                    record.status = VisitStatus::Failed;
                }
                // Keep the visit: it resumes with the same call once someone has fixed the cause.
                self.rest(Status::Failed, Some(reason));
            }
        }
    }

    fn fault_reason(&self, kind: &str, fault: &ModelFault, what: &str) -> Reason {
        Reason {
            kind: kind.to_owned(),
            agent: self.agent().to_owned(),
            text: format!("{what}: {}: {}", fault.error, fault.message),
            key: None,
            value: None,
            error: Some(fault.error.clone()),
            retry_after: None,
            mendable: false,
        }
    }

    fn try_again(&mut self, fault: &ModelFault, retry_after: Option<Duration>, jitter: f64) {
        let policy = self.spec.retry.clone();
        let too_long = retry_after.is_some_and(|t| t > LONGEST_RETRY_AFTER);
        let Some(visit) = &mut self.visit else { return };
        visit.attempts += 1;
        if too_long || visit.attempts >= policy.max_attempts {
            let mut reason =
                self.fault_reason("provider_unavailable", fault, "The provider is away");
            reason.retry_after = retry_after;
            if !too_long {
                reason.text =
                    format!("{} (retry.max_attempts is {})", reason.text, policy.max_attempts);
                reason.key = Some("retry.max_attempts".into());
                reason.value = Some(policy.max_attempts.into());
            }
            if let Some(record) = self.record() {
                record.status = VisitStatus::ProviderUnavailable;
            }
            return self.rest(Status::ProviderUnavailable, Some(reason));
        }
        let doubled = policy.initial_delay.saturating_mul(1 << (visit.attempts - 1).min(20));
        let jitter = if jitter.is_finite() { jitter.clamp(0.0, 1.0) } else { 1.0 };
        let wait =
            doubled.min(policy.max_delay).mul_f64(jitter).max(retry_after.unwrap_or_default());
        // Do not wait past the end of the swarm's time: wait for what is left, then time out.
        let left = self.spec.limits.execution_timeout.saturating_sub(self.active);
        let Some(visit) = &mut self.visit else { return };
        visit.at = At::Waiting(wait.min(left));
    }

    fn too_long(&mut self, fault: &ModelFault) {
        let reduced = match &mut self.visit {
            Some(visit) if visit.reductions < REDUCTIONS => {
                visit.reductions += 1;
                reduce(visit)
            }
            _ => false,
        };
        if reduced {
            return self.next_turn();
        }
        let what = "The conversation is too long for the model";
        let reason = self.fault_reason("context_overflow", fault, what);
        self.fail(reason);
    }
}
