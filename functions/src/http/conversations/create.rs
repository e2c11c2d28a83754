//! `POST /api/messaging/conversations` → 201: a conversation of any kind but `direct`.

use async_trait::async_trait;
use parlance_application::conversations::{
    create::{CreateConversation, NewConversation},
    detail::ConversationDetail,
};
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::request::create_conversation;

use super::created;

/// Creates conversations.
pub struct ConversationCreate {
    create: CreateConversation,
    detail: ConversationDetail,
}

impl ConversationCreate {
    /// Creates by one use case, and shows what was created by the other.
    pub const fn new(create: CreateConversation, detail: ConversationDetail) -> Self {
        Self { create, detail }
    }
}

#[async_trait]
impl HttpRoute for ConversationCreate {
    fn key(&self) -> &'static str {
        "POST /api/messaging/conversations"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let new = create_conversation::CreateConversation::parse(&request.parts.json()?)?;
        let creator = request.caller.caller();
        let id = self
            .create
            .execute(NewConversation {
                creator,
                kind: new.kind,
                title: new.title,
                reference: new.reference,
                participants: new.participants,
                history: new.history,
                from: None,
                seed: request.seed(),
            })
            .await?;
        created(&self.detail.execute(creator, id).await?)
    }
}
