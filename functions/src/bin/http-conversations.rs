//! The function of `/api/messaging/conversations`.

use std::process::ExitCode;

use parlance_edge::http::HttpRoutes;
use parlance_functions::{
    assembly::start,
    http::conversations::{
        ChangeAndShow, SwitchAndShow, add_participant::AddParticipant, archive::Archive,
        change::ConversationChange, create::ConversationCreate, delete::ConversationDelete,
        detail::ConversationRead, direct::ConversationDirect, leave::Leave, list::ConversationList,
        log::ConversationLog, messages::ConversationMessages, mute::Mute, participant_role::ParticipantRole,
        participants::ConversationParticipants, receipts::ConversationReceipts,
        reference::ConversationOfReference, remove_participant::RemoveParticipant, sync::ConversationSync,
        task::ConversationTask, unarchive::Unarchive, unmute::Unmute, update_title::TitleUpdate,
    },
};

fn main() -> ExitCode {
    start(|assembly| {
        let (create, detail) = (assembly.create_conversation()?, assembly.conversation_detail()?);
        let (change, departure) = (assembly.change_conversation()?, assembly.departure()?);
        let change_and_show = ChangeAndShow::new(change.clone(), detail.clone());
        let switch_and_show = SwitchAndShow::new(assembly.switch_setting()?, detail.clone());
        let cursors = assembly.cursor_signer()?;
        Ok(HttpRoutes::for_callers(assembly.callers()?)
            .route(ConversationCreate::new(create.clone(), detail.clone()))
            .route(ConversationDirect::new(create.clone(), detail.clone()))
            .route(ConversationTask::new(create, detail.clone()))
            .route(ConversationList::new(assembly.list_conversations()?, cursors.clone()))
            .route(ConversationOfReference::new(detail.clone()))
            .route(ConversationRead::new(detail.clone()))
            .route(ConversationChange::new(change_and_show.clone()))
            .route(ConversationDelete::new(change.clone()))
            .route(TitleUpdate::new(change_and_show.clone()))
            .route(AddParticipant::new(change_and_show))
            .route(RemoveParticipant::new(departure.clone(), detail))
            .route(ParticipantRole::new(change))
            .route(ConversationParticipants::new(assembly.list_participants()?, cursors.clone()))
            .route(Leave::new(departure))
            .route(Mute::new(switch_and_show.clone()))
            .route(Unmute::new(switch_and_show.clone()))
            .route(Archive::new(switch_and_show.clone()))
            .route(Unarchive::new(switch_and_show))
            .route(ConversationMessages::new(assembly.read_history()?, cursors.clone()))
            .route(ConversationReceipts::new(assembly.list_receipts()?, cursors))
            .route(ConversationLog::new(assembly.read_log()?))
            .route(ConversationSync::new(assembly.sync_conversations()?)))
    })
}
