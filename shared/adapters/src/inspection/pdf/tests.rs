//! PDFs as Python's libraries write them, and as strangers might.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use parlance_domain::attachment::Reason;
use proptest::prelude::*;

fn documents() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from("tests/documents");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()))
        .collect()
}

fn document(name: &str) -> Vec<u8> {
    documents().into_iter().find(|(stem, _)| stem == name).unwrap().1
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A file with these objects, between a header and an end.
fn file(objects: &[u8]) -> Vec<u8> {
    [b"%PDF-1.7\n", objects, b"\ntrailer << /Root 1 0 R >>\nstartxref\n0\n%%EOF\n"].concat()
}

/// A file with one stream.
fn stream(dictionary: &str, data: &[u8]) -> Vec<u8> {
    file(&[b"7 0 obj\n<< ", dictionary.as_bytes(), b" >>\nstream\n", data, b"\nendstream\nendobj"].concat())
}

const PACKED: &str = "/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode";
const CLEAN: &[u8] = b"1 0 << /Type /Catalog >>";
const FORM: &[u8] = b"1 0 << /XFA 3 0 R >>";

#[test]
fn each_document_is_what_its_name_says() {
    let documents = documents();
    assert!(documents.len() > 25);
    for (name, bytes) in documents {
        let expected = match name.split('-').next() {
            Some("clean") => Ok(()),
            Some("script") => Err(Reason::Script),
            Some("encrypted") => Err(Reason::Encrypted),
            _ => panic!("{name}"),
        };
        assert_eq!(super::check(&bytes), expected, "{name}");
    }
}

#[test]
fn what_runs_is_refused_wherever_it_stands() {
    assert_eq!(super::check(&file(b"1 0 obj << /S /URI >> endobj")), Ok(()));
    for runner in [
        "1 0 obj << /S /JavaScript /JS (x) >> endobj",
        "1 0 obj << /S/J#61#76aScript>> endobj",
        "1 0 obj << /S/JavaScript>> endobj",
        "1 0 obj (an open string << /S /JavaScript >> endobj",
        "% 1 0 obj << /S /JavaScript >> endobj",
        "1 0 obj << >> stream\n << /S /JavaScript >> endstream endobj",
        "1 0 obj <</S/Launch>> endobj",
        "1 0 obj <</S/Rendition>> endobj",
        "1 0 obj <</Subtype/RichMedia>> endobj",
        "1 0 obj <</OnInstantiate 4 0 R>> endobj",
        "1 0 obj <</JS(x)>> endobj",
        "1 0 obj <</AcroForm<</XFA 3 0 R>>>> endobj",
        "% stream\n1 0 obj <</XFA 3 0 R>> endobj",
        "1 0 obj [ << /A (\\() >> << /#58FA [] >> ] endobj",
        "1 0 obj << /A [ >> /XFA ] 3 0 R >> endobj",
        "trailer << /Root << /XFA 3 0 R >> >>",
    ] {
        assert_eq!(super::check(&file(runner.as_bytes())), Err(Reason::Script), "{runner}");
    }
}

#[test]
fn words_that_only_look_alike_pass() {
    for alike in [
        "1 0 obj << /JavaScripts 1 /XJavaScript 2 /Launcher 3 >> endobj",
        "1 0 obj (JavaScript) endobj",
        "1 0 obj << /T (/XFA /JS) >> endobj",
        "1 0 obj << /Length 8 >> stream\n/JS /XFA endstream endobj",
        "1 0 obj << /A << /S /URI /URI (https://example.com/JavaScript/JavaScript) >> >> endobj",
    ] {
        assert_eq!(super::check(&file(alike.as_bytes())), Ok(()), "{alike}");
    }
}

#[test]
fn a_name_in_an_address_does_not_pass_if_a_type_could_refer_to_it() {
    let text = b"5 10 << /URI (http://a.b/JavaScript) >>";
    assert_eq!(super::check(&stream(PACKED, &packed(text))), Ok(()));
    for reference in ["/S 5 0 R", "/#53 5 0 R", "/S%\n5 0 R", "/S 5 %\n0 R"] {
        let text = [text, b" << /JX (x) ".as_slice(), reference.as_bytes(), b" >>"].concat();
        assert_eq!(super::check(&stream(PACKED, &packed(&text))), Err(Reason::Script), "{reference}");
    }
    assert_eq!(super::check(&file(b"1 0 obj (http://a.b 7 0 obj/JavaScript) endobj")), Err(Reason::Script));
}

#[test]
fn object_streams_are_looked_into() {
    for dictionary in [
        PACKED,
        "/Type/Obj#53tm/Filter/Fl",
        "/N 1/First 4/Filter[/FlateDecode]",
        "/First 4/Fi#6cter [ /Flate#44ecode ]",
        "/Type /ObjStm /Length 2 /Filter /FlateDecode /DecodeParms << /Predictor 1 >>",
        "/X (7 0 obj << /Y ) /First 4 /Filter /FlateDecode",
        "/X (>> stream) /First 4 /Filter /FlateDecode",
        "/First 4 %endobj 8 0 obj <<\n /Filter /FlateDecode",
    ] {
        assert_eq!(super::check(&stream(dictionary, &packed(CLEAN))), Ok(()), "{dictionary}");
        assert_eq!(super::check(&stream(dictionary, &packed(FORM))), Err(Reason::Script), "{dictionary}");
    }
    assert_eq!(super::check(&stream("/Type /ObjStm /First 4", CLEAN)), Ok(()));
    assert_eq!(super::check(&stream("/Type /ObjStm /First 4", FORM)), Err(Reason::Script));
    let split = [b"endstream ", FORM].concat();
    assert_eq!(super::check(&stream("/Type /ObjStm /First 4", &split)), Err(Reason::Script));
    let inner = "/X (8 0 obj << /First 4 >> stream 1 0 /XFA )";
    let outer = [inner, "/First 4"].join(" ");
    assert_eq!(super::check(&stream(&outer, CLEAN)), Err(Reason::Script));
    assert_eq!(super::check(&stream(&outer.replace("/XFA", "/XF"), CLEAN)), Ok(()));
    // What is packed and holds no objects is left alone.
    assert_eq!(super::check(&stream("/Filter /FlateDecode", &packed(FORM))), Ok(()));
    assert_eq!(super::check(&stream("/Filter /DCTDecode", b"\xff\xd8")), Ok(()));
}

#[test]
fn an_object_stream_that_cannot_be_looked_into_is_refused() {
    for dictionary in [
        "/Type /ObjStm /Filter /LZWDecode",
        "/Type /ObjStm /Filter [/ASCII85Decode /FlateDecode]",
        "/Type /ObjStm /Filter [/Crypt /FlateDecode]",
        "/Type /ObjStm /Filter 9 0 R",
        "/Type /ObjStm /Filter /DCTDecode /Filter /FlateDecode",
        "/Type /ObjStm /Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 4 >>",
        "/Type /ObjStm /F /FlateDecode",
        "/First 4 /N 1 /Filter /RunLengthDecode",
    ] {
        assert_eq!(super::check(&stream(dictionary, &packed(CLEAN))), Err(Reason::Damaged), "{dictionary}");
    }
    let clean = packed(CLEAN);
    assert_eq!(super::check(&stream(PACKED, &clean[..clean.len() - 8])), Err(Reason::Damaged));
    assert_eq!(super::check(&stream(PACKED, b"no zlib")), Err(Reason::Damaged));
}

#[test]
fn what_came_out_before_it_broke_is_searched() {
    let noise: Vec<u8> =
        (0..40_000_u32).map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let broken = |text: &[u8]| {
        let mut data = packed(&[text, &noise].concat());
        let middle = data.len() / 2;
        data[middle..].fill(0xff);
        stream(PACKED, &data)
    };
    assert_eq!(super::check(&broken(CLEAN)), Err(Reason::Damaged));
    assert_eq!(super::check(&broken(FORM)), Err(Reason::Script));
}

#[test]
fn bombs_are_refused() {
    assert_eq!(super::check(&stream(PACKED, &packed(&vec![b' '; 900_000]))), Ok(()));
    assert_eq!(super::check(&stream(PACKED, &packed(&vec![b' '; 5_000_000]))), Err(Reason::Bomb));
    let objects = b"1 0 obj<</First 0>>stream\n".repeat(100_001);
    assert_eq!(super::check(&file(&objects)), Err(Reason::Bomb));
    assert_eq!(super::check(&file(&b"obj<<".repeat(100_000))), Err(Reason::Bomb));
}

#[test]
fn encryption_is_refused_only_if_it_hides_objects() {
    let plain = file(b"1 0 obj << >> endobj trailer << /Encrypt 9 0 R >>");
    assert_eq!(super::check(&plain), Ok(()));
    let hidden = [stream(PACKED, b"\x13\x27 random"), plain].concat();
    assert_eq!(super::check(&hidden), Err(Reason::Encrypted));
}

#[test]
fn it_begins_and_ends_as_a_pdf() {
    let clean = document("clean-reportlab");
    let with = |before: &[u8], after: &[u8]| super::check(&[before, &clean, after].concat());
    assert_eq!(with(b"", b""), Ok(()));
    assert_eq!(with(b"", b"\r\n\0\0\0"), Ok(()));
    assert_eq!(with(b"", &[b' '; 5000]), Ok(()));
    assert_eq!(with(b"", b"some trailing words"), Ok(()));
    assert_eq!(with(b"\n", b""), Err(Reason::Disguised));
    assert_eq!(with(b"GIF89a", b""), Err(Reason::Disguised));
    assert_eq!(with(b"", &[b'x'; 2000]), Err(Reason::Damaged));
    assert_eq!(with(b"", b"<html><script>alert(1)</script>"), Err(Reason::Disguised));
    assert_eq!(with(b"", b"#!/bin/sh\nrm"), Err(Reason::Disguised));
    let zip = [b"PK\x01\x02".as_slice(), &[0; 42], b"PK\x05\x06\0\0\0\0\x01\0\x01\0\x2e\0\0\0\0\0\0\0\0\0"]
        .concat();
    assert_eq!(with(b"", &zip), Err(Reason::Disguised));
    assert_eq!(super::check(b""), Err(Reason::Disguised));
    assert_eq!(super::check(b"%PDF-1.4"), Err(Reason::Damaged));
}

#[test]
fn what_breaks_off_is_damaged() {
    let clean = document("clean-reportlab");
    for part in 1..=50 {
        let length = 5 + (clean.len() - 12) * part / 50;
        assert_eq!(super::check(&clean[..length]), Err(Reason::Damaged), "{length} of {}", clean.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        _ = super::check(&bytes);
        _ = super::check(&file(&bytes));
        _ = super::check(&stream(PACKED, &bytes));
    }

    #[test]
    fn random_words_never_panic(words in proptest::collection::vec(prop::sample::select(vec![
        "obj", "endobj", "stream", "endstream", "<<", ">>", "[", "]", "(", ")", "<", ">", "/", "/Filter", "/First", "/S",
        "/#", "/#4", "/Predictor", "%", "\n", "\\", "1", "0", "R", "trailer", "/FlateDecode", "null", " ", "#", "x\u{9c}",
    ]), 0..200)) {
        _ = super::check(&file(words.concat().as_bytes()));
    }

    #[test]
    fn mutated_documents_never_panic(which in 0_usize..30, changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20)) {
        let documents = documents();
        let mut bytes = documents[which % documents.len()].1.clone();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        _ = super::check(&bytes);
    }
}
