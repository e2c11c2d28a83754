//! Objects: put, read, copied, tagged, deleted; each change told once.

use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, MetadataDirective, ServerSideEncryption, Tag, Tagging, TaggingDirective,
};
use data_encoding::BASE64;
use parlance_local::s3::Change;

use crate::stage::{BUCKET, client, stage, stage_in};

#[tokio::test]
async fn an_object_is_put_read_and_deleted_and_each_change_is_told() {
    let mut stage = stage().await;
    let etag = stage.put("quarantine/abc", b"hello").await;
    assert_eq!(etag, "5d41402abc4b2a76b9719d911017c592");
    let event = stage.event().await;
    assert_eq!((event.bucket.as_str(), event.key.as_str()), (BUCKET, "quarantine/abc"));
    assert_eq!(event.change, Change::Created { reason: "PutObject", size: 5, etag: etag.clone() });
    let head = stage.client.head_object().bucket(BUCKET).key("quarantine/abc").send().await.unwrap();
    assert_eq!((head.content_length(), head.content_type()), (Some(5), Some("application/octet-stream")));
    assert_eq!(stage.get("quarantine/abc").await.unwrap(), b"hello");
    stage.client.delete_object().bucket(BUCKET).key("quarantine/abc").send().await.unwrap();
    let gone = stage.event().await;
    assert_eq!(gone.change, Change::Deleted);
    assert!(gone.sequencer > event.sequencer);
    assert_eq!(stage.get("quarantine/abc").await, None);
    let head = stage.client.head_object().bucket(BUCKET).key("quarantine/abc").send().await.unwrap_err();
    assert!(head.into_service_error().is_not_found());
    stage.client.delete_object().bucket(BUCKET).key("quarantine/abc").send().await.unwrap();
    assert!(stage.is_silent(), "what is not there is not deleted again");
    assert_eq!(stage.leftovers(), Vec::<String>::new());
}

#[tokio::test]
async fn ranges_and_conditions_are_those_of_http() {
    let stage = stage().await;
    let etag = stage.put("a", b"0123456789").await;
    let get = || stage.client.get_object().bucket(BUCKET).key("a");
    for (range, wanted, shown) in [
        ("bytes=2-4", &b"234"[..], "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-30", b"0123456789", "bytes 0-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
    ] {
        let got = get().range(range).send().await.unwrap();
        assert_eq!(got.content_range(), Some(shown));
        assert_eq!(&got.body.collect().await.unwrap().to_vec(), wanted);
    }
    let refused = get().range("bytes=10-").send().await.unwrap_err();
    assert_eq!(refused.into_service_error().code(), Some("InvalidRange"));
    assert!(get().if_match(&etag).send().await.is_ok());
    let other = get().if_match("\"other\"").send().await.unwrap_err();
    assert_eq!(other.into_service_error().code(), Some("PreconditionFailed"));
    assert!(get().if_none_match("\"other\"").send().await.is_ok());
    let same = get().if_none_match(format!("\"{etag}\"")).send().await.unwrap_err();
    assert_eq!(same.raw_response().unwrap().status().as_u16(), 304);
}

#[tokio::test]
async fn a_copy_takes_headers_and_tags_along_or_has_its_own() {
    let mut stage = stage().await;
    let put = stage.client.put_object().bucket(BUCKET).key("quarantine/a").body(b"image".to_vec().into());
    let put = put.content_type("image/png").metadata("by", "alice").tagging("a=1&b=x%20y");
    let etag = put.server_side_encryption(ServerSideEncryption::Aes256).send().await.unwrap().e_tag.unwrap();
    stage.event().await;
    let client = stage.client.clone();
    let copy = |key: &str| {
        client.copy_object().copy_source(format!("{BUCKET}/quarantine/a")).bucket(BUCKET).key(key)
    };
    copy("same").copy_source_if_match(&etag).send().await.unwrap();
    let same = stage.client.get_object().bucket(BUCKET).key("same").send().await.unwrap();
    assert_eq!((same.content_type(), same.tag_count()), (Some("image/png"), Some(2)));
    assert_eq!(same.metadata().unwrap()["by"], "alice");
    let clean = copy("clean/a")
        .metadata_directive(MetadataDirective::Replace)
        .content_type("image/jpeg")
        .content_disposition("attachment; filename*=UTF-8''%C3%A4.jpg")
        .cache_control("private, max-age=60")
        .tagging_directive(TaggingDirective::Replace)
        .tagging("state=clean");
    clean.send().await.unwrap();
    let kept = stage.client.get_object().bucket(BUCKET).key("clean/a").send().await.unwrap();
    assert_eq!(kept.content_type(), Some("image/jpeg"));
    assert_eq!(kept.content_disposition(), Some("attachment; filename*=UTF-8''%C3%A4.jpg"));
    assert_eq!(kept.cache_control(), Some("private, max-age=60"));
    assert!(kept.metadata().is_none_or(std::collections::HashMap::is_empty));
    let labels = stage.client.get_object_tagging().bucket(BUCKET).key("clean/a").send().await.unwrap();
    assert_eq!((labels.tag_set()[0].key(), labels.tag_set()[0].value()), ("state", "clean"));
    for _ in 0..2 {
        let told = stage.event().await;
        assert!(matches!(told.change, Change::Created { reason: "CopyObject", size: 5, .. }));
    }
    let replaced = copy("x").copy_source_if_match("\"other\"").send().await.unwrap_err();
    assert_eq!(replaced.into_service_error().code(), Some("PreconditionFailed"));
    let missing = stage.client.copy_object().copy_source(format!("{BUCKET}/none")).bucket(BUCKET).key("x");
    assert_eq!(missing.send().await.unwrap_err().into_service_error().code(), Some("NoSuchKey"));
    assert!(stage.is_silent());
}

#[tokio::test]
async fn tags_are_put_replaced_and_limited() {
    let stage = stage().await;
    stage.put("a", b"a").await;
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build().unwrap();
    let put = |tags: Vec<Tag>| {
        let tags = Tagging::builder().set_tag_set(Some(tags)).build().unwrap();
        stage.client.put_object_tagging().bucket(BUCKET).key("a").tagging(tags).send()
    };
    put(vec![tag("GuardDutyMalwareScanStatus", "NO_THREATS_FOUND")]).await.unwrap();
    put(vec![tag("other", "1")]).await.unwrap();
    let tags = stage.client.get_object_tagging().bucket(BUCKET).key("a").send().await.unwrap();
    assert_eq!(tags.tag_set(), [tag("other", "1")]);
    let many = (0..11).map(|number| tag(&number.to_string(), "")).collect();
    assert_eq!(put(many).await.unwrap_err().into_service_error().code(), Some("InvalidTag"));
    stage.client.delete_object_tagging().bucket(BUCKET).key("a").send().await.unwrap();
    let tags = stage.client.get_object_tagging().bucket(BUCKET).key("a").send().await.unwrap();
    assert!(tags.tag_set().is_empty());
    stage.put("a", b"b").await;
    let missing = stage.client.get_object_tagging().bucket(BUCKET).key("b").send().await.unwrap_err();
    assert_eq!(missing.into_service_error().code(), Some("NoSuchKey"));
}

#[tokio::test]
async fn what_does_not_match_its_checksum_is_not_kept() {
    let mut stage = stage().await;
    let client = stage.client.clone();
    let put = |key: &str| client.put_object().bucket(BUCKET).key(key).body(b"hello".to_vec().into());
    let right = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
    let kept = put("right").checksum_sha256(right).send().await.unwrap();
    assert_eq!(kept.checksum_sha256(), Some(right));
    let head = stage.client.head_object().bucket(BUCKET).key("right");
    let head = head.checksum_mode(aws_sdk_s3::types::ChecksumMode::Enabled).send().await.unwrap();
    assert_eq!(head.checksum_sha256(), Some(right));
    stage.event().await;
    let wrong = BASE64.encode(&[0; 32]);
    let refused = put("wrong").checksum_sha256(&wrong).send().await.unwrap_err();
    assert_eq!(refused.into_service_error().code(), Some("BadDigest"));
    let refused = put("wrong").content_md5(BASE64.encode(&[0; 16])).send().await.unwrap_err();
    assert_eq!(refused.into_service_error().code(), Some("BadDigest"));
    for algorithm in [ChecksumAlgorithm::Crc32C, ChecksumAlgorithm::Crc64Nvme, ChecksumAlgorithm::Sha1] {
        put("trailing").checksum_algorithm(algorithm).send().await.unwrap();
        stage.event().await;
    }
    assert_eq!(stage.get("wrong").await, None);
    assert!(stage.is_silent());
}

#[tokio::test]
async fn keys_stay_in_their_bucket() {
    let mut stage = stage().await;
    let url = &stage.running.url;
    for key in ["../silent/x", "a/../../silent/x", "/x", "a//b", "a/./b", "a/"] {
        let refused = stage.client.put_object().bucket(BUCKET).key(key).body(b"x".to_vec().into());
        assert!(refused.send().await.is_err(), "{key} of {url}");
        assert_eq!(stage.get(key).await, None, "{key}");
    }
    assert!(stage.is_silent());
    let unknown = stage.client.put_object().bucket("unknown").key("a").body(b"x".to_vec().into());
    assert_eq!(unknown.send().await.unwrap_err().into_service_error().code(), Some("NoSuchBucket"));
    stage.client.put_object().bucket("silent").key("a").body(b"x".to_vec().into()).send().await.unwrap();
    assert!(stage.is_silent(), "a bucket that tells nobody");
    stage.put("quarantine/a", b"x").await;
    let folder = stage.client.get_object().bucket(BUCKET).key("quarantine").send().await.unwrap_err();
    assert_eq!(folder.into_service_error().code(), Some("NoSuchKey"));
    let listed = stage.client.list_objects_v2().bucket(BUCKET).prefix("quarantine/").send().await.unwrap();
    assert_eq!(listed.contents()[0].key(), Some("quarantine/a"));
}

#[tokio::test]
async fn nobody_comes_in_without_the_key() {
    let stage = stage().await;
    stage.put("a", b"a").await;
    let plain = reqwest::get(format!("{}/{BUCKET}/a", stage.running.url)).await.unwrap();
    assert_eq!(plain.status().as_u16(), 403);
    let wrong = client(&stage.running.url, ("local", "wrong"));
    let wrong = wrong.get_object().bucket(BUCKET).key("a").send().await.unwrap_err();
    assert_eq!(wrong.into_service_error().code(), Some("SignatureDoesNotMatch"));
    assert!(stage.get("a").await.is_some());
}

#[tokio::test]
async fn objects_and_tags_survive_a_restart() {
    let first = stage().await;
    let put = first.client.put_object().bucket(BUCKET).key("a").body(b"a".to_vec().into());
    put.tagging("x=1").content_type("text/plain").send().await.unwrap();
    let folder = first.folder;
    drop(first.running);
    let second = stage_in(folder).await;
    let got = second.client.get_object().bucket(BUCKET).key("a").send().await.unwrap();
    assert_eq!((got.content_type(), got.tag_count()), (Some("text/plain"), Some(1)));
}

#[tokio::test]
async fn it_fails_and_tells_twice_when_it_is_asked_to() {
    let mut stage = stage().await;
    let fault = |json: &str| stage.faults.set(serde_json::from_str(json).unwrap());
    fault(r#"{"name":"s3event.twice"}"#);
    fault(r#"{"name":"s3event.late","delay_ms":50}"#);
    fault(r#"{"name":"s3.throttle","for_ms":100}"#);
    stage.put("a", b"a").await;
    assert!(stage.is_silent(), "it comes late");
    let (first, second) = (stage.event().await, stage.event().await);
    assert_eq!(first, second);
    let usage = serde_json::to_value(stage.usage.snapshot()).unwrap();
    assert!(usage["s3"]["writes"].as_u64().unwrap() >= 2, "the refused one counts too: {usage}");
}

#[tokio::test]
async fn events_come_out_of_order_when_they_are_asked_to() {
    let mut stage = stage().await;
    stage.faults.set(serde_json::from_str(r#"{"name":"s3event.shuffle","delay_ms":300}"#).unwrap());
    let keys: Vec<String> = (0..20).map(|number| format!("{number:02}")).collect();
    for key in &keys {
        stage.put(key, b"a").await;
    }
    let mut told = Vec::new();
    for _ in &keys {
        let event = stage.event().await;
        told.push((event.sequencer.clone(), event.key.clone()));
    }
    let came: Vec<&str> = told.iter().map(|(_, key)| key.as_str()).collect();
    assert_ne!(came, keys, "as they came");
    told.sort();
    let sorted: Vec<&str> = told.iter().map(|(_, key)| key.as_str()).collect();
    assert_eq!(sorted, keys, "by their sequencers");
}

#[tokio::test]
async fn an_object_that_is_copied_onto_itself_keeps_its_bytes_and_is_told_as_a_new_one() {
    let mut stage = stage().await;
    let etag = stage.put("quarantine/abc", b"hello").await;
    stage.event().await;
    let copy = || {
        let copy = stage.client.copy_object().bucket(BUCKET).key("quarantine/abc");
        copy.copy_source(format!("{BUCKET}/quarantine/abc")).copy_source_if_match(format!("\"{etag}\""))
    };
    let unchanged = copy().send().await.unwrap_err();
    assert_eq!(unchanged.into_service_error().code(), Some("InvalidRequest"));
    let replaced = copy().metadata_directive(MetadataDirective::Replace).content_type("text/plain");
    replaced.send().await.unwrap();
    assert_eq!(stage.get("quarantine/abc").await.unwrap(), b"hello");
    let event = stage.event().await;
    assert_eq!(event.change, Change::Created { reason: "CopyObject", size: 5, etag });
}
