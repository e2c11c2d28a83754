//! `GET /api/messaging/conversations/{id}/receipts` → 200: who has read how far, or who has seen one message.

use async_trait::async_trait;
use parlance_application::reads::receipts::{ListReceipts, Readers, ReceiptPosition};
use parlance_domain::{
    head::Seq,
    ids::{ConversationId, UserId},
};
use parlance_edge::{
    Refusal,
    cursor::{CursorScope, CursorSigner},
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::{page::Page, read_state::Receipt, request::list_receipts};
use serde::{Deserialize, Serialize};

/// Shows who has read how far.
pub struct ConversationReceipts {
    list: ListReceipts,
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

impl From<ReceiptPosition> for Cursor {
    fn from(position: ReceiptPosition) -> Self {
        match position {
            ReceiptPosition::After(user) => Self::After(user),
            ReceiptPosition::Before(user) => Self::Before(user),
        }
    }
}

impl From<Cursor> for ReceiptPosition {
    fn from(cursor: Cursor) -> Self {
        match cursor {
            Cursor::After(user) => Self::After(user),
            Cursor::Before(user) => Self::Before(user),
        }
    }
}

impl ConversationReceipts {
    /// Lists them by this use case, page by page along these cursors.
    pub const fn new(list: ListReceipts, cursors: CursorSigner) -> Self {
        Self { list, cursors }
    }
}

#[async_trait]
impl HttpRoute for ConversationReceipts {
    fn key(&self) -> &'static str {
        "GET /api/messaging/conversations/{id}/receipts"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let id: ConversationId = request.parts.path_id("id")?;
        let asked = list_receipts::ListReceipts::parse(&request.parts.query())?;
        let (readers, filters) = match asked.readers {
            list_receipts::Readers::All => (Readers::All, String::new()),
            list_receipts::Readers::UpTo(seq) => (Readers::UpTo(seq), seq.to_string()),
            list_receipts::Readers::Of(message) => (Readers::Of(message), message.to_string()),
        };
        let route = format!("{} {id}", self.key());
        let scope = CursorScope { user: request.caller.user.as_str(), route: &route, filters: &filters };
        let position = match asked.cursor {
            Some(cursor) => Some(self.cursors.verify::<Cursor>(scope, &cursor)?.into()),
            None => None,
        };
        let limit = usize::try_from(asked.limit).unwrap_or(ListReceipts::MAX_LIMIT);
        let page = self.list.execute(request.caller.caller(), id, readers, position, limit).await?;
        let sign = |position: ReceiptPosition| self.cursors.sign(scope, &Cursor::from(position));
        let receipt = |receipt: parlance_application::ports::conversations::Receipt| Receipt {
            user_id: receipt.user,
            read_seq: Seq::get(receipt.cursor.seq),
            read_at: receipt.cursor.at.into(),
        };
        Reply::ok(&Page {
            items: page.receipts.into_iter().map(receipt).collect(),
            next: page.next.map(sign),
            previous: page.previous.map(sign),
        })
    }
}
