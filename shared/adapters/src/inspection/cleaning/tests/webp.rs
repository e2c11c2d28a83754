//! What is particular to WebP.

use super::{Damaged, Form, Sample, clean, has, with};

const FEATURES: usize = 20;

fn chunk(kind: &[u8], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_le_bytes();
    let padding: &[u8] = if content.len() % 2 == 1 { &[0] } else { &[] };
    [kind, length.as_slice(), content, padding].concat()
}

/// Makes the chunk that starts there larger.
fn grow(bytes: &mut [u8], chunk: usize, by: usize) {
    let size = &mut bytes[chunk + 4..chunk + 8];
    let larger = u32::from_le_bytes(size.try_into().unwrap()) + u32::try_from(by).unwrap();
    size.copy_from_slice(&larger.to_le_bytes());
}

#[test]
fn the_features_say_what_is_there() {
    for (name, expected) in [
        ("phone.webp", 0x28), // a profile and EXIF
        ("alpha.webp", 0x10),
        ("lossless.webp", 0x10),
        ("moves.webp", 0x1A), // alpha, EXIF and animation
    ] {
        let cleaned = Sample::named(name).cleaned();
        assert_eq!(cleaned[FEATURES], expected, "{name}");
        assert_eq!(has(&cleaned, b"EXIF"), expected & 0x08 != 0, "{name}");
        assert!(!has(&cleaned, b"XMP "), "{name}");
        let size = u32::from_le_bytes(cleaned[4..8].try_into().unwrap()) as usize;
        assert_eq!(size, cleaned.len() - 8, "{name}");
    }
}

#[test]
fn what_is_within_a_frame_goes_too() {
    let before = Sample::named("moves.webp").cleaned();
    let frame = before.windows(4).position(|kind| kind == b"ANMF").unwrap();
    let telling =
        [chunk(b"EXIF", b"Tattletale!"), chunk(b"XMP ", b"Tattletale"), chunk(b"abcd", b"?")].concat();
    let size = u32::from_le_bytes(before[frame + 4..frame + 8].try_into().unwrap()) as usize;
    let mut bytes = with(&before, frame + 8 + size, &telling);
    bytes = with(&bytes, frame + 8 + 16, &telling);
    grow(&mut bytes, frame, 2 * telling.len());
    grow(&mut bytes, 0, 2 * telling.len());
    assert_eq!(clean(Form::WebP, &bytes, 6).unwrap().bytes, Some(before));
}

#[test]
fn unknown_chunks_go_and_a_simple_picture_stays_simple() {
    let plain = Sample::named("plain.webp").bytes;
    for kind in [b"EXIF", b"XMP ", b"C2PA", b"VP8X"] {
        let telling = chunk(kind, b"Tattletale!");
        let mut bytes = with(plain, plain.len(), &telling);
        grow(&mut bytes, 0, telling.len());
        assert_eq!(clean(Form::WebP, &bytes, 6).unwrap().bytes.as_deref(), Some(plain));
    }
}

#[test]
fn without_data_it_is_no_picture() {
    for chunks in [
        Vec::new(),
        chunk(b"VP8X", &[0; 10]),
        chunk(b"VP8X", &[0; 12]),
        [chunk(b"VP8X", &[0; 10]), chunk(b"ANMF", &[0; 15])].concat(),
        [chunk(b"VP8 ", b""), b"tail".to_vec()].concat(),
    ] {
        let bytes = chunk(b"RIFF", &[b"WEBP", chunks.as_slice()].concat());
        assert_eq!(clean(Form::WebP, &bytes, 1), Err(Damaged), "{}", bytes.escape_ascii());
    }
}
