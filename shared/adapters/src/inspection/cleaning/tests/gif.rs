//! What is particular to GIF.

use super::{Damaged, Form, Sample, clean, frames, has, with};

/// Where the first image or extension is.
fn behind_screen(bytes: &[u8]) -> usize {
    13 + if bytes[10] & 0x80 == 0 { 0 } else { 3 << ((bytes[10] & 7) + 1) }
}

#[test]
fn repetitions_and_colours_stay() {
    let cleaned = Sample::named("moves.gif").cleaned();
    assert!(has(&cleaned, b"\x21\xFF\x0BNETSCAPE2.0\x03\x01\x04\0\0"));
    assert!(has(&cleaned, b"\x21\xFF\x0BICCRGBG1012"));
    assert_eq!(frames(&cleaned).len(), 3);
}

#[test]
fn other_extensions_go_and_what_is_hidden_in_those_that_stay() {
    let plain = Sample::named("interlaced.gif").cleaned();
    let at = behind_screen(&plain);
    for hidden in [
        b"\x21\xFE\x0ATattletale\0".as_slice(),
        b"\x21\xFE\0",
        b"\x21\x01\x0Cxxxxxxxxxxxx\x0ATattletale\0",
        b"\x21\xFF\x0BXMP DataXMP\x04xmp!\0",
        b"\x21\xFF\x0BNETSCAPE2.0\x05\x02abcd\0",
        b"\x21\xF9\x03xyz\0",
        b"\x21\x42\x01x\0",
    ] {
        let bytes = with(&plain, at, hidden);
        assert_eq!(
            clean(Form::Gif, &bytes, 1).unwrap().bytes.as_ref(),
            Some(&plain),
            "{}",
            hidden.escape_ascii()
        );
    }
    for (hiding, shown) in [
        (
            b"\x21\xFF\x0BANIMEXTS1.0\x03\x02ab\x03\x01\x07\0\x0ATattletale\0".as_slice(),
            b"\x21\xFF\x0BANIMEXTS1.0\x03\x01\x07\0\0".as_slice(),
        ),
        (b"\x21\xF9\x04\0\x0A\0\0\x0ATattletale\0", b"\x21\xF9\x04\0\x0A\0\0\0"),
    ] {
        let cleaned = clean(Form::Gif, &with(&plain, at, hiding), 1).unwrap().bytes;
        assert_eq!(cleaned, Some(with(&plain, at, shown)));
    }
}

#[test]
fn without_an_image_it_is_no_picture() {
    let plain = Sample::named("interlaced.gif").cleaned();
    let empty = [&plain[..behind_screen(&plain)], b"\x3B"].concat();
    assert_eq!(clean(Form::Gif, &empty, 1), Err(Damaged));
    let stray = with(&plain, plain.len() - 1, b"\x42");
    assert_eq!(clean(Form::Gif, &stray, 1), Err(Damaged));
}
