//! GIF: images and extensions, each followed by its data in blocks of up to 255 bytes.

use super::{Damaged, Split, reader::Reader};

const IMAGE: u8 = 0x2C;
const EXTENSION: u8 = 0x21;
const TRAILER: u8 = 0x3B;

/// The labels of the extensions that stay: how an image is shown, and what an application adds.
const GRAPHIC_CONTROL: u8 = 0xF9;
const APPLICATION: u8 = 0xFF;

/// Whether a colour table follows, and how large it is.
const HAS_COLOURS: u8 = 0x80;
const COLOURS: u8 = 0x07;

pub(super) fn clean(bytes: &[u8]) -> Result<Split<'_>, Damaged> {
    let mut reader = Reader::new(bytes);
    let mut picture = Vec::with_capacity(bytes.len());
    let version: [u8; 6] = reader.array()?;
    if !matches!(&version, b"GIF87a" | b"GIF89a") {
        return Err(Damaged);
    }
    picture.extend(version);
    let screen: [u8; 7] = reader.array()?;
    let [.., features, _background, _aspect] = screen;
    picture.extend(screen);
    picture.extend_from_slice(reader.take(colour_bytes(features))?);
    let mut has_image = false;
    loop {
        match reader.byte()? {
            IMAGE => {
                copy_image(&mut reader, &mut picture)?;
                has_image = true;
            }
            EXTENSION => copy_extension(&mut reader, &mut picture)?,
            TRAILER if has_image => {
                picture.push(TRAILER);
                return Ok((picture, reader.rest()));
            }
            _ => return Err(Damaged),
        }
    }
}

fn copy_image(reader: &mut Reader, picture: &mut Vec<u8>) -> Result<(), Damaged> {
    let descriptor: [u8; 9] = reader.array()?;
    let [.., features] = descriptor;
    picture.push(IMAGE);
    picture.extend(descriptor);
    picture.extend_from_slice(reader.take(colour_bytes(features))?);
    let code_bits = reader.byte()?;
    picture.push(code_bits);
    copy_blocks(reader, picture)
}

fn copy_extension(reader: &mut Reader, picture: &mut Vec<u8>) -> Result<(), Damaged> {
    let label = reader.byte()?;
    let Some(first) = next_block(reader)? else { return Ok(()) };
    match (label, first) {
        (GRAPHIC_CONTROL, [_, _, _, _]) => {
            push_head(picture, label, first);
            picture.push(0);
        }
        (APPLICATION, b"NETSCAPE2.0" | b"ANIMEXTS1.0") => return copy_loop(reader, picture, first),
        (APPLICATION, b"ICCRGBG1012") => {
            push_head(picture, label, first);
            return copy_blocks(reader, picture);
        }
        _ => {}
    }
    skip_blocks(reader)
}

/// Copies how often the frames are repeated; such an extension may hold other things.
fn copy_loop(reader: &mut Reader, picture: &mut Vec<u8>, name: &[u8]) -> Result<(), Damaged> {
    while let Some(block) = next_block(reader)? {
        if let [1, low, high] = block {
            push_head(picture, APPLICATION, name);
            picture.extend([3, 1, *low, *high, 0]);
            return skip_blocks(reader);
        }
    }
    Ok(())
}

fn copy_blocks(reader: &mut Reader, picture: &mut Vec<u8>) -> Result<(), Damaged> {
    while let Some(block) = next_block(reader)? {
        push_block(picture, block);
    }
    picture.push(0);
    Ok(())
}

fn skip_blocks(reader: &mut Reader) -> Result<(), Damaged> {
    while next_block(reader)?.is_some() {}
    Ok(())
}

/// Reads a block of data; an empty one ends it.
fn next_block<'b>(reader: &mut Reader<'b>) -> Result<Option<&'b [u8]>, Damaged> {
    let length = reader.byte()?;
    let block = reader.take(usize::from(length))?;
    Ok((!block.is_empty()).then_some(block))
}

fn push_head(picture: &mut Vec<u8>, label: u8, first: &[u8]) {
    picture.extend([EXTENSION, label]);
    push_block(picture, first);
}

fn push_block(picture: &mut Vec<u8>, block: &[u8]) {
    // A block that was read is never longer than its length can say.
    picture.push(u8::try_from(block.len()).unwrap_or(u8::MAX));
    picture.extend_from_slice(block);
}

/// The size of a colour table, of three bytes for each colour.
fn colour_bytes(features: u8) -> usize {
    if features & HAS_COLOURS == 0 { 0 } else { 3 << ((features & COLOURS) + 1) }
}
