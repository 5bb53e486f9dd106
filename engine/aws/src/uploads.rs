//! Files that people send straight to S3, by a form that is signed for one file, or read there by a
//! signed URL.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::presigning::PresigningConfig;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cloudcrew_definition::digest::hex;
use cloudcrew_ports::StoreError;
use ring::hmac::{HMAC_SHA256, Key, sign};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::blob::client;
use crate::store::failed;

/// How long a form is accepted: 15 minutes.
const LASTS: Duration = Duration::from_secs(900);
/// How long a file can be read: 5 minutes.
const READABLE: Duration = Duration::from_secs(300);
/// Media type of every file: what it is follows from its content.
const TYPE: &str = "application/octet-stream";

/// The files in a bucket.
#[derive(Debug, Clone)]
pub struct Uploads {
    client: Client,
    config: SdkConfig,
    bucket: String,
}

/// A signed form.
#[derive(Debug, Clone)]
pub struct Form {
    /// Where to send it.
    pub url: String,
    /// Its fields, in order.
    pub fields: Vec<(String, String)>,
    /// Until when it is accepted, in milliseconds since 1970 UTC.
    pub until: i64,
}

fn key(id: &str) -> String {
    format!("uploads/{id}")
}

impl Uploads {
    /// The files in a bucket. Sends nothing yet.
    pub fn new(config: &SdkConfig, bucket: &str) -> Uploads {
        let (client, config) = (client(config), config.clone());
        Uploads { client, config, bucket: bucket.to_owned() }
    }

    /// A form for one file of 1 to `most` bytes.
    ///
    /// # Errors
    /// When there are no credentials to sign it with.
    pub async fn form(&self, id: &str, most: usize) -> Result<Form, StoreError> {
        let fault = |why: String| StoreError::Unusable { what: self.bucket.clone(), why };
        let provider = self.config.credentials_provider();
        let provider = provider.ok_or_else(|| fault("there are no credentials".into()))?;
        let given = provider.provide_credentials().await.map_err(|e| fault(e.to_string()))?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let until = now + LASTS;
        let time = |at: Duration, format: &str| {
            let seconds = i64::try_from(at.as_secs()).unwrap_or(i64::MAX);
            let time = jiff::Timestamp::from_second(seconds).map_err(|e| fault(e.to_string()))?;
            Ok::<_, StoreError>(time.strftime(format).to_string())
        };
        let (day, stamp) = (time(now, "%Y%m%d")?, time(now, "%Y%m%dT%H%M%SZ")?);
        let region = self.config.region().map_or("us-east-1", |region| region.as_ref());
        let scope = format!("{day}/{region}/s3/aws4_request");
        let mut fields = vec![
            ("key".to_owned(), key(id)),
            ("Content-Type".to_owned(), TYPE.to_owned()),
            ("x-amz-algorithm".to_owned(), "AWS4-HMAC-SHA256".to_owned()),
            ("x-amz-credential".to_owned(), format!("{}/{scope}", given.access_key_id())),
            ("x-amz-date".to_owned(), stamp),
        ];
        if let Some(token) = given.session_token() {
            fields.push(("x-amz-security-token".to_owned(), token.to_owned()));
        }
        let mut conditions: Vec<Value> = vec![json!({ "bucket": self.bucket })];
        conditions.extend(fields.iter().map(|(name, value)| json!({ name.as_str(): value })));
        conditions.push(json!(["content-length-range", 1, most]));
        let expiration = time(until, "%Y-%m-%dT%H:%M:%S.000Z")?;
        let policy = json!({ "expiration": expiration, "conditions": conditions }).to_string();
        let policy = STANDARD.encode(policy);
        let signature = signature(given.secret_access_key(), (&day, region), policy.as_bytes());
        fields.push(("policy".to_owned(), policy));
        fields.push(("x-amz-signature".to_owned(), signature));
        let url = match std::env::var("AWS_ENDPOINT_URL") {
            Ok(endpoint) => format!("{endpoint}/{}", self.bucket),
            Err(_) => format!("https://{}.s3.{region}.amazonaws.com/", self.bucket),
        };
        let until = i64::try_from(until.as_millis()).unwrap_or(i64::MAX);
        Ok(Form { url, fields, until })
    }

    /// A file that was sent.
    ///
    /// # Errors
    /// When the service fails, or the file is larger than `most`.
    pub async fn read(&self, id: &str, most: usize) -> Result<Option<Vec<u8>>, StoreError> {
        if id.len() != 64 || !id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Ok(None);
        }
        let what = format!("s3://{}/{}", self.bucket, key(id));
        let got = self.client.get_object().bucket(&self.bucket).key(key(id)).send().await;
        let object = match got {
            Ok(object) => object,
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(failed(&what, &error)),
        };
        let unusable = |why: String| StoreError::Unusable { what: what.clone(), why };
        let length = object.content_length().and_then(|length| usize::try_from(length).ok());
        if length.is_none_or(|length| length > most) {
            return Err(unusable(format!("it has more than {most} bytes")));
        }
        let body = object.body.collect().await.map_err(|error| unusable(error.to_string()))?;
        Ok(Some(body.into_bytes().to_vec()))
    }
}

impl Uploads {
    /// Stores a file, and returns a URL at which it can be read for a few minutes. The bucket
    /// removes it later.
    ///
    /// # Errors
    /// When the service fails, or there are no credentials to sign the URL with.
    pub async fn hand_out(&self, bytes: Vec<u8>) -> Result<String, StoreError> {
        let key = format!("downloads/{}", hex(&Sha256::digest(&bytes)));
        let put = self.client.put_object().bucket(&self.bucket).key(&key).content_type(TYPE);
        let sent = put.body(bytes.into()).send().await;
        sent.map_err(|error| failed(&self.bucket, &error))?;
        let times = PresigningConfig::expires_in(READABLE);
        let unusable = |why: String| StoreError::Unusable { what: self.bucket.clone(), why };
        let times = times.map_err(|error| unusable(error.to_string()))?;
        let get = self.client.get_object().bucket(&self.bucket).key(&key);
        let get = get.response_content_disposition("attachment").presigned(times).await;
        Ok(get.map_err(|error| failed(&self.bucket, &error))?.uri().to_owned())
    }
}

/// The signature of a policy.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-UsingHTTPPOST.html>
fn signature(secret: &str, (day, region): (&str, &str), policy: &[u8]) -> String {
    let step = |key: &[u8], data: &[u8]| sign(&Key::new(HMAC_SHA256, key), data);
    let mut key = step(format!("AWS4{secret}").as_bytes(), day.as_bytes());
    for part in [region, "s3", "aws4_request"] {
        key = step(key.as_ref(), part.as_bytes());
    }
    hex(step(key.as_ref(), policy).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_signed_as_the_service_expects() {
        // Made with Python's hmac module, by steps that also give the signature of the service's
        // own example.
        assert_eq!(
            signature("a-secret", ("20260105", "eu-west-1"), b"cG9saWN5"),
            "dbe64d8bc0d2ded5be27997a717ebc079b3654416d6b6712a1eae005ff81ee06"
        );
    }
}
