//! What is particular to JPEG.

use super::{Damaged, Form, Sample, clean, has, orientation, pixels, with};

const BEHIND_SOI: usize = 2;

fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&[0xFF, marker], length.as_slice(), content].concat()
}

/// Where the markers of a kind are.
fn places(bytes: &[u8], marker: u8) -> Vec<usize> {
    bytes.windows(2).enumerate().filter(|(_, pair)| *pair == [0xFF, marker]).map(|(at, _)| at).collect()
}

#[test]
fn between_the_scans_of_a_progressive_picture_comments_go_and_tables_stay() {
    let clean_already = Sample::named("progressive.jpg").cleaned();
    let scans = places(&clean_already, 0xDA);
    assert!(scans.len() > 3);
    let tables = places(&clean_already, 0xC4);
    let mut bytes = clean_already.clone();
    for at in tables.iter().rev().filter(|at| **at > scans[0]) {
        bytes = with(&bytes, *at, &segment(0xFE, b"Tattletale"));
        bytes = with(&bytes, *at, &segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0\xFF\xD9"));
    }
    assert!(bytes.len() > clean_already.len() + 100);
    assert_eq!(clean(Form::Jpeg, &bytes, 3).unwrap().bytes, Some(clean_already));
}

#[test]
fn unknown_segments_go_and_a_thumbnail_in_the_jfif_header_with_them() {
    let grey = Sample::named("grey.jpg").bytes;
    let header = segment(0xE0, b"JFIF\0\x01\x02\x01\0\x48\0\x48\x01\x01rgb");
    let bytes = [
        &grey[..BEHIND_SOI],
        &header,
        &segment(0xE0, b"JFXX\0\x10 thumbnail"),
        &segment(0xE2, b"MPF\0 more pictures"),
        &segment(0xEE, b"Adobe\0\x64\0\0\0\0\x01 and more"),
        &segment(0xEF, b"?"),
        &segment(0xF7, b"?"),
        b"\xFF\xFF\xFF\x01padding",
        &grey[20..],
    ]
    .concat();
    let expected = [
        &grey[..BEHIND_SOI],
        &segment(0xE0, b"JFIF\0\x01\x02\x01\0\x48\0\x48\0\0"),
        &segment(0xEE, b"Adobe\0\x64\0\0\0\0\x01"),
        &grey[20..],
    ]
    .concat();
    assert_eq!(clean(Form::Jpeg, &bytes, 1).unwrap().bytes, Some(expected));
}

#[test]
fn the_orientation_stands_behind_the_jfif_header() {
    let grey = Sample::named("grey.jpg").bytes;
    let turned = clean(Form::Jpeg, grey, 6).unwrap().bytes.unwrap();
    assert_eq!(turned.len(), grey.len() + 36);
    assert!(turned.starts_with(&grey[..20]));
    assert!(turned[20..].starts_with(b"\xFF\xE1\0\x22Exif\0\0MM"));
    assert_eq!(orientation(&turned), 6);
    assert_eq!(pixels(&turned), pixels(grey));
    assert_eq!(clean(Form::Jpeg, &turned, 6).unwrap().bytes, None);
    assert_eq!(clean(Form::Jpeg, &turned, 1).unwrap().bytes.as_deref(), Some(grey));
}

#[test]
fn restarts_and_filled_up_markers_are_a_part_of_the_data() {
    let restarts = Sample::named("restarts.jpg").cleaned();
    assert!(places(&restarts, 0xD1).len() + places(&restarts, 0xD0).len() > 1);
    assert!(has(&restarts, b"\xFF\x00"));
    let end = restarts.len() - 2;
    let filled = with(&restarts, end, &[0xFF; 1000]);
    assert_eq!(clean(Form::Jpeg, &filled, 1).unwrap().bytes, Some(restarts));
}

#[test]
fn a_second_picture_behind_the_first_goes() {
    let (first, second) = (Sample::named("grey.jpg").bytes, Sample::named("phone.jpg").bytes);
    let both = [first, second].concat();
    let cleaned = clean(Form::Jpeg, &both, 1).unwrap();
    assert_eq!((cleaned.bytes.as_deref(), cleaned.trailer), (Some(first), second));
}

#[test]
fn without_a_frame_or_a_scan_it_is_no_picture() {
    let table = segment(0xDB, &[0; 65]);
    for bytes in [
        b"\xFF\xD8\xFF\xD9".to_vec(),
        [b"\xFF\xD8", table.as_slice(), b"\xFF\xD9"].concat(),
        [b"\xFF\xD8", segment(0xDA, &[0; 10]).as_slice(), b"data\xFF\xD9"].concat(),
        [b"\xFF\xD8", segment(0xC0, &[0; 15]).as_slice(), b"\xFF\xD9"].concat(),
        b"\xFF\xD8\xFF\xE1\0\x01\xFF\xD9".to_vec(),
        b"\xFF\xD8\xFF\xD8\xFF\xD9".to_vec(),
    ] {
        assert_eq!(clean(Form::Jpeg, &bytes, 1), Err(Damaged), "{}", bytes.escape_ascii());
    }
}
