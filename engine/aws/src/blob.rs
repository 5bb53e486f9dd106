//! The blob port on S3: objects named by the digest of their content.

use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_smithy_types::timeout::TimeoutConfig;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::blob::Blobs;
use sha2::{Digest as _, Sha256};

use crate::store::failed;

/// Folder of the objects.
const FOLDER: &str = "blobs";
/// Number of attempts while others store the same bytes.
const TRIES: u32 = 8;
/// Timeout of one attempt: a blob may be large.
const ATTEMPT: Duration = Duration::from_secs(60);
/// Maximum bytes of a blob that is read.
const MOST: i64 = 256 * 1024 * 1024;

/// The blobs in a bucket.
#[derive(Debug, Clone)]
pub struct Bucket {
    client: Client,
    name: String,
}

impl Bucket {
    /// The blobs in a bucket. Sends nothing yet. An endpoint of the environment is addressed by
    /// path, because its host has no buckets as subdomains.
    pub fn new(config: &SdkConfig, name: &str) -> Bucket {
        Bucket { client: client(config), name: name.to_owned() }
    }

    fn at(&self, hash: &str) -> String {
        format!("{FOLDER}/{hash}")
    }

    /// What was deployed in a folder of the bucket under the hash of its content.
    ///
    /// # Errors
    /// When the service fails, or the content has another hash.
    pub async fn named(&self, folder: &str, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(&format!("{folder}/{hash}"), hash).await
    }

    /// An object whose content has a hash.
    async fn read(&self, key: &str, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(bytes) = get(&self.client, &self.name, key, MOST).await? else { return Ok(None) };
        match digest(&bytes) == hash {
            true => Ok(Some(bytes)),
            false => Err(StoreError::Damaged {
                what: format!("s3://{}/{key}", self.name),
                why: "its content does not match its hash".to_owned(),
            }),
        }
    }
}

/// The bytes of an object of at most `most` bytes; `None` if there is none.
pub(crate) async fn get(
    client: &Client,
    bucket: &str,
    key: &str,
    most: i64,
) -> Result<Option<Vec<u8>>, StoreError> {
    let what = format!("s3://{bucket}/{key}");
    let object = match client.get_object().bucket(bucket).key(key).send().await {
        Ok(object) => object,
        Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
        Err(error) => return Err(failed(&what, &error)),
    };
    if object.content_length().is_some_and(|length| length > most) {
        let why = "it is larger than anything that is written there".to_owned();
        return Err(StoreError::Damaged { what, why });
    }
    let body = object.body.collect().await;
    let body = body.map_err(|error| StoreError::Unusable { what, why: error.to_string() })?;
    Ok(Some(body.into_bytes().to_vec()))
}

/// A client for objects, which may be large.
pub(crate) fn client(config: &SdkConfig) -> Client {
    let by_path = config.endpoint_url().is_some() || std::env::var("AWS_ENDPOINT_URL").is_ok();
    let times = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).build();
    let settings = Builder::from(config).force_path_style(by_path).timeout_config(times).build();
    Client::from_conf(settings)
}

/// Writes an object under a name that only this content has, unless it is there.
pub(crate) async fn put_once(
    client: &Client,
    bucket: &str,
    key: &str,
    bytes: &[u8],
) -> Result<(), StoreError> {
    for tries in 0..TRIES {
        let put = client.put_object().bucket(bucket).key(key).if_none_match("*");
        match put.body(bytes.to_vec().into()).send().await {
            Ok(_) => return Ok(()),
            Err(error) => match error.code() {
                Some("PreconditionFailed") => return Ok(()),
                // Another process stores the same bytes at this moment.
                Some("ConditionalRequestConflict") => {
                    tokio::time::sleep(Duration::from_millis(20 << tries)).await;
                }
                _ => return Err(failed(bucket, &error)),
            },
        }
    }
    let by = "concurrent uploads of the same object; try again".to_owned();
    Err(StoreError::Busy { what: bucket.to_owned(), by })
}

fn digest(bytes: &[u8]) -> String {
    cloudcrew_definition::digest::hex(&Sha256::digest(bytes))
}

#[async_trait]
impl Blobs for Bucket {
    async fn put(&self, bytes: &[u8]) -> Result<String, StoreError> {
        let hash = digest(bytes);
        put_once(&self.client, &self.name, &self.at(&hash), bytes).await?;
        Ok(hash)
    }

    async fn get(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
        if hash.len() != 64 || !hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Ok(None);
        }
        self.read(&self.at(hash), hash).await
    }
}
