//! Cursors and what is left to read: what it costs, who is told, and that no count ever drifts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken assumption stops the test"
)]

#[path = "read_state/house.rs"]
mod house;
#[path = "read_state/unread.rs"]
mod unread;

use std::{sync::Arc, time::Duration};

use parlance_application::{
    conversations::{change::ChangeRequest, close::Close, list::ListFilter},
    messages::mark_as_read::{MarkAsReadError, ReadUpTo},
    ports::{
        cache::ConversationCache,
        conversations::{ConversationRepository, MembershipSetting, MembershipSettings},
    },
    reads::receipts::{ListReceipts, Readers},
};
use parlance_domain::{
    conversation::History,
    ids::{ConversationId, MessageId},
};
use parlance_testkit::{
    contracts::fixtures::creation,
    memory::{gate::Calls, redis::Keys},
    scene::user,
};

use self::house::{House, now};

#[test]
fn a_read_is_one_write_and_one_round_trip_and_another_one_tells_of_it() {
    let house = House::new();
    let names: Vec<String> = (0..101).map(|number| format!("person{number:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let large = now(house.scene.conversation(1, History::All, &names));
    let group = now(house.scene.conversation(2, History::All, &names[..3]));
    let direct = house.direct(names[0], names[1]);
    for conversation in [large, group, direct] {
        for _ in 0..4 {
            house.say(conversation, names[0]);
        }
    }
    let cost = |conversation, up_to| {
        house.gate.take();
        house.read(conversation, names[1], up_to).unwrap();
        house.gate.take()
    };
    let moving = Calls { writes: 1, redis: 1, ..Calls::default() };
    assert_eq!(cost(large, 5), moving, "at the head nothing is read, and above a hundred nobody is told");
    assert_eq!(cost(group, 3), Calls { reads: 1, redis: 2, invocations: 1, ..moving }, "the entry's ordinal");
    assert_eq!(cost(group, 5), Calls { redis: 2, ..moving }, "the timer runs already");
    assert_eq!(cost(group, 4), Calls { reads: 1, ..moving }, "it stood further on: nobody is told");
    assert_eq!(cost(direct, 5), moving, "nobody is connected");
    house.stage.redis.keys().has_relay = true;
    house.read(direct, names[0], 5).unwrap();
    house.say(direct, names[0]);
    assert_eq!(cost(direct, 6), Calls { redis: 2, ..moving }, "the relay hears of it");
}

#[test]
fn a_stranger_reads_nothing_and_makes_no_membership() {
    let house = House::new();
    let conversation = now(house.scene.conversation(1, History::All, &["alice", "bob"]));
    house.say(conversation, "alice");
    for conversation in [conversation, ConversationId::from_bytes([9; 16])] {
        assert!(matches!(house.read(conversation, "eve", 2), Err(MarkAsReadError::NotFound)));
    }
    assert!(!house.stage.cloud.state().memberships.contains_key(&(user("eve"), conversation)));
    assert_eq!(house.read(conversation, "bob", 2).unwrap().unread, 0);
}

#[test]
fn a_cursor_is_clamped_to_the_log_whatever_the_cache_says() {
    let house = House::new();
    let conversation = now(house.scene.conversation(1, History::All, &["alice", "bob"]));
    let old = now(house.scene.head(conversation));
    for _ in 0..3 {
        house.say(conversation, "alice");
    }
    let seq_and_unread = |read: ReadUpTo| (read.cursor.seq.get(), read.unread);
    house.stage.redis.keys().heads.insert(conversation, old);
    assert_eq!(seq_and_unread(house.read(conversation, "bob", 3).unwrap()), (3, 1), "beyond an old hint");
    *house.stage.redis.keys() = Keys::default();
    assert_eq!(seq_and_unread(house.read(conversation, "bob", 2).unwrap()), (3, 1), "without any hint");
    now(house.stage.redis.record_head(conversation, &old));
    assert_eq!(
        seq_and_unread(house.read(conversation, "bob", 1).unwrap()),
        (3, 1),
        "a head behind the cursor"
    );
    assert_eq!(seq_and_unread(house.read(conversation, "bob", 999).unwrap()), (4, 0));
    house.say(conversation, "bob");
    assert_eq!(
        seq_and_unread(house.read(conversation, "bob", 2).unwrap()),
        (5, 0),
        "one's own sending reads"
    );
}

#[test]
fn in_a_direct_conversation_the_other_one_and_ones_own_devices_are_told_at_once() {
    let house = House::new();
    let conversation = house.direct("alice", "bob");
    house.say(conversation, "alice");
    for (who, number) in [("alice", 0), ("bob", 0), ("bob", 1)] {
        house.socket(who, number);
    }
    for remembered in [true, false] {
        if !remembered {
            *house.stage.redis.keys() = Keys::default();
            house.say(conversation, "alice");
            house.stage.redis.keys().rosters.clear();
            let _ = (house.frames("alice-0"), house.frames("bob-0"), house.frames("bob-1"));
        }
        house.read(conversation, "bob", 999).unwrap();
        for socket in ["alice-0", "bob-1"] {
            let frames = house.frames(socket);
            assert_eq!(frames.len(), 1, "{frames:?}");
            assert_eq!(
                (&frames[0]["type"], &frames[0]["data"]["user_id"]),
                (&"read.updated".into(), &"bob".into())
            );
        }
        assert!(house.frames("bob-0").is_empty(), "the one that asked has its answer");
    }
}

#[test]
fn in_a_group_everybody_gets_one_frame_with_all_who_moved() {
    let house = House::new();
    let names: Vec<String> = (0..100).map(|number| format!("{number:0>120}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let conversation = now(house.scene.conversation(1, History::All, &names));
    house.say(conversation, names[0]);
    house.say(conversation, names[0]);
    house.socket(names[0], 0);
    for who in &names[1..11] {
        house.read(conversation, who, 2).unwrap();
        house.read(conversation, who, 3).unwrap();
    }
    let collections = house.stage.queues.take_collections();
    assert_eq!(collections, [(conversation, Duration::from_secs(5))], "one timer for all of them");
    assert!(house.frames(&format!("{}-0", names[0])).is_empty());

    now(house.stage.collect.execute(vec![conversation]));
    let frames = house.frames(&format!("{}-0", names[0]));
    assert_eq!((frames.len(), &frames[0]["type"]), (1, &"batch".into()));
    let events = frames[0]["events"].as_array().unwrap();
    let told: Vec<_> = events.iter().map(|event| event["data"]["user_id"].as_str().unwrap()).collect();
    assert_eq!(told, names[1..11]);
    assert!(events.iter().all(|event| event["type"] == "read.updated" && event["data"]["read_seq"] == 3));
    now(house.stage.collect.execute(vec![conversation]));
    assert!(house.frames(&format!("{}-0", names[0])).is_empty(), "nothing has moved since");

    house.say(conversation, names[0]);
    for who in &names[1..] {
        house.read(conversation, who, 4).unwrap();
    }
    let _ = house.frames(&format!("{}-0", names[0]));
    assert_eq!(house.stage.queues.take_collections().len(), 1);
    now(house.stage.collect.execute(vec![conversation]));
    let frames = house.frames(&format!("{}-0", names[0]));
    let sizes: Vec<usize> = frames.iter().map(|frame| frame.to_string().len()).collect();
    assert!(sizes.iter().all(|size| *size <= 32_000), "{sizes:?}");
    let events: usize = frames.iter().map(|frame| frame["events"].as_array().unwrap().len()).sum();
    assert_eq!(events, 99);
}

#[test]
fn who_has_left_is_not_told_of_and_without_redis_nobody_is() {
    let house = House::new();
    let conversation = now(house.scene.conversation(1, History::All, &["alice", "bob", "carol"]));
    house.say(conversation, "alice");
    house.socket("alice", 0);
    house.read(conversation, "bob", 2).unwrap();
    house.read(conversation, "carol", 2).unwrap();
    now(house.scene.leave(conversation, "bob"));
    house.catch_up();
    now(house.stage.collect.execute(vec![conversation]));
    let frames = house.frames("alice-0");
    let text = serde_json::to_string(&frames).unwrap();
    assert!(text.contains("carol") && !text.contains(r#""user_id":"bob""#), "{text}");
}

#[test]
fn a_list_of_a_thousand_conversations_costs_no_read_per_row() {
    let house = House::new();
    for number in 0..1_000_u16 {
        let mut bytes = [7; 16];
        [bytes[0], bytes[1]] = number.to_be_bytes();
        let id = ConversationId::from_bytes(bytes);
        now(house.scene.cloud.create(&creation(id, &["alice", "bob"]))).unwrap();
        house.say(id, "bob");
    }
    let list = || {
        let page =
            now(house.scene.lister().execute(&user("alice"), &ListFilter::default(), None, 50)).unwrap();
        page.items
    };
    house.gate.take();
    let listed = list();
    let calls = house.gate.take();
    assert_eq!((listed.len(), listed[0].own.unwrap().unread, listed[0].cursors.len()), (50, 1, 2));
    assert!(listed.iter().all(|summary| summary.view.last_message.is_some()));
    let expected = Calls { reads: 4, redis: 3, ..Calls::default() };
    assert_eq!(
        calls, expected,
        "memberships; conversations, messages, cursors; own positions, heads, rosters"
    );
    let unread = house.unread("alice");
    assert_eq!((unread.len(), house.gate.take()), (1_000, Calls { reads: 1, redis: 2, ..Calls::default() }));

    *house.stage.redis.keys() = Keys::default();
    assert_eq!(list(), listed, "slower with an empty Redis, and the same");
    house.gate.take();
    assert_eq!(list(), listed);
    assert_eq!(house.gate.take().reads, expected.reads, "what was read is remembered for the next one");
    *house.stage.redis.keys() = Keys::default();
    assert_eq!(house.unread("alice"), unread);
}

#[test]
fn a_conversation_that_was_deleted_or_archived_is_not_among_the_others() {
    let house = House::new();
    let places =
        [1, 2, 3].map(|number| now(house.scene.conversation(number, History::All, &["alice", "bob"])));
    for place in places {
        house.say(place, "alice");
    }
    let (bob, [kept, archived, deleted]) = (user("bob"), places);
    let listed = |is_archived| {
        let filter = ListFilter { archived: is_archived, ..ListFilter::default() };
        let listed = now(house.scene.lister().execute(&bob, &filter, None, 50)).unwrap().items;
        listed.iter().map(|summary| summary.view.conversation.id).collect::<Vec<_>>()
    };
    assert_eq!((listed(false), house.unread("bob").len()), (vec![deleted, archived, kept], 3));

    now(house.scene.cloud.switch(&bob, archived, MembershipSetting::Archived, true)).unwrap();
    let alice = user("alice");
    let request = ChangeRequest { conversation: deleted, caller: (&alice).into(), subject: None, from: None };
    house.run(house.stage.change.execute(request, &Close)).unwrap();
    for forgets in [false, true] {
        if forgets {
            *house.stage.redis.keys() = Keys::default();
        }
        assert_eq!((listed(false), listed(true)), (vec![kept], vec![archived]));
        assert_eq!(house.unread("bob").into_keys().collect::<Vec<_>>(), [kept, archived]);
        assert!(matches!(house.read(deleted, "bob", 2), Err(MarkAsReadError::NotFound)));
    }
    assert_eq!(house.read(archived, "bob", 2).unwrap().unread, 0);
}

#[test]
fn a_message_was_seen_by_members_who_were_there_and_have_read_so_far() {
    let house = House::new();
    let names: Vec<String> = (0..450).map(|number| format!("person{number:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let conversation = now(house.scene.conversation(1, History::Joined, &names));
    let hidden = MessageId::new(conversation, house.say(conversation, names[0]));
    now(house.scene.join(conversation, names[0], "late"));
    let seen = MessageId::new(conversation, house.say(conversation, names[0]));
    for who in names[1..].iter().filter(|who| who.ends_with('7')) {
        house.read(conversation, who, seen.seq.get()).unwrap();
    }
    house.read(conversation, "late", seen.seq.get()).unwrap();
    let receipts = ListReceipts::new(
        house.scene.log(),
        house.scene.conversations(),
        Arc::new(house.scene.cloud.clone()),
    );
    let all = |asker: &str, readers| {
        let (mut seen, mut place) = (Vec::new(), None);
        loop {
            let page = now(receipts.execute((&user(asker)).into(), conversation, readers, place, 20)).ok()?;
            assert!(page.receipts.len() <= 20);
            seen.extend(page.receipts.into_iter().map(|receipt| receipt.user.to_string()));
            place = page.next;
            if place.is_none() {
                return Some(seen);
            }
        }
    };
    let mut expected: Vec<&str> = names[1..].iter().filter(|who| who.ends_with('7')).copied().collect();
    assert_eq!(all(names[0], Readers::Of(hidden)).unwrap(), expected, "who came later did not see it");
    expected.insert(0, "late");
    assert_eq!(all("late", Readers::Of(seen)).unwrap(), expected);
    assert_eq!(all("late", Readers::Of(hidden)), None, "it is hidden from him");
    assert_eq!(all("eve", Readers::All), None);
    assert_eq!(all("late", Readers::All).unwrap().len(), 451);
}
