//! `POST /api/messaging/attachments/{id}/parts` → 200: where parts of a large file are to be put.

use async_trait::async_trait;
use parlance_application::attachments::sign_parts::{SignParts, WantedPart};
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::{
    request::sign_parts,
    upload::{PartAddress, PartAddresses},
};

/// Signs addresses of parts.
pub struct AttachmentSignParts {
    sign: SignParts,
}

impl AttachmentSignParts {
    /// Signs them by this use case.
    pub const fn new(sign: SignParts) -> Self {
        Self { sign }
    }
}

#[async_trait]
impl HttpRoute for AttachmentSignParts {
    fn key(&self) -> &'static str {
        "POST /api/messaging/attachments/{id}/parts"
    }

    /// It changes nothing, and an address of yesterday is good for nothing.
    fn replays(&self) -> bool {
        false
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let id = request.parts.path_id("id")?;
        let asked = sign_parts::SignParts::parse(&request.parts.json()?)?;
        let wanted: Vec<WantedPart> = asked
            .parts
            .into_iter()
            .map(|part| WantedPart { number: part.number, sha256: part.sha256 })
            .collect();
        let signed = self.sign.execute(&request.caller.user, id, &wanted).await?;
        let items = signed.into_iter().map(|part| PartAddress {
            part_number: part.number,
            size: part.bytes,
            url: part.address.url,
            headers: part.address.headers,
            expires_at: part.until.into(),
        });
        Reply::ok(&PartAddresses { items: items.collect() })
    }
}
