//! What use cases yield, as clients are shown it: shared by the routes that answer the same over HTTP and over sockets.

use std::borrow::Cow;

use parlance_application::conversations::{
    summary::Summary,
    sync::{Missed, Synced, SyncedConversation},
};
use parlance_domain::head::Seq;
use parlance_protocol::{conversation::Conversation, event::EventFrame, sync as wire};

/// A conversation as its reader is shown it.
pub fn conversation(summary: &Summary) -> Conversation {
    let conversation = Conversation::from(&summary.view)
        .with_cursors(|user| summary.cursors.get(user).map(|cursor| (cursor.seq, cursor.at)));
    match &summary.own {
        Some(own) => {
            conversation.for_reader(own.read.seq, own.unread).with_settings(own.is_muted, own.is_archived)
        }
        None => conversation,
    }
}

/// What a client missed; `items` says which of the entries stand in the answer itself.
pub fn synced(synced: Synced, items: impl Fn(&[Vec<u8>]) -> Option<Vec<EventFrame>>) -> wire::Synced {
    let one = |synced: SyncedConversation| match synced {
        SyncedConversation::Gone => wire::SyncedConversation::gone(),
        SyncedConversation::Present(present) => {
            let (outcome, items) = match &present.missed {
                Missed::Recovered(frames) => (wire::SyncedConversation::RECOVERED, items(frames)),
                Missed::Reset => (wire::SyncedConversation::RESET, None),
            };
            wire::SyncedConversation {
                outcome: Cow::Borrowed(outcome),
                head_seq: Some(present.head.seq.get()),
                head_n: Some(present.head.n),
                read_seq: Some(present.read.seq.get()),
                unread_count: Some(present.unread()),
                first_seq: present.first_seq.map(Seq::get),
                items,
            }
        }
    };
    wire::Synced {
        conversations: synced.conversations.into_iter().map(|(id, synced)| (id, one(synced))).collect(),
        new: synced.new.iter().map(conversation).collect(),
    }
}
