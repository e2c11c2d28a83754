//! The Redis adapters against every Redis that there is: their contracts, their round trips, and what they do without it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use parlance_adapters::{
    redis::{
        CachedConnectionDirectory, CachedPeople, NoCache, NoMovedCursors, NoPresence, NoRelays,
        NoTypingBoard, RedisConversationCache, RedisDepartures, RedisLink, RedisMovedCursors,
        RedisPresenceBoard, RedisRateCounters, RedisRelayBus, RedisTypingBoard, RelaySubscription,
        RememberedConnectionDirectory,
    },
    system::{OsRandom, SystemClock},
};
use parlance_application::{
    delivery::shards::shard_of,
    limits::rates::RateClass,
    ports::{
        cache::{ConversationCache, Opening},
        connections::{ConnectionDirectory, Registration},
        conversations::ReadCursor,
        delivery::RelayBus,
        presence::{Departures, PresenceBoard},
        rates::{Count, Counter, Counting, RateCounters},
        reads::{MovedCursors, Noted, ReadingCache},
        typing::TypingBoard,
    },
};
use parlance_domain::{
    connection::{Connection, SocketScope},
    ids::{ConnectionId, RelayId},
};
use parlance_testkit::{
    contracts::{
        connections, conversation_cache,
        fixtures::{NOW, conversation_id, creation, seq, user},
        people, presence, rate_counters, reads,
        relay_bus::{self, broadcast},
        typing_board,
    },
    memory::{connections::MemoryConnections, people::MemoryPeople},
};

use super::servers::{Redis, free_port};

fn link(redis: &Redis) -> RedisLink {
    RedisLink::new(redis.url(), &conversation_id().to_string()).unwrap()
}

fn cache(link: &RedisLink) -> RedisConversationCache {
    RedisConversationCache::new(link.clone(), Arc::new(SystemClock))
}

fn bus(link: &RedisLink) -> RedisRelayBus {
    RedisRelayBus::new(link.clone(), Arc::new(SystemClock))
}

fn moved(link: &RedisLink) -> RedisMovedCursors {
    RedisMovedCursors::new(link.clone(), Arc::new(SystemClock))
}

fn directory(link: &RedisLink, durable: &MemoryConnections) -> CachedConnectionDirectory {
    let durable = Arc::new(durable.clone());
    CachedConnectionDirectory::new(durable, link.clone(), Arc::new(OsRandom), Arc::new(SystemClock))
}

fn remembered(link: &RedisLink, durable: &MemoryConnections) -> RememberedConnectionDirectory {
    RememberedConnectionDirectory::new(directory(link, durable), link.clone(), Arc::new(OsRandom))
}

fn relay(name: &str) -> RelayId {
    RelayId::parse(name).unwrap()
}

#[tokio::test]
async fn redis_remembers_publishes_and_knows_connections() {
    for redis in Redis::all().await {
        let link = link(&redis);
        conversation_cache::holds(&cache(&link)).await;
        relay_bus::holds(&bus(&link)).await;
        rate_counters::holds(&RedisRateCounters::new(link.clone())).await;
        reads::hold(&cache(&link), &cache(&link), &moved(&link)).await;
        typing_board::holds(&RedisTypingBoard::new(link.clone())).await;
        presence::is_shown(&RedisPresenceBoard::new(link.clone())).await;
        presence::is_looked_after(&RedisDepartures::new(link.clone())).await;
        connections::holds(&directory(&link, &MemoryConnections::default())).await;
        connections::holds(&remembered(&link, &MemoryConnections::default())).await;
        people::holds(&CachedPeople::new(Arc::new(MemoryPeople::default()), link.clone())).await;
    }
}

#[tokio::test]
async fn a_sender_learns_everything_in_one_round_trip() {
    for redis in Redis::all().await {
        let link = link(&redis);
        let (cache, bus, id) = (cache(&link), bus(&link), conversation_id());
        let made = creation(id, &["alice", "bob"]);
        cache.record_head(id, &made.entry.head()).await;
        cache.record_roster(id, seq(1), &made.roster).await;
        bus.announce(&relay("one")).await.unwrap();
        let before = link.round_trips();
        let counters = vec![Counter::User(user("alice"), RateClass::Sends), Counter::Conversation(id)];
        let opening = cache.opening(id, &Counting { counters, at: NOW }).await;
        assert_eq!(link.round_trips() - before, 1);
        let roster = Some((seq(1), Arc::new(made.roster)));
        let counts = vec![Count { previous: 0, current: 1 }; 2];
        assert_eq!(opening, Opening { head: Some(made.entry.head()), roster, has_relay: true, counts });
        let before = link.round_trips();
        cache.record_head(id, &made.entry.head()).await;
        bus.publish(&broadcast(id, 1)).await;
        bus.are_sent(&[(id, seq(1)), (id, seq(2))]).await;
        cache.heads(&[id, conversation_id()]).await;
        assert_eq!(link.round_trips() - before, 4, "each is one round trip");
        let before = link.round_trips();
        let cursor = ReadCursor { seq: seq(1), n: 0, at: NOW };
        cache.opening_of(&user("alice"), id, &Counting::nothing()).await;
        cache.rosters(&[id, conversation_id()]).await;
        moved(&link).note(id, &user("alice"), cursor).await;
        moved(&link).collect(id).await;
        assert_eq!(link.round_trips() - before, 4, "of readers too");
    }
}

#[tokio::test]
async fn a_second_stack_believes_nothing_of_the_first() {
    for redis in Redis::all().await {
        let (one, other) = (link(&redis), link(&redis));
        let made = creation(conversation_id(), &["alice"]);
        cache(&one).record_head(made.conversation.id, &made.entry.head()).await;
        assert_eq!(
            cache(&other).opening(made.conversation.id, &Counting::nothing()).await,
            Opening::default()
        );
    }
}

#[tokio::test]
async fn connections_are_read_from_the_table_once_and_then_from_redis() {
    for redis in Redis::all().await {
        let (link, durable) = (link(&redis), MemoryConnections::default());
        let directory = directory(&link, &durable);
        let socket = |name: &str| Connection {
            id: ConnectionId::parse(name).unwrap(),
            user: user("alice"),
            scope: SocketScope::Messaging,
            expires_at: NOW.plus(Duration::from_secs(60)),
            opened_at: NOW,
        };
        durable.register(&socket("known-to-the-table"), NOW).await.unwrap();
        directory.register(&socket("registered-here"), NOW).await.unwrap();
        let users = [user("alice"), user("bob")];
        assert_eq!(directory.of_users(&users).await.unwrap().len(), 2, "a hash without its marker is a miss");
        let before = link.round_trips();
        assert_eq!(directory.of_users(&users).await.unwrap().len(), 2);
        assert_eq!(link.round_trips() - before, 1);
        durable.forget(&user("alice"), &socket("known-to-the-table").id).await.unwrap();
        assert_eq!(directory.of_users(&users).await.unwrap().len(), 2, "from Redis, until it expires");
        directory.forget(&user("alice"), &socket("known-to-the-table").id).await.unwrap();
        assert_eq!(directory.of_users(&users).await.unwrap(), [socket("registered-here")]);
    }
}

#[tokio::test]
async fn whoever_loses_a_socket_is_looked_at_if_he_was_thought_to_be_there() {
    for redis in Redis::all().await {
        let link = link(&redis);
        let (directory, departures) =
            (directory(&link, &MemoryConnections::default()), RedisDepartures::new(link.clone()));
        let (id, far) = (ConnectionId::parse("abc=").unwrap(), NOW.plus(Duration::from_hours(1_000_000)));
        directory.forget(&user("alice"), &id).await.unwrap();
        assert_eq!(departures.of(&user("alice")).await, None);
        departures.expect(&user("alice"), far).await;
        directory.forget(&user("alice"), &id).await.unwrap();
        assert!(departures.of(&user("alice")).await.unwrap() < far);
    }
}

#[tokio::test]
async fn a_relay_reads_nobody_again_in_vain_and_misses_nobody_who_registered() {
    for redis in Redis::all().await {
        let (link, durable) = (link(&redis), MemoryConnections::default());
        let (function, relay) = (directory(&link, &durable), remembered(&link, &durable));
        let socket = |of: usize, name: &str| Connection {
            id: ConnectionId::parse(name).unwrap(),
            user: user(&format!("user-{of}")),
            scope: SocketScope::Messaging,
            expires_at: NOW.plus(Duration::from_secs(60)),
            opened_at: NOW,
        };
        let users: Vec<_> = (0..300).map(|number| user(&format!("user-{number}"))).collect();
        function.register(&socket(3, "early"), NOW).await.unwrap();
        assert_eq!(relay.of_users(&users).await.unwrap(), [socket(3, "early")]);
        let before = link.round_trips();
        assert_eq!(relay.of_users(&users).await.unwrap(), [socket(3, "early")]);
        assert_eq!(link.round_trips() - before, 1, "the marks alone are read");

        for number in 0..20 {
            let late = socket(number * 7, &format!("late-{number}"));
            function.register(&late, NOW).await.unwrap();
            assert!(relay.of_users(&users).await.unwrap().contains(&late), "{number}");
            function.forget(&late.user, &late.id).await.unwrap();
            assert_eq!(relay.of_users(&users).await.unwrap(), [socket(3, "early")], "{number}");
        }
        relay.forget(&user("user-3"), &socket(3, "early").id).await.unwrap();
        assert_eq!(relay.of_users(&users).await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_relay_believes_nothing_of_before_redis_lost_everything() {
    let Some(redis) = Redis::all().await.into_iter().find(|redis| matches!(redis, Redis::Embedded(_))) else {
        return;
    };
    let (link, durable) = (link(&redis), MemoryConnections::default());
    let relay = remembered(&link, &durable);
    let socket = Connection {
        id: ConnectionId::parse("unmarked").unwrap(),
        user: user("alice"),
        scope: SocketScope::Messaging,
        expires_at: NOW.plus(Duration::from_secs(60)),
        opened_at: NOW,
    };
    let everybody = [user("alice"), user("bob")];
    for _ in 0..2 {
        assert_eq!(relay.of_users(&everybody).await.unwrap(), []);
    }
    durable.register(&socket, NOW).await.unwrap();
    let client = ::redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let _: () = ::redis::cmd("FLUSHALL").query_async(&mut connection).await.unwrap();
    assert_eq!(relay.of_users(&everybody).await.unwrap(), [socket]);
}

#[tokio::test]
async fn relays_know_each_other_and_hear_their_shards() {
    for redis in Redis::all().await {
        let link = link(&redis);
        let bus = bus(&link);
        assert_eq!(bus.announce(&relay("one")).await.unwrap(), [relay("one")]);
        let mut alive = bus.announce(&relay("two")).await.unwrap();
        alive.sort_unstable();
        assert_eq!(alive, [relay("one"), relay("two")]);
        bus.withdraw(&relay("one")).await;
        assert_eq!(bus.announce(&relay("two")).await.unwrap(), [relay("two")]);

        let id = conversation_id();
        let mut subscription = RelaySubscription::start(link.clone());
        subscription.serve([shard_of(id)]);
        hear_first(&mut subscription, &bus, id).await;
        for at in 2..50 {
            bus.publish(&broadcast(id, at)).await;
        }
        for at in 2..50 {
            let mut heard = subscription.next().await.unwrap();
            while heard.seq == Some(seq(1)) {
                heard = subscription.next().await.unwrap();
            }
            assert_eq!(heard, broadcast(id, at), "in their order");
        }
        subscription.serve([]);
        tokio::time::sleep(Duration::from_millis(200)).await;
        bus.publish(&broadcast(id, 99)).await;
        let heard = tokio::time::timeout(Duration::from_millis(300), subscription.next()).await;
        assert!(heard.is_err(), "a shard that is no longer served is silent");
    }
}

/// Publishes until the subscription, which is made in the background, hears it.
async fn hear_first(
    subscription: &mut RelaySubscription,
    bus: &RedisRelayBus,
    id: parlance_domain::ids::ConversationId,
) {
    for _ in 0..100 {
        bus.publish(&broadcast(id, 1)).await;
        let heard = tokio::time::timeout(Duration::from_millis(100), subscription.next()).await;
        if let Ok(heard) = heard {
            assert_eq!(heard.unwrap(), broadcast(id, 1));
            return;
        }
    }
    panic!("the subscription was never made");
}

#[tokio::test]
async fn a_lost_subscription_is_made_again() {
    let Some(first) = Redis::all().await.into_iter().find(|redis| matches!(redis, Redis::Embedded(_))) else {
        return;
    };
    let port: u16 = first.url().rsplit(':').next().unwrap().parse().unwrap();
    let link = link(&first);
    let (bus, id) = (bus(&link), conversation_id());
    let mut subscription = RelaySubscription::start(link.clone());
    subscription.serve([shard_of(id)]);
    hear_first(&mut subscription, &bus, id).await;
    drop(first);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!bus.publish(&broadcast(id, 1)).await, "it did not leave");
    let options = parlance_local::redis::Options { port, ..Default::default() };
    let _second = parlance_local::redis::start(options).await.unwrap();
    hear_first(&mut subscription, &bus, id).await;
}

#[tokio::test]
async fn without_redis_everything_is_a_miss_and_nobody_waits() {
    let nowhere = format!("redis://127.0.0.1:{}", free_port().await);
    let hanging = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("redis://{}", hanging.local_addr().unwrap());
    for url in [nowhere, silent] {
        let link = RedisLink::new(&url, "stack").unwrap();
        let (cache, bus) = (cache(&link), bus(&link));
        let started = Instant::now();
        for _ in 0..20 {
            assert_eq!(cache.opening(conversation_id(), &Counting::nothing()).await, Opening::default());
            assert!(!bus.publish(&broadcast(conversation_id(), 1)).await);
            let rates = RedisRateCounters::new(link.clone());
            let counters = vec![Counter::Conversation(conversation_id())];
            assert_eq!(rates.count(&Counting { counters, at: NOW }).await, None);
            let board = RedisTypingBoard::new(link.clone());
            assert_eq!(board.typists(conversation_id(), NOW).await, None);
        }
        assert!(started.elapsed() < Duration::from_secs(2), "took {:?}", started.elapsed());
        let cached = directory(&link, &MemoryConnections::default());
        connections::holds_whoever_is_told(&cached, Registration::Unannounced).await;
        assert!(cached.announce(&user("alice")).await.is_err(), "senders cannot be told");
        let remembered = remembered(&link, &MemoryConnections::default());
        connections::holds_whoever_is_told(&remembered, Registration::Unannounced).await;
    }
    connections::holds(&MemoryConnections::default()).await;
    assert_eq!(NoCache.opening(conversation_id(), &Counting::nothing()).await, Opening::default());
    assert_eq!(NoPresence.shown(&[user("alice")]).await, None);
    assert_eq!(NoTypingBoard.typists(conversation_id(), NOW).await, None);
    assert!(!NoRelays.publish(&broadcast(conversation_id(), 1)).await);
    let cursor = ReadCursor { seq: seq(1), n: 0, at: NOW };
    assert_eq!(NoMovedCursors.note(conversation_id(), &user("alice"), cursor).await, Noted::Lost);
}

#[tokio::test]
async fn redis_that_comes_back_is_used_again() {
    let port = free_port().await;
    let link = RedisLink::new(&format!("redis://127.0.0.1:{port}"), "stack").unwrap();
    let (cache, made) = (cache(&link), creation(conversation_id(), &["alice"]));
    for _ in 0..10 {
        cache.record_head(made.conversation.id, &made.entry.head()).await;
    }
    let options = parlance_local::redis::Options { port, ..Default::default() };
    let _server = parlance_local::redis::start(options).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1200)).await;
    cache.record_head(made.conversation.id, &made.entry.head()).await;
    assert_eq!(cache.opening(made.conversation.id, &Counting::nothing()).await.head, Some(made.entry.head()));
}
