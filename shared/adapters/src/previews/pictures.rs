//! Pictures: their size, a blur of them, and a thumbnail that is drawn anew.

use std::io::Cursor;

use image::{
    DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, Limits, RgbaImage,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
};
use parlance_application::ports::previews::{Previewed, Thumbnail};
use parlance_domain::attachment::{Dimensions, MediaFacts};

/// The longer side of a thumbnail.
const THUMBNAIL_SIDE: u32 = 512;

/// The longer side of what a blur is made of, which is more than it can show.
const BLURRED_SIDE: u32 = 32;

/// A phone's best camera has 50 million, and a panorama is long.
const MAX_PIXELS: u64 = 50_000_000;
const MAX_SIDE: u32 = 32_768;

/// For the decoded pixels, before they are made small.
const MAX_DECODED_BYTES: u64 = 256 * 1024 * 1024;

const JPEG_QUALITY: u8 = 80;

/// Decodes a picture in one of the formats that browsers make; of one that moves, the first frame.
pub(super) fn preview(bytes: &[u8]) -> Option<Previewed> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let known = [ImageFormat::Gif, ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP];
    if !reader.format().is_some_and(|format| known.contains(&format)) {
        return None;
    }
    reader.limits(limits());
    let mut decoder = reader.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    let is_empty = width == 0 || height == 0;
    if is_empty
        || u64::from(width) * u64::from(height) > MAX_PIXELS
        || decoder.total_bytes() > MAX_DECODED_BYTES
    {
        return None;
    }
    let orientation = decoder.orientation().ok()?;
    let mut small = shrunk(DynamicImage::from_decoder(decoder).ok()?, THUMBNAIL_SIDE);
    small.apply_orientation(orientation);
    let (width, height) = if is_turned(orientation) { (height, width) } else { (width, height) };
    let facts = MediaFacts {
        dimensions: Some(Dimensions { width, height }),
        blurhash: blurhash(&small),
        thumbnail: Some(Dimensions { width: small.width(), height: small.height() }),
        ..MediaFacts::default()
    };
    Some(Previewed { facts, thumbnail: Some(thumbnail(&small)?) })
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    limits
}

fn is_turned(orientation: image::metadata::Orientation) -> bool {
    use image::metadata::Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
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
            return Some(Thumbnail { content_type: "image/png", bytes });
        }
    }
    let pixels = small.to_rgb8();
    JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY)
        .write_image(&pixels, pixels.width(), pixels.height(), ExtendedColorType::Rgb8)
        .ok()?;
    Some(Thumbnail { content_type: "image/jpeg", bytes })
}

fn shines_through(pixels: &RgbaImage) -> bool {
    pixels.pixels().any(|pixel| pixel.0[3] != u8::MAX)
}
