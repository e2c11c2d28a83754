//! `DELETE /api/messaging/blocks/{user_id}` → 204: the caller does not block somebody, or not any more.

use async_trait::async_trait;
use parlance_application::people::block::BlockUser;
use parlance_domain::ids::UserId;
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};

/// Lets people lift their blocks.
pub struct Unblock {
    block: BlockUser,
}

impl Unblock {
    /// Lifts them by this use case.
    pub const fn new(block: BlockUser) -> Self {
        Self { block }
    }
}

#[async_trait]
impl HttpRoute for Unblock {
    fn key(&self) -> &'static str {
        "DELETE /api/messaging/blocks/{user_id}"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let other: UserId = request.parts.path_id("user_id")?;
        self.block.unblock(&request.caller.user, &other).await?;
        Ok(Reply::no_content())
    }
}
