//! A plan as `AWS::GuardDuty::MalwareProtectionPlan` describes it.

use serde::Deserialize;
use serde_json::Value;

use crate::loopback::ACCOUNT;

/// Why a plan is not one that can be followed here.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct PlanSpecError {
    /// What is wrong with it.
    pub reason: String,
}

/// One plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanSpec {
    /// Its id.
    pub id: String,
    /// Whose objects are scanned.
    pub bucket: String,
    /// Those whose keys begin so; all when there is none.
    pub prefixes: Vec<String>,
    /// Whether objects are tagged with what was found.
    pub tags: bool,
}

impl PlanSpec {
    /// Reads the properties.
    pub fn parse(logical_id: &str, properties: &Value) -> Result<Self, PlanSpecError> {
        let read = Properties::deserialize(properties);
        let read = read.map_err(|error| PlanSpecError { reason: error.to_string() })?;
        let bucket = read.protected_resource.s3_bucket;
        let tagging = read.actions.and_then(|actions| actions.tagging);
        Ok(Self {
            id: plan_id(logical_id),
            bucket: bucket.bucket_name,
            prefixes: bucket.object_prefixes,
            tags: tagging.is_some_and(|tagging| tagging.status == "ENABLED"),
        })
    }

    /// Whether an object is one for this plan.
    pub(super) fn covers(&self, bucket: &str, key: &str) -> bool {
        self.bucket == bucket
            && (self.prefixes.is_empty() || self.prefixes.iter().any(|prefix| key.starts_with(prefix)))
    }

    /// Its ARN.
    pub(super) fn arn(&self, region: &str) -> String {
        format!("arn:aws:guardduty:{region}:{ACCOUNT}:malware-protection-plan/{}", self.id)
    }
}

/// The id of a plan that the template names so.
fn plan_id(logical_id: &str) -> String {
    logical_id.to_ascii_lowercase()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    protected_resource: ProtectedResource,
    actions: Option<Actions>,
    #[serde(rename = "Role")]
    _role: Option<Value>,
    #[serde(rename = "Tags")]
    _tags: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProtectedResource {
    #[serde(rename = "S3Bucket")]
    s3_bucket: Bucket,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Bucket {
    bucket_name: String,
    #[serde(default)]
    object_prefixes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Actions {
    tagging: Option<Tagging>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Tagging {
    status: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plan_covers_its_buckets_prefixes() {
        let plan = PlanSpec::parse(
            "Plan",
            &json!({
                "Role": "arn",
                "ProtectedResource": {"S3Bucket": {"BucketName": "files", "ObjectPrefixes": ["quarantine/"]}},
                "Actions": {"Tagging": {"Status": "ENABLED"}}
            }),
        );
        let plan = plan.unwrap();
        assert!(plan.tags && plan.covers("files", "quarantine/a"));
        assert!(!plan.covers("files", "clean/a") && !plan.covers("other", "quarantine/a"));
        let refused = PlanSpec::parse("Plan", &json!({"ProtectedResource": {}})).unwrap_err();
        assert!(refused.reason.contains("S3Bucket"));
    }
}
