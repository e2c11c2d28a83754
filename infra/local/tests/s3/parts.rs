//! Uploads in parts: checked part by part, put together once, gone when they are given up.

use std::time::Duration;

use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode, CompletedMultipartUpload, CompletedPart};
use data_encoding::BASE64;
use parlance_local::s3::Change;
use tokio::time::timeout;

use crate::stage::{BUCKET, Stage, stage};

const PART: usize = 5 * 1024 * 1024;
const PART_BYTES: i64 = 5 * 1024 * 1024;

async fn begin(stage: &Stage, algorithm: Option<ChecksumAlgorithm>) -> String {
    let begun = stage.client.create_multipart_upload().bucket(BUCKET).key("big").content_type("video/mp4");
    begun.set_checksum_algorithm(algorithm).tagging("a=1").send().await.unwrap().upload_id.unwrap()
}

async fn part(stage: &Stage, id: &str, number: i32, body: Vec<u8>) -> CompletedPart {
    let sent = stage.client.upload_part().bucket(BUCKET).key("big").upload_id(id).part_number(number);
    let sent = sent.checksum_algorithm(ChecksumAlgorithm::Sha256).body(body.into()).send().await.unwrap();
    CompletedPart::builder()
        .part_number(number)
        .set_e_tag(sent.e_tag)
        .set_checksum_sha256(sent.checksum_sha256)
        .build()
}

async fn complete(stage: &Stage, id: &str, parts: &[CompletedPart]) -> Result<String, String> {
    let upload = CompletedMultipartUpload::builder().set_parts(Some(parts.to_vec())).build();
    let completed = stage.client.complete_multipart_upload().bucket(BUCKET).key("big").upload_id(id);
    match completed.multipart_upload(upload).send().await {
        Ok(output) => Ok(output.e_tag.unwrap().trim_matches('"').to_owned()),
        Err(error) => Err(error.into_service_error().code().unwrap_or("none").to_owned()),
    }
}

#[tokio::test]
async fn parts_become_one_object_once() {
    let mut stage = stage().await;
    let id = begin(&stage, Some(ChecksumAlgorithm::Sha256)).await;
    let parts = [part(&stage, &id, 2, vec![2; 10]).await, part(&stage, &id, 1, vec![1; PART]).await];
    let listed = stage.client.list_parts().bucket(BUCKET).key("big").upload_id(&id).send().await.unwrap();
    let numbers: Vec<_> = listed.parts().iter().map(|part| (part.part_number(), part.size())).collect();
    assert_eq!(numbers, [(Some(1), Some(PART_BYTES)), (Some(2), Some(10))]);
    assert_eq!(listed.parts()[0].e_tag(), parts[1].e_tag());
    let uploads = stage.client.list_multipart_uploads().bucket(BUCKET).prefix("b").send().await.unwrap();
    assert_eq!(uploads.uploads()[0].upload_id(), Some(id.as_str()));
    assert!(stage.is_silent() && stage.get("big").await.is_none());
    let ordered = [parts[1].clone(), parts[0].clone()];
    let (one, other) = tokio::join!(complete(&stage, &id, &ordered), complete(&stage, &id, &ordered));
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    let etag = one.clone().or(other.clone()).unwrap();
    assert!(etag.ends_with("-2"));
    assert_eq!(one.and(other).unwrap_err(), "NoSuchUpload");
    let event = stage.event().await;
    let size = PART as u64 + 10;
    assert_eq!(event.change, Change::Created { reason: "CompleteMultipartUpload", size, etag });
    assert!(stage.is_silent());
    let head = stage.client.head_object().bucket(BUCKET).key("big").checksum_mode(ChecksumMode::Enabled);
    let head = head.send().await.unwrap();
    assert_eq!((head.content_type(), head.content_length()), (Some("video/mp4"), Some(PART_BYTES + 10)));
    assert!(head.checksum_sha256().unwrap().ends_with("-2"));
    let body = stage.get("big").await.unwrap();
    assert_eq!((body.len() as u64, body[0], body[PART]), (size, 1, 2));
    let tags = stage.client.get_object_tagging().bucket(BUCKET).key("big").send().await.unwrap();
    assert_eq!(tags.tag_set().len(), 1);
}

#[tokio::test]
async fn what_is_being_put_together_is_put_together_though_nobody_waits_for_it() {
    let mut stage = stage().await;
    let id = begin(&stage, None).await;
    let mut parts = Vec::new();
    for number in 1..=12 {
        parts.push(part(&stage, &id, number, vec![1; PART]).await);
    }
    let is_open = async || {
        let listed = stage.client.list_parts().bucket(BUCKET).key("big").upload_id(&id).send().await;
        listed.is_ok()
    };
    // An answer that nobody waits for any more may be given up before S3 has begun.
    let mut patience = Duration::from_millis(1);
    while is_open().await {
        assert!(timeout(patience, complete(&stage, &id, &parts)).await.is_err(), "it takes longer");
        patience += Duration::from_millis(2);
    }
    let event = timeout(Duration::from_secs(20), stage.event()).await.unwrap();
    let Change::Created { size, .. } = &event.change else { panic!("{event:?}") };
    assert_eq!(*size, 12 * PART as u64);
    assert_eq!(stage.get("big").await.unwrap().len(), 12 * PART);
}

#[tokio::test]
async fn a_refused_completion_loses_nothing() {
    let mut stage = stage().await;
    let id = begin(&stage, Some(ChecksumAlgorithm::Sha256)).await;
    let first = part(&stage, &id, 1, vec![1; PART]).await;
    let second = part(&stage, &id, 2, vec![2; 10]).await;
    let third = part(&stage, &id, 3, vec![3; 10]).await;
    let changed = |of: &CompletedPart| CompletedPart::builder().set_part_number(of.part_number());
    let unchecked = changed(&first).set_e_tag(first.e_tag.clone()).build();
    let other = changed(&first).e_tag("\"0\"").set_checksum_sha256(first.checksum_sha256.clone()).build();
    for (parts, code) in [
        (vec![second.clone(), first.clone()], "InvalidPartOrder"),
        (vec![first.clone(), second.clone(), third.clone()], "EntityTooSmall"),
        (vec![unchecked, second.clone()], "InvalidRequest"),
        (vec![other, second.clone()], "InvalidPart"),
        (vec![first.clone(), changed(&third).e_tag("\"0\"").build()], "InvalidPart"),
    ] {
        assert_eq!(complete(&stage, &id, &parts).await, Err(code.to_owned()));
    }
    assert!(stage.is_silent());
    complete(&stage, &id, &[first, second]).await.unwrap();
}

#[tokio::test]
async fn a_part_must_match_its_checksum_and_the_upload_its_algorithm() {
    let stage = stage().await;
    let id = begin(&stage, Some(ChecksumAlgorithm::Sha256)).await;
    let send = || {
        let part = stage.client.upload_part().bucket(BUCKET).key("big").upload_id(&id).part_number(1);
        part.body(b"hello".to_vec().into())
    };
    let wrong = send().checksum_sha256(BASE64.encode(&[0; 32])).send().await.unwrap_err();
    assert_eq!(wrong.into_service_error().code(), Some("BadDigest"));
    let other = send().checksum_algorithm(ChecksumAlgorithm::Crc32).send().await.unwrap_err();
    assert_eq!(other.into_service_error().code(), Some("InvalidRequest"));
    let listed = stage.client.list_parts().bucket(BUCKET).key("big").upload_id(&id).send().await.unwrap();
    assert!(listed.parts().is_empty());
    send().checksum_algorithm(ChecksumAlgorithm::Sha256).send().await.unwrap();
}

#[tokio::test]
async fn an_upload_that_is_given_up_leaves_nothing() {
    let mut stage = stage().await;
    let id = begin(&stage, None).await;
    let first = part(&stage, &id, 1, vec![1; 10]).await;
    let abort =
        |id: &str| stage.client.abort_multipart_upload().bucket(BUCKET).key("big").upload_id(id).send();
    abort(&id).await.unwrap();
    assert_eq!(stage.leftovers(), Vec::<String>::new());
    assert_eq!(complete(&stage, &id, &[first]).await, Err("NoSuchUpload".to_owned()));
    assert_eq!(abort(&id).await.unwrap_err().into_service_error().code(), Some("NoSuchUpload"));
    assert_eq!(abort("../x").await.unwrap_err().into_service_error().code(), Some("NoSuchUpload"));
    let late = stage.client.upload_part().bucket(BUCKET).key("big").upload_id(&id).part_number(2);
    let late = late.body(b"x".to_vec().into()).send().await.unwrap_err();
    assert_eq!(late.into_service_error().code(), Some("NoSuchUpload"));
    let elsewhere = begin(&stage, None).await;
    let part = stage.client.upload_part().bucket(BUCKET).key("other").upload_id(&elsewhere).part_number(1);
    let part = part.body(b"x".to_vec().into()).send().await.unwrap_err();
    assert_eq!(part.into_service_error().code(), Some("NoSuchUpload"), "an upload is of its key alone");
    assert!(stage.is_silent());
}
