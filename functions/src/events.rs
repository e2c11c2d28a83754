//! What happens without a client asking: one file per consumed event.

pub mod batch;
pub mod deliver_webhook;
pub mod fan_out;
pub mod inspect_file;
pub mod jwks_refresh;
pub mod on_log_entry;
pub mod on_presence_timer;
pub mod on_read_timer;
pub mod on_scan_result;
pub mod on_upload;
pub mod sweep_attachments;
