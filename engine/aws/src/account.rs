//! What an account has and allows, read before a deployment. Nothing here changes anything.

use std::error::Error as _;

use aws_config::{Region, SdkConfig};
use aws_sdk_bedrock::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrock::types::{
    AgreementStatus, AuthorizationStatus, EntitlementAvailability, RegionAvailability,
};

/// An account, as the credentials of the environment reach it.
#[derive(Debug, Clone)]
pub struct Account {
    config: SdkConfig,
}

/// Who the credentials belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Number of the account.
    pub account: String,
    /// ARN of the user or the assumed role.
    pub arn: String,
}

/// A limit of an account.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// The service, as Service Quotas names it.
    pub service: &'static str,
    /// Code of the quota.
    pub code: &'static str,
    /// What it limits.
    pub what: &'static str,
}

/// Something with a name that can be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// A table of DynamoDB.
    Table(String),
    /// A bucket of S3. Its name is taken for all accounts.
    Bucket(String),
    /// A function of Lambda.
    Function(String),
}

impl Account {
    /// The account that this configuration reaches. Sends nothing yet.
    pub fn new(config: SdkConfig) -> Account {
        Account { config }
    }

    /// The region of the environment, if it names one.
    pub fn region(&self) -> Option<&str> {
        self.config.region().map(Region::as_ref)
    }

    /// Who the credentials belong to.
    ///
    /// # Errors
    /// When there are no credentials, or they are not valid.
    pub async fn identity(&self) -> Result<Identity, String> {
        let asked = aws_sdk_sts::Client::new(&self.config).get_caller_identity().send().await;
        let said = asked.map_err(|error| why(&error))?;
        let (account, arn) = (said.account.unwrap_or_default(), said.arn.unwrap_or_default());
        Ok(Identity { account, arn })
    }

    /// Why a foundation model cannot be called in a region; `None` when it can.
    ///
    /// # Errors
    /// When the service does not say.
    pub async fn lacks_model(&self, region: &str, id: &str) -> Result<Option<String>, String> {
        let config = aws_sdk_bedrock::config::Builder::from(&self.config);
        let config = config.region(Region::new(region.to_owned())).build();
        let client = aws_sdk_bedrock::Client::from_conf(config);
        let asked = client.get_foundation_model_availability().model_id(id).send().await;
        let said = asked.map_err(|error| why(&error))?;
        let agreed = said.agreement_availability.map(|agreement| agreement.status);
        let reason = if said.region_availability != RegionAvailability::Available {
            "the region does not have it"
        } else if agreed.is_some_and(|status| status != AgreementStatus::Available) {
            "its agreement was not accepted"
        } else if said.entitlement_availability != EntitlementAvailability::Available {
            "the account has no access to it"
        } else if said.authorization_status != AuthorizationStatus::Authorized {
            "the account is not authorized"
        } else {
            return Ok(None);
        };
        Ok(Some(reason.to_owned()))
    }

    /// The value of a quota: that of the account, or the default one.
    ///
    /// # Errors
    /// When the service does not say.
    pub async fn quota(&self, limit: Limit) -> Result<f64, String> {
        let client = aws_sdk_servicequotas::Client::new(&self.config);
        let (service, code) = (limit.service, limit.code);
        let own = client.get_service_quota().service_code(service).quota_code(code).send().await;
        let quota = match own {
            Ok(said) => said.quota,
            Err(error) if error.code() == Some("NoSuchResourceException") => {
                let of = client.get_aws_default_service_quota();
                let asked = of.service_code(service).quota_code(code).send().await;
                asked.map_err(|error| why(&error))?.quota
            }
            Err(error) => return Err(why(&error)),
        };
        quota.and_then(|quota| quota.value).ok_or_else(|| "it has no value".to_owned())
    }

    /// Whether a name is taken.
    ///
    /// # Errors
    /// When the service does not say.
    pub async fn has(&self, named: &Named) -> Result<bool, String> {
        match named {
            Named::Table(name) => {
                let client = aws_sdk_dynamodb::Client::new(&self.config);
                found(client.describe_table().table_name(name).send().await)
            }
            Named::Bucket(name) => {
                let client = crate::blob::client(&self.config);
                match client.head_bucket().bucket(name).send().await {
                    // It belongs to another account.
                    Err(error)
                        if error.raw_response().is_some_and(|r| r.status().as_u16() == 403) =>
                    {
                        Ok(true)
                    }
                    asked => found(asked),
                }
            }
            Named::Function(name) => {
                let client = aws_sdk_lambda::Client::new(&self.config);
                found(client.get_function_configuration().function_name(name).send().await)
            }
        }
    }
}

/// Whether something was found.
fn found<T, E>(asked: Result<T, SdkError<E>>) -> Result<bool, String>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match asked {
        Ok(_) => Ok(true),
        Err(error) if error.raw_response().is_some_and(|r| r.status().as_u16() == 404) => Ok(false),
        Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(false),
        Err(error) => Err(why(&error)),
    }
}

/// What went wrong, in the words of the service or of the deepest cause.
fn why<E>(error: &SdkError<E>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    if let (Some(code), Some(message)) = (error.code(), error.message()) {
        return format!("{code}: {message}");
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        text = deeper.to_string();
        cause = deeper.source();
    }
    error.code().map(str::to_owned).unwrap_or(text)
}
