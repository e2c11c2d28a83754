//! `POST /api/messaging/conversations/task` → 201 the first time, 200 ever after: the one conversation of a task.

use async_trait::async_trait;
use parlance_application::conversations::{
    create::{CreateConversation, CreatedConversation, NewConversation},
    detail::ConversationDetail,
};
use parlance_domain::conversation::{ConversationKind, History};
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::request::create_task::CreateTask;

use super::{created, rendered};

/// Finds or creates conversations of tasks.
pub struct ConversationTask {
    create: CreateConversation,
    detail: ConversationDetail,
}

impl ConversationTask {
    /// Creates by one use case, and shows the conversation by the other.
    pub const fn new(create: CreateConversation, detail: ConversationDetail) -> Self {
        Self { create, detail }
    }
}

#[async_trait]
impl HttpRoute for ConversationTask {
    fn key(&self) -> &'static str {
        "POST /api/messaging/conversations/task"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let CreateTask { reference, title, participants } = CreateTask::parse(&request.parts.json()?)?;
        let creator = request.caller.caller();
        let new = NewConversation {
            creator,
            kind: ConversationKind::Task,
            title,
            reference: Some(reference),
            participants,
            history: History::All,
            from: None,
            seed: None,
        };
        let outcome = self.create.find_or_create(new).await?;
        let summary = self.detail.execute(creator, outcome.id()).await?;
        match outcome {
            CreatedConversation::Created(_) => created(&summary),
            CreatedConversation::Existing(_) => Reply::ok(&rendered(&summary)),
        }
    }
}
