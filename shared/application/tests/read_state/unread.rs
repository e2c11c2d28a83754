//! What is unread is what a recount says, after every step of random histories.

use std::{collections::BTreeMap, time::Duration};

use parlance_application::{
    conversations::{change::ChangeRequest, list::ListFilter},
    messages::{delete::Deletion, edit::Edit},
    participants::{add::AddParticipants, leave::Leave},
};
use parlance_domain::{
    conversation::History,
    head::Seq,
    ids::{ConversationId, MessageId},
    message::MessageContent,
    permissions::Role,
};
use parlance_testkit::{memory::redis::Keys, scene::user};
use proptest::prelude::*;

use crate::house::{House, now};

/// One step of a random history.
#[derive(Debug, Clone)]
enum Step {
    Say(usize, usize),
    Read(usize, usize, u64),
    Edit(usize, u64),
    Delete(usize, u64),
    Join(usize, usize),
    Leave(usize, usize),
    CatchUp,
    ForgetHints,
}

const PEOPLE: [&str; 4] = ["u0", "u1", "u2", "u3"];

fn step() -> impl Strategy<Value = Step> {
    let (place, who) = (0..2_usize, 0..PEOPLE.len());
    prop_oneof![
        6 => (place.clone(), who.clone()).prop_map(|(place, who)| Step::Say(place, who)),
        6 => (place.clone(), who.clone(), 1..30_u64).prop_map(|(place, who, up_to)| Step::Read(place, who, up_to)),
        2 => (place.clone(), 1..30_u64).prop_map(|(place, seq)| Step::Edit(place, seq)),
        2 => (place.clone(), 1..30_u64).prop_map(|(place, seq)| Step::Delete(place, seq)),
        2 => (place.clone(), who.clone()).prop_map(|(place, who)| Step::Join(place, who)),
        1 => (place, who).prop_map(|(place, who)| Step::Leave(place, who)),
        2 => Just(Step::CatchUp),
        1 => Just(Step::ForgetHints),
    ]
}

/// How far everybody has read, kept by hand: the furthest of joining, reading and sending.
#[derive(Default)]
struct ByHand {
    read: BTreeMap<(ConversationId, &'static str), u64>,
}

impl ByHand {
    fn advance(&mut self, conversation: ConversationId, who: &'static str, to: u64) {
        let read = self.read.entry((conversation, who)).or_default();
        *read = (*read).max(to);
    }
}

fn take(house: &House, by_hand: &mut ByHand, places: &[ConversationId; 2], step: &Step) {
    house.scene.clock.advance(Duration::from_millis(5));
    let head = |place: usize| now(house.scene.head(places[place])).seq.get();
    let is_in = |place: usize, who: usize| by_hand.read.contains_key(&(places[place], PEOPLE[who]));
    let request = |place: usize, caller| ChangeRequest {
        conversation: places[place],
        caller,
        subject: None,
        from: None,
    };
    match *step {
        Step::Say(place, who) if is_in(place, who) => {
            let seq = house.say(places[place], PEOPLE[who]);
            by_hand.advance(places[place], PEOPLE[who], seq.get());
        }
        Step::Read(place, who, up_to) if is_in(place, who) => {
            let read = house.read(places[place], PEOPLE[who], up_to).unwrap();
            by_hand.advance(places[place], PEOPLE[who], up_to.min(head(place)));
            assert_eq!(read.cursor.seq.get(), by_hand.read[&(places[place], PEOPLE[who])]);
        }
        Step::Edit(place, seq) => {
            let id = MessageId::new(places[place], Seq::new(seq).unwrap());
            let content = MessageContent::parse(&format!("edited {seq}"), false).unwrap();
            for who in PEOPLE.map(user) {
                let edit = Edit {
                    editor: (&who).into(),
                    id,
                    content: content.clone(),
                    if_versions: None,
                    from: None,
                };
                // Most of them are not its sender, and most positions hold no message.
                let _ = now(house.stage.edit.execute(edit));
            }
        }
        Step::Delete(place, seq) => {
            let id = MessageId::new(places[place], Seq::new(seq).unwrap());
            let owner = user("owner");
            let deletion = Deletion { caller: (&owner).into(), id, from: None };
            let _ = now(house.stage.delete.execute(deletion));
        }
        Step::Join(place, who) if !is_in(place, who) => {
            let joining = vec![(user(PEOPLE[who]), Role::Member)];
            now(house
                .stage
                .change
                .execute(request(place, (&user("owner")).into()), &AddParticipants { joining }))
            .unwrap();
            by_hand.advance(places[place], PEOPLE[who], head(place));
        }
        Step::Leave(place, who) if is_in(place, who) => {
            now(house.stage.change.execute(request(place, (&user(PEOPLE[who])).into()), &Leave)).unwrap();
            by_hand.read.remove(&(places[place], PEOPLE[who]));
        }
        Step::CatchUp => house.catch_up(),
        Step::ForgetHints => {
            house.catch_up();
            *house.stage.redis.keys() = Keys::default();
        }
        _ => {}
    }
}

/// Compares every way of asking with a recount of the log.
fn compare(house: &House, by_hand: &ByHand, places: &[ConversationId; 2]) {
    for who in PEOPLE {
        let mut expected = BTreeMap::new();
        for place in places {
            let Some(read) = by_hand.read.get(&(*place, who)) else { continue };
            let state = house.stage.cloud.state();
            let after = state.logs[place].values().filter(|entry| entry.seq.get() > *read);
            let unread = after.filter(|entry| entry.body.counts()).count() as u64;
            drop(state);
            let shown = now(house.scene.detail().execute(&user(who), *place)).unwrap();
            let own = shown.own.unwrap();
            assert_eq!((own.unread, own.read.seq.get()), (unread, *read), "{who}");
            if unread > 0 {
                expected.insert(*place, unread);
            }
        }
        assert_eq!(house.unread(who), expected, "{who}");
        let filter = ListFilter { unread: Some(true), ..ListFilter::default() };
        let listed = now(house.scene.lister().execute(&user(who), &filter, None, 50)).unwrap().items;
        let listed: BTreeMap<_, _> = listed
            .iter()
            .map(|summary| (summary.view.conversation.id, summary.own.unwrap().unread))
            .collect();
        assert_eq!(listed, expected, "{who}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn what_is_unread_is_what_a_recount_of_the_log_says(steps in proptest::collection::vec(step(), 1..60)) {
        let house = House::new();
        let mut by_hand = ByHand::default();
        let places = [History::All, History::Joined].map(|history| {
            let number = if history == History::All { 1 } else { 2 };
            let id = now(house.scene.conversation(number, history, &["owner", "u0", "u1"]));
            by_hand.advance(id, "u0", 1);
            by_hand.advance(id, "u1", 1);
            id
        });
        for step in &steps {
            take(&house, &mut by_hand, &places, step);
            compare(&house, &by_hand, &places);
        }
    }
}
