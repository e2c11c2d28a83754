//! Replies, and how RESP2 and RESP3 spell them.

use bytes::{BufMut, Bytes, BytesMut};

/// The version of the protocol that a connection speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Protocol {
    /// What every connection begins with.
    #[default]
    Resp2,
    /// What `HELLO 3` asks for.
    Resp3,
}

/// What a command answers.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reply {
    /// A word of the protocol, such as `OK`.
    Simple(&'static str),
    /// An error, its code first.
    Error(String),
    /// A number.
    Integer(i64),
    /// A sorted set's score: RESP2 has only text for it.
    Double(f64),
    /// Bytes.
    Bulk(Bytes),
    /// Nothing.
    Nil,
    /// Several replies.
    Array(Vec<Reply>),
    /// Distinct members: an array in RESP2.
    Set(Vec<Reply>),
    /// Keys with their values: a flat array in RESP2.
    Map(Vec<(Reply, Reply)>),
    /// Members with their scores: pairs in RESP3, one after the other in RESP2.
    Scored(Vec<(Bytes, f64)>),
    /// What no request asked for: an array in RESP2.
    Push(Vec<Reply>),
}

impl Reply {
    /// `OK`.
    pub(super) const OK: Self = Self::Simple("OK");

    /// A number of things.
    pub(super) fn count(count: usize) -> Self {
        Self::Integer(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// Yes or no as 1 or 0.
    pub(super) fn flag(yes: bool) -> Self {
        Self::Integer(i64::from(yes))
    }

    /// The bytes, or nothing.
    pub(super) fn optional(bytes: Option<Bytes>) -> Self {
        bytes.map_or(Self::Nil, Self::Bulk)
    }

    /// Text as bytes.
    pub(super) fn text(text: &str) -> Self {
        Self::Bulk(Bytes::copy_from_slice(text.as_bytes()))
    }

    /// Appends the reply as the protocol spells it.
    pub(super) fn encode(&self, protocol: Protocol, out: &mut BytesMut) {
        let resp3 = protocol == Protocol::Resp3;
        match self {
            Self::Simple(word) => line(out, b'+', word),
            Self::Error(message) => line(out, b'-', &message.replace(['\r', '\n'], " ")),
            Self::Integer(number) => line(out, b':', &number.to_string()),
            Self::Double(number) if resp3 => line(out, b',', &score(*number)),
            Self::Double(number) => bulk(out, score(*number).as_bytes()),
            Self::Bulk(bytes) => bulk(out, bytes),
            Self::Nil if resp3 => out.put_slice(b"_\r\n"),
            Self::Nil => out.put_slice(b"$-1\r\n"),
            Self::Array(items) => sequence(out, b'*', items, protocol),
            Self::Set(items) => sequence(out, if resp3 { b'~' } else { b'*' }, items, protocol),
            Self::Push(items) => sequence(out, if resp3 { b'>' } else { b'*' }, items, protocol),
            Self::Scored(pairs) => {
                line(out, b'*', &(if resp3 { pairs.len() } else { pairs.len() * 2 }).to_string());
                for (member, score) in pairs {
                    if resp3 {
                        line(out, b'*', "2");
                    }
                    bulk(out, member);
                    Self::Double(*score).encode(protocol, out);
                }
            }
            Self::Map(pairs) => {
                let (mark, length) = if resp3 { (b'%', pairs.len()) } else { (b'*', pairs.len() * 2) };
                line(out, mark, &length.to_string());
                for (key, value) in pairs {
                    key.encode(protocol, out);
                    value.encode(protocol, out);
                }
            }
        }
    }
}

fn line(out: &mut BytesMut, mark: u8, text: &str) {
    out.reserve(text.len() + 3);
    out.put_u8(mark);
    out.put_slice(text.as_bytes());
    out.put_slice(b"\r\n");
}

fn bulk(out: &mut BytesMut, bytes: &[u8]) {
    line(out, b'$', &bytes.len().to_string());
    out.reserve(bytes.len() + 2);
    out.put_slice(bytes);
    out.put_slice(b"\r\n");
}

fn sequence(out: &mut BytesMut, mark: u8, items: &[Reply], protocol: Protocol) {
    line(out, mark, &items.len().to_string());
    for item in items {
        item.encode(protocol, out);
    }
}

/// A score as Redis prints it: the shortest text that reads back as the same number.
fn score(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "inf".into() } else { "-inf".into() };
    }
    let magnitude = number.abs();
    if magnitude != 0.0 && !(1e-5..1e17).contains(&magnitude) {
        let text = format!("{number:e}");
        return match text.split_once('e') {
            Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
            _ => text,
        };
    }
    number.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(reply: &Reply, protocol: Protocol) -> String {
        let mut out = BytesMut::new();
        reply.encode(protocol, &mut out);
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn each_protocol_has_its_own_spelling() {
        let map = Reply::Map(vec![(Reply::text("a"), Reply::Double(1.5))]);
        assert_eq!(spelled(&map, Protocol::Resp2), "*2\r\n$1\r\na\r\n$3\r\n1.5\r\n");
        assert_eq!(spelled(&map, Protocol::Resp3), "%1\r\n$1\r\na\r\n,1.5\r\n");
        assert_eq!(spelled(&Reply::Nil, Protocol::Resp2), "$-1\r\n");
        assert_eq!(spelled(&Reply::Nil, Protocol::Resp3), "_\r\n");
        let push = Reply::Push(vec![Reply::Integer(1)]);
        assert_eq!(spelled(&push, Protocol::Resp2), "*1\r\n:1\r\n");
        assert_eq!(spelled(&push, Protocol::Resp3), ">1\r\n:1\r\n");
    }

    #[test]
    fn an_error_stays_on_one_line() {
        assert_eq!(spelled(&Reply::Error("ERR a\r\nb".into()), Protocol::Resp2), "-ERR a  b\r\n");
    }

    #[test]
    fn scores_are_printed_as_redis_prints_them() {
        for (number, text) in [
            (3.0, "3"),
            (-0.5, "-0.5"),
            (1_763_856_000.123, "1763856000.123"),
            (f64::INFINITY, "inf"),
            (1e20, "1e+20"),
        ] {
            assert_eq!(score(number), text);
        }
    }
}
