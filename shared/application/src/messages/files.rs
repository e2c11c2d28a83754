//! The files that a message would take: whose they are, whether they may be had, and why not.

use std::{collections::BTreeMap, sync::Arc};

use parlance_domain::message::MessageKind;

use super::send::SendMessageError;
use crate::{
    log::append::{Candidate, Submission},
    ports::{attachments::AttachmentRepository, environment::Clock},
};

/// Reads the files that messages name.
#[derive(Clone)]
pub(super) struct FilesToSend {
    attachments: Arc<dyn AttachmentRepository>,
    clock: Arc<dyn Clock>,
}

/// The files in the order in which the message names them, and why it is refused because of one of them.
type Read = (Vec<Candidate>, Option<SendMessageError>);

impl FilesToSend {
    pub(super) fn new(attachments: Arc<dyn AttachmentRepository>, clock: Arc<dyn Clock>) -> Self {
        Self { attachments, clock }
    }

    /// The files as they stand. A refusal counts only once it is known that the message does not stand: it may be its own files that it has.
    pub(super) async fn read(&self, submission: &Submission) -> Result<Read, SendMessageError> {
        let found = self.attachments.find_all(&submission.body.attachments).await?;
        let now = self.clock.now();
        let mut standing: BTreeMap<_, _> = found
            .into_iter()
            .filter(|file| file.uploader == submission.sender)
            .filter_map(|file| Some((file.id, file.seen_at(now)?)))
            .collect();
        let (mut files, mut refusal) = (Vec::new(), None);
        for id in &submission.body.attachments {
            let file = standing.remove(id);
            if let Some(file) = &file
                && submission.body.kind == MessageKind::Voice
                && !file.file.content_type.is_audio()
            {
                return Err(SendMessageError::NoRecording);
            }
            match file {
                Some(file) if file.is_claimable() => files.push(Candidate::Free(Box::new(file))),
                Some(file) if file.message.is_none() => {
                    refusal.get_or_insert(SendMessageError::AttachmentNotClean);
                    files.push(Candidate::Refused(*id));
                }
                _ => {
                    refusal = Some(SendMessageError::UnknownAttachment);
                    files.push(Candidate::Refused(*id));
                }
            }
        }
        Ok((files, refusal))
    }
}
