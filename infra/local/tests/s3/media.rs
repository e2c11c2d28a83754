//! Files as the CDN serves them: to whoever has a signed address, until it ends, and never so that they run in a browser.

use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::BASE64;
use http::{Method, Request, Response};
use http_body_util::BodyExt as _;
use parlance_local::gateway::{Media, MediaKey, MediaKeyPair};
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use sha1::{Digest as _, Sha1};

use crate::stage::{BUCKET, Stage, stage};

const HOST: &str = "localhost:8080";

struct World {
    stage: Stage,
    media: Media,
    private: RsaPrivateKey,
}

async fn world() -> World {
    let stage = stage().await;
    let pair = MediaKeyPair::generate().unwrap();
    let key = MediaKey::new("MediaKey", &pair.public).unwrap();
    let media = Media::new(&stage.running, BUCKET.to_owned(), key, stage.usage.clone());
    let put = stage.client.put_object().bucket(BUCKET).key("clean/att_1").body(b"0123456789".to_vec().into());
    let put = put.content_type("text/html").content_disposition("attachment; filename*=UTF-8''%C3%A4.html");
    put.cache_control("private, max-age=60").send().await.unwrap();
    stage.put("preview/att_1", b"small").await;
    stage.put("quarantine/att_2", b"unscanned").await;
    World { stage, media, private: RsaPrivateKey::from_pkcs8_pem(&pair.private).unwrap() }
}

fn in_seconds(seconds: i64) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    now.checked_add_signed(seconds).unwrap()
}

impl World {
    /// The path and query of a signed address.
    fn signed(&self, path: &str, until: u64) -> String {
        let policy = format!(
            r#"{{"Statement":[{{"Resource":"http://{HOST}{path}","Condition":{{"DateLessThan":{{"AWS:EpochTime":{until}}}}}}}]}}"#
        );
        let digest = Sha1::digest(policy.as_bytes());
        let signature = BASE64.encode(&self.private.sign(Pkcs1v15Sign::new::<Sha1>(), &digest).unwrap());
        let signature = signature.replace('+', "-").replace('=', "_").replace('/', "~");
        format!("{path}?Expires={until}&Signature={signature}&Key-Pair-Id=MediaKey")
    }

    async fn ask(&self, method: Method, address: &str, headers: &[(&str, &str)]) -> (Response<()>, Vec<u8>) {
        let mut request = Request::builder().method(method).uri(address).header("host", HOST);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, body) = self.media.answer(&request.body(()).unwrap()).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        (Response::from_parts(parts, ()), body)
    }

    async fn get(&self, address: &str) -> (u16, Vec<u8>) {
        let (answer, body) = self.ask(Method::GET, address, &[]).await;
        (answer.status().as_u16(), body)
    }
}

#[tokio::test]
async fn a_signed_address_serves_its_file_with_headers_that_keep_it_from_running() {
    let world = world().await;
    let address = world.signed("/media/att_1/%C3%A4.html", in_seconds(60));
    let (answer, body) = world.ask(Method::GET, &address, &[]).await;
    assert_eq!((answer.status().as_u16(), body.as_slice()), (200, &b"0123456789"[..]));
    for (name, value) in [
        ("content-type", "text/html"),
        ("content-disposition", "attachment; filename*=UTF-8''%C3%A4.html"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("cache-control", "private, max-age=60"),
        ("content-length", "10"),
        ("accept-ranges", "bytes"),
    ] {
        assert_eq!(answer.headers()[name], value, "{name}");
    }
    let (head, nothing) = world.ask(Method::HEAD, &address, &[]).await;
    assert_eq!((head.status().as_u16(), nothing.len()), (200, 0));
    assert_eq!(head.headers()["content-length"], "10");
    let (part, body) = world.ask(Method::GET, &address, &[("range", "bytes=2-4")]).await;
    assert_eq!((part.status().as_u16(), body.as_slice()), (206, &b"234"[..]));
    assert_eq!(part.headers()["content-range"], "bytes 2-4/10");
    let (beyond, _) = world.ask(Method::GET, &address, &[("range", "bytes=10-")]).await;
    assert_eq!(
        (beyond.status().as_u16(), &beyond.headers()["content-range"]),
        (416, &"bytes */10".parse().unwrap())
    );
    let etag = answer.headers()["etag"].to_str().unwrap();
    for named in [etag, &format!("\"other\", W/{etag}"), "*"] {
        let (same, body) = world.ask(Method::GET, &address, &[("if-none-match", named)]).await;
        assert_eq!((same.status().as_u16(), body.len()), (304, 0));
        assert_eq!(
            (&same.headers()["etag"], &same.headers()["cache-control"]),
            (&answer.headers()["etag"], &answer.headers()["cache-control"])
        );
    }
    for (version, status) in [(etag, 206), ("\"other\"", 200)] {
        let asked = [("range", "bytes=2-4"), ("if-range", version)];
        assert_eq!(world.ask(Method::GET, &address, &asked).await.0.status().as_u16(), status, "{version}");
    }
    let preview = world.signed("/media/preview/att_1", in_seconds(60));
    let (preview, body) = world.ask(Method::GET, &preview, &[]).await;
    assert_eq!((preview.status().as_u16(), body.as_slice()), (200, &b"small"[..]));
    assert_eq!(preview.headers()["content-disposition"], "attachment");
    let usage = serde_json::to_value(world.stage.usage.snapshot()).unwrap();
    assert!(usage["media"]["requests"].as_u64().unwrap() >= 6, "{usage}");
}

#[tokio::test]
async fn an_address_that_was_not_signed_so_serves_nothing() {
    let world = world().await;
    let good = world.signed("/media/att_1/a.html", in_seconds(60));
    assert_eq!(world.get(&good).await.0, 200);
    let denied = |answer: &(u16, Vec<u8>)| {
        answer.0 == 403 && String::from_utf8_lossy(&answer.1).contains("<Code>AccessDenied</Code>")
    };
    let until = in_seconds(60).to_string();
    for tampered in [
        good.replace("att_1", "att_2"),
        good.replace("a.html", "b.html"),
        good.replace(&until, &in_seconds(6_000).to_string()),
        good.replace("Key-Pair-Id=MediaKey", "Key-Pair-Id=Other"),
        world.signed("/media/att_1/a.html", in_seconds(0)),
        world.signed("/media/att_1/a.html", in_seconds(-60)),
        world.signed("/media/att_2/a.html", in_seconds(60)),
        world.signed("/media/..%2fquarantine%2fatt_2/a", in_seconds(60)),
        world.signed("/media/quarantine/att_2", in_seconds(60)),
    ] {
        let answer = world.get(&tampered).await;
        assert!(denied(&answer), "{tampered}: {answer:?}");
    }
    let (status, body) = world.get("/media/att_1/a.html").await;
    assert_eq!(status, 403);
    assert!(String::from_utf8_lossy(&body).contains("<Code>MissingKey</Code>"));
    let (posted, _) = world.ask(Method::POST, &good, &[]).await;
    assert_eq!(posted.status().as_u16(), 403);
}
