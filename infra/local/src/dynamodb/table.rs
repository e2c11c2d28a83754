//! A table as an `AWS::DynamoDB::Table` resource describes it.

use serde::Deserialize;
use serde_json::{Map, Value};

/// Why a resource is not a table that this service can hold.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{property}: {reason}")]
pub struct TableSpecError {
    /// The property of the resource.
    pub property: String,
    /// What is wrong with it.
    pub reason: String,
}

/// The properties of a table, intrinsic functions resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct TableSpec {
    /// Its name.
    pub name: String,
    /// The body of `CreateTable`.
    pub(super) create: Value,
    /// The attribute that holds an item's expiry.
    pub(super) ttl_attribute: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    table_name: Option<String>,
    attribute_definitions: Value,
    key_schema: Value,
    billing_mode: Option<String>,
    provisioned_throughput: Option<Value>,
    global_secondary_indexes: Option<Value>,
    local_secondary_indexes: Option<Value>,
    stream_specification: Option<StreamSpecification>,
    time_to_live_specification: Option<TimeToLive>,
    #[serde(rename = "SSESpecification")]
    _encryption: Option<Value>,
    #[serde(rename = "PointInTimeRecoverySpecification")]
    _recovery: Option<Value>,
    #[serde(rename = "DeletionProtectionEnabled")]
    _protection: Option<Value>,
    #[serde(rename = "TableClass")]
    _class: Option<Value>,
    #[serde(rename = "Tags")]
    _tags: Option<Value>,
    #[serde(rename = "ContributorInsightsSpecification")]
    _insights: Option<Value>,
    #[serde(rename = "OnDemandThroughput")]
    _on_demand: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StreamSpecification {
    stream_view_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TimeToLive {
    attribute_name: Option<String>,
    enabled: Value,
}

impl TableSpec {
    /// Reads the resource's properties; the name is `default_name` where the resource leaves it to `CloudFormation`.
    pub fn parse(default_name: &str, properties: &Value) -> Result<Self, TableSpecError> {
        let properties: Properties = serde_json::from_value(properties.clone())
            .map_err(|error| TableSpecError { property: "Properties".into(), reason: error.to_string() })?;
        let name = properties.table_name.unwrap_or_else(|| default_name.to_owned());
        let mut create = Map::new();
        create.insert("TableName".into(), name.clone().into());
        create.insert("AttributeDefinitions".into(), properties.attribute_definitions);
        create.insert("KeySchema".into(), properties.key_schema);
        create.insert(
            "BillingMode".into(),
            properties.billing_mode.unwrap_or_else(|| "PROVISIONED".into()).into(),
        );
        for (key, value) in [
            ("ProvisionedThroughput", properties.provisioned_throughput),
            ("GlobalSecondaryIndexes", properties.global_secondary_indexes),
            ("LocalSecondaryIndexes", properties.local_secondary_indexes),
        ] {
            if let Some(value) = value {
                create.insert(key.into(), value);
            }
        }
        if let Some(stream) = properties.stream_specification {
            let stream =
                serde_json::json!({ "StreamEnabled": true, "StreamViewType": stream.stream_view_type });
            create.insert("StreamSpecification".into(), stream);
        }
        let ttl_attribute = properties
            .time_to_live_specification
            .filter(|ttl| ttl.enabled == Value::Bool(true) || ttl.enabled == "true")
            .and_then(|ttl| ttl.attribute_name);
        Ok(Self { name, create: Value::Object(create), ttl_attribute })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_of_the_template_is_read() {
        let spec = TableSpec::parse(
            "stack-ConnectionsTable",
            &json!({
                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
                "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
                "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": true}
            }),
        )
        .unwrap();
        assert_eq!(spec.name, "stack-ConnectionsTable");
        assert_eq!(spec.ttl_attribute.as_deref(), Some("ttl"));
        assert_eq!(spec.create["StreamSpecification"]["StreamEnabled"], true);
    }

    #[test]
    fn a_property_that_is_not_understood_is_refused_by_name() {
        let error =
            TableSpec::parse("t", &json!({"AttributeDefinitions": [], "KeySchema": [], "ReplicaCount": 3}))
                .unwrap_err();
        assert!(error.reason.contains("ReplicaCount"), "{error}");
    }
}
