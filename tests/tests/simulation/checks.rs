//! The promises: after every step, of what a client is told; and once all has come to rest.

use parlance_client::{
    SendError,
    protocol::{conversation::Conversation, ids::ConversationId, page::Page},
};
use parlance_domain::{head::Seq, log::MessageKey};

use super::{
    device::{Device, Told, message_of},
    tasks::{Tasks, Turn},
    world::World,
};

/// Holds against the promises what a device was told.
pub fn told(world: &mut World, device: usize, told: Told) {
    match told {
        Told::Entry(frame, before) => {
            let (Some(conversation), Some(seq)) = (frame.conversation_id, frame.seq.and_then(Seq::new))
            else {
                return;
            };
            let user = world.devices[device].user.clone();
            let Some(place) = world.places.iter().find(|place| place.id == conversation) else { return };
            let mut broken = Vec::new();
            let is_next = before.is_none_or(|before| before + 1 == seq.get());
            let skips_what_is_hidden = before.is_some_and(|before| before < seq.get())
                && place.history == parlance_domain::conversation::History::Joined
                && place.audit.joined_at(&user, seq);
            if !is_next && !skips_what_is_hidden {
                broken.push(format!("d{device} saw {seq} after {before:?}"));
            }
            if !place.audit.may_see(&user, seq, place.history) {
                broken.push(format!("{user} saw {seq}, which is not for him"));
            }
            let state = world.server.outsides.cloud.state();
            let standing = state.logs.get(&conversation).and_then(|log| log.get(&seq));
            match (standing, message_of(&frame)) {
                (None, _) => broken.push(format!("d{device} saw {seq}, which stands nowhere")),
                (Some(entry), Some((sender, client_id))) => {
                    let key = entry.key.as_ref().and_then(MessageKey::client_id);
                    if entry.actor != sender || key != client_id.as_ref() {
                        broken.push(format!("d{device} saw another message at {seq} than stands there"));
                    }
                }
                (Some(_), None) => {}
            }
            drop(state);
            for broken in broken {
                world.violate(format!("{broken} of {conversation}"));
            }
        }
        Told::Settled(message, outcome) => match *outcome {
            Ok(sent) => {
                let state = world.server.outsides.cloud.state();
                let log = &state.logs[&message.conversation_id];
                let stands = Seq::new(sent.message.seq).and_then(|seq| log.get(&seq)).is_some_and(|entry| {
                    let key = entry.key.as_ref().and_then(MessageKey::client_id);
                    key == Some(&message.client_id) && entry.actor == world.devices[device].user
                });
                drop(state);
                if !stands {
                    world.violate(format!("{} was acknowledged and stands nowhere", message.client_id));
                }
            }
            Err(SendError::Gone | SendError::Unknown) => {}
            Err(SendError::Refused(problem)) if problem.code == "not_found" => {}
            Err(error) => world.violate(format!("{} will not be stored: {error}", message.client_id)),
        },
        Told::SettledTwice(id) => world.violate(format!("{id} was settled twice")),
    }
}

/// Holds everybody's view against the logs, and what the server counts against what is there.
pub fn rest(world: &mut World) {
    let mut broken = Vec::new();
    for (number, device) in world.devices.iter().enumerate() {
        for message in &device.kept {
            broken.push(format!("d{number} still waits for {}", message.client_id));
        }
        for place in &world.places {
            let is_member = place.audit.roster().member(&device.user).is_some();
            let seen = device.seen.get(&place.id).copied();
            match (is_member, seen) {
                (true, Some(Some(seen))) if seen == place.audit.last() => {}
                (true, Some(Some(seen))) if was_unanswered(world, device, place.id, seen) => {}
                (false, None) => {}
                (true, seen) => broken.push(format!(
                    "d{number} of {} has seen {seen:?} of {} up to {}",
                    device.user,
                    place.id,
                    place.audit.last()
                )),
                (false, Some(_)) => {
                    broken.push(format!("d{number} still shows {}, which is not his any more", place.id));
                }
            }
        }
    }
    if !world.has_lost_frames {
        broken.extend(world.unheard());
    }
    broken.extend(unread(world));
    for broken in broken {
        world.violate(broken);
    }
}

/// Whether all that a device has not seen is what its application asked for and was never answered.
fn was_unanswered(world: &World, device: &Device, conversation: ConversationId, seen: u64) -> bool {
    let is_waiting = device.unanswered.values().any(|asked| *asked == conversation);
    let state = world.server.outsides.cloud.state();
    let mut unseen = state.logs[&conversation].values().filter(|entry| entry.seq.get() > seen);
    is_waiting && unseen.all(|entry| entry.actor == device.user && !entry.body.counts())
}

/// Unread by arithmetic equals unread by counting.
fn unread(world: &World) -> Vec<String> {
    let mut broken = Vec::new();
    for number in 0..5 {
        let user = parlance_domain::ids::UserId::parse(&format!("u{number}")).unwrap();
        let host = world.host();
        let (clock, mut tasks) = (world.clock.clone(), Tasks::default());
        let asker = user.clone();
        tasks.start(async move { host.get(&asker, "conversations", "", "limit=200").await });
        let (status, body) = loop {
            match tasks.turn(&world.random) {
                Turn::Ended(answer) => break answer,
                Turn::WentOn => {}
                Turn::Nobody => clock.leap(clock.next().unwrap()),
            }
        };
        let page: Page<Conversation> = match serde_json::from_str(&body) {
            Ok(page) if status == 200 => page,
            _ => {
                broken.push(format!("the list of {user} is answered {status}"));
                continue;
            }
        };
        for shown in page.items {
            let state = world.server.outsides.cloud.state();
            let log = &state.logs[&shown.id];
            let joined = state.rosters.get(&(shown.id, user.clone())).map_or(0, |row| row.joined.get());
            let own = log.values().rev().find(|entry| entry.body.counts() && entry.actor == user);
            let read = shown.read_seq.unwrap_or(0).max(joined).max(own.map_or(0, |own| own.seq.get()));
            let counted = log.values().filter(|entry| entry.body.counts() && entry.seq.get() > read).count();
            let told = shown.unread_count.unwrap_or(0);
            if usize::try_from(told).ok() != Some(counted) {
                broken.push(format!(
                    "{user} is told of {told} unread messages in {} and has {counted}",
                    shown.id
                ));
            }
        }
    }
    broken
}
