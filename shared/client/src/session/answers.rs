//! What the server sends: answers to what this client asked, and events.

use parlance_protocol::{
    event::EventFrame,
    frame::{Ack, Nack, ServerFrame},
    ids::UserId,
    message::SentMessage,
    sync::{Synced, SyncedConversation},
};
use serde_json::{Value, value::to_raw_value};

use super::{Session, SocketId};
use crate::{
    backoff::Millis,
    client::{ClientEvent, SendError, Sent},
    outbox::Refusal,
};

impl Session {
    /// A frame came on a socket.
    pub fn heard(&mut self, socket: SocketId, frame: &str, now: Millis) {
        self.links.heard(socket, now);
        self.read_frame(frame, now);
        self.settle_links();
    }

    fn read_frame(&mut self, frame: &str, now: Millis) {
        match ServerFrame::parse(frame) {
            Some(ServerFrame::Ack(ack)) => self.acknowledged(ack, now),
            Some(ServerFrame::Nack(nack)) => self.refused(nack, now),
            Some(ServerFrame::Event(event)) => self.take(event, now),
            Some(ServerFrame::Batch(events)) => {
                for event in events {
                    self.take(event, now);
                }
            }
            None => {
                self.outbox.something_failed(now);
                self.syncs.something_failed(now);
            }
        }
    }

    fn acknowledged(&mut self, ack: Ack, now: Millis) {
        let Some(id) = ack.id else { return };
        if let Some(socket) = id.strip_prefix('s').and_then(|id| id.parse().ok()) {
            self.user =
                ack.data.pointer("/user/id").and_then(Value::as_str).and_then(|id| UserId::parse(id).ok());
            if self.links.ready(socket, now, &mut self.jitter) {
                self.outbox.reconnected(now);
                self.sync(now);
                self.tell(ClientEvent::Connected);
            }
            return;
        }
        if let Some(conversations) = self.syncs.ended(&id) {
            match serde_json::from_value(ack.data) {
                Ok(synced) => {
                    self.syncs.succeeded();
                    self.synced(synced, now);
                }
                Err(_) => self.read_instead(&conversations, now),
            }
            return;
        }
        if let (Some(conversation), Some(seq)) = (ack.conversation_id, ack.seq)
            && let Some(known) = self.orders.get_mut(&conversation)
        {
            // The event of what somebody asked for over this connection does not come over it.
            known.order.expect(seq, now);
        }
        let Ok(SentMessage { message, duplicate }) = serde_json::from_value(ack.data) else { return };
        let Some(client_id) = self.outbox.acknowledged(&id, now) else { return };
        // The ack stands for the event, which this connection does not get.
        if let Ok(data) = to_raw_value(&message) {
            self.take(
                EventFrame {
                    kind: "message.created".to_owned(),
                    conversation_id: Some(message.conversation_id),
                    seq: Some(message.seq),
                    ts: Some(message.created_at),
                    data,
                },
                now,
            );
        }
        self.settle(client_id, Ok(Sent { message, duplicate }));
    }

    /// Takes what became of each conversation; what was missed has come in frames of its own, or is still on its way.
    fn synced(&mut self, synced: Synced, now: Millis) {
        for (id, one) in synced.conversations {
            let Some(known) = self.orders.get_mut(&id) else { continue };
            let ready = one.first_seq.map(|first| known.order.first_is(first, now)).unwrap_or_default();
            match (&*one.outcome, one.head_seq) {
                (SyncedConversation::RECOVERED, Some(head)) => known.order.expect(head, now),
                // Also of one that is gone: he may have joined again since, and the log knows.
                _ => known.order.read_anyway(now),
            }
            self.apply(ready, now);
        }
        for conversation in synced.new {
            self.meet(conversation, now);
        }
    }

    fn refused(&mut self, nack: Nack, now: Millis) {
        let Some(id) = nack.id else { return };
        if let Some(socket) = id.strip_prefix('s').and_then(|id| id.parse().ok()) {
            self.links.refused(socket, now, &mut self.jitter);
            self.tell(ClientEvent::Disconnected { reason: nack.error.to_string() });
            return;
        }
        if let Some(conversations) = self.syncs.ended(&id) {
            self.read_instead(&conversations, now);
            return;
        }
        match self.outbox.refused(&id, &nack.error, now, &mut self.jitter) {
            Refusal::WillRetry | Refusal::NotWaiting => {}
            Refusal::NeedsToken => self.links.renew(0, now, &mut self.jitter),
            Refusal::NeedsLog(conversation) => {
                if let Some(known) = self.orders.get_mut(&conversation) {
                    known.order.read_anyway(now);
                }
            }
            Refusal::Failed(client_id) => self.settle(client_id, Err(SendError::Refused(nack.error))),
        }
    }
}
