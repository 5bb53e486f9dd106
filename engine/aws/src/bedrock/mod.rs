//! Bedrock through ConverseStream. One value per model of a crew; those of one region and endpoint
//! share a connection pool.

mod body;
mod fault;
mod guardrail;
mod stream;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::{BehaviorVersion, ConfigLoader, Region};
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::Credentials;
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use bytes::Bytes;
use cloudcrew_definition::crew::Reasoning;
use cloudcrew_ports::model::{Billing, Model, ModelFault, ModelReply, ModelRequest};

/// Connection timeout.
const CONNECT: Duration = Duration::from_secs(5);
/// Region of the signature when an endpoint is set without a region.
const REGION: &str = "us-east-1";

/// Where a model is served.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// Region; defaults to the environment's.
    pub region: Option<String>,
    /// URL of the endpoint; defaults to the region's.
    pub endpoint: Option<String>,
}

/// A guardrail of the account, applied to every call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guardrail {
    /// Its identifier.
    pub id: String,
    /// Its version.
    pub version: String,
}

/// How to call a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Identifier of the model or of an inference profile.
    pub id: String,
    /// Minimum tokens before a cache point; `None` disables prompt caching.
    pub cache_minimum: Option<u64>,
    /// How much the model may think; defaults to the model's own setting.
    pub reasoning: Option<Reasoning>,
    /// The guardrail, if any.
    pub guardrail: Option<Guardrail>,
    /// Time without any bytes after which the provider counts as gone.
    pub silence: Duration,
}

/// A connection to the service in one region.
#[derive(Debug, Clone)]
pub struct Service {
    client: Client,
    /// Empty if no region is configured; every call then fails.
    region: String,
    endpoint: Option<String>,
}

impl Service {
    /// Prepares a connection; sends nothing yet. Credentials come from the SDK's standard chain:
    /// environment, profile, web identity, container, instance.
    pub async fn new(place: &Place) -> Service {
        Service::load(place, aws_config::defaults(BehaviorVersion::latest())).await
    }

    /// Like [`Service::new`], with explicit credentials.
    pub async fn with_credentials(place: &Place, key: &str, secret: &str) -> Service {
        let credentials = Credentials::new(key, secret, None, None, "cloudcrew");
        Service::load(
            place,
            aws_config::defaults(BehaviorVersion::latest()).credentials_provider(credentials),
        )
        .await
    }

    async fn load(place: &Place, loader: ConfigLoader) -> Service {
        let mut loader = loader
            .http_client(http(place))
            // The swarm retries and has its own timeouts.
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(
                aws_config::stalled_stream_protection::StalledStreamProtectionConfig::disabled(),
            )
            .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT).build());
        if let Some(region) = &place.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(endpoint) = &place.endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        let mut config = loader.load().await;
        let endpoint = config.endpoint_url().map(str::to_owned).or_else(from_environment);
        if config.region().is_none() && endpoint.is_some() {
            config = config.into_builder().region(Region::new(REGION)).build();
        }
        let region = config.region().map(|r| r.to_string()).unwrap_or_default();
        Service { client: Client::new(&config), region, endpoint }
    }

    /// The region in use.
    pub fn region(&self) -> &str {
        &self.region
    }
}

/// Disables TLS for an endpoint without it, because loading the system's certificates takes longer
/// than everything else before the first call.
fn http(place: &Place) -> SharedHttpClient {
    match place.endpoint.clone().or_else(from_environment) {
        Some(url) if url.starts_with("http://") => Builder::new().build_http(),
        _ => Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
            .build_https(),
    }
}

/// The endpoint set by the environment.
fn from_environment() -> Option<String> {
    ["AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_ENDPOINT_URL"]
        .iter()
        .find_map(|name| std::env::var(name).ok())
}

/// A model on Bedrock.
#[derive(Debug, Clone)]
pub struct BedrockModel {
    service: Service,
    settings: Settings,
}

impl BedrockModel {
    /// A model of a service.
    pub fn new(service: Service, settings: Settings) -> BedrockModel {
        BedrockModel { service, settings }
    }
}

#[async_trait]
impl Model for BedrockModel {
    async fn complete(&self, request: ModelRequest<'_>) -> Result<ModelReply, ModelFault> {
        if self.service.region.is_empty() {
            let advice = "no AWS region is set: set `models.*.region` in agents.yaml, or \
                BEDROCK_REGION or AWS_REGION";
            return Err(ModelFault::denied("NoRegion", advice));
        }
        let silence = self.settings.silence;
        let written = Written(body::body(&request, &self.settings).into());
        let call = self
            .service
            .client
            .converse_stream()
            .model_id(&self.settings.id)
            .customize()
            .interceptor(written)
            .send();
        let answer = tokio::time::timeout(silence, call).await;
        let said = match answer {
            Err(_) => Err(ModelFault::silent(silence)),
            Ok(Err(error)) => Err(fault::of_call(error, silence)),
            Ok(Ok(answer)) => stream::read(answer, silence, request.listener).await,
        };
        said.map_err(|fault| {
            fault::advised(
                fault,
                &self.settings.id,
                &self.service.region,
                self.service.endpoint.as_deref(),
            )
        })
    }

    fn billing(&self) -> Billing {
        Billing::Paid
    }
}

/// Replaces the SDK's body with ours before the request is signed.
struct Written(Bytes);

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a body of {} bytes", self.0.len())
    }
}

impl Intercept for Written {
    fn name(&self) -> &'static str {
        "cloudcrew-body"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        request.headers_mut().try_insert("content-length", self.0.len().to_string())?;
        *request.body_mut() = SdkBody::from(self.0.clone());
        Ok(())
    }
}
