//! A message as its entry holds it; what is usual takes no room.

use minicbor::{Decode, Encode, bytes::ByteArray};
use parlance_domain::{
    head::Seq,
    ids::{AttachmentId, UserId},
    message::{Message, MessageBody, MessageContent, MessageKind, Metadata},
    time::Timestamp,
};

use super::file::StoredFile;

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct StoredMessage<'b> {
    #[b(0)]
    content: &'b str,
    #[b(1)]
    kind: Option<&'b str>,
    #[n(2)]
    #[cbor(skip_if = "Vec::is_empty")]
    attachments: Vec<ByteArray<16>>,
    #[n(3)]
    reply_to: Option<u64>,
    #[n(4)]
    thread: Option<u64>,
    #[b(5)]
    #[cbor(skip_if = "Vec::is_empty")]
    mentions: Vec<&'b str>,
    #[b(6)]
    metadata: Option<&'b str>,
    #[n(7)]
    version: Option<u64>,
    #[n(8)]
    edited_at: Option<u64>,
    #[n(9)]
    deleted: Option<bool>,
    #[b(10)]
    #[cbor(skip_if = "Vec::is_empty")]
    files: Vec<StoredFile<'b>>,
}

impl<'b> StoredMessage<'b> {
    pub(super) fn of(message: &'b Message) -> Self {
        let body = &message.body;
        Self {
            content: body.content.as_str(),
            kind: (body.kind != MessageKind::default()).then(|| body.kind.as_str()),
            attachments: body.attachments.iter().map(|id| ByteArray::from(*id.as_bytes())).collect(),
            reply_to: body.reply_to.map(Seq::get),
            thread: body.thread.map(Seq::get),
            mentions: body.mentions.iter().map(UserId::as_str).collect(),
            metadata: body.metadata.as_ref().map(Metadata::as_json),
            version: (message.version != 1).then_some(message.version),
            edited_at: message.edited_at.map(Timestamp::as_millis),
            deleted: message.deleted.then_some(true),
            files: message.files.iter().map(StoredFile::of).collect(),
        }
    }

    pub(super) fn restore(self, since: Seq) -> Option<Message> {
        let ids: Vec<AttachmentId> =
            self.attachments.into_iter().map(|id| AttachmentId::from_bytes(id.into())).collect();
        let files = ids.iter().zip(self.files).map(|(id, file)| file.restore(*id));
        let files = files.collect::<Option<_>>()?;
        let body = MessageBody {
            kind: self.kind.map_or(Some(MessageKind::default()), MessageKind::parse)?,
            content: MessageContent::from_stored(self.content.to_owned()),
            attachments: ids,
            reply_to: self.reply_to.map(stored_seq).transpose().ok()?,
            thread: self.thread.map(stored_seq).transpose().ok()?,
            mentions: self
                .mentions
                .into_iter()
                .map(|user| UserId::parse(user).ok())
                .collect::<Option<_>>()?,
            metadata: self.metadata.map(|json| Metadata::from_stored(json.to_owned())),
        };
        Some(Message {
            body,
            files,
            version: self.version.unwrap_or(1),
            since,
            edited_at: self.edited_at.map(Timestamp::from_millis),
            deleted: self.deleted.unwrap_or(false),
        })
    }
}

/// A position as it is stored; none is 0.
fn stored_seq(value: u64) -> Result<Seq, ()> {
    Seq::new(value).ok_or(())
}
