//! The timer queue of moved cursors: a group is told, all together, who has read further in the last seconds.

use async_trait::async_trait;
use parlance_adapters::sqs::waiting_collection;
use parlance_application::reads::collect::CollectReads;
use parlance_edge::{
    Function,
    telemetry::{self, Noted},
};
use serde::Deserialize;

/// Collects moved cursors.
pub struct OnReadTimer {
    collect: CollectReads,
}

/// Messages of the queue.
#[derive(Deserialize)]
pub struct Batch {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    body: String,
}

impl OnReadTimer {
    /// Collects them by this use case.
    pub const fn new(collect: CollectReads) -> Self {
        Self { collect }
    }
}

#[async_trait]
impl Function for OnReadTimer {
    type Event = Batch;
    type Answer = ();

    async fn call(&self, event: Batch) -> Result<(), lambda_runtime::Error> {
        telemetry::note(Noted::Items(event.records.len()));
        let conversations = event.records.iter().filter_map(|record| waiting_collection(&record.body));
        self.collect.execute(conversations.collect()).await;
        Ok(())
    }
}
