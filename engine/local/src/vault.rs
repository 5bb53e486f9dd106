//! Secrets of a process: variables of its environment, and what it was supplied with.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use async_trait::async_trait;
use cloudcrew_ports::secret::remember;
use cloudcrew_ports::vault::Vault;

/// What the variable of a secret begins with.
const PREFIX: &str = "CLOUDCREW_SECRET_";

/// Secrets that come from elsewhere, under the names of their variables.
static SUPPLIED: RwLock<Option<HashMap<String, String>>> = RwLock::new(None);

/// Supplies this process with secrets by their names, instead of those before. Variables come
/// first.
pub fn supply(secrets: HashMap<String, String>) {
    let named = secrets.into_iter().map(|(name, value)| (variable(&name), value));
    *SUPPLIED.write().unwrap_or_else(PoisonError::into_inner) = Some(named.collect());
}

/// Reads secrets from the environment: `tickets` from `CLOUDCREW_SECRET_TICKETS`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Environment;

impl Environment {
    /// The secret of this name, if there is one.
    pub fn find(self, name: &str) -> Option<String> {
        let variable = variable(name);
        let supplied = || {
            let all = SUPPLIED.read().unwrap_or_else(PoisonError::into_inner);
            all.as_ref()?.get(&variable).cloned()
        };
        let value = std::env::var(&variable).ok().or_else(supplied);
        let value = value.filter(|value| !value.is_empty())?;
        // Wherever it comes back from, it is not shown.
        remember(&value);
        Some(value)
    }
}

#[async_trait]
impl Vault for Environment {
    async fn secret(&self, name: &str) -> Result<String, String> {
        let missing = || format!("there is no secret `{name}`; set {}", variable(name));
        self.find(name).ok_or_else(missing)
    }
}

/// The variable that holds a secret.
pub(crate) fn variable(name: &str) -> String {
    format!("{PREFIX}{}", name.to_uppercase().replace('-', "_"))
}
