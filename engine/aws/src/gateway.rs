//! Messages to the WebSockets that API Gateway keeps open.

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::config::Builder;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::connection::{Gateway, Sent};

use crate::store::failed;

/// The stage of a WebSocket interface.
#[derive(Debug, Clone)]
pub struct Stage(Client);

impl Stage {
    /// The stage at the URL of its callbacks, `https://…/STAGE`. Sends nothing yet.
    pub fn new(config: &SdkConfig, url: &str) -> Stage {
        Stage(Client::from_conf(Builder::from(config).endpoint_url(url).build()))
    }
}

#[async_trait]
impl Gateway for Stage {
    async fn send(&self, id: &str, message: &str) -> Result<Sent, StoreError> {
        let data = message.as_bytes().to_vec().into();
        match self.0.post_to_connection().connection_id(id).data(data).send().await {
            Ok(_) => Ok(Sent::Yes),
            Err(error) => match error.as_service_error().is_some_and(|e| e.is_gone_exception()) {
                true => Ok(Sent::Closed),
                false => Err(failed("API Gateway", &error)),
            },
        }
    }

    async fn close(&self, id: &str) -> Result<(), StoreError> {
        match self.0.delete_connection().connection_id(id).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_gone_exception()) => Ok(()),
            Err(error) => Err(failed("API Gateway", &error)),
        }
    }
}
