//! Attachments.

use crate::{
    error_code::ErrorCode as E,
    request::{
        begin_upload::BeginUpload, list_parts::ListParts, sign_parts::SignParts, upload_file::UploadFile,
    },
    spec::operation::{Operation, Rate},
    upload::{PartAddresses, Parts, ShownAttachment},
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::post(
            "/api/messaging/attachments/",
            "beginUpload",
            "Announces a file, and answers how to upload it; or takes a small one in a form",
        )
        .body(BeginUpload::shape())
        .or_form(UploadFile::form_shape())
        .answers::<ShownAttachment>(201)
        .located()
        .counts_as(Rate::Upload),
        Operation::get(
            "/api/messaging/attachments/{id}/",
            "readAttachment",
            "How far a file has come, and where it is to be had once it is clean",
        )
        .answers::<ShownAttachment>(200),
        Operation::get(
            "/api/messaging/attachments/{id}/parts/",
            "listParts",
            "Which parts of a large file are there",
        )
        .query(ListParts::shape())
        .answers::<Parts>(200)
        .refuses(&[E::Conflict]),
        Operation::post(
            "/api/messaging/attachments/{id}/parts/",
            "signParts",
            "Where parts of a large file are to be put",
        )
        .body(SignParts::shape())
        .answers::<PartAddresses>(200)
        .answered_anew()
        .refuses(&[E::Conflict]),
        Operation::post(
            "/api/messaging/attachments/{id}/complete/",
            "completeUpload",
            "Ends an upload: a large file is put together, and the file waits for its scan. Done again, it is done already",
        )
        .answers::<ShownAttachment>(200)
        .refuses(&[E::Conflict]),
        Operation::delete(
            "/api/messaging/attachments/{id}/delete/",
            "deleteAttachment",
            "Deletes a file that no message owns, or calls its upload off. Done again, it is done already",
        )
        .answers_nothing()
        .refuses(&[E::Conflict]),
    ]
}
