//! Attachments over HTTP. Their bytes come and go past us, but for small ones in forms.

pub mod begin;
pub mod complete;
pub mod delete;
pub mod parts;
pub mod read;
pub mod sign_parts;

use parlance_application::attachments::plan::UploadPlan;
use parlance_domain::attachment;
use parlance_protocol::{attachment::Attachment, upload};

/// An attachment without addresses.
fn shown(attachment: &attachment::Attachment, plan: Option<UploadPlan>) -> upload::ShownAttachment {
    upload::ShownAttachment {
        attachment: Attachment::of(attachment),
        download_url: None,
        thumbnail_url: None,
        upload: plan.map(rendered),
    }
}

fn rendered(plan: UploadPlan) -> upload::UploadPlan {
    match plan {
        UploadPlan::Form { form, until } => {
            upload::UploadPlan::Form { url: form.url, fields: form.fields, expires_at: until.into() }
        }
        UploadPlan::Parts { part_bytes, count, until } => {
            upload::UploadPlan::Parts { part_size: part_bytes, part_count: count, expires_at: until.into() }
        }
    }
}
