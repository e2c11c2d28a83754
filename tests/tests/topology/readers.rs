//! The readers of requests and the shapes that the specifications show of them: what the one refuses, the other refuses.

use std::collections::BTreeSet;

use parlance_domain::webhook::Destinations;
use parlance_protocol::{
    fields::Object,
    problem::Problem,
    request::{
        begin_upload::BeginUpload,
        change_person,
        change_webhook::ChangeWebhook,
        create_conversation::CreateConversation,
        create_direct::CreateDirect,
        create_task::CreateTask,
        create_webhook::CreateWebhook,
        delete_message::DeleteMessage,
        edit_message::EditMessage,
        list_conversations::ListConversations,
        list_parts::ListParts,
        list_receipts::ListReceipts,
        mark_as_read::MarkAsRead,
        participants::{self, AddParticipant},
        read_log::ReadLog,
        read_messages::ReadMessages,
        read_page::ReadPage,
        read_presence::ReadPresence,
        retitle,
        send_message::SendMessage,
        set_presence::SetPresence,
        sign_parts::SignParts,
        sync::Sync,
        typing::Typing,
        watch_presence::WatchPresence,
    },
    spec::{frames::client_frames, http::operations, shape::Shape},
};
use parlance_tests::specification::{broken, queries, validator};
use serde_json::{Value, json};

/// A reader of the data of bodies and frames, its shape, and a good value.
struct Body {
    shape: Shape,
    read: fn(&Object) -> Result<(), Problem>,
    good: Value,
}

/// The same of a query; each good one is read alone, since some exclude each other.
struct Query {
    shape: Shape,
    read: fn(&Object) -> Result<(), Problem>,
}

macro_rules! reads {
    ($request:ident) => {
        |object| $request::parse(object).map(drop)
    };
}

fn bodies() -> Vec<Body> {
    [messages(), conversations(), people(), webhooks(), attachments()].into_iter().flatten().collect()
}

fn messages() -> Vec<Body> {
    let conversation = format!("c_{}", "0".repeat(26));
    let message = format!("m_{}_04", "0".repeat(26));
    vec![
        Body {
            shape: SendMessage::shape(),
            read: |object| SendMessage::parse(object, None).map(drop),
            good: json!({
                "conversation_id": conversation, "client_id": "k1", "after": 1, "content": "hi",
                "attachments": [format!("a_{}", "0".repeat(26))], "reply_to": message, "thread_id": message,
                "mentions": ["bob"], "kind": "text", "metadata": {"a": 1},
            }),
        },
        Body {
            shape: Sync::shape(),
            read: reads!(Sync),
            good: json!({"conversations": {conversation.as_str(): 1}}),
        },
        Body {
            shape: EditMessage::shape(),
            read: reads!(EditMessage),
            good: json!({"content": "hi", "if_version": 1}),
        },
        Body {
            shape: EditMessage::frame_shape(),
            read: |object| EditMessage::parse_frame(object, None).map(drop),
            good: json!({"message_id": message, "content": "hi", "if_version": 1}),
        },
        Body {
            shape: DeleteMessage::shape(),
            read: |object| DeleteMessage::parse(object, None).map(drop),
            good: json!({"message_id": message}),
        },
        Body {
            shape: MarkAsRead::shape(),
            read: |object| MarkAsRead::parse(object, None).map(drop),
            good: json!({"conversation_id": conversation, "up_to": 1}),
        },
        Body {
            shape: MarkAsRead::shape(),
            read: |object| MarkAsRead::parse(object, None).map(drop),
            good: json!({"message_ids": [message]}),
        },
        Body {
            shape: Typing::shape(),
            read: |object| Typing::parse(object, None).map(drop),
            good: json!({"conversation_id": conversation}),
        },
    ]
}

fn conversations() -> Vec<Body> {
    vec![
        Body {
            shape: CreateConversation::shape(),
            read: reads!(CreateConversation),
            good: json!({
                "title": "Fence", "participant_ids": ["bob"], "kind": "task",
                "ref": {"type": "task", "id": "42"}, "history": "joined",
            }),
        },
        Body {
            shape: CreateTask::shape(),
            read: reads!(CreateTask),
            good: json!({"task_id": "42", "title": "Fence", "participant_ids": ["bob"]}),
        },
        Body {
            shape: AddParticipant::shape(),
            read: reads!(AddParticipant),
            good: json!({"user_id": "bob", "role": "guest"}),
        },
        Body {
            shape: participants::removed_user_shape(),
            read: |object| participants::removed_user(object).map(drop),
            good: json!({"user_id": "bob"}),
        },
        Body {
            shape: participants::new_role_shape(),
            read: |object| participants::new_role(object).map(drop),
            good: json!({"role": "admin"}),
        },
        Body {
            shape: retitle::title_shape(),
            read: |object| retitle::title(object).map(drop),
            good: json!({"title": "Fence"}),
        },
        Body {
            shape: retitle::optional_title_shape(),
            read: |object| retitle::optional_title(object).map(drop),
            good: json!({"title": "Fence"}),
        },
        Body { shape: CreateDirect::shape(), read: reads!(CreateDirect), good: json!({"user_id": "bob"}) },
    ]
}

fn people() -> Vec<Body> {
    vec![
        Body {
            shape: SetPresence::shape(),
            read: reads!(SetPresence),
            good: json!({"status": "away", "text": "At lunch"}),
        },
        Body {
            shape: WatchPresence::shape(),
            read: reads!(WatchPresence),
            good: json!({"user_ids": ["bob"]}),
        },
        Body {
            shape: change_person::own_shape(),
            read: |object| change_person::own(object).map(drop),
            good: json!({"name": "Bob", "picture": "https://example.org/bob.png", "locale": "de"}),
        },
        Body {
            shape: change_person::anybodys_shape(),
            read: |object| change_person::anybodys(object).map(drop),
            good: json!({
                "name": "Bob", "picture": "https://example.org/bob.png", "locale": "de", "deactivated": true,
            }),
        },
    ]
}

fn webhooks() -> Vec<Body> {
    vec![
        Body {
            shape: CreateWebhook::shape(),
            read: |object| CreateWebhook::parse(object, Destinations::Public).map(drop),
            good: json!({
                "url": "https://example.org/", "events": ["message.created"], "secret": format!("whsec_{}", "A".repeat(32)),
            }),
        },
        Body {
            shape: ChangeWebhook::shape(),
            read: |object| ChangeWebhook::parse(object, Destinations::Public).map(drop),
            good: json!({
                "url": "https://example.org/", "events": ["message.created"], "enabled": true,
                "secret": format!("whsec_{}", "A".repeat(32)), "rotate_secret": false,
            }),
        },
    ]
}

fn attachments() -> Vec<Body> {
    let sha256 = "ab".repeat(32);
    vec![
        Body {
            shape: BeginUpload::shape(),
            read: reads!(BeginUpload),
            good: json!({"filename": "a.png", "content_type": "image/png", "size": 1, "sha256": sha256}),
        },
        Body {
            shape: SignParts::shape(),
            read: reads!(SignParts),
            good: json!({"parts": [{"part_number": 1, "sha256": sha256}]}),
        },
    ]
}

fn queries_read() -> Vec<Query> {
    vec![
        Query { shape: ListConversations::shape(), read: reads!(ListConversations) },
        Query { shape: ReadLog::shape(), read: reads!(ReadLog) },
        Query { shape: ReadMessages::shape(), read: reads!(ReadMessages) },
        Query { shape: ListReceipts::shape(), read: reads!(ListReceipts) },
        Query { shape: ListParts::shape(), read: reads!(ListParts) },
        Query { shape: ReadPage::shape(), read: reads!(ReadPage) },
        Query { shape: ReadPresence::shape(), read: reads!(ReadPresence) },
    ]
}

fn keys(object: &Value) -> impl Iterator<Item = String> {
    object.as_object().unwrap().keys().cloned()
}

#[test]
fn every_shape_of_the_specifications_has_its_reader_here() {
    let (bodies, queries) = (bodies(), queries_read());
    for operation in operations() {
        let is_read = |shape: &Shape| bodies.iter().any(|body| body.shape == *shape);
        assert!(operation.body.as_ref().is_none_or(is_read), "the body of {}", operation.name);
        let is_read = |shape: &Shape| queries.iter().any(|query| query.shape == *shape);
        assert!(operation.query.as_ref().is_none_or(is_read), "the query of {}", operation.name);
    }
    for frame in client_frames().into_iter().filter(|frame| frame.data != Shape::object()) {
        assert!(bodies.iter().any(|body| body.shape == frame.data), "the data of {}", frame.kind);
    }
}

#[test]
fn what_the_shape_of_a_body_refuses_its_reader_refuses() {
    for Body { shape, read, good } in bodies() {
        let schema = shape.to_schema();
        let named: BTreeSet<String> = keys(&schema["properties"]).collect();
        // Fields that exclude each other stand in several rows of one shape.
        let all = bodies().into_iter().filter(|body| body.shape == shape);
        let given: BTreeSet<String> = all.flat_map(|body| keys(&body.good).collect::<Vec<_>>()).collect();
        assert_eq!(named, given, "the good ones have every field");
        let wrong = broken(&schema, &good);
        for field in named {
            assert!(wrong.iter().any(|broken| broken.pointer.starts_with(&format!("/{field}"))), "{field}");
        }
        for broken in wrong {
            assert!(read(broken.value.as_object().unwrap()).is_err(), "{}: {}", broken.pointer, broken.value);
        }
    }
}

#[test]
fn what_the_shape_of_a_body_takes_its_reader_takes() {
    for Body { shape, read, good } in bodies() {
        let holds = validator(&shape.to_schema());
        let mut takes = vec![good.clone()];
        for name in good.as_object().unwrap().keys() {
            let mut without = good.clone();
            without.as_object_mut().unwrap().remove(name);
            let mut with_null = good.clone();
            with_null[name] = Value::Null;
            takes.extend([without, with_null]);
        }
        for value in takes.into_iter().filter(|value| holds.is_valid(value)) {
            assert_eq!(read(value.as_object().unwrap()), Ok(()), "{value}");
        }
    }
}

#[test]
fn what_the_shape_of_a_query_refuses_its_reader_refuses_and_what_it_takes_is_taken() {
    for Query { shape, read } in queries_read() {
        for (name, text, is_valid) in queries(&shape.to_schema()) {
            let query = Object::from_iter([(name.clone(), Value::from(text.clone()))]);
            assert_eq!(read(&query).is_ok(), is_valid, "{name}={text}");
        }
    }
}
