//! A scan's result as GuardDuty tells it ("Object Scan Result" of GuardDuty's user guide).

use serde_json::{Value, json};

use super::scanner::Verdict;

/// The source of results.
pub(super) const SOURCE: &str = "aws.guardduty";

/// The detail-type of results.
pub(super) const DETAIL_TYPE: &str = "GuardDuty Malware Protection Object Scan Result";

/// What is written on the object; a scan without a verdict has failed.
pub(super) fn status(verdict: Option<&Verdict>) -> &'static str {
    match verdict {
        Some(Verdict::Clean) => "NO_THREATS_FOUND",
        Some(Verdict::Threats(_)) => "THREATS_FOUND",
        Some(Verdict::Unsupported(_)) => "UNSUPPORTED",
        None => "FAILED",
    }
}

/// The event's detail. Buckets here keep no versions, for which GuardDuty names none.
pub(super) fn detail(bucket: &str, key: &str, etag: &str, verdict: Option<&Verdict>) -> Value {
    let scan_status = match verdict {
        Some(Verdict::Clean | Verdict::Threats(_)) => "COMPLETED",
        Some(Verdict::Unsupported(_)) => "SKIPPED",
        None => "FAILED",
    };
    let threats = match verdict {
        Some(Verdict::Threats(names)) => names.iter().map(|name| json!({ "name": name })).collect(),
        _ => Value::Null,
    };
    json!({
        "schemaVersion": "1.0",
        "scanStatus": scan_status,
        "resourceType": "S3_OBJECT",
        "s3ObjectDetails": {
            "bucketName": bucket,
            "objectKey": key,
            "eTag": etag,
            "versionId": "null",
            "s3Throttled": false,
        },
        "scanResultDetails": {
            "scanResultStatus": status(verdict),
            "threats": threats,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_verdict_has_its_words() {
        let threats = Verdict::Threats(vec!["EICAR-Test-File".to_owned()]);
        let found = detail("files", "quarantine/a", "abc", Some(&threats));
        assert_eq!(
            (&found["scanStatus"], &found["s3ObjectDetails"]["eTag"]),
            (&json!("COMPLETED"), &json!("abc"))
        );
        let result = json!({"scanResultStatus": "THREATS_FOUND", "threats": [{"name": "EICAR-Test-File"}]});
        assert_eq!(found["scanResultDetails"], result);
        for (verdict, scan, status) in [
            (Some(Verdict::Clean), "COMPLETED", "NO_THREATS_FOUND"),
            (Some(Verdict::Unsupported("locked".into())), "SKIPPED", "UNSUPPORTED"),
            (None, "FAILED", "FAILED"),
        ] {
            let told = detail("files", "a", "abc", verdict.as_ref());
            assert_eq!(
                (&told["scanStatus"], &told["scanResultDetails"]["threats"]),
                (&json!(scan), &Value::Null)
            );
            assert_eq!(told["scanResultDetails"]["scanResultStatus"], status);
        }
    }
}
