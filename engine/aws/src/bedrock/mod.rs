//! Bedrock through ConverseStream. One value for each model of a crew; those of one region and
//! endpoint share a connection pool.

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

/// Time to connect at most.
const CONNECT: Duration = Duration::from_secs(5);
/// Region in a signature where an endpoint is named and no region.
const REGION: &str = "us-east-1";

/// Where a model is served.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// Region; `None`: the environment's.
    pub region: Option<String>,
    /// URL of the endpoint; `None`: the region's.
    pub endpoint: Option<String>,
}

/// A guardrail of the account that looks at every call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guardrail {
    /// Its identifier.
    pub id: String,
    /// Its version.
    pub version: String,
}

/// How a model is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Identifier of the model or of an inference profile.
    pub id: String,
    /// Tokens that must stand before a cache point; `None`: no prompt is cached.
    pub cache_minimum: Option<u64>,
    /// How much the model thinks before it speaks; `None`: as it does by itself.
    pub reasoning: Option<Reasoning>,
    /// The guardrail.
    pub guardrail: Option<Guardrail>,
    /// A provider that says nothing for so long is away.
    pub silence: Duration,
}

/// A connection to the service in one region.
#[derive(Debug, Clone)]
pub struct Service {
    client: Client,
    /// Empty: none is named anywhere, and nothing can be called.
    region: String,
    endpoint: Option<String>,
}

impl Service {
    /// Makes a connection ready; nothing is sent yet. Credentials come from the SDK's standard
    /// chain: environment, profile, web identity, container, instance.
    pub async fn new(place: &Place) -> Service {
        Service::load(place, aws_config::defaults(BehaviorVersion::latest())).await
    }

    /// The same with credentials of one's own.
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
            // The swarm has the one retry layer, and knows itself how long nothing may be heard.
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

    /// The region that was settled on.
    pub fn region(&self) -> &str {
        &self.region
    }
}

/// Without TLS where the endpoint has none; loading the system's certificates takes longer than all
/// else before the first call.
fn http(place: &Place) -> SharedHttpClient {
    match place.endpoint.clone().or_else(from_environment) {
        Some(url) if url.starts_with("http://") => Builder::new().build_http(),
        _ => Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
            .build_https(),
    }
}

/// The endpoint that the environment names.
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
            let advice = "no AWS region is named: write `models.*.region` in agents.yaml, or set \
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

/// Puts the body that we wrote in the place of the SDK's, before it is signed.
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
