//! Pictures as phones and programs write them, cleaned; the samples name a "Tattletale" in everything that must go.

mod gif;
mod heif;
mod hostile;
mod jpeg;
mod png;
mod webp;

use std::io::Cursor;

use image::codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::{AnimationDecoder, Delay, DynamicImage, ImageDecoder, ImageReader, RgbaImage};

use super::{Cleaned, Damaged, Form, clean};

struct Sample {
    name: &'static str,
    bytes: &'static [u8],
    orientation: u8,
}

macro_rules! samples {
    ($($name:literal $orientation:literal),+ $(,)?) => {
        &[$(Sample {
            name: $name,
            bytes: include_bytes!(concat!("../../../tests/pictures/", $name)),
            orientation: $orientation,
        }),+]
    };
}

/// Those of HEIF turn themselves.
const SAMPLES: &[Sample] = samples![
    "phone.jpg" 6, "progressive.jpg" 3, "restarts.jpg" 1, "cmyk.jpg" 1, "grey.jpg" 1,
    "phone.png" 8, "palette.png" 1, "moves.png" 1,
    "phone.webp" 5, "lossless.webp" 1, "alpha.webp" 1, "plain.webp" 1, "moves.webp" 6,
    "moves.gif" 1, "interlaced.gif" 1,
    "phone.heic" 1, "phone.avif" 1, "moves.avif" 1,
];

/// What no cleaned sample holds: names, positions, comments, XMP, the names of what held them, an archive.
const TELLING: [&[u8]; 10] = [
    b"attletale",
    b"TATTLETALE",
    b"WGS-84",
    b"GPS",
    b"ns.adobe.com",
    b"xmpmeta",
    b"W5M0MpCehiHzreSzNTczkc9d",
    b"8BIM",
    b"PK\x03\x04",
    b"PK\x05\x06",
];

impl Sample {
    fn named(name: &str) -> &'static Self {
        SAMPLES.iter().find(|sample| sample.name == name).unwrap()
    }

    fn form(&self) -> Form {
        Form::of(self.bytes).unwrap()
    }

    fn clean(&self) -> Cleaned<'static> {
        clean(self.form(), self.bytes, self.orientation).unwrap_or_else(|_| panic!("{}", self.name))
    }

    /// What is handed out.
    fn cleaned(&self) -> Vec<u8> {
        self.clean().bytes.unwrap_or_else(|| self.bytes.to_vec())
    }
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Puts a part in at a place.
fn with(bytes: &[u8], at: usize, part: &[u8]) -> Vec<u8> {
    [&bytes[..at], part, &bytes[at..]].concat()
}

fn decoder(bytes: &[u8]) -> impl ImageDecoder {
    ImageReader::new(Cursor::new(bytes)).with_guessed_format().unwrap().into_decoder().unwrap()
}

fn orientation(bytes: &[u8]) -> u8 {
    decoder(bytes).orientation().unwrap().to_exif()
}

fn pixels(bytes: &[u8]) -> DynamicImage {
    DynamicImage::from_decoder(decoder(bytes)).unwrap()
}

/// The frames of a picture that moves, and how long each is shown.
fn frames(bytes: &[u8]) -> Vec<(Delay, RgbaImage)> {
    let bytes = Cursor::new(bytes);
    let frames = match Form::of(bytes.get_ref()).unwrap() {
        Form::Gif => GifDecoder::new(bytes).unwrap().into_frames(),
        Form::Png => PngDecoder::new(bytes).unwrap().apng().unwrap().into_frames(),
        Form::WebP => WebPDecoder::new(bytes).unwrap().into_frames(),
        form => panic!("{form:?} is not known to move"),
    };
    frames.map(|frame| frame.unwrap()).map(|frame| (frame.delay(), frame.into_buffer())).collect()
}

#[test]
fn nothing_that_tells_of_anybody_remains() {
    for sample in SAMPLES {
        let cleaned = sample.cleaned();
        for telling in TELLING {
            assert!(!has(&cleaned, telling), "{} in {}", telling.escape_ascii(), sample.name);
        }
    }
    for telling in TELLING.into_iter().filter(|telling| *telling != b"GPS") {
        assert!(SAMPLES.iter().any(|sample| has(sample.bytes, telling)), "{}", telling.escape_ascii());
    }
}

#[test]
fn the_picture_is_the_same() {
    for sample in SAMPLES.iter().filter(|sample| sample.form() != Form::Heif) {
        let cleaned = sample.cleaned();
        assert_eq!(pixels(&cleaned), pixels(sample.bytes), "{}", sample.name);
        assert_eq!(orientation(&cleaned), sample.orientation, "{}", sample.name);
        assert_eq!(orientation(sample.bytes), sample.orientation, "{}", sample.name);
        let profile = decoder(sample.bytes).icc_profile().unwrap();
        assert_eq!(decoder(&cleaned).icc_profile().unwrap(), profile, "{}", sample.name);
        let has_profile = sample.name.starts_with("phone") || sample.name == "moves.gif";
        assert_eq!(profile.is_some(), has_profile, "{}", sample.name);
    }
}

#[test]
fn what_moves_moves_as_before() {
    for sample in
        SAMPLES.iter().filter(|sample| sample.name.starts_with("moves") && sample.form() != Form::Heif)
    {
        let before = frames(sample.bytes);
        assert_eq!(before.len(), 3, "{}", sample.name);
        assert!(frames(&sample.cleaned()) == before, "{}", sample.name);
    }
}

#[test]
fn a_clean_picture_is_left_as_it_is() {
    for sample in SAMPLES {
        let cleaned = sample.cleaned();
        let again = clean(sample.form(), &cleaned, sample.orientation);
        assert_eq!(again, Ok(Cleaned { bytes: None, trailer: &[] }), "{}", sample.name);
    }
    for untouched in ["grey.jpg", "plain.webp"] {
        assert_eq!(Sample::named(untouched).clean().bytes, None, "{untouched}");
    }
}

#[test]
fn what_is_behind_the_end_is_given_back_apart() {
    for sample in SAMPLES {
        let trailer = sample.clean().trailer;
        assert!(sample.bytes.ends_with(trailer));
        let is_archive = trailer.starts_with(b"PK\x03\x04") && has(trailer, b"tattletale.txt");
        assert_eq!(is_archive, has(sample.bytes, b"PK\x03\x04"), "{}", sample.name);

        let cleaned = sample.cleaned();
        let longer = [cleaned.as_slice(), b"<html>"].concat();
        let expected = Cleaned { bytes: Some(cleaned), trailer: b"<html>" };
        assert_eq!(clean(sample.form(), &longer, sample.orientation), Ok(expected), "{}", sample.name);
    }
}

#[test]
fn an_orientation_is_put_in_where_there_was_none_and_changed_where_it_is_another() {
    for sample in SAMPLES.iter().filter(|sample| !matches!(sample.form(), Form::Heif | Form::Gif)) {
        if sample.name == "plain.webp" {
            continue;
        }
        for turned in 1..=8 {
            let cleaned = clean(sample.form(), sample.bytes, turned).unwrap().bytes;
            let cleaned = cleaned.unwrap_or_else(|| sample.bytes.to_vec());
            assert_eq!(orientation(&cleaned), turned, "{}", sample.name);
            assert_eq!(pixels(&cleaned), pixels(sample.bytes), "{}", sample.name);
        }
    }
}

#[test]
fn forms_are_known_by_their_first_bytes() {
    for (name, form) in [
        ("grey.jpg", Form::Jpeg),
        ("palette.png", Form::Png),
        ("moves.gif", Form::Gif),
        ("plain.webp", Form::WebP),
        ("phone.heic", Form::Heif),
        ("phone.avif", Form::Heif),
    ] {
        assert_eq!(Form::of(Sample::named(name).bytes), Some(form));
    }
    assert_eq!(Form::of(b"\0\0\0\x18ftypmp42\0\0\0\0isommif1"), Some(Form::Heif));
    for other in [
        b"".as_slice(),
        b"GIF88a",
        b"RIFF\0\0\0\0WAVE",
        b"\0\0\0\x18ftypmp42\0\0\0\0isommp42",
        b"\0\0\0\x14ftypmp42mif1isommif1",
    ] {
        assert_eq!(Form::of(other), None);
    }
}
