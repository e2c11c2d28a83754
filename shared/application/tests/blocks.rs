//! Blocks: what they keep from being opened and from being said, over memory ports.
#![allow(clippy::unwrap_used, reason = "a broken assumption stops the test")]

use std::{sync::Arc, time::Duration};

use parlance_application::{
    conversations::{
        create::{CreateConversation, CreateConversationError, CreatedConversation},
        detail::ConversationDetail,
    },
    limits::admission::Admission,
    messages::{
        delete::{DeleteMessageError, Deleted, Deletion},
        edit::{Edit, EditMessageError, Edited},
        send::{Draft, SendMessageError, Sent},
    },
    people::block::{BlockUser, BlockUserError},
    ports::environment::{Clock, Random},
    safeguards::Safeguards,
};
use parlance_domain::{
    ids::{ConversationId, MessageId, UserId},
    message::{MessageBody, MessageContent},
};
use parlance_testkit::{
    memory::{
        environment::{ManualClock, SeededRandom},
        gate::OpenGate,
    },
    scene::{Scene, user},
    simulation::stage::Stage,
};

struct House {
    clock: ManualClock,
    stage: Stage,
    block: BlockUser,
    create: CreateConversation,
    detail: ConversationDetail,
    alice: UserId,
    bob: UserId,
}

impl House {
    fn new() -> Self {
        let manual = ManualClock::default();
        let clock: Arc<dyn Clock> = Arc::new(manual.clone());
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(1));
        let stage = Stage::new(Arc::new(OpenGate), &clock, &random, Safeguards::ALL, 512);
        let table = Arc::new(stage.cloud.clone());
        let block = BlockUser::new(table.clone(), table.clone(), stage.change.clone(), clock.clone());
        let create = stage.create.clone();
        let (cloud, redis) = (stage.cloud.clone(), stage.redis.clone());
        let detail = Scene { cloud, redis, clock: manual.clone() }.detail();
        Self { clock: manual, stage, block, create, detail, alice: user("alice"), bob: user("bob") }
    }

    async fn open(&self) -> Result<CreatedConversation, CreateConversationError> {
        self.create.direct(&self.alice, &self.bob, None).await
    }

    async fn say(&self, sender: &UserId) -> Result<Sent, SendMessageError> {
        let draft = Draft {
            conversation: ConversationId::direct(&self.alice, &self.bob),
            sender: sender.clone(),
            client_id: None,
            after: None,
            body: MessageBody {
                content: MessageContent::parse("hello", false).unwrap(),
                ..MessageBody::default()
            },
            from: None,
            admission: Admission::free(),
        };
        self.run(self.stage.send.execute(draft)).await
    }

    async fn edit(&self, id: MessageId, text: &str) -> Result<Edited, EditMessageError> {
        let content = MessageContent::parse(text, false).unwrap();
        let edit = Edit { editor: (&self.alice).into(), id, content, if_versions: None, from: None };
        self.run(self.stage.edit.execute(edit)).await
    }

    async fn delete(&self, id: MessageId) -> Result<Deleted, DeleteMessageError> {
        let deletion = Deletion { caller: (&self.alice).into(), id, from: None };
        self.run(self.stage.delete.execute(deletion)).await
    }

    /// Whoever was overtaken pauses, so time has to pass.
    async fn run<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        std::future::poll_fn(|context| {
            let poll = future.as_mut().poll(context);
            if poll.is_pending() {
                self.clock.advance(Duration::from_millis(10));
                context.waker().wake_by_ref();
            }
            poll
        })
        .await
    }

    async fn is_writable(&self) -> bool {
        let id = ConversationId::direct(&self.alice, &self.bob);
        let shown = self.detail.execute(&self.bob, id).await.unwrap();
        shown.view.writable
    }
}

#[tokio::test]
async fn nothing_is_said_after_a_block_whatever_the_cache_remembers() {
    let house = House::new();
    house.open().await.unwrap();
    for blocker in [&house.alice, &house.bob] {
        let other = if blocker == &house.alice { &house.bob } else { &house.alice };
        for sender in [&house.alice, &house.bob] {
            house.say(sender).await.unwrap();
        }
        let before = house.stage.redis.keys().clone();
        assert!(house.block.block(blocker, other).await.unwrap().is_new);
        assert!(!house.block.block(blocker, other).await.unwrap().is_new);
        for is_rolled_back in [false, true] {
            if is_rolled_back {
                *house.stage.redis.keys() = before.clone();
            }
            for sender in [&house.alice, &house.bob] {
                assert!(matches!(house.say(sender).await, Err(SendMessageError::NotWritable)));
            }
        }
        assert!(!house.is_writable().await);
        let stranger = house.say(&user("carol")).await;
        assert!(matches!(stranger, Err(SendMessageError::NotFound)), "a stranger hears of no block");
        assert!(matches!(house.open().await, Ok(CreatedConversation::Existing(_))));
        house.block.unblock(blocker, other).await.unwrap();
        house.block.unblock(blocker, other).await.unwrap();
        assert!(house.is_writable().await);
    }
    house.say(&house.alice).await.unwrap();
}

#[tokio::test]
async fn what_was_said_stays_as_it_is_while_there_is_a_block() {
    let house = House::new();
    house.open().await.unwrap();
    let said = house.say(&house.alice).await.unwrap().message.id;
    let gone = house.say(&house.alice).await.unwrap().message.id;
    house.delete(gone).await.unwrap();
    for (blocker, other) in [(&house.alice, &house.bob), (&house.bob, &house.alice)] {
        house.block.block(blocker, other).await.unwrap();
        assert!(matches!(house.edit(said, "goodbye").await, Err(EditMessageError::NotWritable)));
        assert!(matches!(house.delete(said).await, Err(DeleteMessageError::NotWritable)));
        assert_eq!(house.delete(gone).await.unwrap().entry, None, "it is gone already");
        house.block.unblock(blocker, other).await.unwrap();
    }
    assert_eq!(house.edit(said, "goodbye").await.unwrap().message.message.version, 2);
    assert!(house.delete(said).await.unwrap().tombstone.message.deleted);
}

#[tokio::test]
async fn both_may_block_and_it_is_over_when_neither_does() {
    let house = House::new();
    house.open().await.unwrap();
    house.block.block(&house.alice, &house.bob).await.unwrap();
    house.block.block(&house.bob, &house.alice).await.unwrap();
    house.block.unblock(&house.alice, &house.bob).await.unwrap();
    assert!(matches!(house.say(&house.alice).await, Err(SendMessageError::NotWritable)));
    house.block.unblock(&house.bob, &house.alice).await.unwrap();
    house.say(&house.alice).await.unwrap();
}

#[tokio::test]
async fn a_block_on_either_side_keeps_a_conversation_from_being_opened() {
    let house = House::new();
    for (blocker, other) in [(&house.alice, &house.bob), (&house.bob, &house.alice)] {
        house.block.block(blocker, other).await.unwrap();
        assert!(matches!(house.open().await, Err(CreateConversationError::Blocked)));
        house.block.unblock(blocker, other).await.unwrap();
    }
    assert!(matches!(house.open().await, Ok(CreatedConversation::Created(_))));
    let oneself = house.block.block(&house.alice, &house.alice).await;
    assert!(matches!(oneself, Err(BlockUserError::Oneself)));
}
