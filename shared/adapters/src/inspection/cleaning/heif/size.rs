//! How large a picture says that it is: nothing here decodes it.

use super::boxes::boxes;
use crate::inspection::cleaning::reader::Reader;

/// What a box that has versions begins with.
const VERSION_BYTES: usize = 4;

/// Its width and height as it is shown. A file holds other pictures besides, tiles and small ones: the largest counts, and all are cut and turned
/// alike.
pub fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    let (mut largest, mut aperture) = (None, None);
    let mut is_turned = false;
    for meta in boxes(bytes, 0..bytes.len()).flatten().filter(|span| &span.kind == b"meta") {
        let within = boxes(bytes, meta.content.start + VERSION_BYTES..meta.content.end).flatten();
        for properties in within.filter(|span| &span.kind == b"iprp") {
            let containers = boxes(bytes, properties.content).flatten();
            for container in containers.filter(|span| &span.kind == b"ipco") {
                for property in boxes(bytes, container.content).flatten() {
                    let content = bytes.get(property.content).unwrap_or_default();
                    match &property.kind {
                        b"ispe" => largest = largest.max(extent(content)),
                        b"clap" => aperture = aperture.or(clean_aperture(content)),
                        // Quarters of a turn.
                        b"irot" => is_turned |= content.first().is_some_and(|turns| turns % 2 == 1),
                        _ => {}
                    }
                }
            }
        }
    }
    let (_, width, height) = largest?;
    let (width, height) = aperture.filter(|cut| cut.0 <= width && cut.1 <= height).unwrap_or((width, height));
    Some(if is_turned { (height, width) } else { (width, height) })
}

/// How many pixels, how many from left to right, and how many from top to bottom.
fn extent(content: &[u8]) -> Option<(u64, u32, u32)> {
    let mut reader = Reader::new(content);
    reader.array::<VERSION_BYTES>().ok()?;
    let (width, height) = (reader.array().ok()?, reader.array().ok()?);
    let (width, height) = (u32::from_be_bytes(width), u32::from_be_bytes(height));
    (width > 0 && height > 0).then_some((u64::from(width) * u64::from(height), width, height))
}

/// What of it is shown: width and height, each a fraction.
fn clean_aperture(content: &[u8]) -> Option<(u32, u32)> {
    let mut reader = Reader::new(content);
    let mut side = || {
        let (part, whole) = (reader.array().ok()?, reader.array().ok()?);
        u32::from_be_bytes(part).checked_div(u32::from_be_bytes(whole)).filter(|pixels| *pixels > 0)
    };
    Some((side()?, side()?))
}
