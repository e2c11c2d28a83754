//! A conversation as the entry that created it holds it.

use minicbor::{Decode, Encode, bytes::ByteArray};
use parlance_domain::{
    conversation::{Conversation, ConversationKind, History, Reference, Title},
    head::Seq,
    ids::{ConversationId, UserId},
    time::Timestamp,
};

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct StoredConversation<'b> {
    #[n(0)]
    id: ByteArray<16>,
    #[b(1)]
    kind: &'b str,
    #[b(2)]
    title: Option<&'b str>,
    #[b(3)]
    reference: Option<StoredReference<'b>>,
    #[b(4)]
    created_by: &'b str,
    #[n(5)]
    created_at: u64,
    #[b(6)]
    history: &'b str,
    #[n(7)]
    since: u64,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct StoredReference<'b> {
    #[b(0)]
    kind: &'b str,
    #[b(1)]
    id: &'b str,
}

impl<'b> StoredConversation<'b> {
    pub(super) fn of(conversation: &'b Conversation) -> Self {
        Self {
            id: ByteArray::from(*conversation.id.as_bytes()),
            kind: conversation.kind.as_str(),
            title: conversation.title.as_ref().map(Title::as_str),
            reference: conversation
                .reference
                .as_ref()
                .map(|reference| StoredReference { kind: &reference.kind, id: &reference.id }),
            created_by: conversation.created_by.as_str(),
            created_at: conversation.created_at.as_millis(),
            history: conversation.history.as_str(),
            since: conversation.since.get(),
        }
    }

    pub(super) fn restore(self) -> Option<Conversation> {
        Some(Conversation {
            id: ConversationId::from_bytes(self.id.into()),
            kind: ConversationKind::parse(self.kind)?,
            title: self.title.map(|title| Title::from_stored(title.to_owned())),
            reference: self
                .reference
                .map(|reference| Reference { kind: reference.kind.into(), id: reference.id.into() }),
            created_by: UserId::parse(self.created_by).ok()?,
            created_at: Timestamp::from_millis(self.created_at),
            history: History::parse(self.history)?,
            since: Seq::new(self.since)?,
        })
    }
}
