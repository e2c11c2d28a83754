//! Witnesses: sockets that only listen, as a plain client's does. What is said while one is open it has to hear, without asking for anything.

use std::collections::{BTreeMap, BTreeSet};

use parlance_client::protocol::{event::EventFrame, frame::ServerFrame, ids::ConversationId};
use parlance_domain::ids::{ConnectionId, UserId};

use super::{backstage::End, world::World};

/// How many there are in a world; each user may have only so many sockets.
const MOST: usize = 8;

/// How many milliseconds may pass before a socket is open that `$connect` let in. Until then every post finds it gone.
const OPENING: usize = 300;

/// A socket that only listens.
pub struct Witness {
    user: UserId,
    /// Where each log ended when it was opened; nothing before that.
    since: Option<BTreeMap<ConversationId, u64>>,
    heard: BTreeSet<(ConversationId, u64)>,
}

impl World {
    /// Somebody opens one.
    pub(super) fn call_a_witness(&mut self) {
        if self.witnesses.len() >= MOST {
            return;
        }
        let user = self.devices[self.random.index(self.devices.len())].user.clone();
        let connection = format!("w{}=", self.witnesses.len());
        let witness = Witness { user: user.clone(), since: None, heard: BTreeSet::new() };
        self.witnesses.insert(connection.clone(), witness);
        let (host, gateway) = (self.host(), self.server.outsides.gateway.clone());
        let (clock, opening) = (self.clock.clone(), self.within(OPENING));
        self.tasks.start(async move {
            if host.handshake(&user, &connection).await != Some(200) {
                return End::Nothing;
            }
            clock.pass(opening).await;
            gateway.open(ConnectionId::parse(&connection).unwrap());
            End::Witness { connection }
        });
    }

    /// It is open from now on.
    pub(super) fn witness_opened(&mut self, connection: &str) {
        let heads = self.places.iter().map(|place| (place.id, place.audit.last())).collect();
        if let Some(witness) = self.witnesses.get_mut(connection) {
            witness.since = Some(heads);
        }
    }

    /// Whether a frame was for one of them.
    pub(super) fn is_witnessed(&mut self, connection: &str, frame: &str) -> bool {
        let Some(witness) = self.witnesses.get_mut(connection) else { return false };
        let events: Vec<EventFrame> = match ServerFrame::parse(frame) {
            Some(ServerFrame::Event(event)) => vec![event],
            Some(ServerFrame::Batch(events)) => events,
            _ => Vec::new(),
        };
        witness.heard.extend(events.iter().filter_map(|event| Some((event.conversation_id?, event.seq?))));
        true
    }

    /// What was said while a witness was open, in a conversation whose member he was and stayed, and he did not hear.
    pub(super) fn unheard(&self) -> Vec<String> {
        let mut unheard = Vec::new();
        for (connection, Witness { user, since, heard }) in &self.witnesses {
            let Some(since) = since else { continue };
            for place in &self.places {
                let since = since[&place.id];
                let joined = place.audit.roster().member(user).map(|member| member.participant.joined.get());
                if joined.is_none_or(|joined| joined > since) {
                    continue;
                }
                let missing =
                    (since + 1..=place.audit.last()).filter(|seq| !heard.contains(&(place.id, *seq)));
                unheard.extend(
                    missing.map(|seq| format!("{connection} of {user} did not hear {seq} of {}", place.id)),
                );
            }
        }
        unheard
    }
}
