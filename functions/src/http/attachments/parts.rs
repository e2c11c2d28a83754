//! `GET /api/messaging/attachments/{id}/parts` → 200: which parts of a large file are there.

use async_trait::async_trait;
use parlance_application::attachments::list_parts::ListParts;
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::{
    request::list_parts,
    upload::{Part, Parts},
};

/// Lists parts.
pub struct AttachmentParts {
    list: ListParts,
}

impl AttachmentParts {
    /// Lists them by this use case.
    pub const fn new(list: ListParts) -> Self {
        Self { list }
    }
}

#[async_trait]
impl HttpRoute for AttachmentParts {
    fn key(&self) -> &'static str {
        "GET /api/messaging/attachments/{id}/parts"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let id = request.parts.path_id("id")?;
        let asked = list_parts::ListParts::parse(&request.parts.query())?;
        let page = self.list.execute(&request.caller.user, id, asked.after, asked.limit).await?;
        let next_after = page.parts.last().filter(|_| page.has_more).map(|part| part.number);
        let items = page.parts.iter().map(|part| Part {
            part_number: part.number,
            size: part.bytes,
            sha256: part.sha256.map(|digest| digest.to_string()),
        });
        Reply::ok(&Parts { items: items.collect(), next_after })
    }
}
