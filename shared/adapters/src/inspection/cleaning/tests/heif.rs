//! What is particular to HEIF and AVIF.

use super::{Damaged, Form, Sample, clean, has};

fn a_box(kind: &[u8], content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len() + 8).unwrap().to_be_bytes();
    [size.as_slice(), kind, content].concat()
}

fn ftyp() -> Vec<u8> {
    a_box(b"ftyp", b"heic\0\0\0\0mif1")
}

/// Says of one item, the first, what it is.
fn iinf(kind: &[u8]) -> Vec<u8> {
    let entry = a_box(b"infe", &[b"\x02\0\0\0\0\x01\0\0", kind, b"\0"].concat());
    a_box(b"iinf", &[b"\0\0\0\0\0\x01", entry.as_slice()].concat())
}

/// Says where its extents are; of version 1, with starts and lengths of four bytes.
fn iloc(method: u8, extents: &[(u32, u32)]) -> Vec<u8> {
    let count = u16::try_from(extents.len()).unwrap().to_be_bytes();
    let extents =
        extents.iter().flat_map(|(start, length)| [start.to_be_bytes(), length.to_be_bytes()].concat());
    let head = [b"\x01\0\0\0\x44\0\0\x01\0\x01\0", [method].as_slice(), b"\0\0", &count].concat();
    a_box(b"iloc", &head.into_iter().chain(extents).collect::<Vec<u8>>())
}

fn meta(boxes: &[&[u8]]) -> Vec<u8> {
    a_box(b"meta", &[b"\0\0\0\0", boxes.concat().as_slice()].concat())
}

/// A file whose data, of 64 bytes, comes before all else but `ftyp`.
fn file(rest: &[&[u8]]) -> Vec<u8> {
    [ftyp(), a_box(b"mdat", &[b'x'; 64]), rest.concat()].concat()
}

const DATA: u32 = 20 + 8;

fn cleaned(bytes: &[u8]) -> Option<Vec<u8>> {
    clean(Form::Heif, bytes, 1).unwrap().bytes
}

fn is_damaged(bytes: &[u8]) -> bool {
    clean(Form::Heif, bytes, 1) == Err(Damaged)
}

#[test]
fn nothing_is_moved_and_little_is_written() {
    for name in ["phone.heic", "phone.avif", "moves.avif"] {
        let sample = Sample::named(name);
        let cleaned = sample.cleaned();
        assert_eq!(cleaned.len(), sample.bytes.len() - sample.clean().trailer.len());
        let changed: Vec<_> =
            cleaned.iter().zip(sample.bytes).filter(|(now, before)| now != before).collect();
        assert!(changed.iter().all(|(now, _)| b"\0free".contains(now)), "{name}");
        assert!(changed.len() > 400, "{name}: {}", changed.len());
        assert_eq!(has(&cleaned, b"colrprof"), name.starts_with("phone"), "{name}");
    }
}

#[test]
fn items_of_metadata_are_overwritten_wherever_they_are() {
    let extents = [(DATA, 3), (DATA + 10, 2)];
    for kind in [b"Exif", b"mime", b"uri "] {
        let cleaned = cleaned(&file(&[&meta(&[&iloc(0, &extents), &iinf(kind)])])).unwrap();
        assert_eq!(&cleaned[28..41], b"\0\0\0xxxxxxx\0\0x");
        assert!(has(&cleaned, b"free") && !has(&cleaned, kind));
        let own = meta(&[&a_box(b"idat", b"xxxxxx"), &iloc(1, &[(1, 4)]), &iinf(kind)]);
        let cleaned = clean(Form::Heif, &file(&[&own]), 1).unwrap().bytes.unwrap();
        assert!(has(&cleaned, b"idatx\0\0\0\0x"));
        assert!(is_damaged(&file(&[&meta(&[&iloc(2, &[(0, 1)]), &iinf(kind)])])));
    }
    for kind in [b"hvc1", b"grid", b"jpeg"] {
        for method in 0..=2 {
            let own = meta(&[&a_box(b"idat", &[b'x'; 99]), &iloc(method, &extents), &iinf(kind)]);
            assert_eq!(cleaned(&file(&[&own])), None);
        }
    }
}

#[test]
fn both_other_versions_of_locations_are_read() {
    let zeroth =
        a_box(b"iloc", b"\0\0\0\0\x44\x80\0\x01\0\x01\0\0\0\0\0\0\0\0\0\x1C\0\x01\0\0\0\x02\0\0\0\x03");
    let second = a_box(
        b"iloc",
        b"\x02\0\0\0\x84\x04\0\0\0\x01\0\0\0\x01\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\x1E\0\0\0\x03",
    );
    for iloc in [zeroth, second] {
        let cleaned = cleaned(&file(&[&meta(&[&iinf(b"Exif"), &iloc])])).unwrap();
        assert_eq!(&cleaned[28..35], b"xx\0\0\0xx");
    }
}

#[test]
fn data_outside_of_the_file_damages_it() {
    let at_end = (DATA + 62, 2);
    assert!(!is_damaged(&file(&[&meta(&[&iloc(0, &[at_end]), &iinf(b"hvc1")])])));
    for extents in [vec![(DATA, 9000)], vec![(9000, 1)], vec![(u32::MAX, u32::MAX)], vec![at_end, (9000, 1)]]
    {
        for kind in [b"Exif", b"hvc1"] {
            assert!(is_damaged(&file(&[&meta(&[&iloc(0, &extents), &iinf(kind)])])));
        }
    }
    assert!(is_damaged(&file(&[&meta(&[&iloc(1, &[(0, 1)]), &iinf(b"Exif")])])));
}

#[test]
fn extents_without_a_length_or_longer_than_the_file_damage_it() {
    assert!(is_damaged(&file(&[&meta(&[&iloc(0, &[(DATA, 60); 9]), &iinf(b"Exif")])])));
    let whole = a_box(b"iloc", b"\0\0\0\0\x40\x80\0\x01\0\x01\0\0\0\0\0\0\0\0\0\x1C\0\x01\0\0\0\x02");
    assert!(is_damaged(&file(&[&meta(&[&iinf(b"Exif"), &whole])])));
    let endless = a_box(b"iloc", b"\0\0\0\0\0\0\0\x01\0\x01\0\0\xFF\xFF");
    assert!(is_damaged(&file(&[&meta(&[&iinf(b"Exif"), &endless])])));
}

#[test]
fn boxes_that_are_not_the_picture_become_free() {
    let none = meta(&[]);
    for kind in [b"uuid", b"free", b"skip", b"mpvd", b"udta"] {
        let bytes = [a_box(kind, b"Tattletale Tattletale"), none.clone()].concat();
        let free = [a_box(b"free", &[0; 21]), none.clone()].concat();
        assert_eq!(cleaned(&file(&[&bytes])), Some(file(&[&free])));
        let within = meta(&[&a_box(kind, b"Tattletale")]);
        assert_eq!(cleaned(&file(&[&within])), Some(file(&[&meta(&[&a_box(b"free", &[0; 10])])])));
        // At the end it can go.
        let last = [none.clone(), a_box(kind, b"Tattletale")].concat();
        let bytes = file(&[&last]);
        let result = clean(Form::Heif, &bytes, 1).unwrap();
        assert_eq!(result.bytes, Some(file(&[&none])));
        assert_eq!(result.trailer, a_box(kind, b"Tattletale"));
    }
}

#[test]
fn properties_that_describe_stay_and_say_nothing() {
    let with = |kind: &[u8; 4], said: &[u8]| {
        let properties = [a_box(b"irot", b"\x01"), a_box(kind, said)].concat();
        file(&[&meta(&[&a_box(b"iprp", &a_box(b"ipco", &properties))])])
    };
    for kind in [b"udes", b"altt", b"crtt", b"mdft"] {
        assert_eq!(cleaned(&with(kind, b"Tattletale")), Some(with(kind, &[0; 10])));
    }
    let id = b"sixteen bytes id";
    let (said, unsaid) = ([id, b"Tattle".as_slice()].concat(), [id, [0; 6].as_slice()].concat());
    assert_eq!(cleaned(&with(b"uuid", &said)), Some(with(b"uuid", &unsaid)));
    assert_eq!(cleaned(&with(b"colr", b"profTattle")), None);
}

#[test]
fn a_sequence_says_nothing_of_when_it_was_made() {
    let movie = |time: &[u8], said: &[u8], kind: &[u8; 4]| {
        let short = [b"\0\0\0\0", time, time, b"rest"].concat();
        let long = [b"\x01\0\0\0", time, time, time, time, b"rest"].concat();
        let media = [a_box(b"mdhd", &short), a_box(kind, said)].concat();
        let track = [a_box(b"tkhd", &long), a_box(b"mdia", &media), a_box(kind, said)].concat();
        file(&[&a_box(b"moov", &[a_box(b"mvhd", &long), a_box(b"trak", &track), a_box(kind, said)].concat())])
    };
    assert_eq!(cleaned(&movie(b"time", b"Tattletale", b"udta")), Some(movie(&[0; 4], &[0; 10], b"free")));
    let samples = |handler: &[u8; 4]| {
        let handler = a_box(b"hdlr", &[&[0; 8], handler.as_slice()].concat());
        file(&[&a_box(b"moov", &a_box(b"trak", &a_box(b"mdia", &handler)))])
    };
    assert_eq!(cleaned(&samples(b"pict")), None);
    assert!(is_damaged(&samples(b"meta")));
}

#[test]
fn sizes_are_of_three_kinds() {
    let long = [b"\0\0\0\x01meta\0\0\0\0\0\0\0\x14".as_slice(), &[0; 4]].concat();
    assert_eq!(cleaned(&file(&[&long])), None);
    let to_the_end = [b"\0\0\0\0meta".as_slice(), &[0; 4], &iinf(b"hvc1")].concat();
    assert_eq!(cleaned(&file(&[&to_the_end])), None);
    for wrong in [
        b"\0\0\0\x01meta\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0\0\0".as_slice(),
        b"\0\0\0\x01meta\0\0\0\0\0\0\0\x08\0\0\0\0",
        b"\0\0\0\x07meta\0\0\0\0",
        b"\0\0\0\x0Dmeta\0\0\0\0",
    ] {
        assert!(is_damaged(&file(&[wrong])));
        assert!(is_damaged(&file(&[wrong, &meta(&[])])));
    }
    assert!(is_damaged(&file(&[])));
}

#[test]
fn metadata_that_lies_among_the_boxes_is_damage() {
    let boxes = |extents: &[(u32, u32)]| {
        let locations = iloc(0, extents);
        file(&[&meta(&[&iinf(b"Exif"), &locations])])
    };
    assert!(!is_damaged(&boxes(&[(DATA, 64)])));
    assert!(!is_damaged(&boxes(&[(0, 0)])));
    for extents in [[(DATA - 1, 2)], [(DATA + 60, 5)], [(0, 8)], [(DATA + 64 + 20, 4)]] {
        assert!(is_damaged(&boxes(&extents)), "{extents:?}");
    }
}

#[test]
fn a_picture_is_as_large_as_its_largest_says() {
    use crate::inspection::cleaning::heif::dimensions;
    for (name, size) in [("phone.heic", (48, 32)), ("phone.avif", (32, 48))] {
        let sample = Sample::named(name);
        assert_eq!(dimensions(sample.bytes), Some(size), "{name}");
        assert_eq!(dimensions(&sample.cleaned()), Some(size), "{name}");
    }
    let extent = |width: u32, height: u32| {
        a_box(b"ispe", &[[0; 4], width.to_be_bytes(), height.to_be_bytes()].concat())
    };
    let with =
        |properties: &[Vec<u8>]| file(&[&meta(&[&a_box(b"iprp", &a_box(b"ipco", &properties.concat()))])]);
    assert_eq!(dimensions(&with(&[extent(3, 2), extent(30, 20), extent(0, 90)])), Some((30, 20)));
    assert_eq!(dimensions(&with(&[extent(30, 20), a_box(b"irot", b"\x03")])), Some((20, 30)));
    assert_eq!(
        dimensions(&with(&[extent(u32::MAX, u32::MAX), a_box(b"ispe", b"\0")])),
        Some((u32::MAX, u32::MAX))
    );
    let aperture = |sides: [u32; 4]| a_box(b"clap", &sides.map(u32::to_be_bytes).concat());
    assert_eq!(dimensions(&with(&[extent(64, 64), aperture([48, 1, 64, 2])])), Some((48, 32)));
    for broken in [[48, 0, 32, 1], [0, 1, 32, 1], [65, 1, 32, 1]] {
        assert_eq!(dimensions(&with(&[extent(64, 64), aperture(broken)])), Some((64, 64)), "{broken:?}");
    }
    assert_eq!(dimensions(&with(&[])), None);
}
