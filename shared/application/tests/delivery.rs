//! Lanes and the fan-out of a function, over memory ports and a clock that moves when told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken assumption stops the test"
)]

use std::{sync::Arc, time::Duration};

use futures::FutureExt;
use parlance_application::{
    delivery::{
        broadcaster::{Broadcaster, Closer, FanOut},
        frame::Frame,
        lanes::{LaneEnd, Lanes},
        recipients::Recipients,
    },
    ports::{
        connections::ConnectionDirectory,
        delivery::{Broadcast, Hearing, Posted, RelayBus},
        environment::Clock,
    },
    safeguards::Safeguards,
};
use parlance_domain::{
    connection::{Connection, SocketScope},
    head::Seq,
    ids::{ConnectionId, ConversationId, UserId},
    permissions::Role,
    roster::{Participant, Roster},
};
use parlance_testkit::{
    memory::{
        connections::MemoryConnections,
        delivery::{MemoryGateway, MemoryQueues, SeqEncoder},
        environment::{ManualClock, SeededRandom},
        redis::MemoryRedis,
    },
    simulation::scheduler::Task,
};

const CONVERSATION: ConversationId = ConversationId::from_bytes([1; 16]);

struct Host {
    clock: ManualClock,
    gateway: MemoryGateway,
    directory: MemoryConnections,
    queues: MemoryQueues,
    redis: MemoryRedis,
    lanes: Lanes,
    broadcaster: Broadcaster,
    fan_out: FanOut,
}

impl Host {
    fn new() -> Self {
        let (clock, gateway) = (ManualClock::default(), MemoryGateway::default());
        let (directory, queues) = (MemoryConnections::default(), MemoryQueues::default());
        let redis = MemoryRedis::default();
        let lanes = Lanes::new(
            Arc::new(gateway.clone()),
            Arc::new(directory.clone()),
            Arc::new(SeqEncoder),
            Arc::new(clock.clone()),
            Arc::new(SeededRandom::new(1)),
        );
        let closer =
            Closer::new(Arc::new(gateway.clone()), Arc::new(directory.clone()), Arc::new(SeqEncoder));
        let broadcaster = Broadcaster::new(
            Arc::new(redis.clone()),
            Recipients::new(Arc::new(directory.clone())),
            lanes.clone(),
            Arc::new(queues.clone()),
            closer.clone(),
            Arc::new(clock.clone()),
            Safeguards::ALL,
        );
        let fan_out = FanOut::new(lanes.clone(), closer, Arc::new(clock.clone()));
        Self { clock, gateway, directory, queues, redis, lanes, broadcaster, fan_out }
    }

    /// A socket that has been open for an hour.
    fn socket(&self, user: &str, number: usize) -> Connection {
        Connection {
            id: ConnectionId::parse(&format!("{user}-{number}")).unwrap(),
            user: UserId::parse(user).unwrap(),
            scope: SocketScope::Messaging,
            expires_at: self.clock.now().plus(Duration::from_hours(1)),
            opened_at: self.clock.now().minus(Duration::from_hours(1)),
        }
    }

    /// Opens sockets, one a user.
    fn open(&self, users: usize) -> Roster {
        let mut roster = Roster::default();
        for number in 0..users {
            let socket = self.socket(&format!("user{number}"), 0);
            self.register(&socket);
            let row = Participant { role: Role::Member, joined: Seq::FIRST, since: Seq::FIRST };
            roster.insert(socket.user, row);
        }
        roster
    }

    fn register(&self, socket: &Connection) {
        self.run(self.directory.register(socket, self.clock.now())).unwrap();
    }

    /// Runs something to its end; time passes while it waits.
    fn run<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        for _ in 0..10_000 {
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            self.clock.advance(Duration::from_millis(10));
        }
        panic!("it never ends");
    }

    fn frames_to(&self, socket: &Connection) -> Vec<String> {
        let deliveries = self.gateway.deliveries();
        let frames = deliveries.iter().filter(|(to, _)| *to == socket.id);
        frames.map(|(_, frame)| String::from_utf8(frame.clone()).unwrap()).collect()
    }
}

fn frame(text: &str) -> Frame {
    Frame::kept(text.as_bytes())
}

fn droppable(text: &str) -> Frame {
    Frame::droppable(text.as_bytes())
}

fn broadcast(seq: u64) -> Broadcast {
    Broadcast {
        conversation: CONVERSATION,
        seq: Seq::new(seq),
        roster_version: Seq::FIRST,
        hearing: Hearing::Log,
        subjects: Vec::new(),
        except: None,
        frame: format!("{seq};").into_bytes(),
    }
}

#[test]
fn what_arrives_while_a_post_is_under_way_merges_into_the_next_frame_in_order() {
    let host = Host::new();
    let socket = host.socket("alice", 0);
    host.gateway.answer_next(&socket.id, Posted::Throttled);
    let mut first = Task::new(host.lanes.deliver(&socket, frame("1;")));
    assert_eq!(first.step(), None, "throttled: it waits before it tries again");
    let behind = [2, 3, 4].map(|seq| host.lanes.deliver(&socket, frame(&format!("{seq};"))));
    let ends = host.run(async {
        let first = async {
            loop {
                if let Some(end) = first.step() {
                    return end;
                }
                parlance_testkit::simulation::scheduler::yield_once().await;
            }
        };
        let (first, behind) = futures::future::join(first, futures::future::join_all(behind)).await;
        [vec![first], behind].concat()
    });
    assert_eq!(ends, [LaneEnd::Delivered; 4]);
    assert_eq!(host.frames_to(&socket), ["1;", "2;3;4;"]);
}

#[test]
fn a_merged_frame_never_exceeds_one_billed_unit() {
    let host = Host::new();
    let socket = host.socket("alice", 0);
    let large = format!("{};", "7".repeat(11_999));
    let posts: Vec<_> = (0..6).map(|_| host.lanes.deliver(&socket, frame(&large))).collect();
    host.run(futures::future::join_all(posts));
    let sizes: Vec<usize> = host.frames_to(&socket).iter().map(String::len).collect();
    assert_eq!(sizes, [24_000; 3]);
}

#[test]
fn typing_and_presence_are_dropped_first_when_posts_are_throttled() {
    let host = Host::new();
    let socket = host.socket("alice", 0);
    host.gateway.answer_next(&socket.id, Posted::Throttled);
    let alone = host.run(host.lanes.deliver(&socket, droppable("typing;")));
    assert_eq!(alone, LaneEnd::Dropped, "it is not tried again");

    host.gateway.answer_next(&socket.id, Posted::Throttled);
    host.gateway.answer_next(&socket.id, Posted::Throttled);
    let mut first = Task::new(host.lanes.deliver(&socket, frame("1;")));
    assert_eq!(first.step(), None);
    let behind = [frame("2;"), droppable("typing;"), frame("3;")];
    let behind = behind.map(|frame| host.lanes.deliver(&socket, frame));
    let ends = host.run(async {
        let first = async {
            loop {
                if let Some(end) = first.step() {
                    return end;
                }
                parlance_testkit::simulation::scheduler::yield_once().await;
            }
        };
        futures::future::join(first, futures::future::join_all(behind)).await.1
    });
    assert_eq!(ends, [LaneEnd::Delivered, LaneEnd::Delivered, LaneEnd::Delivered]);
    assert_eq!(host.frames_to(&socket), ["1;", "2;typing;3;"], "the second batch was not throttled");

    host.gateway.answer_next(&socket.id, Posted::Throttled);
    let batch = [droppable("typing;"), frame("4;")].map(|frame| host.lanes.deliver(&socket, frame));
    let ends = host.run(futures::future::join_all(batch));
    assert_eq!(ends, [LaneEnd::Dropped, LaneEnd::Delivered]);
}

#[test]
fn what_may_be_dropped_is_left_to_nobody_else() {
    let host = Host::new();
    let roster = host.open(3);
    let slow = host.socket("user1", 0);
    for _ in 0..10 {
        host.gateway.answer_next(&slow.id, Posted::Throttled);
    }
    let typing = Broadcast { seq: None, hearing: Hearing::Typing, ..broadcast(2) };
    let began = host.clock.now();
    host.run(host.broadcaster.broadcast(&typing, &roster, false)).unwrap();
    assert_eq!(host.clock.now().since(began), Duration::ZERO, "nobody waits for it");
    assert!(host.queues.take_orders().is_empty());
    assert_eq!(host.frames_to(&host.socket("user0", 0)), ["2;"]);
    assert!(host.redis.keys().sent.is_empty(), "it is no entry");
}

#[test]
fn a_lane_goes_on_when_the_one_who_drives_it_goes_away() {
    let host = Host::new();
    let socket = host.socket("alice", 0);
    host.gateway.answer_next(&socket.id, Posted::Failed);
    let mut driver = Task::new(host.lanes.deliver(&socket, frame("1;")));
    assert_eq!(driver.step(), None);
    let behind = host.lanes.deliver(&socket, frame("2;"));
    drop(driver);
    assert_eq!(host.run(behind), LaneEnd::Delivered);
    assert_eq!(host.frames_to(&socket), ["2;"]);
    assert_eq!(
        host.run(host.lanes.deliver(&socket, frame("3;"))),
        LaneEnd::Delivered,
        "the lane is idle again"
    );
}

#[test]
fn a_socket_that_is_gone_is_forgotten() {
    let host = Host::new();
    let socket = host.socket("alice", 0);
    host.register(&socket);
    host.gateway.answer_next(&socket.id, Posted::Gone);
    assert_eq!(host.run(host.lanes.deliver(&socket, frame("1;"))), LaneEnd::Gone);
    let known = host.run(host.directory.of_users(std::slice::from_ref(&socket.user))).unwrap();
    assert_eq!(known, []);
}

#[test]
fn a_socket_that_is_not_yet_open_is_tried_once_more() {
    let host = Host::new();
    let mut socket = host.socket("alice", 0);
    socket.opened_at = host.clock.now();
    host.register(&socket);
    host.gateway.answer_next(&socket.id, Posted::Gone);
    assert_eq!(host.run(host.lanes.deliver(&socket, frame("1;"))), LaneEnd::Delivered);
    for _ in 0..2 {
        host.gateway.answer_next(&socket.id, Posted::Gone);
    }
    assert_eq!(host.run(host.lanes.deliver(&socket, frame("2;"))), LaneEnd::Gone, "but not for ever");
}

#[test]
fn a_permanently_slow_socket_delays_nobody_and_each_answer_at_most_once() {
    let host = Host::new();
    let roster = host.open(3);
    let slow = host.socket("user1", 0);
    for _ in 0..100 {
        host.gateway.answer_next(&slow.id, Posted::Throttled);
    }
    let began = host.clock.now();
    host.run(host.broadcaster.broadcast(&broadcast(2), &roster, false)).unwrap();
    assert!(host.clock.now().since(began) <= Duration::from_millis(320));
    for user in ["user0", "user2"] {
        assert_eq!(host.frames_to(&host.socket(user, 0)), ["2;"]);
    }
    let orders = host.queues.take_orders();
    assert_eq!(orders.len(), 1);
    assert_eq!(orders[0].connections, std::slice::from_ref(&slow));
    assert!(host.redis.keys().sent.contains(&(CONVERSATION, Seq::new(2).unwrap())));

    let began = host.clock.now();
    host.run(host.broadcaster.broadcast(&broadcast(3), &roster, false)).unwrap();
    assert_eq!(host.clock.now().since(began), Duration::ZERO, "the second time it is not waited for");
    assert_eq!(host.queues.take_orders()[0].connections, [slow]);
}

#[test]
fn beyond_sixty_four_sockets_the_rest_is_handed_over_250_at_a_time() {
    let host = Host::new();
    let roster = host.open(600);
    host.run(host.broadcaster.broadcast(&broadcast(2), &roster, false)).unwrap();
    assert_eq!(host.gateway.deliveries().len(), 64);
    let orders = host.queues.take_orders();
    let sizes: Vec<usize> = orders.iter().map(|order| order.connections.len()).collect();
    assert_eq!(sizes, [250, 250, 36]);
    for order in orders {
        host.run(host.fan_out.execute(order));
    }
    let mut heard: Vec<ConnectionId> = host.gateway.deliveries().iter().map(|(to, _)| to.clone()).collect();
    heard.sort_unstable();
    heard.dedup();
    assert_eq!((host.gateway.deliveries().len(), heard.len()), (600, 600));
}

#[test]
fn a_relay_that_lives_gets_the_event_once_and_the_function_posts_nothing() {
    let host = Host::new();
    let roster = host.open(3);
    host.run(host.broadcaster.broadcast(&broadcast(2), &roster, true)).unwrap();
    assert_eq!(host.redis.keys().published, [broadcast(2)]);
    assert_eq!(host.gateway.deliveries().len(), 0);
    assert_eq!(
        host.run(host.redis.are_sent(&[(CONVERSATION, Seq::new(2).unwrap())])),
        [false],
        "the relay marks it, not the one who cannot know whether anybody listened"
    );
}

#[test]
fn what_is_told_in_two_shapes_counts_as_delivered_after_the_second_and_goes_through_no_relay() {
    let host = Host::new();
    let mut roster = host.open(2);
    let (first, second) = (Seq::FIRST, Seq::new(2).unwrap());
    let newcomer = Participant { role: Role::Member, joined: second, since: second };
    roster.insert(UserId::parse("user1").unwrap(), newcomer);
    let shapes = [(0, first), (1, second)]
        .map(|(after, up_to)| Broadcast { hearing: Hearing::LogOfJoined { after, up_to }, ..broadcast(3) });
    host.gateway.answer_next(&host.socket("user1", 0).id, Posted::Throttled);
    let telling = host.broadcaster.broadcast_shapes(&shapes, &roster, true).now_or_never();
    assert!(telling.is_none(), "the second is throttled");
    assert_eq!(host.frames_to(&host.socket("user0", 0)), ["3;"]);
    assert!(host.redis.keys().sent.is_empty(), "who dies now leaves it to the stream");
    host.run(host.broadcaster.broadcast_shapes(&shapes, &roster, true)).unwrap();
    let keys = host.redis.keys();
    assert!(keys.sent.contains(&(CONVERSATION, Seq::new(3).unwrap())) && keys.published.is_empty());
}

#[test]
fn an_expired_token_hears_nothing_more_is_told_why_and_closed() {
    let host = Host::new();
    let roster = host.open(2);
    let mut expired = host.socket("user1", 1);
    expired.expires_at = host.clock.now();
    host.register(&expired);
    host.run(host.broadcaster.broadcast(&broadcast(2), &roster, false)).unwrap();
    assert_eq!(host.frames_to(&expired), ["TokenExpired", "closed"]);
    assert_eq!(host.frames_to(&host.socket("user1", 0)), ["2;"], "his other socket still hears");
}

#[test]
fn sockets_of_another_conversation_and_the_one_that_asked_hear_nothing() {
    let host = Host::new();
    let roster = host.open(2);
    let scope = |other: SocketScope, number| Connection { scope: other, ..host.socket("user1", number) };
    let elsewhere = scope(SocketScope::Conversation(ConversationId::from_bytes([9; 16])), 1);
    let here = scope(SocketScope::Conversation(CONVERSATION), 2);
    let typing = scope(SocketScope::Typing(CONVERSATION), 3);
    for socket in [&elsewhere, &here, &typing] {
        host.register(socket);
    }
    let asked = host.socket("user0", 0);
    let event = Broadcast { except: Some(asked.id.clone()), ..broadcast(2) };
    host.run(host.broadcaster.broadcast(&event, &roster, false)).unwrap();
    assert_eq!(host.frames_to(&here), ["2;"]);
    for silent in [&elsewhere, &typing, &asked] {
        assert_eq!(host.frames_to(silent), Vec::<String>::new());
    }
}

#[test]
fn who_joined_later_is_not_told_what_came_before() {
    let host = Host::new();
    let mut roster = host.open(2);
    let newcomer = UserId::parse("user1").unwrap();
    let joined = Seq::new(9).unwrap();
    roster.insert(newcomer, Participant { role: Role::Member, joined, since: joined });
    host.run(host.broadcaster.broadcast(&broadcast(8), &roster, false)).unwrap();
    assert_eq!(host.frames_to(&host.socket("user1", 0)), Vec::<String>::new());
    host.run(host.broadcaster.broadcast(&broadcast(9), &roster, false)).unwrap();
    assert_eq!(host.frames_to(&host.socket("user1", 0)), ["9;"]);
    assert_eq!(host.frames_to(&host.socket("user0", 0)), ["8;", "9;"]);
}
