//! `GET /api/messaging/conversations` → 200: the user's conversations, most recent activity first.

use async_trait::async_trait;
use parlance_application::conversations::list::{Direction, ListConversations, ListFilter, ListPosition};
use parlance_domain::{ids::ConversationId, time::Timestamp};
use parlance_edge::{
    Refusal,
    cursor::{CursorScope, CursorSigner},
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::{conversation::Conversation, page::Page, request::list_conversations};
use serde::{Deserialize, Serialize};

use super::rendered;

/// Shows a user's conversations.
pub struct ConversationList {
    list: ListConversations,
    cursors: CursorSigner,
}

/// What a cursor of this endpoint says.
#[derive(Serialize, Deserialize)]
struct Cursor {
    #[serde(rename = "m")]
    moment: u64,
    #[serde(rename = "t")]
    activity: u64,
    #[serde(rename = "c")]
    conversation: ConversationId,
    #[serde(rename = "p")]
    is_previous: bool,
}

impl From<ListPosition> for Cursor {
    fn from(position: ListPosition) -> Self {
        Self {
            moment: position.moment.as_millis(),
            activity: position.activity.as_millis(),
            conversation: position.conversation,
            is_previous: position.direction == Direction::Previous,
        }
    }
}

impl From<Cursor> for ListPosition {
    fn from(cursor: Cursor) -> Self {
        Self {
            moment: Timestamp::from_millis(cursor.moment),
            activity: Timestamp::from_millis(cursor.activity),
            conversation: cursor.conversation,
            direction: if cursor.is_previous { Direction::Previous } else { Direction::Next },
        }
    }
}

impl ConversationList {
    /// Lists them by this use case, page by page along these cursors.
    pub const fn new(list: ListConversations, cursors: CursorSigner) -> Self {
        Self { list, cursors }
    }
}

#[async_trait]
impl HttpRoute for ConversationList {
    fn key(&self) -> &'static str {
        "GET /api/messaging/conversations"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let user = request.caller.user;
        let asked = list_conversations::ListConversations::parse(&request.parts.query())?;
        let filter = ListFilter {
            kind: asked.kind,
            unread: asked.unread,
            reference_type: asked.reference_type,
            reference_id: asked.reference_id,
            archived: asked.archived,
            ..ListFilter::default()
        };
        let filters = format!("{filter:?}");
        let scope = CursorScope { user: user.as_str(), route: self.key(), filters: &filters };
        let position = match asked.cursor {
            Some(cursor) => Some(self.cursors.verify::<Cursor>(scope, &cursor)?.into()),
            None => None,
        };
        let limit = usize::try_from(asked.limit).unwrap_or(ListConversations::MAX_LIMIT);
        let page = self.list.execute(&user, &filter, position, limit).await?;
        let sign = |position: ListPosition| self.cursors.sign(scope, &Cursor::from(position));
        Reply::ok(&Page {
            items: page.items.iter().map(rendered).collect::<Vec<Conversation>>(),
            next: page.next.map(sign),
            previous: page.previous.map(sign),
        })
    }
}
