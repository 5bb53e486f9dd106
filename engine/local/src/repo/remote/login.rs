//! Credentials for a Git server over HTTPS.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cloudcrew_ports::secret::remember;
use git2::{Config, CredentialHelper};

use super::Server;

/// The user when neither the URL nor the secret names one.
const USER: &str = "git";

impl Server {
    /// The value of an `Authorization` header: from the secret for the host, or else from the
    /// user's credential helper.
    pub(super) fn authorization(&self) -> Option<String> {
        let named = self.url.user();
        let (user, word) = match &self.secret {
            // A key for SSH is not shown to a server over HTTPS.
            Some(secret) if !secret.trim_start().starts_with("-----BEGIN") => {
                let (user, word) =
                    secret.split_once(':').unwrap_or((named.unwrap_or(USER), secret));
                (user.to_owned(), word.to_owned())
            }
            _ => {
                let mut helper = CredentialHelper::new(self.url.as_str());
                helper.config(&Config::open_default().ok()?).username(named);
                helper.execute()?
            }
        };
        let header = format!("Basic {}", STANDARD.encode(format!("{user}:{word}")));
        // Whatever the server says of them is not shown.
        remember(&word);
        remember(&header);
        Some(header)
    }
}
