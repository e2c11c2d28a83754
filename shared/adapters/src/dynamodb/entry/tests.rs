//! That entries survive being stored, and that an ordinary message fits one write unit.

use parlance_domain::{
    attachment::{
        AttachedFile, ContentType, Dimensions, FileDescription, FileName, FileSize, MediaFacts, Reason,
        Sha256Digest, Stage,
    },
    conversation::{Conversation, ConversationKind, History, Reference, Title},
    ids::AttachmentId,
    log::Joining,
    message::{Message, MessageBody, MessageContent, MessageKind, Metadata},
    permissions::Role,
    time::Timestamp,
};

use super::*;

fn seq(value: u64) -> Seq {
    Seq::new(value).unwrap()
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

fn entry(body: EntryBody, key: Option<MessageKey>) -> Entry {
    Entry {
        seq: seq(412_345_678),
        n: 312_345_678,
        roster_version: seq(12_345_678),
        roster_sum: RosterSum::new(u64::MAX),
        at: Timestamp::from_millis(1_790_000_000_123),
        actor: user("3f2c8f5e-8a52-4b0e-9c39-5a2e0f5a9d11"),
        last_message: Some(seq(412_345_678)),
        key,
        body,
    }
}

fn size_of(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::N(digits) => digits.len().div_ceil(2) + 1,
        other => unreachable!("no entry holds {other:?}"),
    }
}

#[test]
fn an_ordinary_message_fits_one_write_unit() {
    let body = MessageBody {
        content: MessageContent::parse(&"é".repeat(300), false).unwrap(),
        ..MessageBody::default()
    };
    let client = ClientMessageId::parse("b8c9b3d2-6a0e-4d0f-8b1c-2f6d1c3a4e5f").unwrap();
    let message = Message::sent(body, seq(412_345_678));
    let entry = entry(EntryBody::MessageSent(message), Some(MessageKey::Client(client)));
    let item = to_item(ConversationId::from_bytes([0xff; 16]), &entry).unwrap();
    let size: usize = item.iter().map(|(name, value)| name.len() + size_of(value)).sum();
    assert!(size < 1024, "600 bytes of text took {size} bytes");
}

#[test]
fn every_kind_of_entry_comes_back_as_it_was_stored() {
    let id = ConversationId::from_bytes([3; 16]);
    let conversation = Conversation {
        id,
        kind: ConversationKind::Task,
        title: Some(Title::parse("Über alles").unwrap()),
        reference: Some(Reference::parse("task", "42").unwrap()),
        created_by: user("alice#%"),
        created_at: Timestamp::from_millis(5),
        history: History::Joined,
        since: Seq::FIRST,
    };
    let participants = vec![
        Joining { user: user("alice#%"), role: Role::Owner },
        Joining { user: user("bob"), role: Role::Guest },
    ];
    let file = |id, stage, reason, media| AttachedFile {
        id,
        file: FileDescription {
            name: FileName::parse("Ärger #1.png").unwrap(),
            content_type: ContentType::parse("image/png").unwrap(),
            size: FileSize::new(5_000_000_000).unwrap(),
            sha256: Some(Sha256Digest::from_bytes([7; 32])),
        },
        created_at: Timestamp::from_millis(9),
        stage,
        reason,
        media,
    };
    let media = MediaFacts {
        dimensions: Some(Dimensions { width: 4000, height: 3000 }),
        duration_ms: Some(1),
        blurhash: Some("L00000fQfQfQfQfQfQfQfQfQfQfQ".to_owned()),
        waveform: Some(vec![0, 255, 7]),
        thumbnail: Some(Dimensions { width: 512, height: 384 }),
    };
    let ids = [9, 10, 11].map(|byte| AttachmentId::from_bytes([byte; 16]));
    let full = Message {
        body: MessageBody {
            kind: MessageKind::Voice,
            content: MessageContent::default(),
            attachments: ids.to_vec(),
            reply_to: Some(seq(3)),
            thread: Some(seq(2)),
            mentions: vec![user("bob"), user("eve")],
            metadata: Some(Metadata::from_stored(r#"{"a":[1]}"#.into())),
        },
        files: vec![
            file(ids[0], Stage::Clean, None, Some(media)),
            file(ids[1], Stage::Infected, Some(Reason::Script), None),
            file(ids[2], Stage::Clean, None, Some(MediaFacts::default())),
        ],
        version: 4,
        since: seq(500_000_000),
        edited_at: Some(Timestamp::from_millis(77)),
        deleted: true,
    };
    let bodies = [
        EntryBody::MessageSent(full),
        EntryBody::MessageEdited { target: seq(7), version: 2 },
        EntryBody::MessageDeleted { target: seq(7) },
        EntryBody::ConversationCreated {
            conversation: Box::new(conversation),
            participants: participants.clone(),
        },
        EntryBody::ConversationRetitled { title: Title::parse("x").unwrap() },
        EntryBody::ConversationDeleted,
        EntryBody::ParticipantsAdded { participants },
        EntryBody::ParticipantRemoved { user: user("bob") },
        EntryBody::ParticipantUpdated { user: user("bob"), role: Role::Admin },
        EntryBody::BlockChanged { user: user("bob"), is_blocking: true },
    ];
    for body in bodies {
        for key in [None, Some(MessageKey::Invocation([8; 16]))] {
            let entry = entry(body.clone(), key);
            assert_eq!(from_item(&to_item(id, &entry).unwrap()), Ok(entry));
        }
    }
}

#[test]
fn an_item_that_is_no_entry_is_refused_by_the_attribute_that_is_wrong() {
    let entry = entry(EntryBody::ConversationDeleted, None);
    let item = to_item(ConversationId::from_bytes([3; 16]), &entry).unwrap();
    for attribute in [keys::SORT, SINCE, BODY, COUNT, ROSTER_VERSION, ROSTER_SUM, AT, ACTOR] {
        let mut broken = item.clone();
        broken.insert(attribute.to_owned(), AttributeValue::Null(true));
        assert_eq!(from_item(&broken), Err(MalformedItem { attribute }));
    }
}
