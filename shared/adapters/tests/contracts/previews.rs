//! Previews of real pictures and sounds, and of everything that only claims to be one.

use std::{
    io::Cursor,
    time::{Duration, Instant},
};

use image::{DynamicImage, GenericImageView, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use parlance_adapters::previews::{DecodingPreviewer, decode};
use parlance_application::ports::previews::{Previewed, Previewer};
use parlance_domain::attachment::Dimensions;
use parlance_testkit::contracts::previews;
use proptest::prelude::*;

const SOUNDS: [(&str, &[u8]); 4] = [
    ("audio/ogg", include_bytes!("sounds/tone.ogg")),
    ("audio/webm", include_bytes!("sounds/tone.webm")),
    ("audio/mpeg", include_bytes!("sounds/tone.mp3")),
    ("audio/mp4", include_bytes!("sounds/tone.m4a")),
];

fn look(content_type: &str, bytes: &[u8]) -> Option<Previewed> {
    decode(content_type, bytes, Instant::now() + Duration::from_secs(10))
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Red on the left, blue on the right.
fn flag(width: u32, height: u32) -> DynamicImage {
    let colour = |x| if x < width / 2 { Rgb([230, 10, 10]) } else { Rgb([10, 10, 230]) };
    RgbImage::from_fn(width, height, |x, _| colour(x)).into()
}

fn thumbnail_of(found: &Previewed) -> DynamicImage {
    image::load_from_memory(&found.thumbnail.as_ref().unwrap().bytes).unwrap()
}

#[tokio::test]
async fn the_decoders_know_pictures() {
    previews::holds(&DecodingPreviewer::new()).await;
}

#[test]
fn a_picture_is_made_small_whatever_its_format() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif] {
        let found = look("image/x", &encoded(&flag(1200, 300), format)).unwrap();
        assert_eq!(found.facts.dimensions, Some(Dimensions { width: 1200, height: 300 }), "{format:?}");
        assert_eq!(found.facts.thumbnail, Some(Dimensions { width: 512, height: 128 }));
        assert!((20..40).contains(&found.facts.blurhash.as_ref().unwrap().len()));
        assert_eq!(found.thumbnail.as_ref().unwrap().content_type, "image/jpeg");
        let small = thumbnail_of(&found);
        assert_eq!(small.dimensions(), (512, 128));
        let (left, right) = (small.get_pixel(100, 64), small.get_pixel(400, 64));
        assert!(left[0] > 180 && left[2] < 80 && right[2] > 180 && right[0] < 80, "{left:?} {right:?}");
    }
}

#[test]
fn a_small_picture_is_not_made_larger_and_what_shines_through_still_does() {
    let glass = RgbaImage::from_pixel(40, 20, Rgba([0, 200, 0, 100]));
    let found = look("image/png", &encoded(&glass.into(), ImageFormat::Png)).unwrap();
    assert_eq!(found.facts.thumbnail, Some(Dimensions { width: 40, height: 20 }));
    assert_eq!(found.thumbnail.as_ref().unwrap().content_type, "image/png");
    assert_eq!(thumbnail_of(&found).get_pixel(5, 5), Rgba([0, 200, 0, 100]));
}

/// A JPEG with an EXIF block that says how the camera was held, and where.
fn photographed(image: &DynamicImage, orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    exif.extend(b"52.520008N,13.404954E");
    let jpeg = encoded(image, ImageFormat::Jpeg);
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
}

#[test]
fn a_photograph_is_turned_as_its_camera_was_held_and_says_no_more_where_that_was() {
    let photograph = photographed(&flag(1000, 500), 6);
    assert!(photograph.windows(10).any(|bytes| bytes == b"52.520008N"));
    let found = look("image/jpeg", &photograph).unwrap();
    assert_eq!(found.facts.dimensions, Some(Dimensions { width: 500, height: 1000 }));
    assert_eq!(found.facts.thumbnail, Some(Dimensions { width: 256, height: 512 }));
    let small = thumbnail_of(&found);
    let (above, below) = (small.get_pixel(128, 50), small.get_pixel(128, 460));
    assert!(above[0] > 180 && below[2] > 180, "{above:?} {below:?}");
    let bytes = &found.thumbnail.unwrap().bytes;
    assert!(!bytes.windows(4).any(|bytes| bytes == b"Exif" || bytes == b"52.5"));
}

#[test]
fn the_sounds_that_browsers_and_phones_record_are_measured() {
    for (content_type, bytes) in SOUNDS {
        let found = look(content_type, bytes).unwrap_or_else(|| panic!("{content_type} is not known"));
        let duration = found.facts.duration_ms.unwrap();
        assert!((950..=1_150).contains(&duration), "{content_type}: {duration} ms");
        let waveform = found.facts.waveform.unwrap();
        let (quiet, loud) = (waveform[waveform.len() / 4], waveform[waveform.len() * 3 / 4]);
        assert!(quiet < 80 && loud > 180, "{content_type}: {waveform:?}");
        assert_eq!((found.thumbnail, found.facts.dimensions), (None, None));
    }
}

#[test]
fn a_recording_in_plain_samples_is_measured() {
    let found = look("audio/wav", &wave(8_000, &vec![9_000; 16_000])).unwrap();
    assert_eq!(found.facts.duration_ms, Some(2_000));
    assert_eq!(found.facts.waveform.unwrap(), [255; 40]);
}

fn wave(rate: u32, samples: &[i16]) -> Vec<u8> {
    let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let length = u32::try_from(data.len()).unwrap();
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + length).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(rate.to_le_bytes());
    bytes.extend((rate * 2).to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend(length.to_le_bytes());
    bytes.extend(data);
    bytes
}

#[test]
fn a_picture_that_claims_to_be_huge_is_not_decoded() {
    // A PNG of a few bytes whose header claims 60,000 by 60,000 pixels.
    let mut bomb = previews::PICTURE.to_vec();
    bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let crc = png_crc(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&crc.to_be_bytes());
    let began = Instant::now();
    assert_eq!(look("image/png", &bomb), None);
    assert!(began.elapsed() < Duration::from_millis(100));
    // One that is as large as it says, and packs 100 million pixels into some hundred kilobytes.
    let (width, height) = (20_000_u32, 5_000_u32);
    let flat = encoded(&DynamicImage::new_luma8(width, height), ImageFormat::Png);
    assert_eq!(look("image/png", &flat), None);
}

fn png_crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 },
        )
    })
}

#[test]
fn a_sound_that_takes_too_long_is_given_up() {
    let long = wave(8_000, &vec![1; 800_000]);
    let found = decode("audio/wav", &long, Instant::now()).unwrap();
    assert_eq!((found.facts.duration_ms, found.facts.waveform), (Some(100_000), None), "by its own word");
}

/// A real file with some bytes changed, and cut off somewhere.
fn damaged(seeds: Vec<(&'static str, Vec<u8>)>) -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    let changes = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..24);
    (prop::sample::select(seeds), changes, any::<prop::sample::Index>(), any::<bool>()).prop_map(
        |((content_type, mut bytes), changes, end, is_cut)| {
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if is_cut {
                bytes.truncate(end.index(bytes.len()));
            }
            (content_type, bytes)
        },
    )
}

fn pictures() -> Vec<(&'static str, Vec<u8>)> {
    let image = flag(40, 30);
    [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif]
        .into_iter()
        .map(|format| ("image/x", encoded(&image, format)))
        .chain([("image/jpeg", photographed(&image, 8))])
        .collect()
}

fn sounds() -> Vec<(&'static str, Vec<u8>)> {
    SOUNDS.into_iter().map(|(content_type, bytes)| (content_type, bytes.to_vec())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_a_picture_has_become_it_is_answered((content_type, bytes) in damaged(pictures())) {
        answers(content_type, bytes)?;
    }

    #[test]
    fn whatever_a_sound_has_become_it_is_answered((content_type, bytes) in damaged(sounds())) {
        answers(content_type, bytes)?;
    }
}

/// Through the port, as the function asks: a decoder that panics has found nothing.
fn answers(content_type: &str, bytes: Vec<u8>) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let found = runtime.block_on(DecodingPreviewer::new().preview(content_type, bytes));
    prop_assert!(found.is_ok());
    Ok(())
}
