//! A file's walk: uploaded, told, scanned, told again, and served at a signed address.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use data_encoding::BASE64;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use serde_json::Value;
use sha1::{Digest as _, Sha1};

use crate::stage::{Stage, stage};

const BUCKET: &str = "attachmentbucket";

fn client(stage: &Stage) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(stage.url("s3"))
        .credentials_provider(Credentials::new("local", "local", None, None, "tests"))
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    Client::from_conf(config.build())
}

async fn invocations(stage: &Stage, function: &str, count: u64) {
    for _ in 0..200 {
        let usage: Value = stage.get("/_local/usage").await.json().await.unwrap();
        if usage["functions"][function]["invocations"] == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{function} was not called {count} times");
}

/// An address that is good for so many seconds, signed by the key that the functions are given.
fn signed(stage: &Stage, path: &str, seconds: u64) -> String {
    let secrets = std::fs::read(stage.folder.path().join("secrets.json")).unwrap();
    let secrets: Value = serde_json::from_slice(&secrets).unwrap();
    let key = RsaPrivateKey::from_pkcs8_pem(secrets["MediaPrivateKey"].as_str().unwrap()).unwrap();
    let until = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + seconds;
    let address = format!("{}{path}", stage.url("http"));
    let policy = format!(
        r#"{{"Statement":[{{"Resource":"{address}","Condition":{{"DateLessThan":{{"AWS:EpochTime":{until}}}}}}}]}}"#
    );
    let signature = key.sign(Pkcs1v15Sign::new::<Sha1>(), &Sha1::digest(policy.as_bytes())).unwrap();
    let signature = BASE64.encode(&signature).replace('+', "-").replace('=', "_").replace('/', "~");
    format!("{address}?Expires={until}&Signature={signature}&Key-Pair-Id=MediaKey")
}

#[tokio::test]
async fn an_upload_reaches_the_functions_of_its_rules_and_what_is_clean_is_served() {
    let stage = stage().await;
    let client = client(&stage);
    let put =
        |key: &'static str| client.put_object().bucket(BUCKET).key(key).body(b"hello".to_vec().into()).send();
    put("quarantine/att_1").await.unwrap();
    invocations(&stage, "Uploaded", 1).await;
    invocations(&stage, "Scanned", 1).await;
    put("clean/att_1").await.unwrap();
    let served = reqwest::get(signed(&stage, "/media/att_1/hello.txt", 60)).await.unwrap();
    assert_eq!(served.status(), 200);
    assert_eq!(served.headers()["x-content-type-options"], "nosniff");
    assert_eq!(served.text().await.unwrap(), "hello");
    let ended = reqwest::get(signed(&stage, "/media/att_1/hello.txt", 0)).await.unwrap();
    assert_eq!(ended.status(), 403);
    assert_eq!(stage.get("/media/att_1/hello.txt").await.status(), 403);
    invocations(&stage, "Uploaded", 1).await;
    let events: Value = stage.get("/_local/events").await.json().await.unwrap();
    let kinds: Vec<&str> = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|event| event["detail-type"].as_str())
        .collect();
    let result = "GuardDuty Malware Protection Object Scan Result";
    assert_eq!(kinds, ["Object Created", result, "Object Created"]);
    stage.stop().await;
}
