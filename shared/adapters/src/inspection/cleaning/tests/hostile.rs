//! Bytes that are no picture, or not all of one.

use proptest::prelude::*;

use super::{Damaged, Form, SAMPLES, clean};

const MAGICS: [&[u8]; 6] = [
    b"\xFF\xD8\xFF",
    b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR",
    b"GIF89a",
    b"RIFF\x40\0\0\0WEBPVP8X",
    b"\0\0\0\x14ftypavif\0\0\0\0mif1",
    b"\0\0\0\x14ftypheic\0\0\0\0mif1\0\0\x01\0meta\0\0\0\0\0\0\0\x80iloc",
];

#[test]
fn a_part_of_a_picture_is_damaged() {
    for sample in SAMPLES {
        let cleaned = sample.cleaned();
        for length in 0..cleaned.len() {
            let result = clean(sample.form(), &cleaned[..length], sample.orientation);
            assert_eq!(result, Err(Damaged), "{} of {}", length, sample.name);
        }
    }
}

#[test]
fn a_part_of_what_was_uploaded_is_damaged_or_clean() {
    for sample in SAMPLES {
        let whole = sample.bytes.len() - sample.clean().trailer.len();
        for length in 0..sample.bytes.len() {
            let result = clean(sample.form(), &sample.bytes[..length], sample.orientation);
            assert_eq!(result.is_err(), length < whole, "{} of {}", length, sample.name);
        }
    }
}

#[test]
fn no_changed_byte_matters() {
    for sample in SAMPLES {
        let mut bytes = sample.bytes.to_vec();
        for at in 0..bytes.len() {
            for change in [0x01, 0x10, 0x80, 0xFF] {
                bytes[at] ^= change;
                let _result = clean(sample.form(), &bytes, 6);
                bytes[at] ^= change;
            }
        }
    }
}

#[test]
fn each_form_takes_what_another_is() {
    for sample in SAMPLES {
        for form in [Form::Jpeg, Form::Png, Form::Gif, Form::WebP, Form::Heif] {
            assert_eq!(
                clean(form, sample.bytes, 1).is_ok(),
                form == sample.form(),
                "{} as {form:?}",
                sample.name
            );
        }
    }
}

proptest! {
    #[test]
    fn nothing_behind_the_first_bytes_matters(
        magic in proptest::sample::select(MAGICS.to_vec()),
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
        orientation in any::<u8>(),
    ) {
        let bytes = [magic, &bytes].concat();
        let form = Form::of(&bytes).unwrap();
        let _result = clean(form, &bytes, orientation);
    }

    /// Few values, so that lengths fit and kinds are met again.
    #[test]
    fn nothing_that_looks_like_it_matters(
        magic in proptest::sample::select(MAGICS.to_vec()),
        bytes in proptest::collection::vec(
            proptest::sample::select(b"\0\0\0\0\x01\x02\x04\x08\x10\x44\xFF\xDA\xD9\xC0\x2C\x21\x3B".to_vec()),
            0..300,
        ),
    ) {
        let bytes = [magic, &bytes].concat();
        let form = Form::of(&bytes).unwrap();
        if let Ok(cleaned) = clean(form, &bytes, 6)
            && let Some(cleaned) = cleaned.bytes
            && form != Form::Heif
        {
            prop_assert_eq!(clean(form, &cleaned, 6).map(|again| again.bytes), Ok(None));
        }
    }

    #[test]
    fn a_sample_cut_and_put_together_does_not_matter(
        sample in 0..SAMPLES.len(),
        other in 0..SAMPLES.len(),
        cut in any::<prop::sample::Index>(),
        from in any::<prop::sample::Index>(),
    ) {
        let (sample, other) = (&SAMPLES[sample], &SAMPLES[other]);
        let tail = &other.bytes[from.index(other.bytes.len())..];
        let bytes = [&sample.bytes[..cut.index(sample.bytes.len())], tail].concat();
        let _result = clean(sample.form(), &bytes, sample.orientation);
    }
}
