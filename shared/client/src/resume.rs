//! Coming back: what happened while no socket was open. The one step to replace where the server has `sync`.

use std::sync::Arc;

use parlance_protocol::{conversation::Conversation, ids::ConversationId, page::LogPage};

use crate::backoff::Millis;
use crate::{
    api::{Api, ApiError},
    order::Order,
};

/// Has the log of every conversation read on from where it was left. Events that arrive meanwhile overlap with it and leave no hole.
pub(crate) fn read_on<'a, T: 'a>(orders: impl Iterator<Item = &'a mut Order<T>>, now: Millis) {
    for order in orders {
        order.read_anyway(now);
    }
}

/// The conversations with the most recent activity: those that are not known yet begin at their heads.
pub(crate) async fn recent(api: Arc<Api>) -> Result<Vec<Conversation>, ApiError> {
    api.conversations(None, 200).await.map(|page| page.items)
}

/// What lies in a conversation's log behind `after`, up to its end, in parts: `next` gets each.
pub(crate) async fn read_log(
    api: &Api,
    conversation: ConversationId,
    mut after: u64,
    mut next: impl FnMut(LogPage),
) -> Result<u64, ApiError> {
    loop {
        let page = api.log(conversation, after).await?;
        let head = page.head_seq;
        let last = page.items.iter().filter_map(|entry| entry.seq).max();
        next(page);
        match last {
            Some(last) if last > after && last < head => after = last,
            _ => return Ok(head),
        }
    }
}
