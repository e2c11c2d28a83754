//! The test signature of the European Institute for Computer Antivirus Research, wherever it stands in a stream.

/// What the signature is called.
pub(super) const NAME: &str = "EICAR-Test-File (not a virus)";

/// Halves of the signature: whole, it would have this very file put away by scanners.
const HALVES: [&[u8]; 2] = [b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-", b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"];

/// Looks for the signature in what it is fed, in pieces of any size.
pub(super) struct Finder {
    wanted: Vec<u8>,
    /// The end of what came before, shorter than the signature.
    tail: Vec<u8>,
    is_found: bool,
}

impl Finder {
    pub(super) fn new() -> Self {
        Self { wanted: HALVES.concat(), tail: Vec::new(), is_found: false }
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let keep = self.wanted.len() - 1;
        let mut seam = std::mem::take(&mut self.tail);
        seam.extend(bytes.iter().take(keep));
        self.is_found |= holds(&seam, &self.wanted) || holds(bytes, &self.wanted);
        let end = if bytes.len() >= keep { bytes } else { &seam };
        self.tail = end.iter().skip(end.len().saturating_sub(keep)).copied().collect();
    }

    pub(super) const fn is_found(&self) -> bool {
        self.is_found
    }
}

fn holds(text: &[u8], wanted: &[u8]) -> bool {
    let Some(first) = wanted.first() else { return true };
    let mut rest = text;
    while let Some((_, from)) =
        rest.iter().position(|byte| byte == first).and_then(|at| rest.split_at_checked(at))
    {
        if from.starts_with(wanted) {
            return true;
        }
        rest = from.split_first().map_or(&[][..], |(_, after)| after);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_found_wherever_pieces_are_cut() {
        let signature = HALVES.concat();
        let text = [b"xX5O!", &signature[..], b"tail"].concat();
        for size in 1..text.len() {
            let mut finder = Finder::new();
            text.chunks(size).for_each(|piece| finder.feed(piece));
            assert!(finder.is_found(), "pieces of {size}");
        }
        let mut finder = Finder::new();
        finder.feed(&signature[1..]);
        finder.feed(&signature[..signature.len() - 1]);
        finder.feed(b"H+X");
        assert!(!finder.is_found());
    }
}
