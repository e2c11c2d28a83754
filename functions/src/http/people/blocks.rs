//! `GET /api/messaging/blocks` → 200: a page of the people whom the caller blocks.

use async_trait::async_trait;
use parlance_application::{people::block::BlockUser, ports::blocks::BlockPlace};
use parlance_domain::ids::UserId;
use parlance_edge::{
    Refusal,
    cursor::{CursorScope, CursorSigner},
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::{page::Page, request::read_page::ReadPage, user::Block};
use serde::{Deserialize, Serialize};

/// Lists blocks.
pub struct Blocks {
    block: BlockUser,
    cursors: CursorSigner,
}

/// What a cursor of this endpoint says.
#[derive(Serialize, Deserialize)]
enum Cursor {
    #[serde(rename = "a")]
    After(UserId),
    #[serde(rename = "b")]
    Before(UserId),
}

impl Blocks {
    /// Lists them by this use case, page by page along these cursors.
    pub const fn new(block: BlockUser, cursors: CursorSigner) -> Self {
        Self { block, cursors }
    }
}

#[async_trait]
impl HttpRoute for Blocks {
    fn key(&self) -> &'static str {
        "GET /api/messaging/blocks"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let ReadPage { limit, cursor } = ReadPage::parse(&request.parts.query())?;
        let user = &request.caller.user;
        let scope = CursorScope { user: user.as_str(), route: self.key(), filters: "" };
        let place = match cursor {
            None => BlockPlace::First,
            Some(cursor) => match self.cursors.verify(scope, &cursor)? {
                Cursor::After(other) => BlockPlace::After(other),
                Cursor::Before(other) => BlockPlace::Before(other),
            },
        };
        let limit = usize::try_from(limit).unwrap_or(BlockUser::MAX_LIMIT);
        let page = self.block.page(user, &place, limit).await?;
        let (has_next, has_previous) = match place {
            BlockPlace::First => (page.has_more, false),
            BlockPlace::After(_) => (page.has_more, true),
            BlockPlace::Before(_) => (true, page.has_more),
        };
        let next = page.rows.last().filter(|_| has_next);
        let previous = page.rows.first().filter(|_| has_previous);
        Reply::ok(&Page {
            next: next.map(|(other, _)| self.cursors.sign(scope, &Cursor::After(other.clone()))),
            previous: previous.map(|(other, _)| self.cursors.sign(scope, &Cursor::Before(other.clone()))),
            items: page
                .rows
                .into_iter()
                .map(|(user_id, since)| Block { user_id, created_at: since.into() })
                .collect(),
        })
    }
}
