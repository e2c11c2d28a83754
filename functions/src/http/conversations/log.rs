//! `GET /api/messaging/conversations/{id}/log` → 200: the entries after a position, in order, as events.

use async_trait::async_trait;
use parlance_application::conversations::log::ReadLog;
use parlance_domain::head::Seq;
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::{event::EventFrame, page::LogPage, request::read_log};

/// Shows stretches of a log.
pub struct ConversationLog {
    read: ReadLog,
}

impl ConversationLog {
    /// Reads them by this use case.
    pub const fn new(read: ReadLog) -> Self {
        Self { read }
    }
}

#[async_trait]
impl HttpRoute for ConversationLog {
    fn key(&self) -> &'static str {
        "GET /api/messaging/conversations/{id}/log"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let id = request.parts.path_id("id")?;
        let read_log::ReadLog { after, limit } = read_log::ReadLog::parse(&request.parts.query())?;
        let after = after.map_or(0, Seq::get);
        let limit = usize::try_from(limit).unwrap_or(ReadLog::MAX_LIMIT);
        let stretch = self.read.execute(request.caller.caller(), id, after, limit).await?;
        Reply::ok(&LogPage {
            items: stretch.events.iter().map(EventFrame::from).collect(),
            head_seq: stretch.head_seq.get(),
            first_seq: stretch.first_seq.map(Seq::get),
        })
    }
}
