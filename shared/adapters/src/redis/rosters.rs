//! The rosters that this process decoded last: a cached roster is decoded again only when its bytes have changed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use parlance_domain::{head::Seq, ids::ConversationId, roster::Roster};

use super::codec::decode_roster;

/// So many conversations are remembered; one more, and all are forgotten.
const CAPACITY: usize = 512;

#[derive(Debug, Default)]
pub(super) struct DecodedRosters {
    rosters: Mutex<HashMap<ConversationId, Decoded>>,
}

#[derive(Debug)]
struct Decoded {
    bytes: Vec<u8>,
    version: Seq,
    roster: Arc<Roster>,
}

impl DecodedRosters {
    pub(super) fn decode(&self, conversation: ConversationId, bytes: Vec<u8>) -> Option<(Seq, Arc<Roster>)> {
        let mut rosters = self.rosters.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = rosters.get(&conversation).filter(|known| known.bytes == bytes) {
            return Some((known.version, Arc::clone(&known.roster)));
        }
        let (version, roster) = decode_roster(&bytes)?;
        let roster = Arc::new(roster);
        if rosters.len() >= CAPACITY {
            rosters.clear();
        }
        rosters.insert(conversation, Decoded { bytes, version, roster: Arc::clone(&roster) });
        Some((version, roster))
    }
}
