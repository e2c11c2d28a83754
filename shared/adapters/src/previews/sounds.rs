//! Sounds: how long they are, and how loud over their length.

use std::{io::Cursor, time::Instant};

use parlance_application::ports::previews::Previewed;
use parlance_domain::attachment::MediaFacts;
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
    opus::{self, Opus},
    peaks::Peaks,
};

/// A file of which so many packets are broken is not what it claims.
const MAX_BROKEN_PACKETS: u32 = 200;

/// Decodes the file's first sound, in one of the formats that browsers and phones make.
pub(super) fn preview(bytes: &[u8], deadline: Instant) -> Option<Previewed> {
    let source = Box::new(Cursor::new(bytes));
    let stream = MediaSourceStream::new(source, MediaSourceStreamOptions::default());
    let (format, metadata) = (FormatOptions::default(), MetadataOptions::default());
    let mut format = symphonia::default::get_probe().probe(&Hint::new(), stream, format, metadata).ok()?;
    let track = format.default_track(TrackType::Audio)?.clone();
    let heard = listen(format.as_mut(), &track, deadline)?;
    let (duration_ms, waveform) = match heard {
        Heard::All(peaks) => (peaks.duration_ms(), Some(peaks.waveform())),
        Heard::TooMuch => (claimed_duration_ms(&track)?, None),
    };
    let facts = MediaFacts { duration_ms: Some(duration_ms), waveform, ..MediaFacts::default() };
    Some(Previewed { facts, thumbnail: None })
}

enum Heard {
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
fn listen(format: &mut dyn FormatReader, track: &Track, deadline: Instant) -> Option<Heard> {
    let mut decoder = Decoder::of(track)?;
    let delay = decoder.delay(track);
    let (mut peaks, mut samples, mut broken) = (None, Vec::new(), 0);
    while let Ok(Some(packet)) = format.next_packet() {
        if Instant::now() >= deadline {
            return Some(Heard::TooMuch);
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
            return None;
        }
    }
    peaks.map(Heard::All)
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
