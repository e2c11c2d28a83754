//! What is particular to PNG.

use super::{Damaged, Form, Sample, clean, has, with};

const BEHIND_HEADER: usize = 8 + 25;

fn chunk(kind: &[u8], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let checksum = crc32fast::hash(&[kind, content].concat()).to_be_bytes();
    [&length, kind, content, &checksum].concat()
}

fn plain() -> Vec<u8> {
    Sample::named("palette.png").cleaned()
}

#[test]
fn what_colours_a_picture_stays() {
    let plain = plain();
    assert!(has(&plain, b"PLTE") && has(&plain, b"tRNS") && has(&plain, b"gAMA"));
    let phone = Sample::named("phone.png").cleaned();
    assert!(has(&phone, b"iCCP") && has(&phone, b"pHYs"));
    for kind in [b"cHRM", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"sBIT", b"bKGD", b"hIST", b"sPLT"] {
        let coloured = with(&plain, BEHIND_HEADER, &chunk(kind, b"colour"));
        assert_eq!(clean(Form::Png, &coloured, 1).unwrap().bytes, None);
    }
}

#[test]
fn what_does_not_show_goes() {
    let plain = plain();
    let end = plain.len() - 12;
    for kind in [b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf", b"zxIf", b"caBX", b"iDOT", b"prVt"] {
        for at in [BEHIND_HEADER, end] {
            let telling = with(&plain, at, &chunk(kind, b"Tattletale"));
            assert_eq!(clean(Form::Png, &telling, 1).unwrap().bytes.as_ref(), Some(&plain));
        }
    }
}

#[test]
fn the_orientation_stands_before_the_data() {
    let turned = clean(Form::Png, &plain(), 8).unwrap().bytes.unwrap();
    assert!(turned[BEHIND_HEADER..].starts_with(b"\0\0\0\x1AeXIfMM"));
    assert_eq!(clean(Form::Png, &turned, 8).unwrap().bytes, None);
}

#[test]
fn a_chunk_that_is_wrong_damages_the_picture() {
    let plain = plain();
    let mut wrong = chunk(b"tEXt", b"Tattletale");
    *wrong.last_mut().unwrap() ^= 1;
    for part in
        [wrong, chunk(b"CgBI", b""), chunk(b"IHDR", &[0; 13]), chunk(b"IEND", b"?"), chunk(b"t xt", b"")]
    {
        let bytes = with(&plain, plain.len() - 12, &part);
        assert_eq!(clean(Form::Png, &bytes, 1), Err(Damaged), "{}", part.escape_ascii());
    }
    let without_data = [&plain[..BEHIND_HEADER], &chunk(b"IEND", b"")].concat();
    assert_eq!(clean(Form::Png, &without_data, 1), Err(Damaged));
    let without_header = [&plain[..8], &plain[BEHIND_HEADER..]].concat();
    assert_eq!(clean(Form::Png, &without_header, 1), Err(Damaged));
}
