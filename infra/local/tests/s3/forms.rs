//! Forms as a browser posts them: the policy's key, type, size and end are held to, with S3's own codes.

use data_encoding::BASE64;
use hmac::{Hmac, Mac as _};
use parlance_local::s3::Change;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use sha2::Sha256;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::stage::{BUCKET, ORIGIN, Stage, stage};

const LARGEST: usize = 1_000;

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// The fields of a form for `quarantine/a`, an `image/png` of up to `LARGEST` bytes, with further conditions.
fn fields(ends_in: Duration, further: &[Value]) -> Vec<(String, String)> {
    let now = OffsetDateTime::now_utc();
    let day = format!("{:04}{:02}{:02}", now.year(), u8::from(now.month()), now.day());
    let date = format!("{day}T{:02}{:02}{:02}Z", now.hour(), now.minute(), now.second());
    let credential = format!("local/{day}/us-east-1/s3/aws4_request");
    let mut conditions = vec![
        json!({"bucket": BUCKET}),
        json!({"key": "quarantine/a"}),
        json!({"Content-Type": "image/png"}),
        json!({"success_action_status": "201"}),
        json!(["content-length-range", 1, LARGEST]),
        json!({"x-amz-algorithm": "AWS4-HMAC-SHA256"}),
        json!({"x-amz-credential": credential}),
        json!({"x-amz-date": date}),
    ];
    conditions.extend_from_slice(further);
    let ends = (now + ends_in).replace_millisecond(0).unwrap().format(&Rfc3339).unwrap();
    let policy = BASE64.encode(json!({"expiration": ends, "conditions": conditions}).to_string().as_bytes());
    let key = ["us-east-1", "s3", "aws4_request"]
        .iter()
        .fold(hmac(b"AWS4local", &day), |key, part| hmac(&key, part));
    let signature = data_encoding::HEXLOWER.encode(&hmac(&key, &policy));
    [
        ("key", "quarantine/a"),
        ("Content-Type", "image/png"),
        ("success_action_status", "201"),
        ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
        ("x-amz-credential", &credential),
        ("x-amz-date", &date),
        ("policy", &policy),
        ("x-amz-signature", &signature),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

fn with(mut fields: Vec<(String, String)>, name: &str, value: &str) -> Vec<(String, String)> {
    fields.retain(|(other, _)| other != name);
    fields.push((name.to_owned(), value.to_owned()));
    fields
}

async fn post(stage: &Stage, fields: Vec<(String, String)>, file: Vec<u8>) -> (u16, String) {
    let form = fields.into_iter().fold(Form::new(), |form, (name, value)| form.text(name, value));
    let file = Part::bytes(file).file_name("holiday ü.png").mime_str("image/png").unwrap();
    let url = format!("{}/{BUCKET}", stage.running.url);
    let sent = reqwest::Client::new().post(url).header("origin", ORIGIN).multipart(form.part("file", file));
    let answer = sent.send().await.unwrap();
    assert_eq!(answer.headers()["access-control-allow-origin"], ORIGIN, "a page can read the answer");
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn refused(stage: &mut Stage, fields: Vec<(String, String)>, file: Vec<u8>) -> (u16, String) {
    let (status, answer) = post(stage, fields, file).await;
    let code = answer.split_once("<Code>").unwrap().1.split_once("</Code>").unwrap().0.to_owned();
    assert_eq!(stage.get("quarantine/a").await, None, "nothing is kept");
    assert_eq!(stage.leftovers(), Vec::<String>::new());
    assert!(stage.is_silent());
    (status, code)
}

fn in_a_minute() -> Duration {
    Duration::minutes(1)
}

#[tokio::test]
async fn a_form_that_keeps_its_policy_is_taken() {
    let mut stage = stage().await;
    let (status, answer) = post(&stage, fields(in_a_minute(), &[]), vec![7; LARGEST]).await;
    assert_eq!(status, 201, "{answer}");
    assert!(answer.contains("<Key>quarantine/a</Key>") && answer.contains("<ETag>"), "{answer}");
    let event = stage.event().await;
    assert!(matches!(&event.change, Change::Created { reason: "POST Object", size: 1_000, .. }), "{event:?}");
    let head = stage.client.head_object().bucket(BUCKET).key("quarantine/a").send().await.unwrap();
    assert_eq!(head.content_type(), Some("image/png"));
    assert_eq!(stage.get("quarantine/a").await.unwrap(), vec![7; LARGEST]);
}

#[tokio::test]
async fn size_type_key_and_end_are_held_to() {
    let mut stage = stage().await;
    let good = || fields(in_a_minute(), &[]);
    let small = || vec![7; 10];
    let denied = (403, "AccessDenied".to_owned());
    assert_eq!(refused(&mut stage, good(), vec![7; LARGEST + 1]).await, (400, "EntityTooLarge".to_owned()));
    assert_eq!(refused(&mut stage, good(), vec![7; 4_000_000]).await, (400, "EntityTooLarge".to_owned()));
    assert_eq!(refused(&mut stage, good(), Vec::new()).await, (400, "EntityTooSmall".to_owned()));
    assert_eq!(refused(&mut stage, with(good(), "key", "quarantine/b"), small()).await, denied);
    assert_eq!(stage.get("quarantine/b").await, None);
    assert_eq!(refused(&mut stage, with(good(), "Content-Type", "text/html"), small()).await, denied);
    assert_eq!(refused(&mut stage, with(good(), "x-amz-meta-more", "1"), small()).await, denied);
    assert_eq!(refused(&mut stage, fields(Duration::seconds(-1), &[]), small()).await, denied);
    let unsigned = good().into_iter().filter(|(name, _)| name != "x-amz-signature").collect();
    assert_eq!(refused(&mut stage, unsigned, small()).await, denied);
    let policy = BASE64.encode(br#"{"expiration":"2099-01-01T00:00:00Z","conditions":[]}"#);
    let (status, _) = refused(&mut stage, with(good(), "policy", &policy), small()).await;
    assert!(status == 403 || status == 400, "a policy that was not signed");
    let forged = with(good(), "x-amz-signature", &"0".repeat(64));
    assert_eq!(refused(&mut stage, forged, small()).await, (403, "SignatureDoesNotMatch".to_owned()));
    assert_eq!(post(&stage, good(), small()).await.0, 201, "the same form, unchanged");
}

#[tokio::test]
async fn a_forms_checksum_is_held_to() {
    let mut stage = stage().await;
    let right = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
    let condition = [json!({"x-amz-checksum-sha256": right})];
    let good = || with(fields(in_a_minute(), &condition), "x-amz-checksum-sha256", right);
    assert_eq!(refused(&mut stage, good(), b"other".to_vec()).await, (400, "BadDigest".to_owned()));
    let without = fields(in_a_minute(), &condition);
    assert_eq!(refused(&mut stage, without, b"hello".to_vec()).await, (403, "AccessDenied".to_owned()));
    assert_eq!(post(&stage, good(), b"hello".to_vec()).await.0, 201);
}
