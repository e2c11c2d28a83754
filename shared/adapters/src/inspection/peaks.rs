//! How loud a sound is over its length, gathered while it is decoded.

/// The most bars of a waveform, which is as many as a phone shows.
const MAX_BARS: usize = 64;

/// So many windows a second, of each of which the loudest moment is kept.
const WINDOWS_PER_SECOND: u32 = 20;

/// What is quieter than this is silence.
const SILENCE: f32 = 0.001;

/// The loudest moment of each window, and how many frames there were.
pub(super) struct Peaks {
    rate: u32,
    /// So many frames are still to be passed over.
    delay: u32,
    window: u32,
    in_window: u32,
    loudest: f32,
    windows: Vec<f32>,
    frames: u64,
}

impl Peaks {
    /// Listens to so many frames a second, of which the first are no part of the sound.
    pub(super) fn new(rate: u32, delay: u32) -> Self {
        let window = (rate / WINDOWS_PER_SECOND).max(1);
        Self { rate: rate.max(1), delay, window, in_window: 0, loudest: 0.0, windows: Vec::new(), frames: 0 }
    }

    /// Takes interleaved samples.
    pub(super) fn hear(&mut self, samples: &[f32], channels: usize) {
        for frame in samples.chunks_exact(channels.max(1)) {
            if self.delay > 0 {
                self.delay -= 1;
                continue;
            }
            self.frames += 1;
            self.in_window += 1;
            self.loudest = frame.iter().fold(self.loudest, |loudest, sample| loudest.max(sample.abs()));
            if self.in_window == self.window {
                self.close();
            }
        }
    }

    fn close(&mut self) {
        self.windows.push(self.loudest.min(1.0));
        (self.in_window, self.loudest) = (0, 0.0);
    }

    /// How long what was heard is.
    pub(super) fn duration_ms(&self) -> u64 {
        self.frames.saturating_mul(1_000) / u64::from(self.rate)
    }

    /// The loudest moment of each part of the sound, 255 where it is as loud as it gets.
    pub(super) fn waveform(mut self) -> Vec<u8> {
        if self.in_window > 0 {
            self.close();
        }
        let bars = self.windows.len().min(MAX_BARS);
        let loudest = self.windows.iter().copied().fold(0.0, f32::max);
        let bar = |index: usize| {
            let (from, to) = (index * self.windows.len() / bars, (index + 1) * self.windows.len() / bars);
            let peak = self.windows.get(from..to)?.iter().copied().fold(0.0, f32::max);
            if loudest < SILENCE { Some(0) } else { Some(byte(peak / loudest)) }
        };
        (0..bars).filter_map(bar).collect()
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of one, of 255")]
fn byte(share: f32) -> u8 {
    (share * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loudest_bar_is_full_and_silence_is_flat() {
        let mut peaks = Peaks::new(1_000, 10);
        peaks.hear(&vec![0.1; 510], 1);
        peaks.hear(&vec![-0.4; 500], 1);
        assert_eq!(peaks.duration_ms(), 1_000);
        let waveform = peaks.waveform();
        assert_eq!((waveform.len(), waveform[0], waveform[19]), (20, 64, 255));

        let mut peaks = Peaks::new(8_000, 0);
        peaks.hear(&vec![f32::NAN; 160_000], 2);
        assert_eq!(peaks.duration_ms(), 10_000);
        assert_eq!(peaks.waveform(), [0; MAX_BARS]);
        assert!(Peaks::new(0, 0).waveform().is_empty());
    }
}
