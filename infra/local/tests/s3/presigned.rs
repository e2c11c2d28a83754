//! URLs that were signed before: what they fix is held to, and they end.

use std::time::Duration;

use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use data_encoding::BASE64;

use crate::stage::{BUCKET, ORIGIN, stage};

fn for_a_minute() -> PresigningConfig {
    PresigningConfig::expires_in(Duration::from_secs(60)).unwrap()
}

async fn send(request: &PresignedRequest, body: &'static [u8]) -> (u16, String) {
    let method = request.method().parse().unwrap();
    let mut sent = reqwest::Client::new().request(method, request.uri()).body(body);
    for (name, value) in request.headers() {
        sent = sent.header(name, value);
    }
    let answer = sent.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn a_signed_url_puts_and_gets_its_object_alone() {
    let mut stage = stage().await;
    let put = stage.client.put_object().bucket(BUCKET).key("a").content_type("text/plain");
    let put = put.presigned(for_a_minute()).await.unwrap();
    assert_eq!(send(&put, b"hello").await.0, 200);
    assert_eq!(stage.event().await.key, "a");
    let get = stage.client.get_object().bucket(BUCKET).key("a").presigned(for_a_minute()).await.unwrap();
    assert_eq!(send(&get, b"").await, (200, "hello".to_owned()));
    let other = get.uri().replace("/a?", "/b?");
    let other = reqwest::get(other).await.unwrap();
    assert_eq!(other.status().as_u16(), 403);
    assert!(other.text().await.unwrap().contains("<Code>SignatureDoesNotMatch</Code>"));
}

#[tokio::test]
async fn a_signed_part_fixes_its_checksum() {
    let stage = stage().await;
    let begun = stage.client.create_multipart_upload().bucket(BUCKET).key("big");
    let begun = begun.checksum_algorithm(aws_sdk_s3::types::ChecksumAlgorithm::Sha256).send().await.unwrap();
    let part = stage.client.upload_part().bucket(BUCKET).key("big").set_upload_id(begun.upload_id);
    let digest = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
    let part = part.part_number(1).checksum_sha256(digest).presigned(for_a_minute()).await.unwrap();
    let (status, answer) = send(&part, b"other").await;
    assert!(status == 400 && answer.contains("<Code>BadDigest</Code>"), "{status} {answer}");
    assert_eq!(send(&part, b"hello").await.0, 200);
    let without = reqwest::Client::new().put(part.uri()).body("hello").send().await.unwrap();
    assert_eq!(without.status().as_u16(), 403, "the header was signed");
    let other = BASE64.encode(&[0; 32]);
    let other = reqwest::Client::new().put(part.uri()).header("x-amz-checksum-sha256", other).body("hello");
    assert_eq!(other.send().await.unwrap().status().as_u16(), 403);
}

#[tokio::test]
async fn a_signed_url_ends() {
    let stage = stage().await;
    stage.put("a", b"a").await;
    let second = PresigningConfig::expires_in(Duration::from_secs(1)).unwrap();
    let get = stage.client.get_object().bucket(BUCKET).key("a").presigned(second).await.unwrap();
    assert_eq!(send(&get, b"").await.0, 200);
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let (status, answer) = send(&get, b"").await;
    assert!(status == 403 && answer.contains("<Code>AccessDenied</Code>"), "{status} {answer}");
}

#[tokio::test]
async fn a_page_of_a_named_origin_may_put_and_another_may_not() {
    let stage = stage().await;
    let url = format!("{}/{BUCKET}/a", stage.running.url);
    let ask = |origin: &str, method: &str| {
        let asked = reqwest::Client::new().request(reqwest::Method::OPTIONS, &url).header("origin", origin);
        asked
            .header("access-control-request-method", method)
            .header("access-control-request-headers", "x-amz-checksum-sha256,content-type")
            .send()
    };
    let allowed = ask(ORIGIN, "PUT").await.unwrap();
    assert_eq!(allowed.status().as_u16(), 200);
    assert_eq!(allowed.headers()["access-control-allow-origin"], ORIGIN);
    assert_eq!(allowed.headers()["access-control-allow-headers"], "x-amz-checksum-sha256,content-type");
    assert_eq!(allowed.headers()["access-control-max-age"], "60");
    for (origin, method) in [("https://evil.example", "PUT"), (ORIGIN, "GET")] {
        assert_eq!(ask(origin, method).await.unwrap().status().as_u16(), 403);
    }
    let put = stage.client.put_object().bucket(BUCKET).key("a").presigned(for_a_minute()).await.unwrap();
    let sent = reqwest::Client::new().put(put.uri()).header("origin", ORIGIN).body("x").send().await.unwrap();
    assert_eq!(sent.status().as_u16(), 200);
    assert_eq!(sent.headers()["access-control-allow-origin"], ORIGIN);
    assert_eq!(sent.headers()["access-control-expose-headers"], "ETag");
}
