//! The asynchronous invocation of `fan-out`: one frame for up to 250 sockets.

use async_trait::async_trait;
use parlance_adapters::lambda::decode_fan_out_order;
use parlance_application::delivery::broadcaster::FanOut as PostOrder;
use parlance_edge::{
    Function,
    telemetry::{self, Noted},
};
use serde_json::Value;

/// Posts what others left to it.
pub struct FanOut {
    post: PostOrder,
}

impl FanOut {
    /// Posts by this use case.
    pub const fn new(post: PostOrder) -> Self {
        Self { post }
    }
}

#[async_trait]
impl Function for FanOut {
    type Event = Value;
    type Answer = ();

    async fn call(&self, event: Value) -> Result<(), lambda_runtime::Error> {
        let order = decode_fan_out_order(&event)?;
        telemetry::note(Noted::Items(order.connections.len()));
        self.post.execute(order).await;
        Ok(())
    }
}
