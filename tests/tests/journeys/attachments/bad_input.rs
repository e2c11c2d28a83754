//! Announcements and forms that are refused, each with the code that says why, beside the same one that is taken.

use super::*;

/// Refused, and told which field is wrong.
async fn refuses_field(person: &Person, field: &str, body: &Value) {
    let problem = person.post("attachments/", body).await.refused(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"), "{body} {problem}");
}

#[tokio::test]
async fn a_name_is_no_path_and_misleads_nobody() {
    let cloud = Cloud::shared().await;
    let alice = cloud.person("alice");
    let good = announcement("a.png", "image/png", b"hello");
    let long = "a".repeat(1_000);
    for name in [
        "",
        "  ",
        ".",
        "..",
        "../../etc/passwd",
        "a/b",
        "a\\b",
        "a\u{0}b",
        "a\nb",
        "a\r\nX: y",
        "a\u{7f}",
        "gpj.\u{202e}exe",
        "a\u{2066}b",
        "a\u{2028}b",
        long.as_str(),
    ] {
        let mut body = good.clone();
        body["filename"] = name.into();
        refuses_field(&alice, "filename", &body).await;
    }
    for name in ["写真 (1).png", "👩‍👩‍👧.gif", ".profile", "a..b", &"ä".repeat(255)] {
        let mut body = good.clone();
        body["filename"] = name.into();
        let begun = alice.post("attachments/", &body).await.with(201);
        assert_eq!(begun["filename"], name);
    }
}

#[tokio::test]
async fn a_file_has_a_type_a_size_and_a_digest_that_can_be_ones() {
    let cloud = Cloud::shared().await;
    let alice = cloud.person("alice");
    let good = announcement("a.png", "image/png", b"hello");
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    for wrong in [
        "",
        "png",
        "image/",
        "image/*",
        "multipart/form-data",
        "x/y",
        "image/png\r\nx: y",
        "application/x-msdownload",
    ] {
        refuses_field(&alice, "content_type", &with("content_type", wrong.into())).await;
    }
    for wrong in [json!(0), json!(-1), json!(1.5), json!("5"), Value::Null] {
        refuses_field(&alice, "size", &with("size", wrong)).await;
    }
    for wrong in [json!("ab"), json!("x".repeat(64)), json!(7)] {
        refuses_field(&alice, "sha256", &with("sha256", wrong)).await;
    }
    let too_large = with("size", json!(5_u64 * 1024 * 1024 * 1024 + 1));
    alice.post("attachments/", &too_large).await.refused(413, "too_large");
    for looked_into in ["image/png", "application/pdf", "application/x-pdf"] {
        let mut body = announcement("a", looked_into, b"hello");
        body["size"] = json!(100 * 1024 * 1024 + 1);
        alice.post("attachments/", &body).await.refused(413, "too_large");
        body["size"] = json!(100 * 1024 * 1024);
        assert_eq!(alice.post("attachments/", &body).await.with(201)["upload"]["method"], "form");
    }
    let mut film = announcement("a.mp4", "video/mp4", b"hello");
    film["size"] = json!(5_u64 * 1024 * 1024 * 1024);
    let largest = alice.post("attachments/", &film).await.with(201);
    assert_eq!(largest["upload"]["method"], "parts");
    assert_eq!(alice.post("attachments/", &good).await.status, 201);
    for scripted in ["image/svg+xml", "text/html", "application/pdf"] {
        assert_eq!(alice.post("attachments/", &with("content_type", scripted.into())).await.status, 201);
    }
}

#[tokio::test]
async fn a_form_has_one_file_that_is_not_empty() {
    let cloud = Cloud::shared().await;
    let alice = cloud.person("alice");
    let file = file_part("a.txt", "text/plain", b"hello");
    let refused = async |parts: &[Vec<u8>], pointer: &str| {
        let problem = alice.posts_form("attachments/", parts).await.refused(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    };
    refused(&[file_part("a.txt", "text/plain", b"")], "/file").await;
    refused(&[file.clone(), file.clone()], "/file").await;
    refused(&[text_part("filename", "a.txt")], "/file").await;
    refused(&[file_part("", "application/octet-stream", b"")], "/filename").await;
    refused(&[file_part("\u{202e}a", "text/plain", b"x")], "/filename").await;
    refused(&[file_part("a", "x/y", b"x")], "/content_type").await;
    refused(&[text_part("sha256", &"0".repeat(64)), file.clone()], "/sha256").await;

    let larger = vec![b'x'; 4 * 1024 * 1024 + 1];
    let larger = alice.posts_form("attachments/", &[file_part("a", "text/plain", &larger)]).await;
    larger.refused(413, "too_large");
    for (media_type, body) in [
        ("multipart/form-data", "--x--"),
        ("multipart/form-data; boundary=x", ""),
        ("multipart/form-data; boundary=x", "nonsense"),
        (
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nhalf",
        ),
    ] {
        let request = alice.request(Method::POST, "attachments/").header("content-type", media_type);
        Answer::to(request.body(body)).await.refused(400, "malformed");
    }
    let request = alice.request(Method::POST, "attachments/").header("content-type", "image/png");
    Answer::to(request.body("x")).await.refused(415, "unsupported_media_type");
    assert_eq!(alice.posts_form("attachments/", &[file]).await.status, 201);
}
