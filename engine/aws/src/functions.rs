//! Functions that are invoked without waiting for them.

use aws_config::SdkConfig;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::types::InvocationType;
use cloudcrew_ports::StoreError;
use serde_json::Value;

use crate::store::failed;

/// A function of this deployment.
#[derive(Debug, Clone)]
pub struct Function {
    client: Client,
    name: String,
}

impl Function {
    /// A function by its name. Sends nothing yet.
    pub fn new(config: &SdkConfig, name: &str) -> Function {
        Function { client: Client::new(config), name: name.to_owned() }
    }

    /// Queues an event for it. The service invokes it at least once, and retries if it fails.
    ///
    /// # Errors
    /// When the service fails.
    pub async fn begin(&self, event: &Value) -> Result<(), StoreError> {
        let asked = self.client.invoke().function_name(&self.name);
        let asked = asked.invocation_type(InvocationType::Event);
        let sent = asked.payload(event.to_string().into_bytes().into()).send().await;
        sent.map(|_| ()).map_err(|error| failed("Lambda", &error))
    }
}
