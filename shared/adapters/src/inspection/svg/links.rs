//! Where the links of an SVG lead.
//!
//! What is followed by a click may lead to the web. What is fetched by itself may not: it would tell a stranger who opens
//! the file, and when.

/// Enough for a scheme and a media type.
pub(super) const START_CHARACTERS: usize = 100;

const RUNNING_SCHEMES: [&str; 3] = ["javascript", "vbscript", "livescript"];

const CLICKED_SCHEMES: [&str; 6] = ["http", "https", "mailto", "tel", "ftp", "data"];

/// Pictures and fonts; what is not listed may be a page, or another SVG.
const DATA_TYPES: [&str; 8] = [
    "image/png",
    "image/jpeg",
    "image/jpg",
    "image/gif",
    "image/webp",
    "image/avif",
    "image/bmp",
    "image/x-icon",
];
const DATA_FAMILIES: [&str; 6] =
    ["font/", "application/font", "application/x-font", "application/vnd.ms-fontobject", "audio/", "video/"];

/// Whether it is an address that runs something, in whichever attribute.
pub(super) fn runs(value: &str) -> bool {
    if is_local(value) {
        return false;
    }
    let start = start(value);
    match scheme(&start) {
        Some(("data", rest)) => media_type(rest).contains('/') && !is_plain_data(rest),
        Some((scheme, _)) => RUNNING_SCHEMES.contains(&scheme),
        None => false,
    }
}

/// Whether a link leads where it must not, by a click or by itself.
pub(super) fn leads_astray(value: &str, is_clicked: bool) -> bool {
    if is_local(value) {
        return false;
    }
    let start = start(value);
    match scheme(&start) {
        Some(("data", rest)) => !is_plain_data(rest),
        Some((scheme, _)) => !is_clicked || !CLICKED_SCHEMES.contains(&scheme),
        None => !is_clicked && has_host(&start),
    }
}

/// Whether it leads to another machine, or to a file of this one.
pub(super) fn is_remote(value: &str) -> bool {
    if is_local(value) {
        return false;
    }
    let start = start(value);
    has_host(&start)
        || scheme(&start).is_some_and(|(scheme, _)| matches!(scheme, "http" | "https" | "ftp" | "file"))
}

/// A link without a scheme has a host behind two slashes, of either kind.
fn has_host(start: &str) -> bool {
    let is_slash = |character: char| matches!(character, '/' | '\\');
    start.strip_prefix(is_slash).is_some_and(|rest| rest.starts_with(is_slash))
}

/// Most values are numbers and names; a quick look says so.
pub(super) fn is_local(value: &str) -> bool {
    !value.bytes().any(|byte| matches!(byte, b':' | b'/' | b'\\'))
}

/// The first characters as browsers read them: without blanks and controls, in small letters.
fn start(value: &str) -> String {
    folded(value).take(START_CHARACTERS).collect()
}

/// The characters without blanks and controls, in small letters.
pub(super) fn folded(value: &str) -> impl Iterator<Item = char> {
    let is_kept = |character: &char| !character.is_ascii_whitespace() && !character.is_control();
    value.chars().filter(is_kept).map(|character| character.to_ascii_lowercase())
}

fn scheme(start: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = start.split_once(':')?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.chars().all(|character| character.is_ascii_alphanumeric() || "+-.".contains(character));
    is_scheme.then_some((scheme, rest))
}

fn media_type(data: &str) -> &str {
    data.split([';', ',']).next().unwrap_or_default()
}

fn is_plain_data(data: &str) -> bool {
    let media_type = media_type(data);
    DATA_TYPES.contains(&media_type) || DATA_FAMILIES.iter().any(|family| media_type.starts_with(family))
}
