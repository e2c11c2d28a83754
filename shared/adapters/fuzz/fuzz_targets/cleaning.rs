//! Pictures of every form that is cleaned: whatever the bytes are, an answer; and what is cleaned has nothing more that could be taken away.
#![no_main]

use libfuzzer_sys::fuzz_target;
use parlance_adapters::inspection::cleaning::{Form, clean, heif};

fuzz_target!(|bytes: &[u8]| {
    let _ = heif::dimensions(bytes);
    let Some(form) = Form::of(bytes) else { return };
    for orientation in [1, 6] {
        let Ok(first) = clean(form, bytes, orientation) else { continue };
        let cleaned = first.bytes.as_deref().unwrap_or(bytes);
        let again = clean(form, cleaned, orientation).expect("a cleaned picture is whole");
        assert_eq!((again.bytes, again.trailer), (None, &[][..]));
    }
});
