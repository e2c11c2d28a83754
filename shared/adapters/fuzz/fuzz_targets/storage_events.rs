//! What the bus tells of objects, whose keys and tags come from uploads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use parlance_adapters::storage_events::{arrived_upload, scan_result};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(event) = serde_json::from_slice(bytes) {
        let _ = (arrived_upload(&event), scan_result(&event));
    }
});
