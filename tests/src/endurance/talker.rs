//! Somebody who talks and listens through the client library, and remembers everything.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use parlance_client::ids::ConversationId;
use parlance_client::{Client, ClientEvent, Draft, EventData, Events, Options};
use serde_json::Value;
use tokio::time::sleep;

use super::report::Acknowledged;
use crate::person::Person;

/// Where each conversation ends.
pub type Heads = BTreeMap<ConversationId, u64>;

/// One member of every conversation.
pub struct Talker {
    person: Person,
    client: Client,
    heard: Arc<Mutex<BTreeMap<ConversationId, Heard>>>,
}

/// What somebody was told of one conversation.
#[derive(Default)]
struct Heard {
    /// The entry after which he listens.
    after: u64,
    /// The contents of the messages among the entries, in the order in which they were told.
    entries: Vec<Option<String>>,
    out_of_order: u64,
}

/// What became of the messages that one member sent to one conversation.
#[derive(Default)]
pub struct Talked {
    pub sends: u64,
    pub retries: u64,
    pub acknowledged: Vec<Acknowledged>,
    pub given_up: BTreeMap<String, u64>,
}

impl Talker {
    /// Connects, and listens from where each conversation stands now.
    pub async fn begin(origin: &str, person: Person, conversations: &[ConversationId]) -> Self {
        let (client, events) = Client::connect(Options::new(origin, &person.token)).unwrap();
        let heard = Arc::<Mutex<BTreeMap<ConversationId, Heard>>>::default();
        for id in conversations {
            let after = client.conversation(*id).await.unwrap().head_seq;
            heard.lock().unwrap().insert(*id, Heard { after, ..Heard::default() });
        }
        tokio::spawn(listen(events, Arc::clone(&heard)));
        Self { person, client, heard }
    }

    /// Says something new in a conversation, again and again until `end`.
    pub fn talk(
        &self,
        conversation: ConversationId,
        pause: Duration,
        end: Instant,
    ) -> impl Future<Output = Talked> + Send + use<> {
        let (client, name) = (self.client.clone(), self.person.id.clone());
        async move {
            let mut talked = Talked::default();
            while Instant::now() < end {
                talked.sends += 1;
                let content = format!("{name}: {}", talked.sends);
                match client.send(conversation, Draft::text(&content)).await {
                    Ok(sent) => {
                        talked.retries += u64::from(sent.duplicate);
                        let seq = sent.message.seq;
                        talked.acknowledged.push(Acknowledged { conversation, seq, content });
                    }
                    Err(error) => *talked.given_up.entry(error.to_string()).or_default() += 1,
                }
                sleep(pause).await;
            }
            talked
        }
    }

    /// Ends a conversation, over HTTP; where it ends.
    pub async fn says_the_last_word(&self, conversation: ConversationId) -> u64 {
        let content = format!("{}: that was all", self.person.id);
        self.person.says(&conversation.to_string(), &content).await["seq"].as_u64().unwrap()
    }

    /// Whether he was told as many entries as there are.
    pub fn has_heard(&self, heads: &Heads) -> bool {
        let heard = self.heard.lock().unwrap();
        heads.iter().all(|(id, head)| heard[id].after + heard[id].entries.len() as u64 >= *head)
    }

    /// How what he was told is not the log, from where he listened on.
    pub fn difference(&self, conversation: ConversationId, log: &[Value]) -> Option<String> {
        let heard = self.heard.lock().unwrap();
        let heard = &heard[&conversation];
        let from = usize::try_from(heard.after).unwrap();
        let contents = log.iter().skip(from).map(|entry| entry["data"]["content"].as_str());
        let told = heard.entries.iter().map(Option::as_deref);
        (!contents.eq(told)).then(|| {
            let (name, told, all) = (&self.person.id, from + heard.entries.len(), log.len());
            format!("{name} was told up to {told} of {all} entries of {conversation}")
        })
    }

    /// Whether his unread count is what counting the log says.
    pub async fn counts_right(&self, conversation: ConversationId, log: &[Value]) -> bool {
        let messages = log.iter().filter(|entry| entry["type"] == "message.created");
        let is_own = |entry: &Value| entry["data"]["sender_id"] == *self.person.id;
        let messages = messages.map(|entry| (entry["seq"].as_u64().unwrap(), is_own(entry)));
        self.counts(conversation, &messages.collect::<Vec<_>>()).await
    }

    /// Whether it is what counting what he was told says.
    pub async fn counts_as_heard(&self, conversation: ConversationId) -> bool {
        let messages: Vec<(u64, bool)> = {
            let heard = self.heard.lock().unwrap();
            let heard = &heard[&conversation];
            let own = format!("{}: ", self.person.id);
            let numbered = (heard.after + 1..).zip(&heard.entries);
            numbered.filter_map(|(seq, content)| Some((seq, content.as_ref()?.starts_with(&own)))).collect()
        };
        self.counts(conversation, &messages).await
    }

    /// Whether the count shown to him is the one of these messages, his own among them.
    async fn counts(&self, conversation: ConversationId, messages: &[(u64, bool)]) -> bool {
        let shown = self.person.get(&format!("conversations/{conversation}/")).await.with(200);
        let own = messages.iter().filter(|(_, is_own)| *is_own).map(|(seq, _)| *seq).max().unwrap_or(1);
        let unread = messages.iter().filter(|(seq, _)| *seq > own).count();
        shown["unread_count"] == unread && shown["read_seq"] == own
    }

    /// How many entries he was told out of their order.
    pub fn out_of_order(&self) -> u64 {
        self.heard.lock().unwrap().values().map(|heard| heard.out_of_order).sum()
    }
}

async fn listen(mut events: Events, heard: Arc<Mutex<BTreeMap<ConversationId, Heard>>>) {
    while let Some(event) = events.next().await {
        let ClientEvent::Event(event) = event else { continue };
        let (Some(conversation), Some(seq)) = (event.conversation_id, event.seq) else { continue };
        let mut heard = heard.lock().unwrap();
        let Some(heard) = heard.get_mut(&conversation) else { continue };
        heard.out_of_order += u64::from(seq != heard.after + heard.entries.len() as u64 + 1);
        heard.entries.push(match event.data() {
            EventData::MessageCreated(message) => Some(message.content),
            _ => None,
        });
    }
}
