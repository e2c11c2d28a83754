//! `POST /api/messaging/conversations/direct` → 201 the first time, 200 ever after: the one conversation of two people.

use async_trait::async_trait;
use parlance_application::conversations::{
    create::{CreateConversation, CreatedConversation},
    detail::ConversationDetail,
};
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::request::create_direct::CreateDirect;

use super::{Appended, rendered};

/// Finds or creates direct conversations.
pub struct ConversationDirect {
    create: CreateConversation,
    detail: ConversationDetail,
}

impl ConversationDirect {
    /// Creates by one use case, and shows the conversation by the other.
    pub const fn new(create: CreateConversation, detail: ConversationDetail) -> Self {
        Self { create, detail }
    }
}

#[async_trait]
impl HttpRoute for ConversationDirect {
    fn key(&self) -> &'static str {
        "POST /api/messaging/conversations/direct"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let other = CreateDirect::parse(&request.parts.json()?)?.user_id;
        let asker = request.caller.user;
        let outcome = self.create.direct(&asker, &other, None).await?;
        let summary = self.detail.execute(&asker, outcome.id()).await?;
        match outcome {
            CreatedConversation::Created(_) => {
                let created = Appended::created(&summary);
                let location = created.location();
                Ok(Reply::created(&created)?.at(location))
            }
            CreatedConversation::Existing(_) => Reply::ok(&rendered(&summary)),
        }
    }
}
