//! What an [`Examiner`] owes: it knows pictures by their bytes, and whatever else it is given, it answers.

use parlance_application::ports::inspection::{Examination, Examined, Examiner};
use parlance_domain::attachment::{ContentType, Dimensions, Reason};

/// A picture of three by two pixels.
pub const PICTURE: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00,
    0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x02, 0x08, 0x00, 0x00, 0x00, 0x00, 0xb8, 0x1f, 0x39, 0xc6, 0x00,
    0x00, 0x00, 0x10, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x60, 0x50, 0x70, 0x60, 0x48, 0x68, 0xf8,
    0x0f, 0x00, 0x05, 0x27, 0x02, 0x40, 0x8a, 0x10, 0xe3, 0x38, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e,
    0x44, 0xae, 0x42, 0x60, 0x82,
];

/// Checks every promise.
pub async fn holds(examiner: &dyn Examiner) {
    let examine = async |content_type: &str, bytes: &[u8]| {
        let content_type = ContentType::from_stored(content_type);
        examiner.examine(&content_type, bytes.to_vec()).await.unwrap()
    };
    for (uploaded, handed_out) in
        [(PICTURE.to_vec(), None), ([PICTURE, b"more"].concat(), Some(PICTURE.to_vec()))]
    {
        let Examined::Passed(found) = examine("image/png", &uploaded).await else {
            panic!("it is a picture")
        };
        assert_eq!(found.bytes, handed_out, "the picture and nothing else");
        let media = found.media.unwrap();
        assert_eq!(media.dimensions, Some(Dimensions { width: 3, height: 2 }));
        assert!(media.thumbnail.is_some() && media.duration_ms.is_none());
        assert!(found.thumbnail.is_some_and(|thumbnail| !thumbnail.bytes.is_empty()));
    }
    for (content_type, bytes) in [("text/plain", PICTURE), ("text/html", b"<script>"), ("video/mp4", b"x")] {
        let passed = Examined::Passed(Examination::default());
        assert_eq!(examine(content_type, bytes).await, passed, "it claims nothing that is looked into");
    }
    for (content_type, bytes, reason) in [
        ("image/png", &b""[..], Reason::Damaged),
        ("image/png", &PICTURE[..40], Reason::Damaged),
        ("image/png", b"<html><script>alert(1)</script></html>", Reason::Disguised),
        ("image/svg+xml", b"<svg onload='alert(1)'/>", Reason::Script),
        ("application/pdf", b"%PDF-1.7", Reason::Damaged),
        ("audio/webm", &[0x1a; 4096], Reason::Damaged),
    ] {
        assert_eq!(examine(content_type, bytes).await, Examined::Refused(reason), "{content_type}");
    }
}
