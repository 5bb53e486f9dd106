//! Credentials for a Git server over HTTPS.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
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
            Some(secret) => {
                let (user, word) =
                    secret.split_once(':').unwrap_or((named.unwrap_or(USER), secret));
                (user.to_owned(), word.to_owned())
            }
            None => {
                let mut helper = CredentialHelper::new(self.url.as_str());
                helper.config(&Config::open_default().ok()?).username(named);
                helper.execute()?
            }
        };
        Some(format!("Basic {}", STANDARD.encode(format!("{user}:{word}"))))
    }
}
