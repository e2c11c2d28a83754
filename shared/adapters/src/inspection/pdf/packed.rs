//! Unpacks object streams, within bounds.

use flate2::{Decompress, FlushDecompress, Status};

use super::names;
use parlance_domain::attachment::Reason;

/// How much all object streams of a file may hold.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// Nothing honest shrinks to less than this part, once it is large.
const HIGHEST_RATIO: usize = 200;
const LARGE_BYTES: usize = 1024 * 1024;

const CHUNK_BYTES: usize = 64 * 1024;

/// How a stream is packed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Filter {
    #[default]
    None,
    Flate,
    /// In a way, or in several, that no writer uses for objects.
    Other,
}

impl Filter {
    pub(super) fn of_name(name: &[u8]) -> Self {
        if names::is(name, b"FlateDecode") || names::is(name, b"Fl") { Self::Flate } else { Self::Other }
    }

    /// If it is named twice, readers differ about which one holds.
    pub(super) fn and(self, second: Self) -> Self {
        if self == Self::None || self == second { second } else { Self::Other }
    }
}

/// Unpacks one stream after the other into the same memory.
pub(super) struct Unpacker {
    inflater: Decompress,
    chunk: Vec<u8>,
    text: Vec<u8>,
    /// How much may still come out, and go in. Streams do not overlap, so honest ones are read once.
    left_out: usize,
    left_in: usize,
}

impl Unpacker {
    pub(super) fn new(most_read_bytes: usize) -> Self {
        Self {
            inflater: Decompress::new(true),
            chunk: vec![0; CHUNK_BYTES],
            text: Vec::new(),
            left_out: MOST_BYTES,
            left_in: most_read_bytes,
        }
    }

    /// Unpacks what begins here, and ends where it says itself; returns what came out even if it broke.
    pub(super) fn inflate(&mut self, data: &[u8]) -> (&[u8], Result<(), Reason>) {
        self.inflater.reset(true);
        self.text.clear();
        let result = self.fill(data);
        (&self.text, result)
    }

    fn fill(&mut self, mut data: &[u8]) -> Result<(), Reason> {
        let mut read = 0_usize;
        loop {
            let before = (self.inflater.total_in(), self.inflater.total_out());
            let chunk = data.get(..CHUNK_BYTES).unwrap_or(data);
            let status = self.inflater.decompress(chunk, &mut self.chunk, FlushDecompress::None);
            let consumed = difference(before.0, self.inflater.total_in());
            let produced = difference(before.1, self.inflater.total_out());
            read += consumed;
            data = data.get(consumed..).unwrap_or_default();
            self.left_in = self.left_in.checked_sub(consumed).ok_or(Reason::Bomb)?;
            self.left_out = self.left_out.checked_sub(produced).ok_or(Reason::Bomb)?;
            self.text.extend_from_slice(self.chunk.get(..produced).unwrap_or_default());
            if self.text.len() > LARGE_BYTES && self.text.len() / HIGHEST_RATIO > read {
                return Err(Reason::Bomb);
            }
            match status {
                Ok(Status::StreamEnd) => return Ok(()),
                Ok(Status::Ok | Status::BufError) if produced + consumed > 0 => {}
                Ok(_) | Err(_) => return Err(Reason::Damaged),
            }
        }
    }
}

/// No more than a chunk has.
fn difference(before: u64, after: u64) -> usize {
    usize::try_from(after - before).unwrap_or(CHUNK_BYTES)
}
