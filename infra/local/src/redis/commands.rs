//! The commands on keys: their names, how many words they take, and whether they write.

mod hashes;
mod keys;
mod numbers;
mod sets;
mod sorted_sets;
mod strings;

use bytes::Bytes;

use super::keyspace::Keyspace;
use super::reply::Reply;

/// Why a command is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The key holds another kind of value.
    WrongType,
    /// The options make no sense.
    Syntax,
    /// A word is no number.
    NotInteger,
    /// A word is no number, not even one with a fraction.
    NotFloat,
    /// Anything else, in Redis's words.
    Other(String),
}

impl Refusal {
    /// The reply that tells the client.
    pub(super) fn reply(&self) -> Reply {
        Reply::Error(match self {
            Self::WrongType => "WRONGTYPE Operation against a key holding the wrong kind of value".into(),
            Self::Syntax => "ERR syntax error".into(),
            Self::NotInteger => "ERR value is not an integer or out of range".into(),
            Self::NotFloat => "ERR value is not a valid float".into(),
            Self::Other(message) => message.clone(),
        })
    }
}

/// What a command answers.
pub(super) type Outcome = Result<Reply, Refusal>;

/// A command on keys.
#[derive(Clone, Copy)]
pub(super) struct Command {
    /// The fewest words after the name.
    fewest: usize,
    /// The most words after the name.
    most: usize,
    /// Whether it can change something.
    pub(super) writes: bool,
    run: fn(&mut Keyspace, &[Bytes]) -> Outcome,
}

impl Command {
    /// Says whether it takes that many words after its name.
    pub(super) fn takes(&self, words: usize) -> bool {
        (self.fewest..=self.most).contains(&words)
    }

    /// Runs it on the words after its name.
    pub(super) fn run(&self, keys: &mut Keyspace, words: &[Bytes]) -> Reply {
        (self.run)(keys, words).unwrap_or_else(|refusal| refusal.reply())
    }
}

/// As many words as one likes.
const ANY: usize = usize::MAX;

/// Finds a command by its name in lower case.
pub(super) fn find(name: &str) -> Option<Command> {
    type Run = fn(&mut Keyspace, &[Bytes]) -> Outcome;
    let (fewest, most, writes, run): (usize, usize, bool, Run) = match name {
        "get" => (1, 1, false, strings::get),
        "set" => (2, ANY, true, strings::set),
        "setex" => (3, 3, true, strings::setex),
        "psetex" => (3, 3, true, strings::psetex),
        "setnx" => (2, 2, true, strings::setnx),
        "getdel" => (1, 1, true, strings::getdel),
        "mget" => (1, ANY, false, strings::mget),
        "mset" => (2, ANY, true, strings::mset),
        "append" => (2, 2, true, strings::append),
        "setrange" => (3, 3, true, strings::setrange),
        "strlen" => (1, 1, false, strings::strlen),
        "incr" => (1, 1, true, numbers::incr),
        "decr" => (1, 1, true, numbers::decr),
        "incrby" => (2, 2, true, numbers::incrby),
        "decrby" => (2, 2, true, numbers::decrby),
        "del" | "unlink" => (1, ANY, true, keys::del),
        "exists" => (1, ANY, false, keys::exists),
        "type" => (1, 1, false, keys::kind),
        "expire" => (2, 3, true, keys::expire),
        "pexpire" => (2, 3, true, keys::pexpire),
        "expireat" => (2, 3, true, keys::expireat),
        "pexpireat" => (2, 3, true, keys::pexpireat),
        "persist" => (1, 1, true, keys::persist),
        "ttl" => (1, 1, false, keys::ttl),
        "pttl" => (1, 1, false, keys::pttl),
        "dbsize" => (0, 0, false, keys::dbsize),
        "flushall" | "flushdb" => (0, 1, true, keys::flush),
        "time" => (0, 0, false, keys::time),
        "hset" => (3, ANY, true, hashes::hset),
        "hsetnx" => (3, 3, true, hashes::hsetnx),
        "hget" => (2, 2, false, hashes::hget),
        "hmget" => (2, ANY, false, hashes::hmget),
        "hgetall" => (1, 1, false, hashes::hgetall),
        "hkeys" => (1, 1, false, hashes::hkeys),
        "hdel" => (2, ANY, true, hashes::hdel),
        "hlen" => (1, 1, false, hashes::hlen),
        "hexists" => (2, 2, false, hashes::hexists),
        "hincrby" => (3, 3, true, hashes::hincrby),
        "sadd" => (2, ANY, true, sets::sadd),
        "srem" => (2, ANY, true, sets::srem),
        "smembers" => (1, 1, false, sets::smembers),
        "sismember" => (2, 2, false, sets::sismember),
        "scard" => (1, 1, false, sets::scard),
        "zadd" => (3, ANY, true, sorted_sets::zadd),
        "zrem" => (2, ANY, true, sorted_sets::zrem),
        "zcard" => (1, 1, false, sorted_sets::zcard),
        "zscore" => (2, 2, false, sorted_sets::zscore),
        "zcount" => (3, 3, false, sorted_sets::zcount),
        "zrange" => (3, ANY, false, sorted_sets::zrange),
        "zrangebyscore" => (3, ANY, false, sorted_sets::zrangebyscore),
        "zremrangebyscore" => (3, 3, true, sorted_sets::zremrangebyscore),
        _ => return None,
    };
    Some(Command { fewest, most, writes, run })
}

/// The words of a command in groups of a size that its arity has promised.
fn groups<const N: usize>(words: &[Bytes]) -> Result<&[[Bytes; N]], Refusal> {
    match words.as_chunks::<N>() {
        (groups, []) => Ok(groups),
        _ => Err(Refusal::Syntax),
    }
}

/// The first words, as many as the command's arity has promised.
fn first<const N: usize>(words: &[Bytes]) -> Result<&[Bytes; N], Refusal> {
    words.first_chunk().ok_or(Refusal::Syntax)
}

/// A whole number.
fn integer(word: &[u8]) -> Result<i64, Refusal> {
    let text = std::str::from_utf8(word).map_err(|_| Refusal::NotInteger)?;
    // Redis takes one spelling of each number: no plus, no leading zero.
    let number: i64 = text.parse().map_err(|_| Refusal::NotInteger)?;
    if number.to_string() == text { Ok(number) } else { Err(Refusal::NotInteger) }
}

/// A number, infinity among them.
fn float(word: &[u8]) -> Result<f64, Refusal> {
    let text = std::str::from_utf8(word).map_err(|_| Refusal::NotFloat)?;
    text.parse().ok().filter(|number: &f64| !number.is_nan()).ok_or(Refusal::NotFloat)
}

/// An option's name, which may be written in any case.
fn option(word: &[u8]) -> String {
    String::from_utf8_lossy(word).to_ascii_lowercase()
}
