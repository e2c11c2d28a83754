//! What a [`Previewer`] owes: it knows pictures by their bytes, and whatever else it is given, it answers.

use parlance_application::ports::previews::{MAX_PREVIEWED_BYTES, Previewer};
use parlance_domain::attachment::Dimensions;

/// A picture of three by two pixels.
pub const PICTURE: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00,
    0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x02, 0x08, 0x00, 0x00, 0x00, 0x00, 0xb8, 0x1f, 0x39, 0xc6, 0x00,
    0x00, 0x00, 0x10, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x60, 0x50, 0x70, 0x60, 0x48, 0x68, 0xf8,
    0x0f, 0x00, 0x05, 0x27, 0x02, 0x40, 0x8a, 0x10, 0xe3, 0x38, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e,
    0x44, 0xae, 0x42, 0x60, 0x82,
];

/// Checks every promise.
pub async fn holds(previewer: &dyn Previewer) {
    let found = previewer.preview("image/png", PICTURE.to_vec()).await.unwrap().unwrap();
    assert_eq!(found.facts.dimensions, Some(Dimensions { width: 3, height: 2 }));
    assert!(found.facts.thumbnail.is_some());
    assert!(found.thumbnail.is_some_and(|thumbnail| !thumbnail.bytes.is_empty()));
    assert!(found.facts.duration_ms.is_none());

    for (content_type, bytes) in [
        ("text/plain", PICTURE.to_vec()),
        ("application/pdf", b"%PDF-1.7".to_vec()),
        ("image/png", Vec::new()),
        ("image/png", PICTURE[..40].to_vec()),
        ("image/svg+xml", b"<svg onload='alert(1)'/>".to_vec()),
        ("audio/ogg", PICTURE.to_vec()),
        ("audio/webm", vec![0x1a; 4096]),
        ("image/png", vec![0; usize::try_from(MAX_PREVIEWED_BYTES).unwrap() + 1]),
        ("", b"GIF89a".to_vec()),
    ] {
        let found = previewer.preview(content_type, bytes).await.unwrap();
        assert_eq!(found, None, "{content_type}");
    }
}
