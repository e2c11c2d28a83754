//! The function of `/api/messaging/attachments`.

use std::process::ExitCode;

use parlance_edge::http::HttpRoutes;
use parlance_functions::{
    assembly::start,
    http::attachments::{
        begin::AttachmentBegin, complete::AttachmentComplete, delete::AttachmentDelete,
        parts::AttachmentParts, read::AttachmentRead, sign_parts::AttachmentSignParts,
    },
};

fn main() -> ExitCode {
    start(|assembly| {
        Ok(HttpRoutes::for_callers(assembly.callers()?)
            .route(AttachmentBegin::new(assembly.begin_upload()?, assembly.upload_file()?))
            .route(AttachmentRead::new(assembly.read_attachment()?))
            .route(AttachmentParts::new(assembly.list_parts()?))
            .route(AttachmentSignParts::new(assembly.sign_parts()?))
            .route(AttachmentComplete::new(assembly.complete_upload()?))
            .route(AttachmentDelete::new(assembly.delete_attachment()?)))
    })
}
