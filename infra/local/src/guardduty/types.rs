//! Whether a file is what it says: the declared type against what its first bytes show.

use infer::MatcherType;

/// The name of the threat if a file is recognised as something of another kind than was declared. What is not recognised is not
/// held against it, nor is a picture that is another kind of picture.
pub(super) fn mismatch(declared: &str, head: &[u8]) -> Option<String> {
    let found = infer::get(head)?;
    let declared = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    // Two letters are enough for some of the marks: what reads as text is text.
    let is_text = std::str::from_utf8(head)
        .map_or_else(|error| error.valid_up_to() + 4 > head.len(), |_| true)
        && !head.contains(&0);
    let kind = found.matcher_type();
    let (family, _) = declared.split_once('/').unwrap_or((&declared, ""));
    let fits = match (family, kind) {
        ("text", _) => is_text,
        ("image", MatcherType::Text) => declared == "image/svg+xml" && found.mime_type() == "text/xml",
        ("image", kind) => kind == MatcherType::Image,
        ("audio" | "video", kind) => matches!(kind, MatcherType::Audio | MatcherType::Video),
        _ if declared == "application/pdf" => found.mime_type() == "application/pdf",
        (_, MatcherType::App) => {
            is_text || declared == "application/octet-stream" || declared == found.mime_type()
        }
        _ => true,
    };
    (!fits).then(|| format!("Mismatch.{}", found.mime_type()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const ELF: &[u8] = &[0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 62, 0, 1, 0, 0, 0];
    const HTML: &[u8] = b"<!DOCTYPE html><html><script>alert(1)</script></html>";
    const PDF: &[u8] = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n";

    #[test]
    fn what_is_something_else_than_it_says_is_named() {
        let program = &[ELF, &[0; 64]].concat()[..];
        for (declared, head, named) in [
            ("image/png", HTML, Some("Mismatch.text/html")),
            ("image/svg+xml", HTML, Some("Mismatch.text/html")),
            ("image/png", program, Some("Mismatch.application/x-executable")),
            ("image/jpeg; q=1", PDF, Some("Mismatch.application/pdf")),
            ("video/mp4", PNG, Some("Mismatch.image/png")),
            ("application/pdf", PNG, Some("Mismatch.image/png")),
            ("text/plain", PNG, Some("Mismatch.image/png")),
            ("image/png", PNG, None),
            ("image/jpeg", PNG, None),
            ("image/png", b"what nobody knows", None),
            ("application/octet-stream", program, None),
            ("text/plain", b"BM and MZ are only letters", None),
            ("text/html", HTML, None),
            ("application/pdf", PDF, None),
            ("application/zip", b"PK\x03\x04", None),
        ] {
            assert_eq!(mismatch(declared, head).as_deref(), named, "{declared}");
        }
    }
}
