//! Conversations over HTTP.

pub mod add_participant;
pub mod archive;
pub mod change;
pub mod create;
pub mod delete;
pub mod detail;
pub mod direct;
pub mod leave;
pub mod list;
pub mod log;
pub mod messages;
pub mod mute;
pub mod participant_role;
pub mod participants;
pub mod receipts;
pub mod reference;
pub mod remove_participant;
pub mod sync;
pub mod task;
pub mod unarchive;
pub mod unmute;
pub mod update_title;

use parlance_application::{
    conversations::{
        change::{ChangeConversation, ChangeRequest},
        detail::ConversationDetail,
        settings::SwitchSetting,
        summary::Summary,
    },
    log::change::{Change, Changed},
    ports::{conversations::MembershipSetting, identity::Identity},
};
use parlance_domain::{
    authority::Caller,
    head::Seq,
    ids::{ConversationId, UserId},
};
use parlance_edge::{
    Refusal,
    http::{Reply, Request},
};
use parlance_protocol::conversation::{AppendedConversation, CreatedConversation};

use crate::rendering::conversation as rendered;

/// The answer to its creator: the conversation, with where it can be read from now on.
fn created(summary: &Summary) -> Result<Reply, Refusal> {
    let created = CreatedConversation::from(rendered(summary));
    let location = format!("/api/messaging/conversations/{}/", created.conversation_id);
    Ok(Reply::created(&created)?.at(location))
}

/// The entry that a request appended, if it did.
const fn appended(changed: &Changed) -> Option<Seq> {
    match changed {
        Changed::Done { entry, .. } => Some(entry.seq),
        Changed::AlreadySo { .. } => None,
    }
}

/// Changes a conversation and shows it as it is then.
#[derive(Clone)]
pub struct ChangeAndShow {
    change: ChangeConversation,
    detail: ConversationDetail,
}

impl ChangeAndShow {
    /// Changes by one use case, and shows by the other.
    pub const fn new(change: ChangeConversation, detail: ConversationDetail) -> Self {
        Self { change, detail }
    }

    async fn reply(
        &self,
        caller: &Identity,
        conversation: ConversationId,
        subject: Option<&UserId>,
        change: &dyn Change,
    ) -> Result<Reply, Refusal> {
        let request = ChangeRequest { conversation, caller: caller.caller(), subject, from: None };
        let changed = self.change.execute(request, change).await?;
        shown(&self.detail, caller.caller(), conversation, &changed).await
    }

    /// The conversation as it is.
    async fn shown(&self, caller: &Identity, id: ConversationId) -> Result<Reply, Refusal> {
        Reply::ok(&rendered(&self.detail.execute(caller.caller(), id).await?))
    }
}

async fn shown(
    detail: &ConversationDetail,
    caller: Caller<'_>,
    id: ConversationId,
    changed: &Changed,
) -> Result<Reply, Refusal> {
    let conversation = rendered(&detail.execute(caller, id).await?);
    Reply::ok(&AppendedConversation::new(conversation, appended(changed)))
}

/// Switches what a member decides for himself, and shows the conversation as it is for him then.
#[derive(Clone)]
pub struct SwitchAndShow {
    switch: SwitchSetting,
    detail: ConversationDetail,
}

impl SwitchAndShow {
    /// Switches by one use case, and shows by the other.
    pub const fn new(switch: SwitchSetting, detail: ConversationDetail) -> Self {
        Self { switch, detail }
    }

    async fn reply(
        &self,
        request: &Request,
        setting: MembershipSetting,
        is_on: bool,
    ) -> Result<Reply, Refusal> {
        let id: ConversationId = request.parts.path_id("id")?;
        self.switch.execute(&request.caller.user, id, setting, is_on).await?;
        Reply::ok(&rendered(&self.detail.execute(request.caller.caller(), id).await?))
    }
}
