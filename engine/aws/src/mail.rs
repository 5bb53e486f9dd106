//! Mail through Amazon SES.

use aws_config::{Region, SdkConfig};
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::Builder;
use aws_sdk_sesv2::types::{Destination, EmailContent, RawMessage};
use cloudcrew_ports::StoreError;

use crate::store::failed;

/// SES in one region. Clones share connections to it.
#[derive(Debug, Clone)]
pub struct Ses(Client);

impl Ses {
    /// SES in a region, or in that of the environment. Sends nothing yet.
    pub fn new(config: &SdkConfig, region: Option<&str>) -> Ses {
        let builder = Builder::from(config);
        let builder = match region {
            Some(region) => builder.region(Region::new(region.to_owned())),
            None => builder,
        };
        Ses(Client::from_conf(builder.build()))
    }

    /// Sends a message, as RFC 5322 writes it, from and to these addresses. SES accepts it only
    /// from a verified address or domain.
    ///
    /// # Errors
    /// When the service fails, or does not accept it.
    pub async fn send(&self, from: &str, to: &str, message: Vec<u8>) -> Result<(), StoreError> {
        let raw = RawMessage::builder().data(message.into()).build();
        let raw = raw.map_err(|error| StoreError::Unusable {
            what: "Amazon SES".to_owned(),
            why: error.to_string(),
        })?;
        let sent = self
            .0
            .send_email()
            .from_email_address(from)
            .destination(Destination::builder().to_addresses(to).build())
            .content(EmailContent::builder().raw(raw).build())
            .send()
            .await;
        sent.map(|_| ()).map_err(|error| failed("Amazon SES", &error))
    }
}
