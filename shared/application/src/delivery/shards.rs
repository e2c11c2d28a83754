//! Which channel a conversation's events go through, and which relay serves a channel.

use parlance_domain::ids::{ConversationId, RelayId};
use sha2::{Digest, Sha256};

/// How many channels there are.
pub const SHARDS: u8 = 64;

/// The channel of a conversation's events, by the hash that its id mostly is already.
pub fn shard_of(conversation: ConversationId) -> u8 {
    let sum = Sha256::digest(conversation.as_bytes());
    sum.iter().next().copied().unwrap_or_default() % SHARDS
}

/// The channels that `own` serves among the relays that are alive: rendezvous hashing, so that a relay which comes or goes moves only
/// its own share. Two relays that see different sets for a moment may both serve a channel, which costs repeated frames and no more.
pub fn owned_shards(own: &RelayId, alive: &[RelayId]) -> Vec<u8> {
    (0..SHARDS)
        .filter(|shard| {
            let weight = weight(own, *shard);
            alive.iter().all(|other| other == own || weight > self::weight(other, *shard))
        })
        .collect()
}

fn weight(relay: &RelayId, shard: u8) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([shard]);
    hash.update(relay.as_str());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relays(names: &[&str]) -> Vec<RelayId> {
        names.iter().map(|name| RelayId::parse(name).unwrap()).collect()
    }

    #[test]
    fn every_shard_has_exactly_one_owner() {
        let alive = relays(&["one", "two", "three"]);
        let mut owners = vec![0; usize::from(SHARDS)];
        for relay in &alive {
            for shard in owned_shards(relay, &alive) {
                owners[usize::from(shard)] += 1;
            }
        }
        assert!(owners.iter().all(|owners| *owners == 1), "{owners:?}");
    }

    #[test]
    fn a_relay_that_leaves_moves_only_its_own_shards() {
        let (before, after) = (relays(&["one", "two", "three"]), relays(&["one", "two"]));
        for relay in &after {
            let kept = owned_shards(relay, &after);
            assert!(owned_shards(relay, &before).iter().all(|shard| kept.contains(shard)));
        }
    }
}
