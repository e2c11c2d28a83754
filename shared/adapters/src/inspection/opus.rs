//! Opus, which browsers record and which the other decoders do not know.

use opus_decoder::OpusDecoder;

use super::peaks::Peaks;

/// What Opus is decoded to, whatever was recorded.
pub(super) const RATE: u32 = 48_000;

/// The longest packet: 120 ms.
const MAX_FRAMES: usize = 5_760;

/// A decoder of one stream with one or two channels.
pub(super) struct Opus {
    decoder: OpusDecoder,
    channels: usize,
    samples: Vec<f32>,
}

impl Opus {
    /// `None` for surround sound.
    pub(super) fn new(channels: usize) -> Option<Self> {
        let decoder = OpusDecoder::new(RATE, channels).ok()?;
        Some(Self { decoder, channels, samples: vec![0.0; MAX_FRAMES * channels] })
    }

    /// Decodes one packet; `false` if it is broken.
    pub(super) fn decode(&mut self, packet: &[u8], peaks: &mut Peaks) -> bool {
        // An empty packet asks the decoder to make something up.
        if packet.is_empty() {
            return false;
        }
        let Ok(frames) = self.decoder.decode_float(packet, &mut self.samples, false) else { return false };
        let Some(heard) = self.samples.get(..frames * self.channels) else { return false };
        peaks.hear(heard, self.channels);
        true
    }
}
