//! `GET /api/messaging/messages/unread_count` → 200: what the user has not read, in all and per conversation.

use async_trait::async_trait;
use parlance_application::reads::unread::{CountUnread, Unread};
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::read_state::UnreadCount;

/// Counts unread messages.
pub struct MessageUnreadCount {
    count: CountUnread,
}

impl MessageUnreadCount {
    /// Counts by this use case.
    pub const fn new(count: CountUnread) -> Self {
        Self { count }
    }
}

#[async_trait]
impl HttpRoute for MessageUnreadCount {
    fn key(&self) -> &'static str {
        "GET /api/messaging/messages/unread_count"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let Unread { total, conversations } = self.count.execute(&request.caller.user).await?;
        Reply::ok(&UnreadCount { total, conversations })
    }
}
