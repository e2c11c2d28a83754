//! The function of `/api/messaging/messages`.

use std::process::ExitCode;

use parlance_edge::http::HttpRoutes;
use parlance_functions::{
    assembly::start,
    http::messages::{
        delete::MessageDelete, edit::MessageEdit, mark_as_read::MessageMarkAsRead, read::MessageRead,
        send::MessageSend, unread_count::MessageUnreadCount,
    },
};

fn main() -> ExitCode {
    start(|assembly| {
        Ok(HttpRoutes::for_callers(assembly.callers()?)
            .route(MessageSend::new(assembly.send_message()?))
            .route(MessageRead::new(assembly.find_message()?))
            .route(MessageEdit::new(assembly.edit_message()?))
            .route(MessageDelete::new(assembly.delete_message()?))
            .route(MessageMarkAsRead::new(assembly.mark_as_read()?))
            .route(MessageUnreadCount::new(assembly.count_unread()?)))
    })
}
