//! Frames, held to the message that their type and the request which they answer have.

use std::sync::LazyLock;

use parlance_protocol::spec::asyncapi;
use serde_json::Value;

use super::Schemas;

/// The AsyncAPI document as a judge.
pub struct Sockets {
    document: Value,
    schemas: Schemas,
}

impl Sockets {
    /// The one document.
    pub fn specification() -> &'static Self {
        static SPECIFICATION: LazyLock<Sockets> = LazyLock::new(|| {
            let document = asyncapi::document();
            Sockets { schemas: Schemas::of(&document), document }
        });
        &SPECIFICATION
    }

    /// Fails unless a server may send this frame; `asked` is the type of the request that it answers, where that is known.
    #[track_caller]
    pub fn judge(&self, frame: &Value, asked: Option<&str>) {
        if frame["type"] == "batch" {
            // One by one, so that what is wrong is told of the event and not of the batch.
            frame["events"].as_array().into_iter().flatten().for_each(|event| self.judge(event, None));
        }
        if let Err(wrong) = self.judged(frame, asked) {
            panic!("not as specified: {wrong}\n{frame}\nthe answer to {asked:?}");
        }
    }

    fn judged(&self, frame: &Value, asked: Option<&str>) -> Result<(), String> {
        // Whatever else was asked is no frame of a client.
        let asked = asked.filter(|kind| self.message(&format!("{}Nack", pascal(kind))).is_some());
        let kind = frame["type"].as_str();
        let name = match (kind, asked) {
            (None, _) => "GatewayRefusal".to_owned(),
            (Some("nack"), Some(asked)) => format!("{}Nack", pascal(asked)),
            (Some("nack"), None) => "Nack".to_owned(),
            (Some("ack" | "session.ready" | "pong"), Some(asked)) => format!("{}Answer", pascal(asked)),
            (Some("ack"), None) => return Err("an ack of nothing that was asked".to_owned()),
            (Some("session.ready"), None) => "SessionStartAnswer".to_owned(),
            (Some("pong"), None) => "PingAnswer".to_owned(),
            (Some(kind), _) => pascal(kind),
        };
        let message = self.message(&name).ok_or_else(|| format!("there is no message {name}"))?;
        self.schemas.hold(&name, &message["payload"], frame)
    }

    fn message(&self, name: &str) -> Option<&Value> {
        self.document["components"]["messages"].get(name)
    }
}

/// `message.created` as the name of a component.
fn pascal(kind: &str) -> String {
    let words = kind.split(['.', '_']);
    words
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|letter| letter.to_ascii_uppercase())
                .into_iter()
                .chain(letters)
                .collect::<String>()
        })
        .collect()
}
