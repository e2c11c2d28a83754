//! Tells an uploader that his file was refused and is gone, whatever he has open.

use std::sync::Arc;

use parlance_domain::{
    attachment::Attachment,
    event::EventEncoder,
    signal::{Notification, Signal, SignalBody},
};

use crate::{
    delivery::{broadcaster::Broadcaster, frame::Frame, recipients::Audience},
    ports::{PortError, connections::ConnectionDirectory, environment::Clock},
};

/// Warns uploaders.
#[derive(Clone)]
pub struct WarnUploader {
    directory: Arc<dyn ConnectionDirectory>,
    broadcaster: Broadcaster,
    encoder: Arc<dyn EventEncoder>,
    clock: Arc<dyn Clock>,
}

impl WarnUploader {
    /// Warns through these.
    pub fn new(
        directory: Arc<dyn ConnectionDirectory>,
        broadcaster: Broadcaster,
        encoder: Arc<dyn EventEncoder>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { directory, broadcaster, encoder, clock }
    }

    /// One signal for the uploader. Never fails: the attachment itself says what became of it.
    pub async fn execute(&self, attachment: &Attachment) {
        if let Err(error) = self.tell(attachment).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                attachment.id = %attachment.id,
                "an uploader was not told that his file is gone"
            );
        }
    }

    async fn tell(&self, attachment: &Attachment) -> Result<(), PortError> {
        let now = self.clock.now();
        let notification = Notification::FileRemoved {
            attachment: attachment.id,
            message: attachment.message,
            uploader: attachment.uploader.clone(),
        };
        let signal = Signal {
            conversation: attachment.message.map(|message| message.conversation),
            at: now,
            body: SignalBody::Notification(notification),
        };
        let sockets = self.directory.of_users(std::slice::from_ref(&attachment.uploader)).await?;
        let sockets = sockets.into_iter().filter(|socket| socket.scope.hears_personal());
        let (expired, open) = sockets.partition(|socket| socket.is_expired(now));
        let frame = Frame::kept(self.encoder.signal(&signal));
        self.broadcaster.post_to(Audience { open, expired }, &frame).await.map(drop)
    }
}
