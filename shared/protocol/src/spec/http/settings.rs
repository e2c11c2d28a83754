//! What a member decides about a conversation for himself.

use crate::{conversation::Conversation, spec::operation::Operation};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::post(
            "/api/messaging/conversations/{id}/mute/",
            "muteConversation",
            "Is not disturbed by it any more",
        )
        .answers::<Conversation>(200),
        Operation::delete(
            "/api/messaging/conversations/{id}/mute/",
            "unmuteConversation",
            "Is disturbed by it again",
        )
        .answers::<Conversation>(200),
        Operation::post(
            "/api/messaging/conversations/{id}/archive/",
            "archiveConversation",
            "Does not see it among the others any more",
        )
        .answers::<Conversation>(200),
        Operation::delete(
            "/api/messaging/conversations/{id}/archive/",
            "unarchiveConversation",
            "Sees it among the others again",
        )
        .answers::<Conversation>(200),
    ]
}
