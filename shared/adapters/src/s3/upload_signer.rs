//! The addresses at which clients bring bytes: a form's policy fixes key, size, type and digest, a part's address its size and digest.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider},
};
use data_encoding::BASE64;
use parlance_application::ports::{
    PortError,
    attachments::{FormUpload, PartAddress, PartUpload, UploadForm, UploadSigner},
    environment::Clock,
};
use parlance_domain::{attachment::Sha256Digest, time::Timestamp};
use serde_json::json;
use url::Url;

use super::signature::{ALGORITHM, Place, Signing, rfc3339};

const PORT: &str = "upload signer";

/// What the store answers to a form that it took: nothing, and no redirection.
const TAKEN: &str = "204";

/// The longest that S3 lets an address be good, in seconds.
const MAX_SECONDS: u64 = 7 * 24 * 60 * 60;

/// Where clients reach the bucket, which need not be where the functions do.
#[derive(Debug, Clone)]
pub struct UploadAddress {
    /// The bucket.
    pub bucket: String,
    /// Its Region.
    pub region: String,
    /// The bucket's address without a slash at its end, the bucket in its host or in its path.
    base: Url,
}

impl UploadAddress {
    /// The bucket at AWS, by its own host.
    pub fn at_aws(bucket: &str, region: &str) -> Result<Self, url::ParseError> {
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let base = Url::parse(&format!("https://{bucket}.s3.{region}.{suffix}"))?;
        Ok(Self { bucket: bucket.to_owned(), region: region.to_owned(), base })
    }

    /// The bucket at another endpoint, as the first part of its paths.
    pub fn at(endpoint: &str, bucket: &str, region: &str) -> Result<Self, url::ParseError> {
        let base = Url::parse(&format!("{}/{bucket}", endpoint.trim_end_matches('/')))?;
        Ok(Self { bucket: bucket.to_owned(), region: region.to_owned(), base })
    }

    fn host(&self) -> String {
        let host = self.base.host_str().unwrap_or_default();
        self.base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
}

/// Signs with the function's own credentials.
pub struct S3UploadSigner {
    address: UploadAddress,
    credentials: SharedCredentialsProvider,
    clock: Arc<dyn Clock>,
}

impl S3UploadSigner {
    /// Signs for this bucket.
    pub fn new(
        address: UploadAddress,
        credentials: SharedCredentialsProvider,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { address, credentials, clock }
    }

    async fn credentials(&self) -> Result<Credentials, PortError> {
        self.credentials.provide_credentials().await.map_err(|error| PortError::new(PORT, error))
    }

    fn signing<'a>(&'a self, credentials: &'a Credentials) -> Signing<'a> {
        Signing {
            key_id: credentials.access_key_id(),
            secret: credentials.secret_access_key(),
            session_token: credentials.session_token(),
            region: &self.address.region,
            at: self.clock.now(),
        }
    }
}

#[async_trait]
impl UploadSigner for S3UploadSigner {
    async fn form(&self, upload: &FormUpload, until: Timestamp) -> Result<UploadForm, PortError> {
        let credentials = self.credentials().await?;
        let signing = self.signing(&credentials);
        let mut fields = BTreeMap::from(
            [
                ("key", upload.key.to_string()),
                ("Content-Type", upload.content_type.as_str().to_owned()),
                ("success_action_status", TAKEN.to_owned()),
                ("x-amz-algorithm", ALGORITHM.to_owned()),
                ("x-amz-credential", signing.credential()),
                ("x-amz-date", signing.date()),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        if let Some(token) = signing.session_token {
            fields.insert("x-amz-security-token".to_owned(), token.to_owned());
        }
        if let Some(digest) = upload.sha256 {
            fields.insert("x-amz-checksum-algorithm".to_owned(), "SHA256".to_owned());
            fields.insert("x-amz-checksum-sha256".to_owned(), in_base64(digest));
        }
        // Each field is fixed; a form with any other is refused.
        let mut conditions = vec![json!({"bucket": self.address.bucket})];
        conditions.extend(fields.iter().map(|(name, value)| json!(["eq", format!("${name}"), value])));
        let size = upload.size.bytes();
        conditions.push(json!(["content-length-range", size, size]));
        let policy = json!({"expiration": rfc3339(until), "conditions": conditions}).to_string();
        let policy = BASE64.encode(policy.as_bytes());
        fields.insert("x-amz-signature".to_owned(), signing.sign(&policy));
        fields.insert("policy".to_owned(), policy);
        Ok(UploadForm { url: self.address.base.as_str().to_owned(), fields })
    }

    async fn part(&self, part: &PartUpload, until: Timestamp) -> Result<PartAddress, PortError> {
        let credentials = self.credentials().await?;
        let signing = self.signing(&credentials);
        let digest = part.sha256.map(|digest| ("x-amz-checksum-sha256".to_owned(), in_base64(digest)));
        let own: BTreeMap<String, String> = digest.into_iter().collect();
        let mut signed = own.clone();
        signed.insert("content-length".to_owned(), part.bytes.to_string());
        let path = format!("{}/{}", self.address.base.path().trim_end_matches('/'), part.key);
        let host = self.address.host();
        let place = Place { scheme: self.address.base.scheme(), host: &host, path: &path };
        let number = part.number.to_string();
        let query = [("partNumber", number.as_str()), ("uploadId", part.upload.as_str())];
        let seconds = until.since(signing.at).as_secs().clamp(1, MAX_SECONDS);
        let url = signing.presigned_put(&place, &query, &signed, seconds);
        // Every client sends the length by itself; a browser lets nobody set it.
        Ok(PartAddress { url, headers: own })
    }
}

fn in_base64(digest: Sha256Digest) -> String {
    BASE64.encode(digest.as_bytes())
}
