//! A pass for one handshake, on the wire.

use parlance_domain::ids::TicketId;
use schemars::JsonSchema;
use serde::Serialize;

use crate::wire_time::WireTime;

/// A ticket that was just issued.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct IssuedTicket {
    /// The ticket: it is shown as `?ticket=`, once.
    pub ticket: TicketId,
    /// From when on it is worth nothing.
    pub expires_at: WireTime,
}
