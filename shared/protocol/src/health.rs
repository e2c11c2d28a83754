//! The state of the service, on the wire.

use schemars::JsonSchema;
use serde::Serialize;

/// That the service is there.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct Health {
    /// Always `ok`: a service that is not there says nothing.
    pub status: &'static str,
}
