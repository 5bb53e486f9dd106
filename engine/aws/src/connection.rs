//! How the AWS services are reached: region, credentials and endpoint of the environment, one
//! connection pool, retries of the SDK.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

/// Connection timeout.
const CONNECT: Duration = Duration::from_secs(5);
/// Timeout of one attempt: the answers of these services are small.
const ATTEMPT: Duration = Duration::from_secs(10);
/// Attempts of one call, with growing pauses: throttling passes.
const ATTEMPTS: u32 = 6;
/// Region of signatures when an endpoint is set without a region.
const REGION: &str = "us-east-1";

/// Loads the settings of the environment. Sends nothing yet.
pub async fn connection() -> SdkConfig {
    let endpoint = std::env::var("AWS_ENDPOINT_URL").ok();
    // No TLS for an `http://` endpoint: loading the system's certificates takes longer than
    // everything else before the first call.
    let http = match &endpoint {
        Some(url) if url.starts_with("http://") => Builder::new().build_http(),
        _ => Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
            .build_https(),
    };
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT)
                .operation_attempt_timeout(ATTEMPT)
                .build(),
        )
        .load()
        .await;
    if config.region().is_some() || endpoint.is_none() {
        return config;
    }
    config.into_builder().region(Region::new(REGION)).build()
}
