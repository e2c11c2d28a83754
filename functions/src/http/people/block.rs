//! `POST /api/messaging/blocks` → 201 the first time, 200 ever after: the caller blocks somebody.

use async_trait::async_trait;
use parlance_application::people::block::{BlockUser, Blocked};
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::{request::create_direct::CreateDirect, user};

/// Lets people block others.
pub struct Block {
    block: BlockUser,
}

impl Block {
    /// Blocks by this use case.
    pub const fn new(block: BlockUser) -> Self {
        Self { block }
    }
}

#[async_trait]
impl HttpRoute for Block {
    fn key(&self) -> &'static str {
        "POST /api/messaging/blocks"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let CreateDirect { user_id } = CreateDirect::parse(&request.parts.json()?)?;
        let Blocked { since, is_new } = self.block.block(&request.caller.user, &user_id).await?;
        let block = user::Block { user_id, created_at: since.into() };
        if is_new { Reply::created(&block) } else { Reply::ok(&block) }
    }
}
