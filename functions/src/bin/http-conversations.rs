//! The function of `/api/messaging/conversations`.

use std::process::ExitCode;

use parlance_edge::http::HttpRoutes;
use parlance_functions::{
    assembly::start,
    http::conversations::{
        create::ConversationCreate, detail::ConversationRead, direct::ConversationDirect,
        list::ConversationList, log::ConversationLog, messages::ConversationMessages,
        receipts::ConversationReceipts, sync::ConversationSync,
    },
};

fn main() -> ExitCode {
    start(|assembly| {
        let (create, detail) = (assembly.create_conversation()?, assembly.conversation_detail()?);
        let cursors = assembly.cursor_signer()?;
        Ok(HttpRoutes::for_callers(assembly.callers()?)
            .route(ConversationCreate::new(create.clone(), detail.clone()))
            .route(ConversationDirect::new(create, detail.clone()))
            .route(ConversationList::new(assembly.list_conversations()?, cursors.clone()))
            .route(ConversationRead::new(detail))
            .route(ConversationMessages::new(assembly.read_history()?, cursors.clone()))
            .route(ConversationReceipts::new(assembly.list_receipts()?, cursors))
            .route(ConversationLog::new(assembly.read_log()?))
            .route(ConversationSync::new(assembly.sync_conversations()?)))
    })
}
