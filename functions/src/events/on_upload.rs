//! S3's `Object Created` on the default event bus: an upload has arrived.

use async_trait::async_trait;
use parlance_adapters::storage_events::arrived_upload;
use parlance_application::attachments::arrive::ReceiveAttachment;
use parlance_edge::{
    Function,
    telemetry::{self, Noted},
};
use serde_json::Value;

/// Receives uploads.
pub struct OnUpload {
    receive: ReceiveAttachment,
}

impl OnUpload {
    /// Receives them by this use case.
    pub const fn new(receive: ReceiveAttachment) -> Self {
        Self { receive }
    }
}

#[async_trait]
impl Function for OnUpload {
    type Event = Value;
    type Answer = ();

    async fn call(&self, event: Value) -> Result<(), lambda_runtime::Error> {
        let Some(id) = arrived_upload(&event) else { return Ok(()) };
        telemetry::note(Noted::Attachment(id.to_string().as_str()));
        self.receive.execute(id).await?;
        Ok(())
    }
}
