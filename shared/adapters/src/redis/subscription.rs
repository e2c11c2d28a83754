//! What a relay hears: the channels of its shards, subscribed to again whenever the connection is lost.

use std::{collections::BTreeSet, time::Duration};

use futures::StreamExt;
use parlance_application::ports::delivery::Broadcast;
use redis::{
    RedisResult,
    aio::{PubSubSink, PubSubStream},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{codec::decode_broadcast, link::RedisLink};

/// So many events wait for the relay; beyond that Redis has to wait, and in the end cuts the subscription.
const WAITING_EVENTS: usize = 4096;

/// A silent connection is asked so often whether it lives.
const PING_EVERY: Duration = Duration::from_secs(2);

/// What is not answered by then has failed.
const DEADLINE: Duration = Duration::from_secs(1);

/// The pause before connecting again.
const PAUSE: Duration = Duration::from_millis(200);

/// A relay's subscription; dropping it ends it.
#[derive(Debug)]
pub struct RelaySubscription {
    shards: watch::Sender<BTreeSet<u8>>,
    events: mpsc::Receiver<Broadcast>,
    listener: JoinHandle<()>,
}

impl RelaySubscription {
    /// Connects, now and again, in the background; no shard is subscribed to yet.
    pub fn start(link: RedisLink) -> Self {
        let (shards, wanted) = watch::channel(BTreeSet::new());
        let (heard, events) = mpsc::channel(WAITING_EVENTS);
        let listener = Listener { link, wanted, heard };
        Self { shards, events, listener: tokio::spawn(listener.run()) }
    }

    /// From now on hears these shards and no others.
    pub fn serve(&self, shards: impl IntoIterator<Item = u8>) {
        let wanted: BTreeSet<u8> = shards.into_iter().collect();
        self.shards.send_if_modified(|current| {
            let is_new = *current != wanted;
            *current = wanted;
            is_new
        });
    }

    /// The next event. Events of one conversation come in the order in which they were published.
    pub async fn next(&mut self) -> Option<Broadcast> {
        self.events.recv().await
    }
}

impl Drop for RelaySubscription {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

struct Listener {
    link: RedisLink,
    wanted: watch::Receiver<BTreeSet<u8>>,
    heard: mpsc::Sender<Broadcast>,
}

impl Listener {
    async fn run(mut self) {
        while !self.heard.is_closed() {
            if let Err(error) = self.listen().await {
                tracing::warn!(failure = error.category(), "the subscription is made again");
            }
            sleep(PAUSE).await;
        }
    }

    async fn listen(&mut self) -> RedisResult<()> {
        let connecting = timeout(DEADLINE, self.link.client().get_async_pubsub()).await;
        let (mut sink, mut events) = connecting.map_err(|_| no_answer())??.split();
        let mut subscribed = BTreeSet::new();
        loop {
            let wanted = self.wanted.borrow_and_update().clone();
            self.change(&mut sink, &subscribed, &wanted).await?;
            subscribed = wanted;
            if !self.hear_until_changed(&mut sink, &mut events).await? {
                return Ok(());
            }
        }
    }

    async fn change(&self, sink: &mut PubSubSink, from: &BTreeSet<u8>, to: &BTreeSet<u8>) -> RedisResult<()> {
        let channels = |shards: Vec<&u8>| -> Vec<String> {
            shards.into_iter().map(|shard| self.link.keys().events(*shard)).collect()
        };
        for channel in channels(to.difference(from).collect()) {
            timeout(DEADLINE, sink.subscribe(channel)).await.map_err(|_| no_answer())??;
        }
        for channel in channels(from.difference(to).collect()) {
            timeout(DEADLINE, sink.unsubscribe(channel)).await.map_err(|_| no_answer())??;
        }
        Ok(())
    }

    /// `false` when nobody listens any more.
    async fn hear_until_changed(
        &mut self,
        sink: &mut PubSubSink,
        events: &mut PubSubStream,
    ) -> RedisResult<bool> {
        loop {
            tokio::select! {
                message = events.next() => {
                    let Some(message) = message else { return Err(no_answer()) };
                    if let Some(broadcast) = decode_broadcast(message.get_payload_bytes())
                        && self.heard.send(broadcast).await.is_err()
                    {
                        return Ok(false);
                    }
                }
                changed = self.wanted.changed() => return Ok(changed.is_ok()),
                () = sleep(PING_EVERY) => {
                    timeout(DEADLINE, sink.ping::<()>()).await.map_err(|_| no_answer())??;
                }
            }
        }
    }
}

fn no_answer() -> redis::RedisError {
    (redis::ErrorKind::Io, "no answer").into()
}
