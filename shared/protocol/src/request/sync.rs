//! `sync`: where a client stands in each conversation that it knows.

use std::collections::BTreeMap;

use parlance_domain::{head::Seq, ids::ConversationId};

use crate::{
    fields::{self, Fields, Object},
    limits::MAX_SYNCED_CONVERSATIONS,
    problem::Problem,
    spec::shape::Shape,
};

/// A client that comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sync {
    /// The last entry that it knows of each conversation; 0 where it knows none.
    pub conversations: BTreeMap<ConversationId, u64>,
}

impl Sync {
    /// Reads the request.
    pub fn parse(data: &Object) -> Result<Self, Problem> {
        let mut fields = Fields::of(data);
        let named = fields.required("conversations", |value| {
            value.as_object().ok_or_else(|| "must be an object".to_owned())
        });
        if named.is_some_and(|named| named.len() > MAX_SYNCED_CONVERSATIONS) {
            fields.refuse("conversations", format!("at most {MAX_SYNCED_CONVERSATIONS} conversations"));
            return fields.finish(None);
        }
        let mut conversations = BTreeMap::new();
        for (id, last) in named.into_iter().flatten() {
            let pointer = format!("conversations/{}", escaped(id));
            match (ConversationId::parse(id), fields::number(last)) {
                (Ok(id), Ok(last)) if last <= Seq::MAX.get() => {
                    conversations.insert(id, last);
                }
                (Err(invalid), _) => fields.refuse(&pointer, format!("the name must be {invalid}")),
                (_, Err(message)) => fields.refuse(&pointer, message),
                (Ok(_), Ok(_)) => fields.refuse(&pointer, format!("must be at most {}", Seq::MAX)),
            }
        }
        fields.finish(named.map(|_| Self { conversations }))
    }

    /// What [`Self::parse`] takes.
    pub fn shape() -> Shape {
        let positions = Shape::map(
            Shape::id::<ConversationId>(),
            Shape::range(0, Seq::MAX.get()),
            MAX_SYNCED_CONVERSATIONS,
        );
        Shape::object().required(
            "conversations",
            "The last entry that the client knows of each conversation; 0 where it knows none.",
            positions,
        )
    }
}

/// A name as RFC 6901 spells it within a pointer, cut where nobody reads on.
fn escaped(name: &str) -> String {
    name.chars().take(64).collect::<String>().replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(value: &serde_json::Value) -> Result<Sync, Problem> {
        Sync::parse(value.as_object().unwrap())
    }

    #[test]
    fn a_client_says_where_it_stands() {
        let id = ConversationId::from_bytes([3; 16]);
        let read = parse(&json!({"conversations": {id.to_string(): 41}})).unwrap();
        assert_eq!(read.conversations, BTreeMap::from([(id, 41)]));
        assert!(parse(&json!({"conversations": {}})).unwrap().conversations.is_empty());
    }

    #[test]
    fn what_cannot_be_a_position_is_told_with_its_pointer() {
        let id = ConversationId::from_bytes([3; 16]).to_string();
        for wrong in [json!(-1), json!(1.5), json!("1"), json!(null), json!(u64::MAX), json!([1])] {
            let problem = parse(&json!({"conversations": {id.clone(): wrong}})).unwrap_err();
            assert_eq!(problem.errors[0].pointer, format!("/conversations/{id}"), "{wrong}");
        }
        let problem = parse(&json!({"conversations": {"a/b~": 1}})).unwrap_err();
        assert_eq!(problem.errors[0].pointer, "/conversations/a~1b~0");
        for wrong in [json!({}), json!({"conversations": []}), json!({"conversations": null})] {
            assert_eq!(parse(&wrong).unwrap_err().errors[0].pointer, "/conversations");
        }
        let many: serde_json::Map<_, _> = (0..=200_u16)
            .map(|number| {
                let bytes: Vec<u8> = number.to_be_bytes().into_iter().cycle().take(16).collect();
                (ConversationId::from_bytes(bytes.try_into().unwrap()).to_string(), json!(1))
            })
            .collect();
        assert_eq!(parse(&json!({"conversations": many})).unwrap_err().errors.len(), 1);
    }
}
