//! Real pictures, recordings and documents, and everything that only claims to be one.

use std::{
    io::Cursor,
    time::{Duration, Instant},
};

use image::{DynamicImage, GenericImageView, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use parlance_adapters::inspection::{self, DecodingExaminer};
use parlance_application::ports::inspection::{Examination, Examined, Examiner};
use parlance_domain::attachment::{ContentType, Dimensions, MediaFacts, Reason};
use parlance_testkit::contracts::inspection as contract;
use proptest::prelude::*;

const SOUNDS: [(&str, &[u8]); 4] = [
    ("audio/ogg", include_bytes!("sounds/tone.ogg")),
    ("audio/webm", include_bytes!("sounds/tone.webm")),
    ("audio/mpeg", include_bytes!("sounds/tone.mp3")),
    ("audio/mp4", include_bytes!("sounds/tone.m4a")),
];

/// An empty archive.
const ARCHIVE: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

const PDF: &[u8] =
    b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\ntrailer\n<</Root 1 0 R>>\n%%EOF\n";

fn examine(content_type: &str, bytes: &[u8]) -> Examined {
    let patience = Instant::now() + Duration::from_secs(10);
    inspection::examine(&ContentType::from_stored(content_type), bytes, patience)
}

fn look(content_type: &str, bytes: &[u8]) -> Examination {
    match examine(content_type, bytes) {
        Examined::Passed(found) => found,
        Examined::Refused(reason) => panic!("{content_type}: {reason:?}"),
    }
}

fn facts(content_type: &str, bytes: &[u8]) -> MediaFacts {
    look(content_type, bytes).media.unwrap()
}

/// Why it is not handed out; nothing when it is.
fn reason(content_type: &str, bytes: &[u8]) -> Option<Reason> {
    match examine(content_type, bytes) {
        Examined::Passed(_) => None,
        Examined::Refused(reason) => Some(reason),
    }
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

fn thumbnail_of(found: &Examination) -> DynamicImage {
    image::load_from_memory(&found.thumbnail.as_ref().unwrap().bytes).unwrap()
}

#[tokio::test]
async fn the_decoders_know_pictures() {
    contract::holds(&DecodingExaminer::new()).await;
}

#[test]
fn a_picture_is_made_small_whatever_its_format() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif] {
        let found = look("image/x", &encoded(&flag(1200, 300), format));
        let facts = found.media.clone().unwrap();
        assert_eq!(facts.dimensions, Some(Dimensions { width: 1200, height: 300 }), "{format:?}");
        assert_eq!(facts.thumbnail, Some(Dimensions { width: 512, height: 128 }));
        assert!((20..40).contains(&facts.blurhash.as_ref().unwrap().len()));
        assert_eq!(found.thumbnail.as_ref().unwrap().content_type.as_str(), "image/jpeg");
        let small = thumbnail_of(&found);
        assert_eq!(small.dimensions(), (512, 128));
        let (left, right) = (small.get_pixel(100, 64), small.get_pixel(400, 64));
        assert!(left[0] > 180 && left[2] < 80 && right[2] > 180 && right[0] < 80, "{left:?} {right:?}");
    }
}

#[test]
fn a_small_picture_is_not_made_larger_and_what_shines_through_still_does() {
    let glass = RgbaImage::from_pixel(40, 20, Rgba([0, 200, 0, 100]));
    let found = look("image/png", &encoded(&glass.into(), ImageFormat::Png));
    assert_eq!(found.media.clone().unwrap().thumbnail, Some(Dimensions { width: 40, height: 20 }));
    assert_eq!(found.thumbnail.as_ref().unwrap().content_type.as_str(), "image/png");
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
    let found = look("image/jpeg", &photograph);
    let facts = found.media.clone().unwrap();
    assert_eq!(facts.dimensions, Some(Dimensions { width: 500, height: 1000 }));
    assert_eq!(facts.thumbnail, Some(Dimensions { width: 256, height: 512 }));
    let small = thumbnail_of(&found);
    let (above, below) = (small.get_pixel(128, 50), small.get_pixel(128, 460));
    assert!(above[0] > 180 && below[2] > 180, "{above:?} {below:?}");
    let small = &found.thumbnail.unwrap().bytes;
    assert!(!small.windows(4).any(|bytes| bytes == b"Exif" || bytes == b"52.5"));
    let handed_out = found.bytes.unwrap();
    assert!(!handed_out.windows(4).any(|bytes| bytes == b"52.5"));
    let pixels = |bytes| image::load_from_memory(bytes).unwrap().into_bytes();
    assert_eq!(pixels(&handed_out), pixels(&photograph), "the very same picture");
    let again = look("image/jpeg", &handed_out);
    assert_eq!(
        (again.bytes, again.media.unwrap()),
        (None, facts),
        "held as before, and nothing more to take away"
    );
}

#[test]
fn the_sounds_that_browsers_and_phones_record_are_measured() {
    for (content_type, bytes) in SOUNDS {
        let found = look(content_type, bytes);
        let facts = found.media.unwrap();
        let duration = facts.duration_ms.unwrap();
        assert!((950..=1_150).contains(&duration), "{content_type}: {duration} ms");
        let waveform = facts.waveform.unwrap();
        let (quiet, loud) = (waveform[waveform.len() / 4], waveform[waveform.len() * 3 / 4]);
        assert!(quiet < 80 && loud > 180, "{content_type}: {waveform:?}");
        assert_eq!((found.bytes, found.thumbnail, facts.dimensions), (None, None, None));
    }
}

#[test]
fn a_recording_in_plain_samples_is_measured() {
    let found = facts("audio/wav", &wave(8_000, &vec![9_000; 16_000]));
    assert_eq!(found.duration_ms, Some(2_000));
    assert_eq!(found.waveform.unwrap(), [255; 40]);
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
fn a_picture_that_unpacks_to_far_more_than_it_is_is_refused_before_it_is_unpacked() {
    // A PNG of a few bytes whose header claims 60,000 by 60,000 pixels.
    let mut bomb = contract::PICTURE.to_vec();
    bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let crc = png_crc(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&crc.to_be_bytes());
    let began = Instant::now();
    assert_eq!(reason("image/png", &bomb), Some(Reason::Bomb));
    assert!(began.elapsed() < Duration::from_millis(100));
    // One that is as large as it says, and packs 100 million pixels into some hundred kilobytes.
    let flat = encoded(&DynamicImage::new_luma8(20_000, 5_000), ImageFormat::Png);
    assert_eq!(reason("image/png", &flat), Some(Reason::Bomb));
}

#[test]
fn a_picture_that_is_too_large_to_be_decoded_here_is_handed_out_without_a_small_one() {
    let mut grain = 1_u32;
    let photograph = image::GrayImage::from_fn(11_000, 5_000, |_, _| {
        grain = grain.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        image::Luma([u8::try_from(grain >> 24).unwrap()])
    });
    let found = look("image/png", &encoded(&photograph.into(), ImageFormat::Png));
    let facts =
        MediaFacts { dimensions: Some(Dimensions { width: 11_000, height: 5_000 }), ..MediaFacts::default() };
    assert_eq!((found.media, found.thumbnail), (Some(facts), None));
}

#[test]
fn a_file_is_one_thing_alone() {
    let page = b"<html><script>alert(1)</script></html>";
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif] {
        let picture = encoded(&flag(40, 30), format);
        assert_eq!(reason("image/x", &picture), None);
        assert_eq!(
            reason("image/x", &[&picture, ARCHIVE].concat()),
            Some(Reason::Disguised),
            "{format:?} and JAR"
        );
        assert_eq!(
            reason("image/x", &[&picture, &page[..]].concat()),
            Some(Reason::Disguised),
            "{format:?} and page"
        );
        assert_eq!(look("image/x", &[&picture, &b"\0\0more"[..]].concat()).bytes, Some(picture));
    }
    let (_, sound) = SOUNDS[2];
    for (content_type, bytes) in [
        ("audio/mpeg", [sound, ARCHIVE].concat()),
        ("application/pdf", [PDF, ARCHIVE].concat()),
        ("application/pdf", encoded(&flag(40, 30), ImageFormat::Gif)),
        ("image/gif", page.to_vec()),
        ("image/svg+xml", page.to_vec()),
        ("image/tiff", page.to_vec()),
        ("audio/mpeg", page.to_vec()),
        ("audio/unheard-of", page.to_vec()),
    ] {
        assert_eq!(reason(content_type, &bytes), Some(Reason::Disguised), "{content_type}");
    }
    let program = b"\x7fELF and what a program holds";
    let seven_zip = b"7z\xbc\xaf\x27\x1c and what it holds";
    let jpeg = encoded(&flag(40, 30), ImageFormat::Jpeg);
    let within = |part: &[u8]| [&jpeg[..jpeg.len() - 2], part, &jpeg[jpeg.len() - 2..]].concat();
    for (content_type, bytes) in [
        ("audio/mpeg", [program, sound].concat()),
        ("audio/mpeg", [page, sound].concat()),
        ("audio/mpeg", [sound, page].concat()),
        ("audio/mpeg", [sound, seven_zip].concat()),
        ("image/jpeg", within(seven_zip)),
        ("image/jpeg", within(page)),
        ("image/bmp", [b"BM picture", &seven_zip[..]].concat()),
    ] {
        assert_eq!(reason(content_type, &bytes), Some(Reason::Disguised), "{content_type}");
    }
    assert_eq!(reason("audio/amr", b"#!AMR\n<\0\0"), None, "it begins as a script, and is none");
    let amr = [b"#!AMR\n<\0\0", sound].concat();
    assert_eq!(
        look("audio/amr", &amr),
        Examination::default(),
        "what looks like another sound in it is none"
    );
    for (content_type, bytes) in
        [("application/pdf", PDF), ("image/tiff", b"II*\0"), ("audio/unheard-of", b"what nobody knows")]
    {
        assert_eq!(look(content_type, bytes), Examination::default(), "{content_type}");
    }
}

#[test]
fn a_drawing_takes_no_longer_than_it_is_long() {
    for style in ["url(#a) ", "url(#a ", "/*", "@a:("] {
        let drawing = format!(
            "<svg xmlns='http://www.w3.org/2000/svg'><style>{}</style></svg>",
            style.repeat(1_000_000 / style.len())
        );
        // If each address were looked for to the end, this would not end.
        assert_ne!(reason("image/svg+xml", drawing.as_bytes()), Some(Reason::Disguised), "{style}");
    }
}

#[test]
fn a_colour_profile_that_unpacks_to_far_more_is_left_out() {
    let chunk = |kind: &[u8], content: &[u8]| {
        let body = [kind, content].concat();
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        [&length[..], &body, &png_crc(&body).to_be_bytes()].concat()
    };
    let picture = |profile: &[u8]| {
        let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut packed, profile).unwrap();
        let profile = [b"Jane's camera\0\0", packed.finish().unwrap().as_slice()].concat();
        [&contract::PICTURE[..33], &chunk(b"iCCP", &profile), &contract::PICTURE[33..]].concat()
    };
    let mut profile = vec![0; 200];
    profile[36..40].copy_from_slice(b"acsp");
    let handed_out = look("image/png", &picture(&profile)).bytes.unwrap();
    assert!(handed_out.windows(9).any(|bytes| bytes == b"iCCPICC\0\0"), "it is kept without its name");
    profile.resize(20 * 1024 * 1024, 0);
    for other in [profile, vec![0; 200]] {
        assert_eq!(look("image/png", &picture(&other)).bytes.as_deref(), Some(contract::PICTURE));
    }
}

#[test]
fn what_breaks_off_is_refused() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif] {
        let picture = encoded(&flag(200, 100), format);
        for end in (0..picture.len()).step_by(7) {
            assert_eq!(reason("image/png", &picture[..end]), Some(Reason::Damaged), "{format:?} {end}");
        }
    }
    let sound = wave(8_000, &vec![9_000; 80_000]);
    assert_eq!(reason("audio/wav", &sound[..sound.len() / 2]), Some(Reason::Damaged));
    let mut endless = sound[..sound.len() / 2].to_vec();
    endless[4..8].fill(0xff);
    assert_eq!(facts("audio/wav", &endless).duration_ms, Some(4_998), "its writer did not know its length");
    for (content_type, bytes) in
        [SOUNDS[3], ("audio/mp4", b""), ("audio/ogg", b"OggS"), ("application/pdf", &PDF[..40])]
    {
        assert_eq!(
            reason(content_type, &bytes[..bytes.len() * 2 / 3]),
            Some(Reason::Damaged),
            "{content_type}"
        );
    }
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
    let wav = ContentType::from_stored("audio/wav");
    let Examined::Passed(found) = inspection::examine(&wav, &long, Instant::now()) else {
        panic!("it passes")
    };
    let facts = found.media.unwrap();
    assert_eq!((facts.duration_ms, facts.waveform), (Some(100_000), None), "by its own word");
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

/// Through the port, as the function asks.
fn answers(content_type: &str, bytes: Vec<u8>) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let content_type = ContentType::from_stored(content_type);
    let examined = runtime.block_on(DecodingExaminer::new().examine(&content_type, bytes));
    prop_assert!(examined.is_ok());
    Ok(())
}
