//! Roles, and the rights that come with them, with a kind of conversation, and with a scope.

use crate::conversation::ConversationKind;

/// What a participant is in a conversation, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads and sends.
    Guest,
    /// Also adds participants and changes the title.
    Member,
    /// Also removes participants and deletes others' messages.
    Admin,
    /// Also changes roles and deletes the conversation.
    Owner,
}

impl Role {
    /// Every role, weakest first.
    pub const ALL: [Self; 4] = [Self::Guest, Self::Member, Self::Admin, Self::Owner];

    /// The name on the wire and in the tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// Reads a name back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// A number that grows with the role.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Guest => 0,
            Self::Member => 1,
            Self::Admin => 2,
            Self::Owner => 3,
        }
    }
}

/// Something that not every member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// Add somebody with a role up to [`Role::Member`].
    AddParticipants,
    /// Remove somebody of a lower role.
    RemoveParticipants,
    /// Change the title.
    Retitle,
    /// Delete somebody else's message.
    DeleteOthersMessages,
    /// Give somebody another role.
    ChangeRoles,
    /// Close the conversation for ever.
    DeleteConversation,
    /// Go, and not come back by oneself.
    Leave,
}

impl ConversationKind {
    /// Whether a conversation of this kind lets anybody do this: the two people of a direct one are in it for good.
    pub fn allows(self, right: Right) -> bool {
        self != Self::Direct || right == Right::DeleteOthersMessages
    }
}

impl Right {
    /// Every right.
    pub const ALL: [Self; 7] = [
        Self::AddParticipants,
        Self::RemoveParticipants,
        Self::Retitle,
        Self::DeleteOthersMessages,
        Self::ChangeRoles,
        Self::DeleteConversation,
        Self::Leave,
    ];

    /// The weakest role that has this right.
    pub const fn least_role(self) -> Role {
        match self {
            Self::Leave => Role::Guest,
            Self::AddParticipants | Self::Retitle => Role::Member,
            Self::RemoveParticipants | Self::DeleteOthersMessages => Role::Admin,
            Self::ChangeRoles | Self::DeleteConversation => Role::Owner,
        }
    }

    /// The name that a refusal shows to the client.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AddParticipants => "add participants",
            Self::RemoveParticipants => "remove participants",
            Self::Retitle => "change the title",
            Self::DeleteOthersMessages => "delete others' messages",
            Self::ChangeRoles => "change roles",
            Self::DeleteConversation => "delete the conversation",
            Self::Leave => "leave the conversation",
        }
    }

    /// Whether a trusted back end has it in conversations that carry a reference.
    pub const fn is_for_services(self) -> bool {
        !matches!(self, Self::DeleteConversation | Self::Leave)
    }

    /// Whether administrators have it.
    pub const fn is_for_admins(self) -> bool {
        matches!(self, Self::DeleteConversation | Self::DeleteOthersMessages)
    }
}

/// A right that a member turned out not to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the right to {} is missing", .0.as_str())]
pub struct MissingRight(pub Right);
