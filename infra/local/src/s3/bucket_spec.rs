//! A bucket as `AWS::S3::Bucket` describes it, as far as it matters on one machine.

use serde::Deserialize;
use serde_json::Value;

use super::bucket_name;

/// Why a bucket is not one that this service can keep.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct BucketSpecError {
    /// What is wrong with it.
    pub reason: String,
}

/// One bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BucketSpec {
    /// Its name.
    pub name: String,
    /// Whether EventBridge is told of what happens to its objects.
    pub tells_event_bridge: bool,
    /// What pages of other origins may do.
    pub cors: Vec<CorsRule>,
}

/// One rule of `CorsConfiguration`; the first that fits decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CorsRule {
    /// Origins; one `*` in each stands for any run of characters.
    #[serde(rename = "AllowedOrigins")]
    pub origins: Vec<String>,
    /// Methods.
    #[serde(rename = "AllowedMethods")]
    pub methods: Vec<String>,
    /// Headers that a preflight may ask for; one `*` in each.
    #[serde(rename = "AllowedHeaders", default)]
    pub headers: Vec<String>,
    /// Headers of answers that scripts may read.
    #[serde(rename = "ExposedHeaders", default)]
    pub exposed: Vec<String>,
    /// How long a preflight's answer holds, in seconds.
    #[serde(rename = "MaxAge", default)]
    pub max_age: Option<u64>,
    #[serde(rename = "Id", default)]
    _id: Option<String>,
}

impl BucketSpec {
    /// Reads the properties of an `AWS::S3::Bucket`.
    pub fn parse(logical_id: &str, properties: &Value) -> Result<Self, BucketSpecError> {
        let read = Properties::deserialize(properties);
        let read = read.map_err(|error| BucketSpecError { reason: error.to_string() })?;
        let bridge = read.notification_configuration.and_then(|told| told.event_bridge_configuration);
        Ok(Self {
            name: bucket_name(logical_id),
            tells_event_bridge: bridge.is_some_and(|bridge| bridge.event_bridge_enabled),
            cors: read.cors_configuration.map(|cors| cors.cors_rules).unwrap_or_default(),
        })
    }
}

/// Lifecycle, encryption and who may see a bucket are AWS's part: here nobody but this machine sees it, and nothing grows old.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    notification_configuration: Option<Notifications>,
    cors_configuration: Option<Cors>,
    #[serde(rename = "BucketEncryption")]
    _encryption: Option<Value>,
    #[serde(rename = "LifecycleConfiguration")]
    _lifecycle: Option<Value>,
    #[serde(rename = "OwnershipControls")]
    _ownership: Option<Value>,
    #[serde(rename = "PublicAccessBlockConfiguration")]
    _public_access: Option<Value>,
    #[serde(rename = "Tags")]
    _tags: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Notifications {
    event_bridge_configuration: Option<EventBridge>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct EventBridge {
    event_bridge_enabled: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Cors {
    cors_rules: Vec<CorsRule>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_bucket_of_the_template_is_read() {
        let bucket = BucketSpec::parse(
            "AttachmentBucket",
            &json!({
                "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": true}},
                "CorsConfiguration": {"CorsRules": [{"AllowedOrigins": ["https://a"], "AllowedMethods": ["POST"]}]},
                "LifecycleConfiguration": {"Rules": []}
            }),
        );
        let bucket = bucket.unwrap();
        assert_eq!((bucket.name.as_str(), bucket.tells_event_bridge), ("attachmentbucket", true));
        assert_eq!(bucket.cors[0].methods, ["POST"]);
    }

    #[test]
    fn what_is_not_understood_is_refused_by_name() {
        for (name, value) in [
            ("VersioningConfiguration", json!({"Status": "Enabled"})),
            ("NotificationConfiguration", json!({"LambdaConfigurations": []})),
            ("WebsiteConfiguration", json!({})),
        ] {
            let refused = BucketSpec::parse("Bucket", &json!({ name: value })).unwrap_err();
            assert!(refused.reason.contains("Configuration"), "{refused}");
        }
    }
}
