//! Continues after a process died.

use cloudcrew_plan::{Kind, Outcome};

use crate::engagement::driver::Driver;
use crate::engagement::error::EngagementError;
use crate::engagement::event::{Event, Why};

impl Driver {
    /// Continues a swarm or review that was running when a process died, up to the phase's restart
    /// limit.
    pub(in crate::engagement) async fn note_death(&self) -> Result<(), EngagementError> {
        let (at, under_way, may) = self
            .look(|e| {
                let state = &e.state;
                let under_way = state.end.is_none()
                    && state.swarm.is_some()
                    && matches!(state.kind(), Some(Kind::Swarm | Kind::Review));
                let next = state.plan().next(&state.at, Outcome::Died, &state.counters);
                (state.at.clone(), under_way, next.is_ok_and(|t| t.to == state.at))
            })
            .await;
        if !under_way {
            return Ok(());
        }
        if may {
            return self.append(vec![Event::ProcessDied { state: at }]).await;
        }
        let phase = self.look(|e| e.state.phase().unwrap_or_default().to_owned()).await;
        let key = format!("phases/{phase}.yaml restart.max_attempts");
        self.go_because(
            Outcome::Died,
            Some(Why { text: "the process died too often at the same step".into(), key }),
        )
        .await
    }
}
