//! Sends mail, over SMTP or through Amazon SES.

use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_api::notices::{Failed, Notice, Sends, mail};
use cloudcrew_definition::shown::row;
use lettre::message::{Mailbox, header};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use serde::Deserialize;

use super::value;

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Maximum number of notifications in one mail.
const TOGETHER: usize = 100;

/// A server that sends mail.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// `smtps://HOST:465`, `smtp://HOST:587?tls=required`, `smtp://HOST:25`, or `ses:` with an AWS
    /// region, such as `ses:eu-central-1`.
    server: String,
    from: String,
    #[serde(default)]
    user_env: Option<String>,
    #[serde(default)]
    password_env: Option<String>,
}

/// Mail to one person.
pub struct Mail {
    server: Transport,
    from: Mailbox,
    to: Mailbox,
}

/// What sends mail.
#[derive(Clone)]
pub enum Transport {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    #[cfg(feature = "aws")]
    Ses(crate::wiring::aws::Ses),
}

impl Server {
    /// Prepares the transport. Sends nothing yet.
    pub async fn transport(&self) -> Result<Transport, String> {
        if let Some(region) = self.server.strip_prefix("ses:") {
            return ses(region).await;
        }
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(&self.server)
            .map_err(|error| format!("`{}`: {error}", self.server))?
            .timeout(Some(PATIENCE));
        if let (Some(user), Some(password)) = (&self.user_env, &self.password_env) {
            builder = builder.credentials(Credentials::new(value(user)?, value(password)?));
        }
        Ok(Transport::Smtp(builder.build()))
    }
}

#[cfg(feature = "aws")]
async fn ses(region: &str) -> Result<Transport, String> {
    let is_region = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if region.is_empty() || !region.bytes().all(is_region) {
        return Err(format!("`ses:{region}` names no AWS region"));
    }
    let config = crate::wiring::aws::connection().await;
    Ok(Transport::Ses(crate::wiring::aws::Ses::new(&config, Some(region))))
}

#[cfg(not(feature = "aws"))]
async fn ses(_: &str) -> Result<Transport, String> {
    Err("this build cannot use Amazon SES; build it with `--features aws`".to_owned())
}

impl Mail {
    pub fn new(server: &Server, transport: &Transport, to: &str) -> Result<Mail, String> {
        let from = server.from.parse().map_err(|e| format!("`{}`: {e}", server.from))?;
        let to = to.parse().map_err(|e| format!("`{to}`: {e}"))?;
        Ok(Mail { server: transport.clone(), from, to })
    }
}

#[async_trait]
impl Sends for Mail {
    async fn send(&self, notices: &[Notice]) -> Result<(), Failed> {
        let Some((subject, text)) = mail(notices) else { return Ok(()) };
        let never = |error: &dyn std::fmt::Display| Failed::Never(error.to_string());
        // A subject is one line, whatever an engagement is called.
        let message = Message::builder()
            .from(self.from.clone())
            .to(self.to.clone())
            .subject(row(&subject).to_string())
            .header(header::ContentType::TEXT_PLAIN)
            .body(text)
            .map_err(|error| never(&error))?;
        let sent = match &self.server {
            Transport::Smtp(server) => server.send(message).await.map(drop).map_err(said),
            #[cfg(feature = "aws")]
            Transport::Ses(ses) => {
                // The message itself has the names.
                let (from, to) = (self.from.email.as_ref(), self.to.email.as_ref());
                ses.send(from, to, message.formatted()).await.map_err(said)
            }
        };
        // Servers also refuse for good what they accept an hour later.
        sent.map_err(Failed::Later)
    }

    fn together(&self) -> usize {
        TOGETHER
    }
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
