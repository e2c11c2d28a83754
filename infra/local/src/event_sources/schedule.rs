//! The clock: calls a function at a fixed rate.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::{Context, ScheduleMapping};
use crate::loopback::rfc3339;

/// Calls until it is dropped; the first call comes after the first interval.
pub(super) async fn run(context: Arc<Context>, mapping: ScheduleMapping) {
    let mut ticks = interval_at(Instant::now() + mapping.every, mapping.every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let event = mapping.input.clone().unwrap_or_else(|| scheduled(&context, &mapping));
        context.invoke.invoke_async(&mapping.function, "schedule", Bytes::from(event));
    }
}

fn scheduled(context: &Context, mapping: &ScheduleMapping) -> String {
    let account = crate::loopback::ACCOUNT;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    json!({
        "version": "0",
        "id": ulid::Ulid::generate().to_string(),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": account,
        "time": rfc3339(Duration::from_secs(now.as_secs())),
        "region": context.region,
        "resources": [format!("arn:aws:events:{}:{account}:rule/{}", context.region, mapping.function)],
        "detail": {},
    })
    .to_string()
}
