//! Pictures of every form that is decoded or cleaned: whatever the bytes are, an answer; and what is handed out is handed out as it is when it comes
//! back.
#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use parlance_adapters::inspection::examine;
use parlance_application::ports::inspection::Examined;
use parlance_domain::attachment::ContentType;

fuzz_target!(|bytes: &[u8]| {
    let image = ContentType::from_stored("image/x");
    let look = |bytes: &[u8]| examine(&image, bytes, Instant::now() + Duration::from_secs(10));
    let Examined::Passed(first) = look(bytes) else { return };
    if let Some(cleaned) = first.bytes {
        if let Examined::Passed(again) = look(&cleaned) {
            assert_eq!(again.bytes, None, "there was more to take away");
        }
    }
});
