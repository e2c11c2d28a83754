//! Recordings of every container and codec that is decoded, Opus among them: whatever the bytes are, an answer.
#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use parlance_adapters::inspection::examine;
use parlance_domain::attachment::ContentType;

fuzz_target!(|bytes: &[u8]| {
    let audio = ContentType::from_stored("audio/x");
    let _ = examine(&audio, bytes, Instant::now() + Duration::from_secs(2));
});
