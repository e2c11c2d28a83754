//! `GET /api/messaging/conversations/{id}/participants` → 200: a page of the people who are in it.

use async_trait::async_trait;
use parlance_application::{
    participants::list::{ListParticipants, ListedParticipant},
    ports::conversations::RosterPlace,
};
use parlance_domain::{
    ids::{ConversationId, UserId},
    roster::Member,
};
use parlance_edge::{
    Refusal,
    cursor::{CursorScope, CursorSigner},
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::{conversation::Participant, page::Page, request::read_page::ReadPage};
use serde::{Deserialize, Serialize};

/// Lists participants.
pub struct ConversationParticipants {
    list: ListParticipants,
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

impl ConversationParticipants {
    /// Lists them by this use case, page by page along these cursors.
    pub const fn new(list: ListParticipants, cursors: CursorSigner) -> Self {
        Self { list, cursors }
    }
}

#[async_trait]
impl HttpRoute for ConversationParticipants {
    fn key(&self) -> &'static str {
        "GET /api/messaging/conversations/{id}/participants"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let id: ConversationId = request.parts.path_id("id")?;
        let ReadPage { limit, cursor } = ReadPage::parse(&request.parts.query())?;
        let route = format!("{} {id}", self.key());
        let scope = CursorScope { user: request.caller.user.as_str(), route: &route, filters: "" };
        let place = match cursor {
            None => RosterPlace::First,
            Some(cursor) => match self.cursors.verify(scope, &cursor)? {
                Cursor::After(user) => RosterPlace::After(user),
                Cursor::Before(user) => RosterPlace::Before(user),
            },
        };
        let limit = usize::try_from(limit).unwrap_or(ListParticipants::MAX_LIMIT);
        let page = self.list.execute(request.caller.caller(), id, place, limit).await?;
        let sign = |place| match place {
            RosterPlace::First => None,
            RosterPlace::After(user) => Some(self.cursors.sign(scope, &Cursor::After(user))),
            RosterPlace::Before(user) => Some(self.cursors.sign(scope, &Cursor::Before(user))),
        };
        Reply::ok(&Page {
            items: page.items.iter().map(rendered).collect(),
            next: page.next.and_then(sign),
            previous: page.previous.and_then(sign),
        })
    }
}

fn rendered(listed: &ListedParticipant) -> Participant {
    let member = Member { user: &listed.user, participant: &listed.participant };
    Participant::from(member).with_cursor(listed.cursor.map(|cursor| (cursor.seq, cursor.at)))
}
