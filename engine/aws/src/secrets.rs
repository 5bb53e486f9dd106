//! Secrets of a deployment: one JSON object of names and values.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata as _;
use cloudcrew_ports::StoreError;

use crate::store::failed;

/// Reads the secrets under an ARN; empty until a value has been written.
///
/// # Errors
/// When the service fails, or the value is not a JSON object of strings.
pub async fn secrets(config: &SdkConfig, arn: &str) -> Result<HashMap<String, String>, StoreError> {
    let got = Client::new(config).get_secret_value().secret_id(arn).send().await;
    let value = match got {
        Ok(got) => got.secret_string.unwrap_or_default(),
        Err(error) if error.code() == Some("ResourceNotFoundException") => {
            return Ok(HashMap::new());
        }
        Err(error) => return Err(failed("Secrets Manager", &error)),
    };
    // The parse error is dropped because it could quote a secret.
    serde_json::from_str(&value).map_err(|_| StoreError::Damaged {
        what: arn.to_owned(),
        why: "the secret is not a JSON object with string values".to_owned(),
    })
}
