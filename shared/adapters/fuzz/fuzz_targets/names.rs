//! What an uploader says of a file: its name, its type, and the header and path that come of them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use parlance_domain::attachment::{ContentType, FileName, ObjectKey, Sha256Digest};

fuzz_target!(|text: &str| {
    if let Ok(name) = FileName::parse(text) {
        assert!(name.disposition().bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        assert!(!name.encoded().contains('/'));
    }
    let _ = FileName::parse_last_part(text);
    if let Ok(kind) = ContentType::parse(text) {
        let _ = kind.served_as();
    }
    let _ = (ObjectKey::parse(text), Sha256Digest::parse(text));
});
