//! The asynchronous invocation of `make-preview`: one clean file is looked into.

use async_trait::async_trait;
use parlance_adapters::lambda::PreviewRequest;
use parlance_application::attachments::preview::MakePreview as Make;
use parlance_edge::{
    Function,
    telemetry::{self, Noted},
};

/// Makes previews.
pub struct MakePreview {
    make: Make,
}

impl MakePreview {
    /// Makes them by this use case.
    pub const fn new(make: Make) -> Self {
        Self { make }
    }
}

#[async_trait]
impl Function for MakePreview {
    type Event = PreviewRequest;
    type Answer = ();

    async fn call(&self, request: PreviewRequest) -> Result<(), lambda_runtime::Error> {
        telemetry::note(Noted::Attachment(request.attachment.to_string().as_str()));
        self.make.execute(request.attachment).await?;
        Ok(())
    }
}
