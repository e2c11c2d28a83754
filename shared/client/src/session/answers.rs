//! What the server sends: answers to what this client asked, and events.

use std::sync::Arc;

use parlance_protocol::{
    event::EventFrame,
    frame::{Ack, Nack, ServerFrame},
    message::SentMessage,
};
use serde_json::value::to_raw_value;

use super::{Report, Session, jitter};
use crate::{
    backoff::Millis,
    client::{ClientEvent, SendError, Sent},
    outbox::Refusal,
    resume,
};

impl Session {
    /// Reads one frame of a socket.
    pub(super) fn read_frame(&mut self, frame: &str, now: Millis) {
        match ServerFrame::parse(frame) {
            Some(ServerFrame::Ack(ack)) => self.acknowledged(ack, now),
            Some(ServerFrame::Nack(nack)) => self.refused(nack, now),
            Some(ServerFrame::Event(event)) => self.take(event, now),
            Some(ServerFrame::Batch(events)) => {
                for event in events {
                    self.take(event, now);
                }
            }
            None => self.outbox.something_failed(now),
        }
    }

    fn acknowledged(&mut self, ack: Ack, now: Millis) {
        let Some(id) = ack.id else { return };
        if let Some(socket) = id.strip_prefix('s').and_then(|id| id.parse().ok()) {
            if self.links.ready(socket, now, &mut jitter) {
                self.outbox.reconnected(now);
                resume::read_on(self.orders.values_mut().map(|known| &mut known.order), now);
                let (api, reports) = (Arc::clone(&self.api), self.reports.0.clone());
                tokio::spawn(async move { drop(reports.send(Report::Recent(resume::recent(api).await))) });
                self.tell(ClientEvent::Connected);
            }
            return;
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
        self.reply(&client_id, Ok(Sent { message, duplicate }));
    }

    fn refused(&mut self, nack: Nack, now: Millis) {
        let Some(id) = nack.id else { return };
        if let Some(socket) = id.strip_prefix('s').and_then(|id| id.parse().ok()) {
            self.links.closed(socket, now, &mut jitter);
            self.tell(ClientEvent::Disconnected { reason: nack.error.to_string() });
            return;
        }
        match self.outbox.refused(&id, &nack.error, now, &mut jitter) {
            Refusal::WillRetry | Refusal::NotWaiting => {}
            Refusal::NeedsToken => self.links.renew(0, now, &mut jitter),
            Refusal::NeedsLog(conversation) => {
                if let Some(known) = self.orders.get_mut(&conversation) {
                    known.order.read_anyway(now);
                }
            }
            Refusal::Failed(client_id) => self.reply(&client_id, Err(SendError::Refused(nack.error))),
        }
    }
}
