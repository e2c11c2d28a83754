//! Pictures: whether they are whole and nothing else, what of them is handed out, their size, a blur of them, and a thumbnail that is drawn anew.

use std::io::Cursor;

use image::{
    DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder, ImageError, ImageReader, ImageResult,
    Limits, RgbaImage,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
    metadata::Orientation,
};
use parlance_application::ports::inspection::{Examination, Thumbnail};
use parlance_domain::attachment::{ContentType, Dimensions, MediaFacts, Reason};

use super::{
    archive,
    cleaning::{self, Form, heif},
    disguised_or_damaged, is_something_else, page, svg,
};

/// The longer side of a thumbnail.
const THUMBNAIL_SIDE: u32 = 512;

/// The longer side of what a blur is made of, which is more than it can show.
const BLURRED_SIDE: u32 = 32;

/// What is decoded at most: a phone's best camera has 50 million pixels, and a panorama is long.
const MAX_PIXELS: u64 = 50_000_000;
const MAX_SIDE: u32 = 32_768;

/// For the decoded pixels, before they are made small.
const MAX_DECODED_BYTES: u64 = 256 * 1024 * 1024;

/// For what a picture says of itself, while nothing but its orientation is wanted.
const MAX_HEAD_BYTES: u64 = 16 * 1024 * 1024;

/// No photograph that is too large to be decoded here unpacks to so many times its size.
const BOMB_RATIO: u64 = 200;

const JPEG_QUALITY: u8 = 80;

/// The types whose bytes are known: what claims one of them, and is none of them, is no picture.
const KNOWN: [&str; 10] = [
    "image/apng",
    "image/avif",
    "image/gif",
    "image/heic",
    "image/heif",
    "image/jpeg",
    "image/jpg",
    "image/pjpeg",
    "image/png",
    "image/webp",
];

/// Looks at a file that claims to be a picture: the form that it has counts, whichever of them it says.
pub(super) fn examine(content_type: &ContentType, bytes: &[u8]) -> Result<Examination, Reason> {
    if let Some(form) = Form::of(bytes) {
        return of_form(form, bytes);
    }
    match content_type.as_str() {
        "image/svg+xml" => svg::check(bytes).map(|()| Examination::default()),
        known if KNOWN.contains(&known) => Err(disguised_or_damaged(bytes)),
        _ if is_something_else(bytes) => Err(Reason::Disguised),
        // What a scanner, a camera or a designer's program writes is handed out as it was uploaded.
        _ => Ok(Examination::default()),
    }
}

fn of_form(form: Form, bytes: &[u8]) -> Result<Examination, Reason> {
    if archive::is_archive(bytes) {
        return Err(Reason::Disguised);
    }
    let clean = |orientation: Orientation| {
        cleaning::clean(form, bytes, orientation.to_exif()).map_err(|_| Reason::Damaged)
    };
    let mut cleaned = clean(Orientation::NoTransforms)?;
    let picture = cleaned.bytes.as_deref().unwrap_or(bytes);
    if page::is_active(cleaned.trailer) || page::holds_page(picture) {
        return Err(Reason::Disguised);
    }
    if form == Form::Heif {
        let size = heif::dimensions(picture).map(|(width, height)| Dimensions { width, height });
        let media = size.map(|size| MediaFacts { dimensions: Some(size), ..MediaFacts::default() });
        return Ok(Examination { bytes: cleaned.bytes, media, thumbnail: None });
    }
    // How it was held stands in what was taken away; what is handed out is what is decoded.
    let orientation = orientation(bytes);
    let Seen { media, thumbnail } = look(picture, orientation)?;
    if orientation != Orientation::NoTransforms {
        cleaned = clean(orientation)?;
    }
    Ok(Examination { bytes: cleaned.bytes, media, thumbnail })
}

/// What decoding has shown.
#[derive(Default)]
struct Seen {
    media: Option<MediaFacts>,
    thumbnail: Option<Thumbnail>,
}

/// Reads a picture's head, with so many bytes for what it says of itself.
fn decoder(bytes: &[u8], max_bytes: u64) -> ImageResult<impl ImageDecoder> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(max_bytes);
    reader.limits(limits);
    reader.into_decoder()
}

/// How the camera was held. Some writers of WebP begin EXIF as it begins in JPEG.
fn orientation(bytes: &[u8]) -> Orientation {
    let exif = decoder(bytes, MAX_HEAD_BYTES).and_then(|mut decoder| decoder.exif_metadata());
    let exif = exif.ok().flatten().unwrap_or_default();
    let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(&exif);
    Orientation::from_exif_chunk(exif).unwrap_or(Orientation::NoTransforms)
}

/// Decodes a picture in one of the forms that browsers make; of one that moves, the first frame.
fn look(bytes: &[u8], orientation: Orientation) -> Result<Seen, Reason> {
    let decoder = match decoder(bytes, MAX_DECODED_BYTES) {
        Ok(decoder) => decoder,
        Err(error) => return undecoded(&error),
    };
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(Reason::Damaged);
    }
    let size = if is_turned(orientation) { (height, width) } else { (width, height) };
    let dimensions = Some(Dimensions { width: size.0, height: size.1 });
    if is_too_large(width, height, decoder.total_bytes()) {
        let unpacked = decoder.total_bytes().max(u64::from(width) * u64::from(height));
        if unpacked / BOMB_RATIO > bytes.len() as u64 {
            return Err(Reason::Bomb);
        }
        let media = Some(MediaFacts { dimensions, ..MediaFacts::default() });
        return Ok(Seen { media, thumbnail: None });
    }
    let mut small = match DynamicImage::from_decoder(decoder) {
        Ok(image) => shrunk(image, THUMBNAIL_SIDE),
        Err(error) => return undecoded(&error),
    };
    small.apply_orientation(orientation);
    let thumbnail = thumbnail(&small);
    let shown = Dimensions { width: small.width(), height: small.height() };
    let media = MediaFacts {
        dimensions,
        blurhash: blurhash(&small),
        thumbnail: thumbnail.is_some().then_some(shown),
        ..MediaFacts::default()
    };
    Ok(Seen { media: Some(media), thumbnail })
}

/// A variant of its form that the decoders do not know is not held against it.
fn undecoded(error: &ImageError) -> Result<Seen, Reason> {
    match error {
        ImageError::Unsupported(_) => Ok(Seen::default()),
        ImageError::Limits(_) => Err(Reason::Bomb),
        _ => Err(Reason::Damaged),
    }
}

fn is_too_large(width: u32, height: u32, decoded_bytes: u64) -> bool {
    u64::from(width) * u64::from(height) > MAX_PIXELS
        || width.max(height) > MAX_SIDE
        || decoded_bytes > MAX_DECODED_BYTES
}

fn is_turned(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}

/// The same picture with no side longer than `side`; a small one stays as it is.
fn shrunk(image: DynamicImage, side: u32) -> DynamicImage {
    if image.width().max(image.height()) <= side { image } else { image.thumbnail(side, side) }
}

fn blurhash(small: &DynamicImage) -> Option<String> {
    let tiny = small.thumbnail(BLURRED_SIDE, BLURRED_SIDE).to_rgba8();
    let (across, down) = if tiny.width() >= tiny.height() { (4, 3) } else { (3, 4) };
    blurhash::encode(across, down, tiny.width(), tiny.height(), tiny.as_raw()).ok()
}

fn thumbnail(small: &DynamicImage) -> Option<Thumbnail> {
    let mut bytes = Vec::new();
    if small.color().has_alpha() {
        let pixels = small.to_rgba8();
        if shines_through(&pixels) {
            PngEncoder::new(&mut bytes)
                .write_image(&pixels, pixels.width(), pixels.height(), ExtendedColorType::Rgba8)
                .ok()?;
            return Some(Thumbnail { content_type: ContentType::from_stored("image/png"), bytes });
        }
    }
    let pixels = small.to_rgb8();
    JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY)
        .write_image(&pixels, pixels.width(), pixels.height(), ExtendedColorType::Rgb8)
        .ok()?;
    Some(Thumbnail { content_type: ContentType::from_stored("image/jpeg"), bytes })
}

fn shines_through(pixels: &RgbaImage) -> bool {
    pixels.pixels().any(|pixel| pixel.0[3] != u8::MAX)
}
