//! An attachment's way from its upload to the message that owns it.

use super::*;
use crate::{head::Seq, ids::ConversationId};

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_123);

fn begun() -> Attachment {
    let file = FileDescription {
        name: FileName::parse("a.png").unwrap(),
        content_type: ContentType::parse("image/png").unwrap(),
        size: FileSize::new(10).unwrap(),
        sha256: None,
    };
    let upload = Upload { method: UploadMethod::Form, until: NOW.plus(Upload::WHOLE_WITHIN) };
    Attachment::begun(AttachmentId::from_bytes([1; 16]), UserId::parse("alice").unwrap(), file, upload, NOW)
}

fn tag(text: &str) -> ObjectTag {
    ObjectTag::parse(text)
}

fn found_clean() -> Verdict {
    Verdict::Clean(CleanFile::default())
}

fn message() -> MessageId {
    MessageId::new(ConversationId::from_bytes([2; 16]), Seq::FIRST)
}

#[test]
fn a_file_that_arrives_is_scanned_and_then_clean() {
    let scanning = begun().arrived(tag("one"), NOW).unwrap();
    assert_eq!((scanning.state.as_str(), scanning.version), ("scanning", 2));
    let clean = scanning.scanned(found_clean(), &tag("one"), NOW).unwrap();
    assert!(clean.state.is_clean());
    assert_eq!(clean.clone().arrived(tag("one"), NOW), None, "told late");
    assert_eq!(clean.clone().scanned(found_clean(), &tag("one"), NOW), None, "told twice");
    assert_eq!(clean.scanned(Verdict::Refused(Reason::Malware), &tag("two"), NOW), None, "of other bytes");
}

#[test]
fn a_verdict_may_come_before_the_arrival() {
    let infected = begun().scanned(Verdict::Refused(Reason::Malware), &tag("one"), NOW).unwrap();
    assert_eq!(infected.state.as_str(), "infected");
    assert_eq!(infected.clone().arrived(tag("one"), NOW), None);
    assert!(!infected.is_claimable());
}

#[test]
fn a_verdict_on_bytes_that_were_replaced_says_nothing() {
    let scanning = begun().arrived(tag("harmless"), NOW).unwrap().arrived(tag("harmful"), NOW).unwrap();
    assert_eq!(scanning.clone().scanned(found_clean(), &tag("harmless"), NOW), None);
    assert!(scanning.clone().arrived(tag("harmful"), NOW).is_none(), "the same again is no news");
    assert!(scanning.scanned(Verdict::Refused(Reason::Malware), &tag("harmful"), NOW).is_some());
}

#[test]
fn an_upload_that_is_not_finished_in_time_expires_and_is_forgotten() {
    let begun = begun();
    let until = NOW.plus(Upload::WHOLE_WITHIN);
    assert_eq!(begun.clone().expired(NOW), None);
    assert_eq!(begun.clone().seen_at(NOW).unwrap().state.as_str(), "uploading");
    assert_eq!(begun.clone().seen_at(until).unwrap().state.as_str(), "expired");
    let expires_at = begun.expires_at.unwrap();
    assert_eq!(expires_at.as_millis() % 1000, 0);
    assert!(expires_at >= until.plus(Attachment::UNOWNED_FOR));
    assert_eq!(begun.seen_at(expires_at), None);
}

#[test]
fn one_message_takes_a_file_and_it_no_longer_expires() {
    assert!(begun().claimed_by(message()).is_some(), "its file may still be on its way");
    let scanning = begun().arrived(tag("one"), NOW).unwrap();
    let owned = scanning.claimed_by(message()).unwrap();
    assert_eq!((owned.message, owned.expires_at), (Some(message()), None));
    assert_eq!(owned.clone().claimed_by(message()), None);
    let clean = owned.scanned(found_clean(), &tag("one"), NOW).unwrap();
    assert_eq!((clean.message, clean.expires_at), (Some(message()), None));
}

#[test]
fn a_scan_that_does_not_come_is_asked_for_again_and_given_up() {
    let scanning = begun().arrived(tag("one"), NOW).unwrap().scan_again().unwrap();
    let AttachmentState::Scanning(scan) = &scanning.state else { unreachable!() };
    assert_eq!(scan.attempts, 1);
    assert_eq!(scanning.given_up(NOW).unwrap().state.as_str(), "unscannable");
    assert_eq!(begun().scan_again(), None);
    assert_eq!(begun().given_up(NOW), None);
}

#[test]
fn what_is_handed_out_is_described_as_it_is() {
    let scanning = begun().arrived(tag("one"), NOW).unwrap();
    let media = Some(MediaFacts { duration_ms: Some(5), ..MediaFacts::default() });
    let as_uploaded = Verdict::Clean(CleanFile { rewritten: None, media: media.clone() });
    let released = scanning.clone().scanned(as_uploaded, &tag("one"), NOW).unwrap();
    assert_eq!((released.file, released.media), (scanning.file.clone(), media));
    let rewritten = Some((FileSize::new(7).unwrap(), Sha256Digest::of(b"a")));
    let smaller = Verdict::Clean(CleanFile { rewritten, media: None });
    let file = scanning.scanned(smaller, &tag("one"), NOW).unwrap().file;
    assert_eq!((file.size.bytes(), file.sha256), (7, Some(Sha256Digest::of(b"a"))));
}

#[test]
fn what_is_refused_says_why() {
    for reason in Reason::ALL {
        let refused = begun().scanned(Verdict::Refused(reason), &tag("one"), NOW).unwrap();
        assert_eq!(refused.attached().reason, Some(reason));
        assert_eq!(refused.state.as_str(), reason.stage().as_str());
        assert!(!refused.is_claimable() && !refused.state.is_clean());
    }
    assert_eq!(begun().attached().reason, None);
}

#[test]
fn what_is_deleted_is_seen_by_nobody_and_goes_after_a_day() {
    let owned = begun().arrived(tag("one"), NOW).unwrap().claimed_by(message()).unwrap();
    let removed = owned.removed(NOW).unwrap();
    assert!(removed.expires_at.is_some() && removed.clone().seen_at(NOW).is_none());
    assert_eq!(removed.clone().removed(NOW), None, "it is deleted already");
    assert_eq!(removed.clone().arrived(tag("two"), NOW), None);
    assert_eq!(removed.scanned(found_clean(), &tag("one"), NOW), None);
}

#[test]
fn what_is_not_what_was_announced_has_failed() {
    let refused = begun().arrived(tag("one"), NOW).unwrap().refused(NOW).unwrap();
    assert_eq!(refused.state.as_str(), "expired");
    assert!(!refused.is_claimable() && refused.refused(NOW).is_none());
}
