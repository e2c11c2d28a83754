//! Requests as they come off the wire: arrays of bulk strings, or a line of words.
//!
//! Read here and not by the crate `redis-protocol`: its decoder follows nested arrays by recursion, and 200,000 of them
//! in 800 KB end the process. Requests are flat, so nothing is lost.

use bytes::{Buf, Bytes, BytesMut};

/// The longest line: an inline command, or the head of an array or a bulk string.
const LONGEST_LINE: usize = 64 * 1024;

/// The most words of one command.
const MOST_WORDS: usize = 1024 * 1024;

/// The longest word, in bytes.
const LONGEST_WORD: usize = 64 * 1024 * 1024;

/// The bytes are no request; the connection ends after the client was told.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable(pub(super) String);

/// Takes the next request off the buffer; `None` until it is whole. An empty one is to be passed over.
pub(super) fn take(buffer: &mut BytesMut) -> Result<Option<Vec<Bytes>>, Unreadable> {
    match buffer.first() {
        None => Ok(None),
        Some(b'*') => array(buffer),
        Some(_) => inline(buffer),
    }
}

fn inline(buffer: &mut BytesMut) -> Result<Option<Vec<Bytes>>, Unreadable> {
    let Some(end) = buffer.iter().position(|byte| *byte == b'\n') else {
        return match buffer.len() {
            0..=LONGEST_LINE => Ok(None),
            _ => Err(Unreadable("too big inline request".into())),
        };
    };
    let line = buffer.split_to(end + 1).freeze();
    let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    Ok(Some(words.map(Bytes::copy_from_slice).collect()))
}

fn array(buffer: &mut BytesMut) -> Result<Option<Vec<Bytes>>, Unreadable> {
    let mut rest: &[u8] = buffer;
    let Some(count) = head(&mut rest, "too big mbulk count string")? else { return Ok(None) };
    let count = match count.number {
        Some(..=0) => 0,
        Some(count) => usize::try_from(count).unwrap_or(usize::MAX),
        None => usize::MAX,
    };
    if count > MOST_WORDS {
        return Err(Unreadable("invalid multibulk length".into()));
    }
    let mut spans = Vec::with_capacity(count.min(64));
    for _ in 0..count {
        match rest.first() {
            None => return Ok(None),
            Some(b'$') => {}
            Some(other) => {
                return Err(Unreadable(format!("expected '$', got '{}'", char::from(*other))));
            }
        }
        let Some(length) = head(&mut rest, "too big bulk count string")? else { return Ok(None) };
        let length = length
            .number
            .and_then(|length| usize::try_from(length).ok())
            .filter(|length| *length <= LONGEST_WORD)
            .ok_or_else(|| Unreadable("invalid bulk length".into()))?;
        let begin = buffer.len() - rest.len();
        if rest.len() < length + 2 {
            return Ok(None);
        }
        rest.advance(length + 2);
        spans.push(begin..begin + length);
    }
    let used = buffer.len() - rest.len();
    let whole = buffer.split_to(used).freeze();
    // Each word is a copy of its own: a stored value must not keep its whole request alive.
    Ok(Some(spans.into_iter().filter_map(|span| whole.get(span)).map(Bytes::copy_from_slice).collect()))
}

/// The head of an array or of a bulk string.
struct Head {
    /// What stands after its mark, if that is a number.
    number: Option<i64>,
}

/// Reads `*3\r\n` or `$5\r\n`; `None` until the line is whole.
fn head(rest: &mut &[u8], too_long: &str) -> Result<Option<Head>, Unreadable> {
    let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") else {
        return if rest.len() > LONGEST_LINE { Err(Unreadable(too_long.into())) } else { Ok(None) };
    };
    let number = rest.get(1..end).and_then(|digits| std::str::from_utf8(digits).ok());
    let number = number.and_then(|digits| digits.parse().ok());
    rest.advance(end + 2);
    Ok(Some(Head { number }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(bytes: &[u8]) -> Result<Vec<Vec<Bytes>>, Unreadable> {
        let mut buffer = BytesMut::from(bytes);
        let mut requests = Vec::new();
        while let Some(request) = take(&mut buffer)? {
            requests.push(request);
        }
        Ok(requests)
    }

    #[test]
    fn arrays_and_lines_are_read_one_after_the_other() {
        let requests =
            all(b"*2\r\n$3\r\nGET\r\n$1\r\na\r\nPING  now\r\n*0\r\n*1\r\n$0\r\n\r\n*1\r\n$4\r\nPI").unwrap();
        let expected: Vec<Vec<Bytes>> =
            vec![vec!["GET".into(), "a".into()], vec!["PING".into(), "now".into()], vec![], vec!["".into()]];
        assert_eq!(requests, expected);
    }

    #[test]
    fn what_is_no_request_is_named() {
        assert_eq!(all(b"*1\r\n+OK\r\n").unwrap_err().0, "expected '$', got '+'");
        assert_eq!(all(b"*1\r\n$-5\r\n").unwrap_err().0, "invalid bulk length");
        assert_eq!(all(b"*99999999999999999999\r\n").unwrap_err().0, "invalid multibulk length");
        assert_eq!(all(&"*1\r\n".repeat(100_000).into_bytes()).unwrap_err().0, "expected '$', got '*'");
    }

    proptest! {
        #[test]
        fn a_request_survives_being_cut_anywhere(words in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..6), cut in any::<prop::sample::Index>()) {
            let mut wire = format!("*{}\r\n", words.len()).into_bytes();
            for word in &words {
                wire.extend(format!("${}\r\n", word.len()).into_bytes());
                wire.extend(word);
                wire.extend(b"\r\n");
            }
            let cut = cut.index(wire.len());
            let mut buffer = BytesMut::from(&wire[..cut]);
            prop_assert_eq!(take(&mut buffer).unwrap(), None);
            buffer.extend_from_slice(&wire[cut..]);
            let words: Vec<Bytes> = words.into_iter().map(Bytes::from).collect();
            prop_assert_eq!(take(&mut buffer).unwrap(), Some(words));
            prop_assert!(buffer.is_empty());
        }

        #[test]
        fn rubbish_is_read_or_refused(rubbish in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = all(&rubbish);
            let mut framed = b"*".to_vec();
            framed.extend(rubbish);
            let _ = all(&framed);
        }
    }
}
