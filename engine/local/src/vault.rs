//! Secrets of one machine: variables of the environment.

use async_trait::async_trait;
use cloudcrew_ports::secret::remember;
use cloudcrew_ports::vault::Vault;

/// What the variable of a secret begins with.
const PREFIX: &str = "CLOUDCREW_SECRET_";

/// Reads secrets from the environment: `tickets` from `CLOUDCREW_SECRET_TICKETS`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Environment;

#[async_trait]
impl Vault for Environment {
    async fn secret(&self, name: &str) -> Result<String, String> {
        let variable = format!("{PREFIX}{}", name.to_uppercase().replace('-', "_"));
        match std::env::var(&variable).ok().filter(|value| !value.is_empty()) {
            Some(value) => {
                // Wherever it comes back from, it is not shown.
                remember(&value);
                Ok(value)
            }
            None => Err(format!("there is no secret `{name}`; set {variable}")),
        }
    }
}
