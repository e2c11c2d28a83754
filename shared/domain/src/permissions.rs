//! Roles, the rights that come with them, and the proofs that a use case asks for.

use crate::roster::Member;

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
}

impl Right {
    /// The weakest role that has this right.
    pub const fn least_role(self) -> Role {
        match self {
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
        }
    }
}

/// A right that a member turned out not to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the right to {} is missing", .0.as_str())]
pub struct MissingRight(pub Right);

impl Member<'_> {
    /// Refuses unless this member's role carries the right.
    pub fn require(&self, right: Right) -> Result<(), MissingRight> {
        if self.participant.role >= right.least_role() { Ok(()) } else { Err(MissingRight(right)) }
    }

    /// Refuses unless this member may remove somebody of `role`: nobody removes one of equal or higher role.
    pub fn require_removal_of(&self, role: Role) -> Result<(), MissingRight> {
        self.require(Right::RemoveParticipants)?;
        if self.participant.role > role { Ok(()) } else { Err(MissingRight(Right::RemoveParticipants)) }
    }

    /// Refuses unless this member may give `role` to somebody: above [`Role::Member`] only the owner gives.
    pub fn require_granting(&self, role: Role) -> Result<(), MissingRight> {
        self.require(Right::AddParticipants)?;
        if role <= Role::Member || self.participant.role == Role::Owner {
            Ok(())
        } else {
            Err(MissingRight(Right::ChangeRoles))
        }
    }
}
