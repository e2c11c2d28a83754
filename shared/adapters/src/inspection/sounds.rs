//! Recordings: whether they are whole and nothing else, how long they are, and how loud over their length.

use std::{io::Cursor, time::Instant};

use memchr::memmem;
use parlance_application::ports::inspection::Examination;
use parlance_domain::attachment::{ContentType, MediaFacts, Reason};
use symphonia::core::{
    audio::Channels,
    codecs::audio::{AudioDecoder, AudioDecoderOptions, well_known::CODEC_ID_OPUS},
    errors::Error,
    formats::{FormatOptions, FormatReader, Track, TrackType, probe::Hint},
    io::{MediaSourceStream, MediaSourceStreamOptions},
    meta::MetadataOptions,
    packet::Packet,
};

use super::{
    archive, disguised_or_damaged, is_something_else,
    opus::{self, Opus},
    page,
    peaks::Peaks,
};

/// Where a sound in RIFF says how long it is, and from where on that is no length: almost 2 GiB.
const HEAD_BYTES: usize = 4 * 1024;
const ENDLESS: u32 = 0x7fff_fc00;

/// A file of which so many packets are broken is not what it claims.
const MAX_BROKEN_PACKETS: u32 = 200;

/// The types whose bytes are known: what claims one of them, and is none of them, is no recording.
const KNOWN: [&str; 19] = [
    "audio/aac",
    "audio/aacp",
    "audio/flac",
    "audio/m4a",
    "audio/mp3",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg",
    "audio/opus",
    "audio/vnd.wave",
    "audio/vorbis",
    "audio/wav",
    "audio/wave",
    "audio/webm",
    "audio/x-aac",
    "audio/x-flac",
    "audio/x-m4a",
    "audio/x-mp3",
    "audio/x-wav",
];

/// Looks at a file that claims to be a recording, in one of the forms that browsers and phones make; of another form nothing is known, and it is
/// handed out unless it is plainly something else.
pub(super) fn examine(
    content_type: &ContentType,
    bytes: &[u8],
    deadline: Instant,
) -> Result<Examination, Reason> {
    if archive::is_archive(bytes) || page::holds_page(bytes) {
        return Err(Reason::Disguised);
    }
    let Some(mut format) = probed(bytes) else {
        return if KNOWN.contains(&content_type.as_str()) {
            Err(disguised_or_damaged(bytes))
        } else if is_something_else(bytes) {
            Err(Reason::Disguised)
        } else {
            Ok(Examination::default())
        };
    };
    let track = format.default_track(TrackType::Audio).cloned().ok_or(Reason::Damaged)?;
    let claimed_ms = claimed_duration_ms(&track).filter(|_| !is_streamed(bytes));
    let facts = match listen(format.as_mut(), &track, deadline)? {
        Heard::Nothing => return Ok(Examination::default()),
        Heard::TooMuch => MediaFacts { duration_ms: claimed_ms, ..MediaFacts::default() },
        Heard::All(peaks) => {
            let duration_ms = peaks.duration_ms();
            if claimed_ms.is_some_and(|claimed| breaks_off(duration_ms, claimed)) {
                return Err(Reason::Damaged);
            }
            MediaFacts {
                duration_ms: Some(duration_ms),
                waveform: Some(peaks.waveform()),
                ..MediaFacts::default()
            }
        }
    };
    let media = facts.duration_ms.is_some().then_some(facts);
    Ok(Examination { media, ..Examination::default() })
}

/// The container, if it is one of those that are known. By themselves the decoders would look for a sound behind whatever comes first.
fn probed(bytes: &[u8]) -> Option<Box<dyn FormatReader + '_>> {
    if !begins_as_sound(bytes) {
        return None;
    }
    let stream = MediaSourceStream::new(Box::new(Cursor::new(bytes)), MediaSourceStreamOptions::default());
    let (format, metadata) = (FormatOptions::default(), MetadataOptions::default());
    symphonia::default::get_probe().probe(&Hint::new(), stream, format, metadata).ok()
}

/// Whether it begins as one of the containers that are known, or with a frame of AAC or MP3.
fn begins_as_sound(bytes: &[u8]) -> bool {
    const MARKS: [&[u8]; 5] = [b"OggS", b"fLaC", b"RIFF", b"ID3", b"\x1a\x45\xdf\xa3"];
    const BOXES: [&[u8]; 7] = [b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide"];
    MARKS.iter().any(|mark| bytes.starts_with(mark))
        || matches!(bytes, [0xff, 0xe0..=0xff, ..])
        || bytes.get(4..8).is_some_and(|kind| BOXES.contains(&kind))
}

/// Whether so much is missing that it is no rounding.
const fn breaks_off(heard_ms: u64, claimed_ms: u64) -> bool {
    heard_ms + claimed_ms / 20 + 500 < claimed_ms
}

/// A sound in RIFF whose writer did not know how long it would be, and says nothing, or everything.
fn is_streamed(bytes: &[u8]) -> bool {
    let size_at =
        |at: usize| bytes.get(at..).and_then(<[u8]>::first_chunk).map(|size| u32::from_le_bytes(*size));
    let head = bytes.get(..HEAD_BYTES).unwrap_or(bytes);
    let data = memmem::find(head, b"data").and_then(|at| size_at(at + 4));
    bytes.starts_with(b"RIFF")
        && (size_at(4).is_some_and(|size| size == 0 || size >= ENDLESS)
            || data.is_some_and(|size| size >= ENDLESS))
}

enum Heard {
    /// It is of a kind that no decoder here knows.
    Nothing,
    /// Everything that there is.
    All(Peaks),
    /// More than there was time for.
    TooMuch,
}

enum Decoder {
    Opus(Box<Opus>),
    Other(Box<dyn AudioDecoder>),
}

/// Decodes packet after packet; broken ones are passed over, and where the file breaks off, the sound ends.
fn listen(format: &mut dyn FormatReader, track: &Track, deadline: Instant) -> Result<Heard, Reason> {
    let Some(mut decoder) = Decoder::of(track) else { return Ok(Heard::Nothing) };
    let delay = decoder.delay(track);
    let (mut peaks, mut samples, mut broken) = (None, Vec::new(), 0);
    while let Ok(Some(packet)) = format.next_packet() {
        if Instant::now() >= deadline {
            return Ok(Heard::TooMuch);
        }
        if packet.track_id != track.id {
            continue;
        }
        match decoder.decode(&packet, delay, &mut peaks, &mut samples) {
            Decoded::Heard => {}
            Decoded::Broken => broken += 1,
            Decoded::Over => break,
        }
        if broken > MAX_BROKEN_PACKETS {
            return Err(Reason::Damaged);
        }
    }
    peaks.map(Heard::All).ok_or(Reason::Damaged)
}

enum Decoded {
    Heard,
    Broken,
    Over,
}

impl Decoder {
    fn of(track: &Track) -> Option<Self> {
        let parameters = track.codec_params.as_ref()?.audio()?;
        if parameters.codec == CODEC_ID_OPUS {
            let channels = parameters.channels.as_ref().map_or(1, Channels::count);
            return Opus::new(channels).map(|opus| Self::Opus(Box::new(opus)));
        }
        let codecs = symphonia::default::get_codecs();
        codecs.make_audio_decoder(parameters, &AudioDecoderOptions::default()).ok().map(Self::Other)
    }

    /// How many frames an encoder put in front, where its decoder leaves them there.
    fn delay(&self, track: &Track) -> u32 {
        match self {
            Self::Opus(_) => track.delay.unwrap_or(0),
            Self::Other(_) => 0,
        }
    }

    fn decode(
        &mut self,
        packet: &Packet,
        delay: u32,
        peaks: &mut Option<Peaks>,
        samples: &mut Vec<f32>,
    ) -> Decoded {
        match self {
            Self::Opus(opus) => {
                let peaks = peaks.get_or_insert_with(|| Peaks::new(opus::RATE, delay));
                if opus.decode(&packet.data, peaks) { Decoded::Heard } else { Decoded::Broken }
            }
            Self::Other(decoder) => match decoder.decode(packet) {
                Ok(sound) => {
                    let (rate, channels) = (sound.spec().rate(), sound.num_planes());
                    sound.copy_to_vec_interleaved(samples);
                    peaks.get_or_insert_with(|| Peaks::new(rate, delay)).hear(samples, channels);
                    Decoded::Heard
                }
                Err(Error::DecodeError(_) | Error::IoError(_)) => Decoded::Broken,
                Err(_) => Decoded::Over,
            },
        }
    }
}

/// What the file says of its own length.
fn claimed_duration_ms(track: &Track) -> Option<u64> {
    let duration = track.time_base?.calc_duration(track.duration?)?;
    u64::try_from(duration.as_millis()).ok()
}
