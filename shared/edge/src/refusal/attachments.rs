//! What clients are told of attachments that are refused.

use parlance_application::attachments::{
    complete::CompleteUploadError, delete::DeleteAttachmentError, list_parts::ListPartsError,
    read::ReadAttachmentError, sign_parts::SignPartsError, upload::UploadFileError,
};
use parlance_domain::attachment::{InvalidSize, Upload};
use parlance_protocol::{error_code::ErrorCode, problem::Problem};

use super::Refusal;

const BUSY: &str = "others change the attachment just now";

impl From<UploadFileError> for Refusal {
    fn from(error: UploadFileError) -> Self {
        match error {
            UploadFileError::Empty => Problem::invalid("/file", InvalidSize::Empty.to_string()).into(),
            UploadFileError::TooLarge => {
                let detail = format!("a file in a form has at most {} bytes", Upload::MAX_DIRECT_BYTES);
                Problem::new(ErrorCode::TooLarge, detail).into()
            }
            UploadFileError::OtherDigest => Problem::invalid("/sha256", "is not the file's").into(),
            UploadFileError::Unavailable => Self::unavailable(BUSY),
            UploadFileError::Port(error) => error.into(),
        }
    }
}

impl From<ReadAttachmentError> for Refusal {
    fn from(error: ReadAttachmentError) -> Self {
        match error {
            ReadAttachmentError::NotFound => Problem::not_found().into(),
            ReadAttachmentError::Port(error) => error.into(),
        }
    }
}

impl From<ListPartsError> for Refusal {
    fn from(error: ListPartsError) -> Self {
        match error {
            ListPartsError::NotFound => Problem::not_found().into(),
            error @ ListPartsError::TakesNone => conflict(&error),
            ListPartsError::Port(error) => error.into(),
        }
    }
}

impl From<SignPartsError> for Refusal {
    fn from(error: SignPartsError) -> Self {
        match error {
            SignPartsError::NotFound => Problem::not_found().into(),
            error @ SignPartsError::TakesNone => conflict(&error),
            SignPartsError::NoSuchPart { place, count } => {
                Problem::invalid(format!("/parts/{place}/part_number"), format!("must be 1 to {count}"))
                    .into()
            }
            error @ SignPartsError::Digest { place } => {
                Problem::invalid(format!("/parts/{place}/sha256"), error.to_string()).into()
            }
            SignPartsError::Port(error) => error.into(),
        }
    }
}

impl From<CompleteUploadError> for Refusal {
    fn from(error: CompleteUploadError) -> Self {
        match error {
            CompleteUploadError::NotFound => Problem::not_found().into(),
            error @ (CompleteUploadError::NothingThere
            | CompleteUploadError::PartsMissing(_)
            | CompleteUploadError::Expired) => conflict(&error),
            CompleteUploadError::Unavailable => Self::unavailable(BUSY),
            CompleteUploadError::Port(error) => error.into(),
        }
    }
}

impl From<DeleteAttachmentError> for Refusal {
    fn from(error: DeleteAttachmentError) -> Self {
        match error {
            DeleteAttachmentError::NotFound => Problem::not_found().into(),
            error @ DeleteAttachmentError::Owned => conflict(&error),
            DeleteAttachmentError::Unavailable => Self::unavailable(BUSY),
            DeleteAttachmentError::Port(error) => error.into(),
        }
    }
}

fn conflict(error: &dyn std::error::Error) -> Refusal {
    Problem::new(ErrorCode::Conflict, error.to_string()).into()
}
