//! Archives and pages behind other files, and what only looks like them.

use proptest::prelude::*;

use crate::inspection::{archive, page};

/// A ZIP of one entry without content, as it stands behind `before` bytes; offsets count from its own start.
fn zip() -> Vec<u8> {
    let name = b"a.class";
    let local =
        [b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x07\0\0\0".as_slice(), name].concat();
    let mut entry = b"PK\x01\x02".to_vec();
    entry.extend([0; 24]);
    entry.extend(b"\x07\0");
    entry.extend([0; 16]);
    entry.extend(name);
    let mut end = b"PK\x05\x06\0\0\0\0\x01\0\x01\0".to_vec();
    end.extend(u32::try_from(entry.len()).unwrap().to_le_bytes());
    end.extend(u32::try_from(local.len()).unwrap().to_le_bytes());
    end.extend(b"\0\0");
    [local, entry, end].concat()
}

#[test]
fn an_archive_is_found_wherever_it_begins() {
    let zip = zip();
    assert!(archive::is_archive(&zip));
    assert!(archive::is_archive(&[b"GIF89a".repeat(1000), zip.clone()].concat()));
    assert!(archive::is_archive(&[zip.clone(), vec![b'x'; 65_000]].concat()));
    assert!(archive::is_archive(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
    assert!(archive::is_archive(b"GIF89a Rar!\x1a\x07\x01\0"));
    assert!(archive::is_archive(b"7z\xbc\xaf\x27\x1c\0\x04"));
    let locator = [b"PK\x06\x07".as_slice(), &[0; 16], b"PK\x05\x06", &[0xff; 18]].concat();
    assert!(archive::is_archive(&locator));
}

#[test]
fn a_mark_alone_is_no_archive() {
    let zip = zip();
    assert!(!archive::is_archive(b""));
    assert!(!archive::is_archive(b"PK\x05\x06"));
    assert!(!archive::is_archive(&[b"GIF89a".as_slice(), b"PK\x05\x06", &[7; 40]].concat()));
    assert!(!archive::is_archive(&[zip, vec![b'x'; 2_000_000]].concat()));
    assert!(!archive::is_archive(b"GIF89a Rar! 7z\xbc\xaf"));
}

#[test]
fn random_bytes_are_neither_archive_nor_page() {
    for seed in 1..=1000_u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut bytes = Vec::with_capacity(80_000);
        while bytes.len() < 80_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes.extend(state.to_le_bytes());
        }
        assert!(!archive::is_archive(&bytes), "{seed}");
        assert!(!page::is_active(&bytes), "{seed}");
    }
}

#[test]
fn what_a_browser_a_shell_or_a_system_runs_is_active() {
    for active in [
        &b"<html>"[..],
        b"  \n<!DOCTYPE html>",
        b"junk <ScRiPt src=x>",
        b"\xef\xbb\xbf<HTML lang=en>",
        b"<svg xmlns='x'>",
        b"<?php echo 1;",
        b"<?xml version='1.0'?>",
        b"junk %PDF-1.4",
        b"MZ\x90\0",
        b"\x7fELF\x02",
        b"#!/bin/sh",
        b"\n#!/bin/sh",
        b"<body onload=x>",
    ] {
        assert!(page::is_active(active), "{active:?}");
    }
    let far = [vec![0; 100_000], b"<script>".to_vec()].concat();
    assert!(page::is_active(&far));
}

#[test]
fn other_words_are_not_active() {
    for passive in [&b""[..], b"hello", b"a < b", b"<scripture>", b"<htmlx>", b"see #!", b"XMZ", b"\0\0\0\0"]
    {
        assert!(!page::is_active(passive), "{passive:?}");
    }
}

proptest! {
    #[test]
    fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..500), tail in proptest::collection::vec(any::<u8>(), 0..40)) {
        let bytes = [bytes, b"PK\x05\x06".to_vec(), tail].concat();
        _ = archive::is_archive(&bytes);
        _ = page::is_active(&bytes);
    }
}
