//! What happens without a client asking: one file per consumed event.

pub mod fan_out;
pub mod jwks_refresh;
pub mod on_log_entry;
