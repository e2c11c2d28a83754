//! The timer, and the invocation for an unknown `kid`: the issuer's keys are fetched and kept where every function reads them.

use async_trait::async_trait;
use parlance_adapters::jwt::KeyRefresh;
use parlance_edge::Function;
use serde::de::IgnoredAny;

/// Keeps the issuer's keys fresh.
pub struct JwksRefresh {
    refresh: KeyRefresh,
}

impl JwksRefresh {
    /// Fetches and keeps them by this adapter.
    pub const fn new(refresh: KeyRefresh) -> Self {
        Self { refresh }
    }
}

#[async_trait]
impl Function for JwksRefresh {
    type Event = IgnoredAny;
    type Answer = ();

    async fn call(&self, _event: IgnoredAny) -> Result<(), lambda_runtime::Error> {
        self.refresh.run().await?;
        Ok(())
    }
}
