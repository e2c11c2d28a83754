//! The invocation of `inspect-file`: a file is looked into, and who asked is answered.

use async_trait::async_trait;
use parlance_adapters::lambda::inspection::{InspectionAnswer, InspectionRequest};
use parlance_application::{
    attachments::inspect::InspectFile as Inspect,
    ports::inspection::{Inspected, Inspector},
};
use parlance_edge::{
    Function,
    telemetry::{self, Noted},
};

/// Looks into files.
pub struct InspectFile {
    inspect: Inspect,
}

impl InspectFile {
    /// Looks into them by this use case.
    pub const fn new(inspect: Inspect) -> Self {
        Self { inspect }
    }
}

#[async_trait]
impl Function for InspectFile {
    type Event = InspectionRequest;
    type Answer = InspectionAnswer;

    async fn call(&self, request: InspectionRequest) -> Result<InspectionAnswer, lambda_runtime::Error> {
        let file = request.into_file();
        telemetry::note(Noted::Attachment(file.id.to_string().as_str()));
        let inspected = self.inspect.inspect(&file).await.unwrap_or_else(|error| {
            // Who asked tries again sooner than one whose question killed this function.
            tracing::error!(error = &error as &dyn std::error::Error, "the store cannot be reached");
            Inspected::Unfinished
        });
        Ok(InspectionAnswer::of(inspected))
    }
}
