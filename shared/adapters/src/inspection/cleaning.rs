//! Takes out of an uploaded picture what is not the picture: positions, names, comments, thumbnails, what is behind its end.
//!
//! Pixel data is copied byte by byte, never encoded anew. What is kept is listed per form; all else goes, known or not.

mod exif;
mod gif;
pub mod heif;
mod jpeg;
mod png;
mod reader;
#[cfg(test)]
mod tests;
mod webp;

/// The forms that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// JPEG, baseline or progressive.
    Jpeg,
    /// PNG, also one that moves.
    Png,
    /// GIF, of either version.
    Gif,
    /// WebP, also one that moves.
    WebP,
    /// HEIC, HEIF and AVIF.
    Heif,
}

/// The brands of HEIF and AVIF, of one picture or of a sequence.
const HEIF_BRANDS: [&[u8]; 10] =
    [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"];

impl Form {
    /// Reads the form off the first bytes.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(Self::Png),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
            [s0, s1, s2, s3, b'f', b't', b'y', b'p', brands @ ..] => {
                let size = u32::from_be_bytes([*s0, *s1, *s2, *s3]) as usize;
                let (brands, _) = brands.split_at_checked(size.saturating_sub(8)).unwrap_or((brands, &[]));
                // The second word is a version.
                let mut named = brands.chunks(4).enumerate().filter(|(index, _)| *index != 1);
                named.any(|(_, brand)| HEIF_BRANDS.contains(&brand)).then_some(Self::Heif)
            }
            _ => None,
        }
    }
}

/// A cleaned picture, and what was behind its end.
#[derive(Debug, PartialEq, Eq)]
pub struct Cleaned<'b> {
    /// The picture alone; `None` where the uploaded bytes are that already.
    pub bytes: Option<Vec<u8>>,
    /// What is behind the picture's end in the uploaded file, and not in `bytes`: it may be anything.
    pub trailer: &'b [u8],
}

/// The file is not whole, or not what its first bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the picture is damaged")]
pub struct Damaged;

/// Cleans a picture whose EXIF orientation is given; where that is not 1, an EXIF block with nothing else is put in.
///
/// HEIF knows orientation as a property of the picture, GIF does not know it: there it is not looked at.
/// Takes time in proportion to the file's length, and beside the file as much memory as its length.
pub fn clean(form: Form, bytes: &[u8], orientation: u8) -> Result<Cleaned<'_>, Damaged> {
    let (picture, trailer) = match form {
        Form::Jpeg => jpeg::clean(bytes, orientation),
        Form::Png => png::clean(bytes, orientation),
        Form::Gif => gif::clean(bytes),
        Form::WebP => webp::clean(bytes, orientation),
        Form::Heif => heif::clean(bytes),
    }?;
    Ok(Cleaned { bytes: (picture != bytes).then_some(picture), trailer })
}

/// A picture's bytes, and what is behind its end.
type Split<'b> = (Vec<u8>, &'b [u8]);
