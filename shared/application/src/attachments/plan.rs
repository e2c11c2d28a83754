//! How a client is to bring the bytes of an upload that is under way.

use std::time::Duration;

use parlance_domain::{
    attachment::{Attachment, AttachmentState, ObjectArea, UploadMethod},
    time::Timestamp,
};

use crate::ports::{
    PortError,
    attachments::{FormUpload, UploadForm, UploadSigner},
};

/// How long a form is good.
pub const FORM_GOOD_FOR: Duration = Duration::from_mins(5);

/// How the bytes are to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadPlan {
    /// By this form.
    Form {
        /// The form.
        form: UploadForm,
        /// Until when it is good; then another one is to be had.
        until: Timestamp,
    },
    /// In parts, whose addresses are to be asked for.
    Parts {
        /// The size of each part but the last.
        part_bytes: u64,
        /// How many parts there are.
        count: u32,
        /// Until when the last one has to be there.
        until: Timestamp,
    },
}

/// The plan of an upload; `None` where no bytes are to come any more.
pub(super) async fn plan_of(
    attachment: &Attachment,
    signer: &dyn UploadSigner,
    now: Timestamp,
) -> Result<Option<UploadPlan>, PortError> {
    let AttachmentState::Uploading(upload) = &attachment.state else { return Ok(None) };
    match &upload.method {
        UploadMethod::Direct => Ok(None),
        UploadMethod::Form => {
            let until = now.plus(FORM_GOOD_FOR).min(upload.until);
            let file = &attachment.file;
            let form = FormUpload {
                key: attachment.object(ObjectArea::Quarantine),
                content_type: file.content_type.clone(),
                size: file.size,
                sha256: file.sha256,
            };
            Ok(Some(UploadPlan::Form { form: signer.form(&form, until).await?, until }))
        }
        UploadMethod::Parts(plan) => Ok(Some(UploadPlan::Parts {
            part_bytes: plan.part_bytes,
            count: plan.count(attachment.file.size),
            until: upload.until,
        })),
    }
}
