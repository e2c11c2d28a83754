//! What is uploaded is scanned: verdicts, tags, and the events that rules pass on.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::io::{Cursor, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use bytes::Bytes;
use parlance_local::eventbridge::{self, RuleSpec, Targets};
use parlance_local::faults::Faults;
use parlance_local::guardduty::{self, BuiltIn, PlanSpec, ScanFailed, Scanner, Subject, Verdict};
use parlance_local::lambda::{FunctionName, InvocationOutcome, Invoke};
use parlance_local::s3::{self, BucketSpec};
use parlance_local::sqs;
use parlance_local::usage::Usage;
use serde_json::{Value, json};
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A function that remembers what it was called with.
#[derive(Default)]
struct Function(Mutex<Vec<Value>>);

#[async_trait]
impl Invoke for Function {
    async fn invoke(&self, _: &FunctionName, _: &str, _: Bytes) -> InvocationOutcome {
        panic!("a rule waits for no function")
    }

    fn invoke_async(&self, _: &FunctionName, _: &str, payload: Bytes) {
        self.0.lock().unwrap().push(serde_json::from_slice(&payload).unwrap());
    }
}

struct World {
    client: Client,
    function: Arc<Function>,
    faults: Faults,
    usage: Usage,
    _running: (s3::Running, Arc<eventbridge::Running>, guardduty::Running),
    _folder: TempDir,
}

async fn world(scanner: Arc<dyn Scanner>) -> World {
    let (folder, faults, usage) = (tempfile::tempdir().unwrap(), Faults::default(), Usage::default());
    let objects = s3::Options {
        data_dir: folder.path().to_owned(),
        port: 0,
        faults: faults.clone(),
        usage: usage.clone(),
    };
    let s3 = s3::start(objects).await.unwrap();
    let told =
        json!({"NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": true}}});
    s3.create_buckets(&[BucketSpec::parse("Files", &told).unwrap()]).unwrap();
    let events = eventbridge::Options { region: "us-east-1".into(), ..Default::default() };
    let events = Arc::new(eventbridge::start(events).await.unwrap());
    let queues = sqs::start(sqs::Options::default()).await.unwrap();
    let function = Arc::new(Function::default());
    let invoke: Arc<dyn Invoke> = Arc::<Function>::clone(&function);
    let pattern = json!({"Pattern": {
        "source": ["aws.guardduty"],
        "detail-type": ["GuardDuty Malware Protection Object Scan Result"],
        "detail": {"s3ObjectDetails": {"bucketName": ["files"], "objectKey": [{"prefix": "quarantine/"}]}}
    }});
    let rule =
        RuleSpec::of_function(&FunctionName::new("OnScanResult"), "Scanned", &pattern).unwrap().unwrap();
    events.connect(Vec::new(), vec![rule], Targets::new(invoke, &queues));
    let plan = PlanSpec::parse(
        "Scan",
        &json!({
            "ProtectedResource": {"S3Bucket": {"BucketName": "files", "ObjectPrefixes": ["quarantine/"]}},
            "Actions": {"Tagging": {"Status": "ENABLED"}}
        }),
    );
    let options = guardduty::Options {
        plans: vec![plan.unwrap()],
        scanner: Some(scanner),
        events: Arc::clone(&events),
        region: "us-east-1".into(),
        faults: faults.clone(),
        usage: usage.clone(),
    };
    let scans = guardduty::start(options, &s3);
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(&s3.url)
        .credentials_provider(Credentials::new("local", "local", None, None, "tests"))
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    let client = Client::from_conf(config.build());
    World { client, function, faults, usage, _running: (s3, events, scans), _folder: folder }
}

impl World {
    async fn put(&self, key: &str, content_type: &str, body: Vec<u8>) {
        let put = self.client.put_object().bucket("files").key(key).content_type(content_type);
        put.body(body.into()).send().await.unwrap();
    }

    /// The results that were told, once there are so many.
    async fn results(&self, count: usize) -> Vec<Value> {
        for _ in 0..500 {
            let told = self.function.0.lock().unwrap().clone();
            if told.len() >= count {
                return told;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{:?}", self.function.0.lock().unwrap());
    }

    async fn tag(&self, key: &str) -> Option<String> {
        let tags = self.client.get_object_tagging().bucket("files").key(key).send().await.unwrap();
        let tag = tags.tag_set().iter().find(|tag| tag.key() == "GuardDutyMalwareScanStatus");
        tag.map(|tag| tag.value().to_owned())
    }

    fn fault(&self, json: &str) {
        self.faults.set(serde_json::from_str(json).unwrap());
    }
}

/// Split, so that no scanner takes this file away.
fn eicar() -> Vec<u8> {
    [&b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-"[..], b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].concat()
}

fn zipped(name: &str, body: &[u8]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file(name, SimpleFileOptions::default()).unwrap();
    archive.write_all(body).unwrap();
    archive.finish().unwrap().into_inner()
}

fn nested(depth: usize, body: Vec<u8>) -> Vec<u8> {
    (0..depth).fold(body, |body, _| zipped("inner.zip", &body))
}

async fn verdict(content_type: &str, body: &[u8]) -> Verdict {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("subject");
    std::fs::write(&path, body).unwrap();
    let subject = Subject { path, size: body.len() as u64, content_type: content_type.into() };
    BuiltIn.scan(&subject).await.unwrap()
}

fn threat(name: &str) -> Verdict {
    Verdict::Threats(vec![name.to_owned()])
}

#[tokio::test]
async fn an_upload_is_scanned_tagged_and_told_in_guarddutys_form() {
    let world = world(Arc::new(BuiltIn)).await;
    world.put("quarantine/good", "text/plain", b"hello".to_vec()).await;
    let told = &world.results(1).await[0];
    assert_eq!((&told["source"], &told["version"]), (&json!("aws.guardduty"), &json!("0")));
    assert_eq!(
        told["resources"],
        json!(["arn:aws:guardduty:us-east-1:000000000000:malware-protection-plan/scan"])
    );
    let details = &told["detail"]["s3ObjectDetails"];
    assert_eq!((&details["objectKey"], &details["bucketName"]), (&json!("quarantine/good"), &json!("files")));
    assert_eq!(details["eTag"], "5d41402abc4b2a76b9719d911017c592");
    assert_eq!(
        told["detail"]["scanResultDetails"],
        json!({"scanResultStatus": "NO_THREATS_FOUND", "threats": null})
    );
    assert_eq!(world.tag("quarantine/good").await.as_deref(), Some("NO_THREATS_FOUND"));
    world.put("clean/good", "text/plain", eicar()).await;
    world.put("quarantine/bad", "text/plain", eicar()).await;
    let told = world.results(2).await;
    assert_eq!(told[1]["detail"]["s3ObjectDetails"]["objectKey"], "quarantine/bad");
    assert_eq!(told[1]["detail"]["scanResultDetails"]["scanResultStatus"], "THREATS_FOUND");
    assert_eq!(world.tag("quarantine/bad").await.as_deref(), Some("THREATS_FOUND"));
    assert_eq!(world.tag("clean/good").await, None, "no plan covers it");
    let usage = serde_json::to_value(world.usage.snapshot()).unwrap();
    assert_eq!(usage["guardduty"], json!({"scans": 2, "bytes": 5 + 68}));
}

#[tokio::test]
async fn the_built_in_scanner_finds_the_signature_wherever_it_hides() {
    let found = threat("EICAR-Test-File (not a virus)");
    assert_eq!(verdict("text/plain", &eicar()).await, found);
    assert_eq!(verdict("application/zip", &nested(1, eicar())).await, found);
    assert_eq!(verdict("application/zip", &nested(5, eicar())).await, found);
    let picture = [&b"GIF89a\x01\x00\x01\x00"[..], &zipped("a.class", &eicar())].concat();
    assert_eq!(verdict("image/gif", &picture).await, found, "a picture that is an archive too");
    let large = [vec![0; 200_000], eicar(), vec![0; 200_000]].concat();
    assert_eq!(verdict("application/octet-stream", &large).await, found);
    let honest = nested(3, b"nothing".to_vec());
    assert_eq!(verdict("application/zip", &honest).await, Verdict::Clean);
    assert_eq!(verdict("application/octet-stream", b"").await, Verdict::Clean);
}

#[tokio::test]
async fn the_built_in_scanner_stops_at_bombs_and_says_what_it_cannot_open() {
    let zeros = vec![0; 64 * 1024 * 1024];
    assert_eq!(verdict("application/zip", &zipped("zeros", &zeros)).await, threat("Archive.Bomb.Ratio"));
    assert_eq!(verdict("application/zip", &nested(7, b"deep".to_vec())).await, threat("Archive.Bomb.Depth"));
    let mut many = ZipWriter::new(Cursor::new(Vec::new()));
    for number in 0..10_001 {
        many.start_file(number.to_string(), SimpleFileOptions::default()).unwrap();
    }
    let many = many.finish().unwrap().into_inner();
    assert_eq!(verdict("application/zip", &many).await, threat("Archive.Bomb.Entries"));
    let mut locked = zipped("locked", b"secret");
    // The flag of an encrypted entry, in the directory.
    let directory = locked.windows(4).position(|mark| mark == b"PK\x01\x02").unwrap();
    locked[directory + 8] |= 1;
    assert!(matches!(verdict("application/zip", &locked).await, Verdict::Unsupported(_)));
    let cut = &zipped("cut", &eicar())[..60];
    assert_eq!(verdict("application/zip", cut).await, Verdict::Clean, "no archive any more");
}

#[tokio::test]
async fn a_file_that_is_something_else_than_it_says_is_a_threat() {
    let page = b"<!DOCTYPE html><html><script>alert(1)</script></html>";
    assert_eq!(verdict("image/png", page).await, threat("Mismatch.text/html"));
    assert_eq!(verdict("text/html", page).await, Verdict::Clean);
}

/// A scanner that fails so often, then finds nothing.
struct Failing(Mutex<usize>);

#[async_trait]
impl Scanner for Failing {
    async fn scan(&self, _: &Subject) -> Result<Verdict, ScanFailed> {
        let mut left = self.0.lock().unwrap();
        if *left == 0 {
            return Ok(Verdict::Clean);
        }
        *left -= 1;
        Err(ScanFailed("down".into()))
    }
}

#[tokio::test]
async fn a_scan_that_fails_is_repeated_and_at_last_told_as_failed() {
    let world = world(Arc::new(Failing(Mutex::new(5)))).await;
    world.put("quarantine/a", "text/plain", b"a".to_vec()).await;
    let told = world.results(1).await;
    assert_eq!(told[0]["detail"]["scanStatus"], "FAILED");
    assert_eq!(told[0]["detail"]["scanResultDetails"]["scanResultStatus"], "FAILED");
    world.put("quarantine/b", "text/plain", b"b".to_vec()).await;
    let told = world.results(2).await;
    assert_eq!(told[1]["detail"]["scanResultDetails"]["scanResultStatus"], "NO_THREATS_FOUND");
}

#[tokio::test]
async fn results_get_lost_and_doubled_when_they_are_asked_to() {
    let world = world(Arc::new(BuiltIn)).await;
    world.fault(r#"{"name":"scan.lost"}"#);
    world.put("quarantine/a", "text/plain", b"a".to_vec()).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    world.faults.clear(&[]);
    world.fault(r#"{"name":"scan.twice"}"#);
    world.fault(r#"{"name":"scan.fail"}"#);
    world.put("quarantine/b", "text/plain", b"b".to_vec()).await;
    let told = world.results(2).await;
    assert!(told.iter().all(|told| told["detail"]["s3ObjectDetails"]["objectKey"] == "quarantine/b"));
    assert!(told.iter().all(|told| told["detail"]["scanStatus"] == "FAILED"));
}
