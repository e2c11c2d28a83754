//! Pages of a conversation's past.

use parlance_tests::cloud::Cloud;
use parlance_tests::person::Person;
use serde_json::Value;

struct Past {
    alice: Person,
    bob: Person,
    conversation: String,
}

/// Twenty-five messages: seq 2 to 26.
async fn past() -> Past {
    let [alice, bob] = Cloud::shared().await.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    for number in 2..=26 {
        alice.says(&conversation, &number.to_string()).await;
    }
    Past { alice, bob, conversation }
}

impl Past {
    async fn page(&self, query: &str) -> Value {
        self.bob.get(&self.path(query)).await.with(200)
    }

    fn path(&self, query: &str) -> String {
        format!("conversations/{}/messages/?{query}", self.conversation)
    }

    async fn follow(&self, cursor: &Value) -> Value {
        self.page(&format!("limit=10&cursor={}", cursor.as_str().unwrap())).await
    }
}

fn seqs(page: &Value) -> Vec<u64> {
    page["items"].as_array().unwrap().iter().map(|message| message["seq"].as_u64().unwrap()).collect()
}

fn down(from: u64, to: u64) -> Vec<u64> {
    (to..=from).rev().collect()
}

#[tokio::test]
async fn pages_lead_to_the_beginning_and_back_while_messages_arrive() {
    let past = past().await;
    let newest = past.page("limit=10").await;
    assert_eq!(seqs(&newest), down(26, 17));
    past.alice.says(&past.conversation, "meanwhile").await;

    let second = past.follow(&newest["next"]).await;
    assert_eq!(seqs(&second), down(16, 7));
    let third = past.follow(&second["next"]).await;
    assert_eq!(seqs(&third), down(6, 2));
    if let Some(cursor) = third["next"].as_str() {
        let nothing = past.page(&format!("cursor={cursor}")).await;
        assert_eq!((seqs(&nothing), &nothing["next"]), (vec![], &Value::Null));
    }
    let back = past.follow(&third["previous"]).await;
    assert_eq!(seqs(&back), down(16, 7));
    let back = past.follow(&back["previous"]).await;
    assert_eq!(seqs(&back), down(26, 17));
    assert_eq!(seqs(&past.follow(&back["previous"]).await), [27]);
}

#[tokio::test]
async fn a_page_can_lie_before_after_or_around_a_position() {
    let past = past().await;
    assert_eq!(seqs(&past.page("limit=5&before=10").await), down(9, 5));
    assert_eq!(seqs(&past.page("limit=5&after=10").await), down(15, 11));
    assert_eq!(seqs(&past.page("limit=5&after=0").await).last(), Some(&2));
    let around = seqs(&past.page("limit=5&around=10").await);
    assert!(
        around.contains(&10) && around.len() == 5 && around.is_sorted_by(|a, b| *a == b + 1),
        "{around:?}"
    );
    assert_eq!(seqs(&past.page("before=1").await), [] as [u64; 0]);
    assert_eq!(seqs(&past.page("after=26").await), [] as [u64; 0]);
    assert_eq!(seqs(&past.page("after=999999999999999").await), [] as [u64; 0]);
    assert_eq!(seqs(&past.page("").await).len(), 25);
}

#[tokio::test]
async fn a_page_that_makes_no_sense_is_refused() {
    let past = past().await;
    for query in [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=ten",
        "limit=",
        "before=0",
        "before=x",
        "after=-1",
        "after=1.5",
        "around=0",
        "around=99999999999999999999999",
        "before=5&after=3",
        "cursor=x&before=3",
    ] {
        past.bob.get(&past.path(query)).await.refused(422, "validation_failed");
    }
    assert_eq!(seqs(&past.page("limit=200&before=27").await).len(), 25);
}

#[tokio::test]
async fn a_cursor_is_good_for_its_reader_and_its_list_only() {
    let past = past().await;
    let cursor = past.page("limit=10").await["next"].as_str().unwrap().to_owned();
    let elsewhere = past.alice.group_with([&past.bob]).await;
    past.alice.says(&elsewhere, "elsewhere").await;
    let refused = async |person: &Person, path: String| {
        person.get(&path).await.refused(400, "malformed");
    };
    refused(&past.alice, past.path(&format!("cursor={cursor}"))).await;
    refused(&past.bob, format!("conversations/{elsewhere}/messages/?cursor={cursor}")).await;
    refused(&past.bob, format!("conversations/?cursor={cursor}")).await;

    let (middle, last) = (cursor.len() / 2, cursor.len() - 1);
    for position in [0, middle, last] {
        let other = if cursor.as_bytes()[position] == b'A' { "B" } else { "A" };
        let mut tampered = cursor.clone();
        tampered.replace_range(position..=position, other);
        refused(&past.bob, past.path(&format!("cursor={tampered}"))).await;
    }
    for rubbish in ["", "x", "%00", "AAAA", &"A".repeat(2_000), &cursor[..last], &format!("{cursor}A")] {
        refused(&past.bob, past.path(&format!("cursor={rubbish}"))).await;
    }
    assert_eq!(seqs(&past.page(&format!("limit=10&cursor={cursor}")).await), down(16, 7));
}

#[tokio::test]
async fn the_log_tells_every_entry_as_the_socket_did() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let mut laptop = bob.connect().await;
    let conversation = alice.direct_with(&bob).await;
    for number in 0..5 {
        alice.says(&conversation, &number.to_string()).await;
    }
    let log = bob.log(&conversation).await;
    assert_eq!(log.len(), 6);
    assert_eq!(log[0]["type"], "conversation.created");
    for entry in &log[1..] {
        assert_eq!(&laptop.event_of("message.created").await, entry);
    }
    let page = bob.get(&format!("conversations/{conversation}/log/?after=2&limit=3")).await.with(200);
    assert_eq!((seqs(&page), &page["head_seq"]), (vec![3, 4, 5], &6.into()));
    bob.get(&format!("conversations/{conversation}/log/?after=x")).await.refused(422, "validation_failed");
}
