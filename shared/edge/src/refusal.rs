//! The one place where the errors of use cases become codes that clients see.

mod attachments;

use parlance_application::{
    connections::open::OpenConnectionError,
    conversations::{
        create::CreateConversationError, detail::ConversationDetailError, log::ReadLogError,
        settings::SwitchSettingError,
    },
    log::change::ChangeError,
    messages::{
        delete::DeleteMessageError, edit::EditMessageError, find::FindMessageError,
        history::ReadHistoryError, mark_as_read::MarkAsReadError, send::SendMessageError,
    },
    participants::list::ListParticipantsError,
    people::block::BlockUserError,
    ports::PortError,
    presence::watch::WatchPresenceError,
    reads::receipts::ListReceiptsError,
    sessions::{
        admit::AdmitCallerError, authenticate::AuthenticateError, resume::ResumeSessionError,
        service::NotAService,
    },
    typing::room::TypingError,
    webhooks::{
        change::ChangeWebhookError, find::FindWebhookError, register::RegisterWebhookError,
        remove::RemoveWebhookError,
    },
};
use parlance_protocol::{error_code::ErrorCode, problem::Problem};

use crate::{
    cursor::InvalidCursor,
    telemetry::{self, Noted},
};

/// How long a client is told to wait when something behind the server fails.
const OUTAGE_PAUSE_MS: u64 = 1_000;

/// Why a request is refused: what the client is told, and what only the log is told.
#[derive(Debug)]
pub struct Refusal {
    /// What the client is told.
    pub problem: Problem,
    /// What went wrong inside.
    cause: Option<PortError>,
}

impl Refusal {
    /// Adds the code, and the cause if there is one, to the invocation's line in the log.
    pub fn record(&self) {
        telemetry::note(Noted::Code(self.problem.code.as_str()));
        if let Some(cause) = &self.cause {
            telemetry::note(Noted::Error(telemetry::causes(cause).as_str()));
        }
    }

    /// What a client is told when a handler panicked; the log knows where.
    pub(crate) fn internal() -> Self {
        Problem::new(ErrorCode::Internal, "an unexpected error; it has been logged").into()
    }

    fn deactivated() -> Self {
        Problem::new(ErrorCode::Forbidden, "the user is deactivated").into()
    }

    fn unavailable(detail: &str) -> Self {
        Problem::retry_after(ErrorCode::Unavailable, detail, OUTAGE_PAUSE_MS).into()
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self { problem, cause: None }
    }
}

impl From<PortError> for Refusal {
    fn from(cause: PortError) -> Self {
        Self { cause: Some(cause), ..Self::unavailable("something behind the server did not answer") }
    }
}

impl From<InvalidCursor> for Refusal {
    fn from(error: InvalidCursor) -> Self {
        Problem::malformed(error.to_string()).into()
    }
}

impl From<AuthenticateError> for Refusal {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::Expired => {
                Problem::new(ErrorCode::TokenExpired, "the token has expired: come again with a fresh one")
                    .into()
            }
            AuthenticateError::Invalid => {
                Problem::new(ErrorCode::Unauthenticated, "the token is not valid").into()
            }
            AuthenticateError::Port(error) => error.into(),
        }
    }
}

impl From<AdmitCallerError> for Refusal {
    fn from(error: AdmitCallerError) -> Self {
        match error {
            AdmitCallerError::Unknown(error) => error.into(),
            AdmitCallerError::Deactivated => Self::deactivated(),
            AdmitCallerError::Port(error) => error.into(),
        }
    }
}

impl From<OpenConnectionError> for Refusal {
    fn from(error: OpenConnectionError) -> Self {
        match error {
            OpenConnectionError::TokenExpired => AuthenticateError::Expired.into(),
            OpenConnectionError::RateLimited(limited) => limited.into(),
            OpenConnectionError::TooManyConnections => {
                Problem::new(ErrorCode::RateLimited, "too many open sockets").into()
            }
            OpenConnectionError::Deactivated => Self::deactivated(),
            OpenConnectionError::NotAMember => {
                Problem::new(ErrorCode::Forbidden, "this socket is not for this caller").into()
            }
            OpenConnectionError::Port(error) => error.into(),
        }
    }
}

impl From<ResumeSessionError> for Refusal {
    fn from(error: ResumeSessionError) -> Self {
        match error {
            ResumeSessionError::TooManyConnections => OpenConnectionError::TooManyConnections.into(),
            ResumeSessionError::Port(error) => error.into(),
        }
    }
}

impl From<SendMessageError> for Refusal {
    fn from(error: SendMessageError) -> Self {
        match error {
            SendMessageError::NotFound => Problem::not_found().into(),
            SendMessageError::RateLimited(limited) => limited.into(),
            error @ SendMessageError::NotWritable => {
                Problem::new(ErrorCode::Forbidden, error.to_string()).into()
            }
            error @ SendMessageError::OtherMessage => {
                Problem::new(ErrorCode::IdempotencyConflict, error.to_string()).into()
            }
            SendMessageError::OutOfDate => {
                Problem::new(ErrorCode::OutOfDate, "`after` is too far from the end of the log: read the log")
                    .into()
            }
            SendMessageError::TooLarge => {
                Problem::new(ErrorCode::TooLarge, "the message does not fit into one event").into()
            }
            SendMessageError::UnknownReply => {
                Problem::invalid("/reply_to", "a message of this conversation").into()
            }
            SendMessageError::UnknownThread => {
                Problem::invalid("/thread_id", "a message of this conversation").into()
            }
            SendMessageError::AttachmentNotClean => Problem::new(
                ErrorCode::AttachmentNotClean,
                "an attachment was refused by its scan, or never came",
            )
            .into(),
            SendMessageError::NoRecording => {
                Problem::invalid("/attachments", "exactly one recording in a voice message").into()
            }
            SendMessageError::UnknownAttachment => Problem::invalid(
                "/attachments",
                "attachments that the sender has uploaded and no message has yet",
            )
            .into(),
            SendMessageError::Unavailable => Self::unavailable("the conversation is too busy just now"),
            SendMessageError::Port(error) => error.into(),
        }
    }
}

impl From<CreateConversationError> for Refusal {
    fn from(error: CreateConversationError) -> Self {
        match error {
            CreateConversationError::DirectKind => {
                Problem::invalid("/kind", "any kind but direct, which has a route of its own").into()
            }
            CreateConversationError::WithOneself => Problem::invalid("/user_id", "somebody else").into(),
            CreateConversationError::TooManyParticipants => {
                Problem::invalid("/participant_ids", "at most 1000 participants, the creator included").into()
            }
            CreateConversationError::NoParticipants => {
                Problem::invalid("/participant_ids", "somebody for whom the conversation is").into()
            }
            CreateConversationError::Blocked => {
                Problem::new(ErrorCode::Forbidden, "one of the two blocks the other").into()
            }
            CreateConversationError::ReferenceTaken => {
                Problem::new(ErrorCode::Conflict, "the reference has a conversation already").into()
            }
            CreateConversationError::Unavailable => {
                Self::unavailable("the conversation is too busy just now")
            }
            CreateConversationError::Port(error) => error.into(),
        }
    }
}

impl From<NotAService> for Refusal {
    fn from(error: NotAService) -> Self {
        Problem::new(ErrorCode::Forbidden, error.to_string()).into()
    }
}

impl From<RegisterWebhookError> for Refusal {
    fn from(error: RegisterWebhookError) -> Self {
        match error {
            RegisterWebhookError::TooMany => {
                Problem::new(ErrorCode::Conflict, "a service has at most 20 webhooks").into()
            }
            RegisterWebhookError::Port(error) => error.into(),
        }
    }
}

impl From<EditMessageError> for Refusal {
    fn from(error: EditMessageError) -> Self {
        match error {
            EditMessageError::NotFound => Problem::not_found().into(),
            EditMessageError::NotTheSender => {
                Problem::new(ErrorCode::Forbidden, "only its sender edits a message").into()
            }
            error @ EditMessageError::NotWritable => {
                Problem::new(ErrorCode::Forbidden, error.to_string()).into()
            }
            EditMessageError::Deleted => Problem::new(ErrorCode::Conflict, "the message is deleted").into(),
            error @ EditMessageError::Blank => Problem::invalid("/content", error.to_string()).into(),
            EditMessageError::VersionConflict { current } => {
                Problem::new(ErrorCode::VersionConflict, format!("the message has version {current}")).into()
            }
            EditMessageError::TooLarge => {
                Problem::new(ErrorCode::TooLarge, "the message does not fit into one event").into()
            }
            EditMessageError::Unavailable => Self::unavailable("the conversation is too busy just now"),
            EditMessageError::Port(error) => error.into(),
        }
    }
}

impl From<TypingError> for Refusal {
    fn from(error: TypingError) -> Self {
        match error {
            TypingError::NotFound => Problem::not_found().into(),
            TypingError::RateLimited(limited) => limited.into(),
            TypingError::Port(error) => error.into(),
        }
    }
}

impl From<ChangeWebhookError> for Refusal {
    fn from(error: ChangeWebhookError) -> Self {
        match error {
            ChangeWebhookError::NotFound => Problem::not_found().into(),
            ChangeWebhookError::Unavailable => Self::unavailable("others change the webhook just now"),
            ChangeWebhookError::Port(error) => error.into(),
        }
    }
}

impl From<DeleteMessageError> for Refusal {
    fn from(error: DeleteMessageError) -> Self {
        match error {
            DeleteMessageError::NotFound => Problem::not_found().into(),
            DeleteMessageError::Forbidden(missing) => {
                Problem::new(ErrorCode::Forbidden, missing.to_string()).into()
            }
            error @ DeleteMessageError::NotWritable => {
                Problem::new(ErrorCode::Forbidden, error.to_string()).into()
            }
            DeleteMessageError::Unavailable => Self::unavailable("the conversation is too busy just now"),
            DeleteMessageError::Port(error) => error.into(),
        }
    }
}

impl From<MarkAsReadError> for Refusal {
    fn from(error: MarkAsReadError) -> Self {
        match error {
            MarkAsReadError::NotFound => Problem::not_found().into(),
            MarkAsReadError::RateLimited(limited) => limited.into(),
            MarkAsReadError::Port(error) => error.into(),
        }
    }
}

impl From<WatchPresenceError> for Refusal {
    fn from(error: WatchPresenceError) -> Self {
        match error {
            WatchPresenceError::Paused => Self::unavailable("presence pauses just now"),
            WatchPresenceError::Port(error) => error.into(),
        }
    }
}

impl From<ChangeError> for Refusal {
    fn from(error: ChangeError) -> Self {
        let refused = |code, error: &ChangeError| Problem::new(code, error.to_string()).into();
        match error {
            ChangeError::NotFound | ChangeError::NoSuchTarget => Problem::not_found().into(),
            ChangeError::Forbidden(_) | ChangeError::NotTheSender | ChangeError::NotWritable => {
                refused(ErrorCode::Forbidden, &error)
            }
            ChangeError::Full | ChangeError::LastOwner | ChangeError::Deleted => {
                refused(ErrorCode::Conflict, &error)
            }
            ChangeError::Blank => Problem::invalid("/content", error.to_string()).into(),
            ChangeError::VersionConflict { .. } => refused(ErrorCode::VersionConflict, &error),
            ChangeError::TooLarge => refused(ErrorCode::TooLarge, &error),
            ChangeError::Contended => Self::unavailable("the conversation is too busy just now"),
            ChangeError::Port(error) => error.into(),
        }
    }
}

/// Errors that say that something is not there for this user, and otherwise that the outside failed.
macro_rules! not_found_or_port {
    ($($error:ident),*) => {$(
        impl From<$error> for Refusal {
            fn from(error: $error) -> Self {
                match error {
                    $error::NotFound => Problem::not_found().into(),
                    $error::Port(error) => error.into(),
                }
            }
        }
    )*};
}

impl From<BlockUserError> for Refusal {
    fn from(error: BlockUserError) -> Self {
        match error {
            BlockUserError::Oneself => Problem::invalid("/user_id", "somebody else").into(),
            BlockUserError::Contended => Self::unavailable("the conversation is too busy just now"),
            BlockUserError::Port(error) => error.into(),
        }
    }
}

not_found_or_port!(
    ConversationDetailError,
    FindMessageError,
    FindWebhookError,
    ListParticipantsError,
    ListReceiptsError,
    ReadHistoryError,
    ReadLogError,
    RemoveWebhookError,
    SwitchSettingError
);
