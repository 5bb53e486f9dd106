//! Sends mail over SMTP.

use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_api::notices::{Failed, Notice, Sends, mail};
use cloudcrew_definition::shown::row;
use lettre::message::{Mailbox, header};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use serde::Deserialize;

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Maximum number of notifications in one mail.
const TOGETHER: usize = 100;

/// A server that sends mail.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// `smtps://HOST:465`, `smtp://HOST:587?tls=required`, or `smtp://HOST:25`.
    server: String,
    from: String,
    #[serde(default)]
    user_env: Option<String>,
    #[serde(default)]
    password_env: Option<String>,
}

/// Mail to one person.
pub struct Mail {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Mailbox,
}

impl Mail {
    pub fn new(server: &Server, to: &str) -> Result<Mail, String> {
        let from = server.from.parse().map_err(|e| format!("`{}`: {e}", server.from))?;
        let to = to.parse().map_err(|e| format!("`{to}`: {e}"))?;
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(&server.server)
            .map_err(|error| format!("`{}`: {error}", server.server))?
            .timeout(Some(PATIENCE));
        if let (Some(user), Some(password)) = (&server.user_env, &server.password_env) {
            let value =
                |name: &String| std::env::var(name).map_err(|_| format!("`{name}` is not set"));
            builder = builder.credentials(Credentials::new(value(user)?, value(password)?));
        }
        Ok(Mail { server: builder.build(), from, to })
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
        match self.server.send(message).await {
            Ok(_) => Ok(()),
            // Servers also refuse for good what they accept an hour later.
            Err(error) => Err(Failed::Later(error.to_string())),
        }
    }

    fn together(&self) -> usize {
        TOGETHER
    }
}
