//! `POST /api/messaging/sync` → 200: what `sync` answers, with the entries in it, for clients without sockets.

use async_trait::async_trait;
use parlance_application::{
    conversations::sync::{Standing, SyncConversations},
    limits::rates::RateClass,
};
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::request::sync;

use crate::rendering;

/// Brings clients up to date.
pub struct ConversationSync {
    sync: SyncConversations,
}

impl ConversationSync {
    /// Brings them up to date by this use case.
    pub const fn new(sync: SyncConversations) -> Self {
        Self { sync }
    }
}

#[async_trait]
impl HttpRoute for ConversationSync {
    fn key(&self) -> &'static str {
        "POST /api/messaging/sync"
    }

    fn rate_class(&self) -> RateClass {
        RateClass::Reads
    }

    /// It changes nothing, and its answer is large and soon old.
    fn replays(&self) -> bool {
        false
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let cursors = sync::Sync::parse(&request.parts.json()?)?.conversations;
        let standing = Standing { cursors, wants_new: true };
        let synced = self.sync.execute(&request.caller.user, &standing).await?;
        Reply::ok(&rendering::synced(synced, |frames| {
            frames.iter().map(|frame| serde_json::from_slice(frame).ok()).collect()
        }))
    }
}
