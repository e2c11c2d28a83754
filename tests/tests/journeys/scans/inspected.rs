//! What no scanner knows is looked into before it is handed out: pictures are cleaned, and what is not what it says is refused.

use parlance_testkit::files::{pdf, photograph};

use super::*;

const PHOTOGRAPHS: [(&str, &[u8]); 4] = [
    ("image/jpeg", photograph::JPEG),
    ("image/png", photograph::PNG),
    ("image/webp", photograph::WEBP),
    ("image/heic", photograph::HEIC),
];

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// What has become of a file once that is settled, and what its message shows to the other member.
async fn settled(content_type: &str, bytes: &[u8]) -> (Value, Value) {
    let [alice, bob] = Cloud::shared().await.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let id = uploaded(&alice, "a.bin", content_type, bytes).await;
    let sent = sends(&alice, &conversation, "one", &[&id]).await;
    let is_settled = |seen: &Value| {
        let is_clean = seen["state"] == "clean";
        assert_eq!(seen["download_url"].is_string(), is_clean, "{seen}");
        is_clean || !["uploading", "scanning"].contains(&seen["state"].as_str().unwrap())
    };
    let seen = shown(&alice, &id, is_settled).await;
    if sent.status != 201 {
        // It was refused before it was sent.
        return (seen.clone(), seen);
    }
    let message = sent.json()["message"]["id"].as_str().unwrap().to_owned();
    for _ in 0..400 {
        let message = bob.get(&format!("messages/{message}/")).await.with(200);
        if message["attachments"][0]["state"] == seen["state"] {
            return (seen, message["attachments"][0].clone());
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the message never shows {seen}");
}

#[tokio::test]
async fn a_photograph_is_handed_out_without_the_place_where_it_was_taken() {
    for (content_type, bytes) in PHOTOGRAPHS {
        // Behind its end they carry an archive, which is a reason to refuse them.
        let end = bytes.windows(4).rposition(|window| window == b"PK\x03\x04").unwrap_or(bytes.len());
        let bytes = &bytes[..end];
        assert!(holds(bytes, b"attletale"), "{content_type}");
        let (seen, in_message) = settled(content_type, bytes).await;
        assert_eq!(seen["state"], "clean", "{content_type}: {seen}");
        let file = fetched(seen["download_url"].as_str().unwrap()).await.bytes().await.unwrap();
        for telling in [&b"attletale"[..], b"TATTLETALE", b"GPS", b"ns.adobe.com", b"WGS-84"] {
            assert!(!holds(&file, telling), "{content_type}: {}", telling.escape_ascii());
        }
        assert_eq!((&seen["size"], &seen["reason"]), (&json!(file.len()), &Value::Null));
        assert_eq!(seen["sha256"], digest_of(&file));
        assert!(seen["width"].is_number() && seen["height"].is_number(), "{content_type}: {seen}");
        assert_eq!((&in_message["size"], &in_message["sha256"]), (&seen["size"], &seen["sha256"]));
    }
}

fn digest_of(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

#[tokio::test]
async fn what_is_not_what_it_says_is_handed_out_to_nobody() {
    let gif =
        b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02L\x01\0;".as_slice();
    let archive = zipped("Main.class", b"\xca\xfe\xba\xbe");
    let svg = |inside: &str| format!("<svg xmlns='http://www.w3.org/2000/svg'>{inside}</svg>").into_bytes();
    let mut huge = picture();
    huge[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    huge[29..33].copy_from_slice(&[0xa5, 0xb9, 0x2a, 0x9e]);
    for (content_type, bytes, state, reason) in [
        ("image/gif", [gif, &archive].concat(), "infected", "disguised"),
        (
            "image/png",
            [&picture(), &b"<html><script>alert(1)</script>"[..]].concat(),
            "infected",
            "disguised",
        ),
        ("image/svg+xml", svg("<script>alert(1)</script>"), "infected", "script"),
        ("image/svg+xml", svg("<foreignObject><b onclick='x'/></foreignObject>"), "infected", "script"),
        ("application/pdf", pdf::SCRIPTED.to_vec(), "infected", "script"),
        ("application/pdf", [pdf::PLAIN, &archive].concat(), "infected", "disguised"),
        ("application/pdf", pdf::LOCKED.to_vec(), "unscannable", "encrypted"),
        ("image/png", huge, "infected", "decompression_bomb"),
        ("image/png", picture()[..50].to_vec(), "unscannable", "damaged"),
        ("audio/ogg", b"OggS and nothing more".to_vec(), "unscannable", "damaged"),
    ] {
        let (seen, in_message) = settled(content_type, &bytes).await;
        assert_eq!(
            (&seen["state"], &seen["reason"]),
            (&json!(state), &json!(reason)),
            "{content_type}: {seen}"
        );
        assert_eq!((&in_message["state"], &in_message["reason"]), (&json!(state), &json!(reason)));
        assert!(in_message["download_url"].is_null() && in_message["width"].is_null());
    }
    for (content_type, bytes) in [
        ("image/gif", gif.to_vec()),
        ("image/svg+xml", svg("<path d='M0 0'/>")),
        ("application/pdf", pdf::PLAIN.to_vec()),
    ] {
        let (seen, _) = settled(content_type, &bytes).await;
        assert_eq!(seen["state"], "clean", "{content_type}: {seen}");
        let file = fetched(seen["download_url"].as_str().unwrap()).await;
        assert_eq!(file.bytes().await.unwrap(), bytes, "{content_type}");
    }
}
