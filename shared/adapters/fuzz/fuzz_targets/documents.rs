//! PDF and SVG: whatever the bytes are, an answer.
#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use parlance_adapters::inspection::examine;
use parlance_domain::attachment::ContentType;

fuzz_target!(|bytes: &[u8]| {
    for kind in ["application/pdf", "image/svg+xml"] {
        let kind = ContentType::from_stored(kind);
        let _ = examine(&kind, bytes, Instant::now() + Duration::from_secs(2));
    }
});
