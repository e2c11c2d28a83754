//! `GET /api/messaging/conversations/{id}/messages` → 200: a page of messages, newest first.

use async_trait::async_trait;
use parlance_application::messages::history::{ReadHistory, Window};
use parlance_domain::head::Seq;
use parlance_edge::{
    Refusal,
    cursor::{CursorScope, CursorSigner, InvalidCursor},
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::{
    message::Message,
    page::Page,
    request::read_messages::{Place, ReadMessages},
};
use serde::{Deserialize, Serialize};

/// Shows pages of messages.
pub struct ConversationMessages {
    read: ReadHistory,
    cursors: CursorSigner,
}

/// What a cursor of this endpoint says.
#[derive(Serialize, Deserialize)]
enum Cursor {
    #[serde(rename = "b")]
    Before(u64),
    #[serde(rename = "a")]
    After(u64),
}

impl ConversationMessages {
    /// Reads them by this use case, page by page along these cursors.
    pub const fn new(read: ReadHistory, cursors: CursorSigner) -> Self {
        Self { read, cursors }
    }
}

#[async_trait]
impl HttpRoute for ConversationMessages {
    fn key(&self) -> &'static str {
        "GET /api/messaging/conversations/{id}/messages"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let id = request.parts.path_id("id")?;
        let user = &request.caller.user;
        let ReadMessages { place, limit } = ReadMessages::parse(&request.parts.query())?;
        let route = format!("{} {id}", self.key());
        let scope = CursorScope { user: user.as_str(), route: &route, filters: "" };
        let window = match place {
            Place::Newest => Window::Newest,
            Place::Before(seq) => Window::Before(seq),
            Place::After(seq) => Window::After(seq.map_or(0, Seq::get)),
            Place::Around(seq) => Window::Around(seq),
            Place::Cursor(cursor) => match self.cursors.verify(scope, &cursor)? {
                Cursor::Before(seq) => Window::Before(Seq::new(seq).ok_or(InvalidCursor)?),
                Cursor::After(seq) => Window::After(seq),
            },
        };
        let limit = usize::try_from(limit).unwrap_or(ReadHistory::MAX_LIMIT);
        let page = self.read.execute(request.caller.caller(), id, window, limit).await?;
        Reply::ok(&Page {
            items: page.messages.iter().map(Message::from).collect(),
            next: page.older.map(|seq| self.cursors.sign(scope, &Cursor::Before(seq.get()))),
            previous: page.newer.map(|seq| self.cursors.sign(scope, &Cursor::After(seq.get()))),
        })
    }
}
