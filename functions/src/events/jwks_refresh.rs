//! The timer, and the invocation for an unknown `kid`: the issuer's keys are fetched and kept where every function reads them.

use async_trait::async_trait;
use parlance_adapters::jwt::KeyRefresher;
use parlance_edge::Function;
use serde::de::IgnoredAny;

/// Keeps the issuer's keys fresh.
pub struct JwksRefresh {
    refresh: KeyRefresher,
}

impl JwksRefresh {
    /// Fetches and keeps them by this adapter.
    pub const fn new(refresh: KeyRefresher) -> Self {
        Self { refresh }
    }
}

#[async_trait]
impl Function for JwksRefresh {
    type Event = IgnoredAny;
    type Answer = ();

    async fn call(&self, _event: IgnoredAny) -> Result<(), lambda_runtime::Error> {
        let outcome = self.refresh.refresh().await?;
        tracing::info!(?outcome, "keys looked after");
        Ok(())
    }
}
