//! Pictures of every format that is decoded: whatever the bytes are, an answer.
#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use parlance_adapters::previews::decode;

fuzz_target!(|bytes: &[u8]| {
    let _ = decode("image/x", bytes, Instant::now() + Duration::from_secs(10));
});
