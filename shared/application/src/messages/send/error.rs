//! Why a message was not sent.

use crate::{limits::limiter::RateLimited, log::append::AppendError, ports::PortError};

/// Why a message was not sent. Nothing was stored, but for [`SendMessageError::Unavailable`], after which a retry tells.
#[derive(Debug, thiserror::Error)]
pub enum SendMessageError {
    /// There is no such conversation for this sender.
    #[error("no such conversation")]
    NotFound,
    /// He sends too fast, or everybody in the conversation together.
    #[error(transparent)]
    RateLimited(#[from] RateLimited),
    /// One of the two people of the direct conversation blocks the other one.
    #[error("the conversation is not writable: one of the two blocks the other")]
    NotWritable,
    /// The client's id names another message of his.
    #[error("the sender used this client_id for another message")]
    OtherMessage,
    /// The client has to read the log first.
    #[error("out of date")]
    OutOfDate,
    /// The event would not fit into one frame.
    #[error("the message is too large")]
    TooLarge,
    /// The message that this one answers is not there for the sender.
    #[error("the message replied to does not exist")]
    UnknownReply,
    /// The thread's message is not there for the sender.
    #[error("the thread does not exist")]
    UnknownThread,
    /// An attachment does not exist, is not the sender's, or is another message's.
    #[error("an attachment does not exist")]
    UnknownAttachment,
    /// An attachment is infected, or could not be scanned, or never came.
    #[error("an attachment cannot be sent")]
    AttachmentNotClean,
    /// A voice message is one recording and nothing else.
    #[error("a voice message has exactly one recording")]
    NoRecording,
    /// Overtaken too often; to be retried.
    #[error("the conversation is too busy")]
    Unavailable,
    /// An outside failed; to be retried.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl From<AppendError> for SendMessageError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::NotFound => Self::NotFound,
            AppendError::NotWritable => Self::NotWritable,
            AppendError::OutOfDate => Self::OutOfDate,
            AppendError::Unclaimed => Self::UnknownAttachment,
            AppendError::Contended => Self::Unavailable,
            AppendError::Port(error) => Self::Port(error),
        }
    }
}
