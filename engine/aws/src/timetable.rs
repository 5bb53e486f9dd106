//! Timed events: one schedule for each engagement with a deadline or a reminder. The service
//! deletes it once it has fired. A waiting engagement uses nothing else.

use aws_config::SdkConfig;
use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::error::ProvideErrorMetadata as _;
use aws_sdk_scheduler::types::{
    ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, Target,
};
use cloudcrew_ports::StoreError;
use serde_json::Value;

use crate::store::failed;

/// The schedules of a deployment, in a group of their own.
#[derive(Debug, Clone)]
pub struct Timetable {
    client: Client,
    group: String,
    /// ARN of the function that the events are for.
    function: String,
    /// ARN of the role that may invoke it.
    role: String,
}

impl Timetable {
    /// The schedules of a group, for a function, invoked in a role. Sends nothing yet.
    pub fn new(config: &SdkConfig, group: &str, function: &str, role: &str) -> Timetable {
        let (group, function, role) = (group.to_owned(), function.to_owned(), role.to_owned());
        Timetable { client: Client::new(config), group, function, role }
    }

    /// Schedules an event for a time in milliseconds since 1970 UTC, rounded up to a whole second.
    /// Replaces the schedule of the same name. The service may fire it up to a minute late.
    ///
    /// # Errors
    /// When the service fails.
    pub async fn at(&self, name: &str, time: i64, event: &Value) -> Result<(), StoreError> {
        let fault =
            |why: String| StoreError::Unusable { what: "EventBridge Scheduler".into(), why };
        let expression =
            format!("at({})", second(time).ok_or_else(|| fault("no such time".into()))?);
        let window = FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off).build();
        let window = window.map_err(|error| fault(error.to_string()))?;
        let target = Target::builder().arn(&self.function).role_arn(&self.role);
        let target = target.input(event.to_string()).build();
        let target = target.map_err(|error| fault(error.to_string()))?;
        let made = self
            .client
            .create_schedule()
            .group_name(&self.group)
            .name(name)
            .schedule_expression(&expression)
            .flexible_time_window(window.clone())
            .target(target.clone())
            .action_after_completion(ActionAfterCompletion::Delete)
            .send()
            .await;
        match made {
            Ok(_) => return Ok(()),
            Err(error) if error.code() == Some("ConflictException") => {}
            Err(error) => return Err(failed("EventBridge Scheduler", &error)),
        }
        let changed = self
            .client
            .update_schedule()
            .group_name(&self.group)
            .name(name)
            .schedule_expression(&expression)
            .flexible_time_window(window)
            .target(target)
            .action_after_completion(ActionAfterCompletion::Delete)
            .send()
            .await;
        changed.map(|_| ()).map_err(|error| failed("EventBridge Scheduler", &error))
    }

    /// Removes the event of a name, if there is one.
    ///
    /// # Errors
    /// When the service fails.
    pub async fn clear(&self, name: &str) -> Result<(), StoreError> {
        let sent = self.client.delete_schedule().group_name(&self.group).name(name).send().await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(()),
            Err(error) => Err(failed("EventBridge Scheduler", &error)),
        }
    }
}

/// A time rounded up to a whole second, in UTC, in the format of `at(...)`.
fn second(time: i64) -> Option<String> {
    let seconds = time.div_euclid(1000) + i64::from(time.rem_euclid(1000) != 0);
    let time = jiff::Timestamp::from_second(seconds).ok()?;
    Some(time.strftime("%Y-%m-%dT%H:%M:%S").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_never_early() {
        assert_eq!(second(1_767_600_000_000).as_deref(), Some("2026-01-05T08:00:00"));
        assert_eq!(second(1_767_600_000_001).as_deref(), Some("2026-01-05T08:00:01"));
        assert_eq!(second(i64::MAX), None);
    }
}
