//! Files as telephones, programs and strangers write them, for tests that send them through the whole. More of each kind lies beside the adapters' tests.

/// A photograph that names the place where it was taken and a "Tattletale", in EXIF and in XMP, with an archive behind its end.
pub mod photograph {
    /// In JPEG.
    pub const JPEG: &[u8] = include_bytes!("../../adapters/tests/pictures/phone.jpg");
    /// In PNG.
    pub const PNG: &[u8] = include_bytes!("../../adapters/tests/pictures/phone.png");
    /// In WebP.
    pub const WEBP: &[u8] = include_bytes!("../../adapters/tests/pictures/phone.webp");
    /// In HEIC.
    pub const HEIC: &[u8] = include_bytes!("../../adapters/tests/pictures/phone.heic");
}

/// Documents in PDF.
pub mod pdf {
    /// In which nothing runs.
    pub const PLAIN: &[u8] = include_bytes!("../../adapters/tests/documents/clean-reportlab.pdf");
    /// That runs a script when it is opened.
    pub const SCRIPTED: &[u8] = include_bytes!("../../adapters/tests/documents/script-open-action.pdf");
    /// Whose objects are locked.
    pub const LOCKED: &[u8] =
        include_bytes!("../../adapters/tests/documents/encrypted-aes-object-streams.pdf");
}
