//! SVGs as drawing programs write them, and as strangers might.

use parlance_domain::attachment::Reason::{self, Bomb, Damaged, Disguised, Script};
use proptest::prelude::*;

const ROOT: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">"#;

fn check(text: &str) -> Result<(), Reason> {
    super::check(text.as_bytes())
}

/// Looks at a drawing with this in it.
fn inside(content: &str) -> Result<(), Reason> {
    check(&format!("{ROOT}{content}</svg>"))
}

#[test]
fn drawings_pass() {
    let inkscape = r##"<?xml version="1.0" encoding="UTF-8" standalone="no"?>
        <!-- Created with Inkscape (http://www.inkscape.org/) -->
        <svg width="10mm" viewBox="0 0 10 10" version="1.1" id="svg5" inkscape:version="1.2"
          xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" xmlns="http://www.w3.org/2000/svg"
          xmlns:sodipodi="http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd" xmlns:cc="http://creativecommons.org/ns#"
          xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/">
        <sodipodi:namedview id="n" pagecolor="#ffffff" inkscape:document-units="mm" showgrid="false"/>
        <metadata><rdf:RDF><cc:Work rdf:about=""><dc:format>image/svg+xml</dc:format>
        <dc:type rdf:resource="http://purl.org/dc/dcmitype/StillImage"/></cc:Work></rdf:RDF></metadata>
        <g inkscape:label="Layer: 1" inkscape:groupmode="layer"><path style="fill:#f00;stroke:none" d="M 0,0 L 5,5 Z"/></g></svg>"##;
    let matplotlib = r##"<?xml version="1.0" encoding="utf-8" standalone="no"?>
        <!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
        <svg xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 460 345" xmlns="http://www.w3.org/2000/svg" version="1.1">
        <defs><style type="text/css">*{stroke-linejoin: round; stroke-linecap: butt}</style></defs>
        <g clip-path="url(#p1)"><use xlink:href="#m1" x="57.6" style="stroke: #000000"/></g></svg>"##;
    for drawing in [
        inkscape,
        matplotlib,
        "<svg/>",
        "<?xml version='1.0' encoding='ISO-8859-1'?><svg/>",
        "\u{feff}<svg></svg>\n<!-- end -->",
        "<svg:svg xmlns:svg='http://www.w3.org/2000/svg'/>",
    ] {
        assert_eq!(check(drawing), Ok(()), "{drawing}");
    }
    for content in [
        "<style>@font-face{font-family:a;src:url(data:font/woff2;base64,d09GMg==) format('woff2')}</style>",
        "<style><![CDATA[ a > b { fill: url(#g) } /* javascript */ ]]></style>",
        "<linearGradient id='g'><stop offset='0' stop-color='red'/></linearGradient><rect fill='url(#g)'/>",
        "<image xlink:href='data:image/png;base64,iVBORw0KGgo='/>",
        "<image href='data:image/jpeg;base64,/9j/'/>",
        "<a href='https://example.com/?a=1&amp;b=2'><text>&lt;script&gt; &#8364;</text></a>",
        "<a xlink:href='mailto:a@example.com'><text>javascript: a language</text></a>",
        "<a href='#part:2'/><a href='other.svg'/>",
        "<circle><animate attributeName='r' values='1;2;3' dur='1s' repeatCount='indefinite'/></circle>",
        "<rect><set attributeName='fill' to='url(#g)'/><animateTransform type='rotate' from='0 1 2' to='360 1 2'/></rect>",
        "<text aria-label='Data: 12' font-family='a, b'>12 &amp; 13</text>",
        "<?xpacket begin='x'?><title>on the way</title>",
        "<g style='scroll-behavior:smooth'/>",
        "<filter id='f'><feGaussianBlur stdDeviation='2'/><feImage href='#a'/></filter>",
    ] {
        assert_eq!(inside(content), Ok(()), "{content}");
    }
}

#[test]
fn what_runs_is_refused() {
    for content in [
        "<script>alert(1)</script>",
        "<script xlink:href='https://example.com/a.js'/>",
        "<SCRIPT/>",
        "<x:script xmlns:x='http://www.w3.org/2000/svg'>alert(1)</x:script>",
        "<foreignObject/>",
        "<foreignObject><body xmlns='http://www.w3.org/1999/xhtml' onload='alert(1)'/></foreignObject>",
        "<h:img xmlns:h='http://www.w3.org/1999/xhtml' src='x'/>",
        "<iframe src='x'/>",
        "<embed/>",
        "<object/>",
        "<handler/>",
        "<listener/>",
        "<g onload='alert(1)'/>",
        "<g OnClick=\"alert(1)\"/>",
        "<animate onbegin='alert(1)' attributeName='x'/>",
        "<a href='javascript:alert(1)'/>",
        "<a xlink:href=' java&#10;script:alert(1)'/>",
        "<a xlink:href='JaVaScRiPt&#58;alert(1)'/>",
        "<a xlink:href='&#x6A;avascript:alert(1)'/>",
        "<a xlink:href='&#1;javascript:alert(1)'/>",
        "<a href='vbscript:x'/>",
        "<a href='file:///etc/passwd'/>",
        "<a href='data:text/html,&lt;script>alert(1)&lt;/script>'/>",
        "<use href='data:image/svg+xml;base64,PHN2Zz4=#a'/>",
        "<use xlink:href='data:application/xml,x#a'/>",
        "<use href='https://example.com/a.svg#a'/>",
        "<image href='http://example.com/a.png'/>",
        "<image href='//example.com/a.png'/>",
        "<image href='/\\example.com/a.png'/>",
        "<feImage href='https://example.com/a.png'/>",
        "<set attributeName='onmouseover' to='alert(1)'/>",
        "<set attributeName='xlink:onload' to='alert(1)'/>",
        "<a><animate attributeName='href' values='#a;javascript:alert(1)'/></a>",
        "<a><set attributeName='href' to='javascript:alert(1)'/></a>",
        "<image><animate attributeName='href' from='#a' to='https://example.com/a.png'/></image>",
        "<style>a{background:url(javascript:alert(1))}</style>",
        "<style>a{width:expression(alert(1))}</style>",
        "<style>@import url(https://example.com/a.css);</style>",
        "<style>@imp<![CDATA[ort 'a.css']]></style>",
        "<style>\\40 import 'a.css'</style>",
        "<style>@im&#112;ort 'a.css'</style>",
        "<style>a{b:expr/* */ession(1)}</style>",
        "<style>a{b:url(x/*)} @import 'a.css'; */</style>",
        "<g style='-moz-binding:url(#a)'/>",
        "<g style='fill:url( \"https://example.com/a\")'/>",
        "<g fill='\\75rl(//example.com/a#b)'/>",
        "<?xml-stylesheet href='a.xsl' type='text/xsl'?>",
        "<?php system('x') ?>",
    ] {
        assert_eq!(inside(content), Err(Script), "{content}");
    }
    for text in [
        "<?xml version='1.0'?><?xml-stylesheet href='javascript:alert(1)'?><svg/>",
        "<svg onload='alert(1)'/>",
        "<svg onload='alert(1)'><g>",
        "<svg><script>alert(1)</script></g>",
        "<!DOCTYPE svg [<!ENTITY a '<script>alert(1)</script>'>]><svg>&a;</svg>",
        "<!DOCTYPE svg [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><svg>&a;</svg>",
        "<!DOCTYPE svg SYSTEM 'https://example.com/a.dtd'><svg/>",
        "<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' 'a.dtd'><svg/>",
    ] {
        assert_eq!(check(text), Err(Script), "{text}");
    }
}

#[test]
fn what_is_no_drawing_is_refused() {
    for text in [
        "<!DOCTYPE html><html><body><script>alert(1)</script></body></html>",
        "<html xmlns='http://www.w3.org/1999/xhtml'><script>alert(1)</script></html>",
        "<svg xmlns='http://www.w3.org/1999/xhtml'/>",
        "<x:svg/>",
        "<rss/>",
        "<xsl:stylesheet xmlns:xsl='http://www.w3.org/1999/XSL/Transform'/>",
    ] {
        assert_eq!(check(text), Err(Disguised), "{text}");
    }
}

#[test]
fn what_is_not_well_formed_is_damaged() {
    for text in [
        "",
        "hello",
        "<svg>",
        "<svg></g>",
        "<svg><g></svg>",
        "<svg/>text",
        "<svg/><svg/>",
        "text<svg/>",
        "<svg a='1' a='2'/>",
        "<svg a=1/>",
        "<svg a='<'/>",
        "<svg>&nbsp;</svg>",
        "<svg a='&nbsp;'/>",
        "<svg>a & b</svg>",
        "<svg><!-- a -- b --></svg>",
        "<svg><!-- ",
        "<svg>\u{1}</svg>",
        "<svg>\0</svg>",
        "<svg><style><g/></style></svg>",
        "<?xml version='1.0' encoding='iso-8859-1'?><svg><text>\u{e4}</text></svg>",
        "<?xml version='1.0' encoding='utf-7'?><svg/>",
        "<?xml version='1.0' encoding='UTF-7'?><svg/>",
        "<svg><?xml version='1.0'?></svg>",
        "<!DOCTYPE svg SYSTEM 'a' x><svg/>",
        "<svg/><!DOCTYPE svg>",
    ] {
        assert_eq!(check(text), Err(Damaged), "{text}");
    }
    let utf16: Vec<u8> = "\u{feff}<svg/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(super::check(&utf16), Err(Damaged));
    assert_eq!(super::check(utf16.get(2..).unwrap()), Err(Damaged));
    assert_eq!(super::check(b"\x1f\x8b\x08\0\0\0\0\0\0\x03"), Err(Damaged));
    assert_eq!(super::check(b"<svg>\xe4</svg>"), Err(Damaged));
}

#[test]
fn bombs_are_refused() {
    let deep = |depth: usize| format!("{}{}", "<svg>".repeat(depth), "</svg>".repeat(depth));
    assert_eq!(check(&deep(1000)), Ok(()));
    assert_eq!(check(&deep(1001)), Err(Bomb));
    let attributes = |count: usize| (0..count).map(|at| format!("a{at}=''")).collect::<Vec<_>>().join(" ");
    assert_eq!(check(&format!("<svg {}/>", attributes(1000))), Ok(()));
    assert_eq!(check(&format!("<svg {}/>", attributes(1001))), Err(Bomb));
    let namespaces =
        |count: usize| (0..count).map(|at| format!("xmlns:a{at}='x'")).collect::<Vec<_>>().join(" ");
    assert_eq!(check(&format!("<svg {}/>", namespaces(100))), Ok(()));
    assert_eq!(check(&format!("<svg {}/>", namespaces(101))), Err(Bomb));
    let events = |count: usize| format!("<svg>{}</svg>", "<!---->".repeat(count));
    assert_eq!(check(&events(100_000)), Ok(()));
    assert_eq!(check(&events(5_000_000)), Err(Bomb));
}

#[test]
fn what_breaks_off_is_refused() {
    let drawing = format!("{ROOT}<g id='a'><path d='M 0 0'/>&amp;<!-- c --></g></svg>");
    assert_eq!(check(&drawing), Ok(()));
    for length in 0..drawing.len() {
        assert!(check(drawing.get(..length).unwrap()).is_err(), "{length}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
        _ = super::check(&bytes);
        _ = super::check(&[b"<svg>".to_vec(), bytes].concat());
    }

    #[test]
    fn random_words_never_panic(words in proptest::collection::vec(prop::sample::select(vec![
        "<svg", ">", "/>", "</svg>", "<style>", "</style>", "<set ", "<!--", "-->", "<![CDATA[", "]]>", "<!DOCTYPE ", "[", "]",
        "'", "\"", "=", " ", "href", "style", "values", "to", "xmlns:a", "url(", "\\", "\\7a", "/*", "*/", "@import", "&", ";",
        "&#", "&#x", "amp;", "javascript:", "data:", ":", "<?xml ", "<?", "?>", "version='1.0'", "é", "\u{feff}", "<", "a:",
    ]), 0..60)) {
        let text = words.concat();
        _ = check(&text);
        _ = check(&format!("<svg {text}"));
        _ = check(&format!("<svg style='{text}'/>"));
        _ = check(&format!("<svg><style>{text}"));
    }
}
