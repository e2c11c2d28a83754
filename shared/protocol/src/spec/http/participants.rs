//! The people of a conversation: who comes, who goes, as what, and who has read how far.

use crate::{
    conversation::{AppendedConversation, AppendedParticipant, Participant},
    error_code::ErrorCode as E,
    page::Page,
    read_state::Receipt,
    request::{
        list_receipts::ListReceipts,
        participants::{self, AddParticipant},
        read_page::ReadPage,
    },
    spec::operation::Operation,
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::post(
            "/api/messaging/conversations/{id}/add_participant/",
            "addParticipant",
            "Adds somebody; who is there already stays as he is",
        )
        .body(AddParticipant::shape())
        .answers::<AppendedConversation>(200),
        Operation::post(
            "/api/messaging/conversations/{id}/remove_participant/",
            "removeParticipant",
            "Removes somebody, whose sockets fall silent at once",
        )
        .body(participants::removed_user_shape())
        .answers::<AppendedConversation>(200),
        Operation::post(
            "/api/messaging/conversations/{id}/leave/",
            "leaveConversation",
            "Leaves a conversation",
        )
        .answers_nothing(),
        Operation::get(
            "/api/messaging/conversations/{id}/participants/",
            "listParticipants",
            "A page of the people who are in it",
        )
        .query(ReadPage::shape())
        .answers::<Page<Participant>>(200)
        .refuses(&[E::Malformed]),
        Operation::patch(
            "/api/messaging/conversations/{id}/participants/{user_id}/",
            "changeParticipant",
            "Gives somebody another role",
        )
        .body(participants::new_role_shape())
        .answers::<AppendedParticipant>(200)
        .refuses(&[E::Conflict]),
        Operation::get(
            "/api/messaging/conversations/{id}/receipts/",
            "listReceipts",
            "Who has read how far, or who has seen one message",
        )
        .query(ListReceipts::shape())
        .answers::<Page<Receipt>>(200)
        .refuses(&[E::Malformed]),
    ]
}
