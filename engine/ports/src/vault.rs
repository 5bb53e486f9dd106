//! Secrets by name: what `secret://NAME` stands for.

use async_trait::async_trait;

/// What stands for a secret, before its name.
pub const REFERENCE: &str = "secret://";

/// Gives out secrets. Whoever gets one hands it to the one process that needs it.
#[async_trait]
pub trait Vault: Send + Sync {
    /// The secret of this name. The error says what to do when there is none.
    async fn secret(&self, name: &str) -> Result<String, String>;
}

/// A text with its references replaced. A name has lower-case letters, digits, `-` and `_`.
///
/// # Errors
/// When there is no such secret.
pub async fn resolved(vault: &dyn Vault, text: &str) -> Result<String, String> {
    let (mut whole, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once(REFERENCE) {
        let is_name =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        let end = after.find(|c| !is_name(c)).unwrap_or(after.len());
        let (name, more) = after.split_at(end);
        if name.is_empty() {
            return Err(format!("`{REFERENCE}` must be followed by a name in lower case"));
        }
        whole.push_str(before);
        whole.push_str(&vault.secret(name).await?);
        rest = more;
    }
    whole.push_str(rest);
    Ok(whole)
}
