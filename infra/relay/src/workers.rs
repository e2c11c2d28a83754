//! One worker per shard: events of a conversation keep their order, and a conversation that is slow delays no other shard.

use parlance_application::{
    delivery::{
        relay::RelayHost,
        shards::{SHARDS, shard_of},
    },
    ports::delivery::Broadcast,
};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio_util::task::TaskTracker;

/// So many events wait for one worker. What comes beyond that stays unmarked, so that the stream delivers it.
const WAITING_EVENTS: usize = 1_024;

/// The workers of a relay.
pub struct Workers {
    queues: Vec<mpsc::Sender<Broadcast>>,
    tasks: TaskTracker,
}

impl Workers {
    /// Starts them.
    pub fn start(host: &RelayHost) -> Self {
        let tasks = TaskTracker::new();
        let queues = (0..SHARDS)
            .map(|_| {
                let (sender, events) = mpsc::channel(WAITING_EVENTS);
                tasks.spawn(work(host.clone(), events, tasks.clone()));
                sender
            })
            .collect();
        Self { queues, tasks }
    }

    /// Gives the event to its conversation's worker.
    pub fn dispatch(&self, broadcast: Broadcast) {
        let Some(queue) = self.queues.get(usize::from(shard_of(broadcast.conversation))) else { return };
        if let Err(TrySendError::Full(left)) = queue.try_send(broadcast) {
            tracing::warn!(conversation.id = %left.conversation, "a shard is too busy: left to the stream");
        }
    }

    /// Takes no more events, and returns when those that were taken have gone their way.
    pub async fn drain(&mut self) {
        self.queues.clear();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

async fn work(host: RelayHost, mut events: mpsc::Receiver<Broadcast>, tasks: TaskTracker) {
    while let Some(broadcast) = events.recv().await {
        match host.accept(&broadcast).await {
            Ok(drivers) => {
                for driver in drivers {
                    tasks.spawn(driver);
                }
            }
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                conversation.id = %broadcast.conversation,
                "an event is left to the stream"
            ),
        }
    }
}
