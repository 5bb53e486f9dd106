//! Secrets by name, which replace `secret://NAME`.

use async_trait::async_trait;
use cloudcrew_definition::syntax::{SECRET, secret_name};

/// Gives out secrets. Whoever gets one hands it to the one process that needs it.
#[async_trait]
pub trait Vault: Send + Sync {
    /// The secret of this name. The error says what to do when there is none.
    async fn secret(&self, name: &str) -> Result<String, String>;
}

/// A text with its references replaced.
///
/// # Errors
/// When there is no such secret.
pub async fn resolved(vault: &dyn Vault, text: &str) -> Result<String, String> {
    let (mut whole, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once(SECRET) {
        let name = secret_name(after);
        if name.is_empty() {
            return Err(format!("`{SECRET}` must be followed by a name in lower case"));
        }
        whole.push_str(before);
        whole.push_str(&vault.secret(name).await?);
        rest = &after[name.len()..];
    }
    whole.push_str(rest);
    Ok(whole)
}
