//! What one socket was told of one conversation.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio::time::timeout;

use crate::deadline::DEADLINE;
use crate::socket::Socket;

/// The durable events of one conversation in the order in which they came.
#[derive(Debug, Default)]
pub struct View {
    /// The positions as they came: some twice perhaps.
    pub arrivals: Vec<u64>,
    entries: BTreeMap<u64, Value>,
}

impl View {
    /// Collects until every entry from `first` to `last` was seen.
    pub async fn of(socket: &mut Socket, conversation: &str, first: u64, last: u64) -> Self {
        let mut view = Self::default();
        let all = async {
            while !view.has_all(first, last) {
                let event = socket.event().await;
                if event["conversation_id"] == conversation {
                    view.take(event);
                }
            }
        };
        if timeout(DEADLINE, all).await.is_err() {
            let missing: Vec<u64> = (first..=last).filter(|seq| !view.entries.contains_key(seq)).collect();
            panic!("of {first} to {last} these never came: {missing:?}");
        }
        view
    }

    /// Adds an entry that came otherwise: as the ack of an own message, or from the log.
    pub fn take(&mut self, event: Value) {
        if let Some(seq) = event["seq"].as_u64() {
            self.arrivals.push(seq);
            let known = self.entries.entry(seq).or_insert_with(|| event.clone());
            assert_eq!(known["data"]["id"], event["data"]["id"], "two entries at one position");
        }
    }

    fn has_all(&self, first: u64, last: u64) -> bool {
        (first..=last).all(|seq| self.entries.contains_key(&seq))
    }

    /// The contents of the messages, by position.
    pub fn contents(&self) -> Vec<&str> {
        let messages = self.entries.values().filter(|entry| entry["type"] == "message.created");
        messages.map(|entry| entry["data"]["content"].as_str().unwrap()).collect()
    }

    /// Whether each entry came exactly once, and in order.
    pub fn is_in_order(&self) -> bool {
        self.arrivals.windows(2).all(|pair| pair[0] < pair[1])
    }
}
