//! GuardDuty's `Object Scan Result` on the default event bus: a scan has ended.

use async_trait::async_trait;
use parlance_adapters::storage_events::scan_result;
use parlance_application::attachments::judge::JudgeAttachment;
use parlance_edge::{
    Function,
    telemetry::{self, Noted},
};
use serde_json::Value;

/// Carries out what scans have found.
pub struct OnScanResult {
    judge: JudgeAttachment,
}

impl OnScanResult {
    /// Carries it out by this use case.
    pub const fn new(judge: JudgeAttachment) -> Self {
        Self { judge }
    }
}

#[async_trait]
impl Function for OnScanResult {
    type Event = Value;
    type Answer = ();

    async fn call(&self, event: Value) -> Result<(), lambda_runtime::Error> {
        let Some(result) = scan_result(&event) else { return Ok(()) };
        telemetry::note(Noted::Attachment(result.id.to_string().as_str()));
        self.judge.execute(&result).await?;
        Ok(())
    }
}
