//! Pictures of every form that is decoded: whatever the bytes are, an answer. A decoder may panic, which is caught where it is called; it may not
//! hang, nor take more memory than it is given.
#![no_main]

use std::{
    panic::{catch_unwind, set_hook},
    time::{Duration, Instant},
};

use libfuzzer_sys::fuzz_target;
use parlance_adapters::inspection::examine;
use parlance_domain::attachment::ContentType;

fuzz_target!(
    init: set_hook(Box::new(|_| {})),
    |bytes: &[u8]| {
        let image = ContentType::from_stored("image/x");
        let _ = catch_unwind(|| examine(&image, bytes, Instant::now() + Duration::from_secs(10)));
    }
);
