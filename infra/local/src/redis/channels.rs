//! Channels: who listens to what, and how far behind a listener may fall.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// What may wait for one subscriber, in bytes; Redis's own limit. One that is slower is cut.
const MOST_WAITING_BYTES: usize = 32 * 1024 * 1024;

/// What a message costs beside its own bytes.
const OVERHEAD_BYTES: usize = 64;

/// The two kinds of channels, which do not hear each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Scope {
    /// `PUBLISH` and `SUBSCRIBE`.
    Global,
    /// `SPUBLISH` and `SSUBSCRIBE`.
    Shard,
}

impl Scope {
    /// What the messages of such a channel are headed with.
    pub(super) const fn message(self) -> &'static str {
        match self {
            Self::Global => "message",
            Self::Shard => "smessage",
        }
    }
}

/// What was published.
#[derive(Clone, Debug)]
pub(super) struct Message {
    /// The kind of its channel.
    pub(super) scope: Scope,
    /// Its channel.
    pub(super) channel: Bytes,
    /// What it says.
    pub(super) payload: Bytes,
}

impl Message {
    fn size(&self) -> usize {
        self.channel.len() + self.payload.len() + OVERHEAD_BYTES
    }
}

/// The end of a connection that messages are put into.
#[derive(Clone, Debug)]
pub(super) struct Listener {
    id: u64,
    messages: mpsc::UnboundedSender<Message>,
    waiting: Arc<AtomicUsize>,
    cut: CancellationToken,
}

/// The end of a connection that messages are taken from.
#[derive(Debug)]
pub(super) struct Inbox {
    messages: mpsc::UnboundedReceiver<Message>,
    waiting: Arc<AtomicUsize>,
}

/// Makes the two ends for a connection, which is cut by the token when it falls too far behind.
pub(super) fn listener(id: u64, cut: CancellationToken) -> (Listener, Inbox) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    let listener = Listener { id, messages: sender, waiting: waiting.clone(), cut };
    (listener, Inbox { messages: receiver, waiting })
}

impl Inbox {
    /// The next message.
    pub(super) async fn next(&mut self) -> Option<Message> {
        let message = self.messages.recv().await?;
        self.waiting.fetch_sub(message.size(), Ordering::Relaxed);
        Some(message)
    }

    /// The next message, if it is here already.
    pub(super) fn try_next(&mut self) -> Option<Message> {
        let message = self.messages.try_recv().ok()?;
        self.waiting.fetch_sub(message.size(), Ordering::Relaxed);
        Some(message)
    }
}

impl Listener {
    fn hear(&self, message: Message) {
        let size = message.size();
        if self.waiting.fetch_add(size, Ordering::Relaxed) + size > MOST_WAITING_BYTES {
            tracing::warn!(connection = self.id, "a subscriber of Redis was too slow and is cut");
            self.cut.cancel();
            return;
        }
        // A closed inbox belongs to a connection that is just ending.
        let _closing = self.messages.send(message);
    }
}

/// Who listens to which channel.
#[derive(Debug, Default)]
pub(super) struct Channels {
    listeners: HashMap<(Scope, Bytes), HashMap<u64, Listener>>,
}

impl Channels {
    /// Begins to listen.
    pub(super) fn subscribe(&mut self, scope: Scope, channel: &Bytes, listener: &Listener) {
        self.listeners.entry((scope, channel.clone())).or_default().insert(listener.id, listener.clone());
    }

    /// Ends listening.
    pub(super) fn unsubscribe(&mut self, scope: Scope, channel: &Bytes, listener: &Listener) {
        let key = (scope, channel.clone());
        if let Some(listeners) = self.listeners.get_mut(&key) {
            listeners.remove(&listener.id);
            if listeners.is_empty() {
                self.listeners.remove(&key);
            }
        }
    }

    /// Ends all listening of a connection.
    pub(super) fn forget(&mut self, listener: &Listener, subscribed: &HashSet<(Scope, Bytes)>) {
        for (scope, channel) in subscribed {
            self.unsubscribe(*scope, channel, listener);
        }
    }

    /// Gives a message to whoever listens; answers how many do.
    pub(super) fn publish(&self, scope: Scope, channel: &Bytes, payload: &Bytes) -> usize {
        let Some(listeners) = self.listeners.get(&(scope, channel.clone())) else { return 0 };
        for listener in listeners.values() {
            listener.hear(Message { scope, channel: channel.clone(), payload: payload.clone() });
        }
        listeners.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_listener_that_falls_too_far_behind_is_cut_and_the_others_are_not() {
        let mut channels = Channels::default();
        let (slow_cut, quick_cut) = (CancellationToken::new(), CancellationToken::new());
        let (slow, _slow_inbox) = listener(1, slow_cut.clone());
        let (quick, mut quick_inbox) = listener(2, quick_cut.clone());
        let channel = Bytes::from("events:0");
        channels.subscribe(Scope::Global, &channel, &slow);
        channels.subscribe(Scope::Global, &channel, &quick);
        let payload = Bytes::from(vec![0; 1024 * 1024]);
        for _ in 0..40 {
            assert_eq!(channels.publish(Scope::Global, &channel, &payload), 2);
            assert_eq!(quick_inbox.next().await.unwrap().payload, payload);
        }
        assert!(slow_cut.is_cancelled() && !quick_cut.is_cancelled());
        assert_eq!(channels.publish(Scope::Shard, &channel, &payload), 0);
    }
}
