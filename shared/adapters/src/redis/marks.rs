//! Marks of what has changed in the registry of sockets, all in one string that is read by one command.
//!
//! Users fall into groups. Whoever changes a user's sockets in Redis gives his group a new random mark, after the change. So a reader
//! who finds the mark that he saw *before* he last read a user's sockets knows that they are as he read them. The string begins
//! with a mark of its own life: one that was lost and begun again, by anybody, has another, or none.

use parlance_application::ports::environment::Random;
use parlance_domain::ids::UserId;
use redis::{Pipeline, pipe};

use super::{keys::MARKS_SECONDS, link::RedisLink};

/// How many groups there are: so many that few other users are read again for one that changed.
const GROUPS: usize = 1_024;
/// The bytes of a group's mark.
const MARK_BYTES: usize = 4;
/// The bytes of the mark of a life, with which the string begins.
const LIFE_BYTES: usize = 8;

/// A group's mark in one life of the string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    life: [u8; LIFE_BYTES],
    group: [u8; MARK_BYTES],
}

/// All marks, as they were at one moment.
pub(super) struct Marks {
    bytes: Vec<u8>,
    life: [u8; LIFE_BYTES],
}

impl Marks {
    /// Reads them, and begins their life where nobody has yet. `None`: Redis did not answer.
    pub(super) async fn read(link: &RedisLink, random: &dyn Random) -> Option<Self> {
        let key = link.keys().marks();
        let (bytes,): (Option<Vec<u8>>,) = link.run(pipe().cmd("GET").arg(&key)).await?;
        let bytes = bytes.unwrap_or_default();
        let life = bytes.first_chunk().copied().unwrap_or_default();
        if life != [0; LIFE_BYTES] {
            return Some(Self { bytes, life });
        }
        let mut life = [0; LIFE_BYTES];
        life.iter_mut().zip(random.bytes()).for_each(|(to, from)| *to = from);
        let mut commands = pipe();
        set(&mut commands, &key, 0, &life);
        link.run::<()>(&commands).await?;
        Some(Self { bytes, life })
    }

    /// The mark of a user's group.
    pub(super) fn of(&self, user: &UserId) -> Mark {
        let at = place(user);
        let group = self.bytes.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
        Mark { life: self.life, group }
    }
}

/// Gives a user's group a new mark: to be sent after what has changed was sent *and answered*, since keys may live on different hosts.
pub(super) fn mark(commands: &mut Pipeline, link: &RedisLink, user: &UserId, random: &dyn Random) {
    let mut group = [0; MARK_BYTES];
    group.iter_mut().zip(random.bytes()).for_each(|(to, from)| *to = from);
    set(commands, &link.keys().marks(), place(user), &group);
}

fn set(commands: &mut Pipeline, key: &str, at: usize, bytes: &[u8]) {
    commands.cmd("SETRANGE").arg(key).arg(at).arg(bytes).ignore();
    commands.cmd("EXPIRE").arg(key).arg(MARKS_SECONDS).ignore();
}

/// Where the mark of a user's group stands: FNV-1a, since every process has to find the same place.
fn place(user: &UserId) -> usize {
    let hash = user.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let group = usize::try_from((hash ^ (hash >> 32)) % GROUPS as u64).unwrap_or_default();
    LIFE_BYTES + group * MARK_BYTES
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn users_are_spread_over_the_groups() {
        let places: BTreeSet<usize> =
            (0..2_000).map(|number| place(&UserId::parse(&format!("user-{number}")).unwrap())).collect();
        assert!(places.len() > 800, "{}", places.len());
        assert!(places.iter().all(|place| *place >= LIFE_BYTES && *place % MARK_BYTES == 0));
        assert!(places.last() <= Some(&(LIFE_BYTES + (GROUPS - 1) * MARK_BYTES)));
    }
}
