//! What a clean file turned out to hold, where it is a picture or a recording.

/// What was found in a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MediaFacts {
    /// The picture's size as it is shown, its orientation applied.
    pub dimensions: Option<Dimensions>,
    /// How long the recording lasts, in milliseconds.
    pub duration_ms: Option<u64>,
    /// A handful of colours to show until the picture has come.
    pub blurhash: Option<String>,
    /// The recording's peaks, evenly spaced over its length, 0 to 255.
    pub waveform: Option<Vec<u8>>,
    /// The size of the small picture that was made of it, where one was.
    pub thumbnail: Option<Dimensions>,
}

/// The size of a picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dimensions {
    /// From left to right.
    pub width: u32,
    /// From top to bottom.
    pub height: u32,
}

impl MediaFacts {
    /// Whether there is a small picture of it.
    pub const fn has_thumbnail(&self) -> bool {
        self.thumbnail.is_some()
    }
}
