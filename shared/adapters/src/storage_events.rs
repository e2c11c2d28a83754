//! What AWS tells of the bucket over its default event bus: that an object was created, and what a scan of one has found.

use parlance_application::attachments::judge::{Finding, ScanResult};
use parlance_domain::{
    attachment::{ObjectArea, ObjectKey, ObjectTag},
    ids::AttachmentId,
};
use serde::Deserialize;
use serde_json::Value;

/// The attachment whose upload S3's `Object Created` tells of; `None` for objects that are no upload.
pub fn arrived_upload(event: &Value) -> Option<AttachmentId> {
    let event = Created::deserialize(event).ok()?;
    upload(&event.detail.object.key)
}

/// What `GuardDuty Malware Protection Object Scan Result` says; `None` for objects that are no upload.
pub fn scan_result(event: &Value) -> Option<ScanResult> {
    let detail = Scanned::deserialize(event).ok()?.detail;
    let id = upload(&detail.object.key)?;
    let details = detail.result;
    let finding = match details.status {
        Status::NoThreatsFound => Finding::NoThreats,
        Status::ThreatsFound => Finding::Threats(
            details.threats.unwrap_or_default().into_iter().map(|threat| threat.name).collect(),
        ),
        Status::Unread => Finding::Unread,
    };
    Some(ScanResult { id, tag: ObjectTag::parse(&detail.object.tag), finding })
}

fn upload(key: &str) -> Option<AttachmentId> {
    ObjectKey::parse(key).filter(|key| key.area == ObjectArea::Quarantine).map(|key| key.id)
}

#[derive(Deserialize)]
struct Created {
    detail: CreatedDetail,
}

#[derive(Deserialize)]
struct CreatedDetail {
    object: CreatedObject,
}

#[derive(Deserialize)]
struct CreatedObject {
    key: String,
}

#[derive(Deserialize)]
struct Scanned {
    detail: ScannedDetail,
}

#[derive(Deserialize)]
struct ScannedDetail {
    #[serde(rename = "s3ObjectDetails")]
    object: ScannedObject,
    #[serde(rename = "scanResultDetails")]
    result: ResultDetails,
}

#[derive(Deserialize)]
struct ScannedObject {
    #[serde(rename = "objectKey")]
    key: String,
    #[serde(rename = "eTag")]
    tag: String,
}

#[derive(Deserialize)]
struct ResultDetails {
    #[serde(rename = "scanResultStatus")]
    status: Status,
    threats: Option<Vec<Threat>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
    NoThreatsFound,
    ThreatsFound,
    /// `UNSUPPORTED`, `ACCESS_DENIED`, `FAILED`, and whatever comes to be: nothing is known of the file.
    #[serde(other)]
    Unread,
}

#[derive(Deserialize)]
struct Threat {
    name: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: AttachmentId = AttachmentId::from_bytes([6; 16]);

    fn key(area: &str) -> String {
        format!("{area}/{ID}")
    }

    #[test]
    fn a_creation_names_its_upload() {
        let created = |key: &str| {
            json!({
                "version": "0", "id": "17793124-05d4-b198-2fde-7ededc63b103", "detail-type": "Object Created",
                "source": "aws.s3", "account": "111122223333", "time": "2026-11-12T00:00:00Z", "region": "ca-central-1",
                "resources": ["arn:aws:s3:::uploads"],
                "detail": {
                    "version": "0", "bucket": {"name": "uploads"},
                    "object": {"key": key, "size": 5, "etag": "b1946ac92492d2347c6235b4d2611184", "sequencer": "0A"},
                    "request-id": "N4N7GDK58NMKJ12R", "requester": "123456789012",
                    "source-ip-address": "1.2.3.4", "reason": "PutObject"
                }
            })
        };
        assert_eq!(arrived_upload(&created(&key("quarantine"))), Some(ID));
        for other in [key("clean"), key("preview"), "quarantine/a_1".to_owned(), String::new()] {
            assert_eq!(arrived_upload(&created(&other)), None, "{other}");
        }
        assert_eq!(arrived_upload(&json!({"detail": {"object": {"key": 5}}})), None);
    }

    #[test]
    fn a_scan_names_its_bytes_and_what_was_found() {
        let scanned = |status: &str, threats: Value| {
            json!({
                "detail-type": "GuardDuty Malware Protection Object Scan Result", "source": "aws.guardduty",
                "detail": {
                    "schemaVersion": "1.0", "scanStatus": "COMPLETED", "resourceType": "S3_OBJECT",
                    "s3ObjectDetails": {
                        "bucketName": "uploads", "objectKey": key("quarantine"), "eTag": "ASIAI44QH8DHBEXAMPLE",
                        "versionId": "d41d8cd98f00b204e9800998eEXAMPLE", "s3Throttled": false
                    },
                    "scanResultDetails": {"scanResultStatus": status, "threats": threats}
                }
            })
        };
        let finding = |status, threats| scan_result(&scanned(status, threats)).map(|result| result.finding);
        let found = scan_result(&scanned("NO_THREATS_FOUND", Value::Null)).unwrap();
        assert_eq!((found.id, found.tag), (ID, ObjectTag::parse("ASIAI44QH8DHBEXAMPLE")));
        assert_eq!(found.finding, Finding::NoThreats);
        let threats = json!([{"name": "EICAR-Test-File (not a virus)"}]);
        let named = Finding::Threats(vec!["EICAR-Test-File (not a virus)".to_owned()]);
        assert_eq!(finding("THREATS_FOUND", threats), Some(named));
        assert_eq!(finding("THREATS_FOUND", Value::Null), Some(Finding::Threats(Vec::new())));
        for status in ["UNSUPPORTED", "ACCESS_DENIED", "FAILED", "SOMETHING_NEW"] {
            assert_eq!(finding(status, Value::Null), Some(Finding::Unread), "{status}");
        }
        assert_eq!(scan_result(&json!({"detail": {}})), None);
    }
}
