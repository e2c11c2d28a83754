//! The grammar of each identifier as a JSON Schema, for the specifications: what `parse` takes, and nothing more.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{AttachmentId, ClientMessageId, ConversationId, MessageId, TicketId, UserId, WebhookId};

macro_rules! grammar {
    ($($name:ident: $schema:tt;)*) => {$(
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

grammar! {
    UserId: {
        "description": "A person or a system: the `sub` of its token, in the issuer's own spelling. At most 128 bytes.",
        "type": "string", "minLength": 1, "maxLength": 128, "pattern": r"^[^\u0000-\u001f\u007f-\u009f]*$"
    };
    ClientMessageId: {
        "description": "The client's own id of one message: a retry carries the same one.",
        "type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[ -~]*$"
    };
    ConversationId: {
        "description": "One conversation and its log.",
        "type": "string", "pattern": "^c_[0-9a-hjkmnp-tv-z]{26}$"
    };
    AttachmentId: {
        "description": "One uploaded file.",
        "type": "string", "pattern": "^a_[0-9a-hjkmnp-tv-z]{26}$"
    };
    TicketId: {
        "description": "A single-use pass for one handshake.",
        "type": "string", "pattern": "^t_[0-9a-hjkmnp-tv-z]{26}$"
    };
    WebhookId: {
        "description": "One webhook of another system.",
        "type": "string", "pattern": "^w_[0-9a-hjkmnp-tv-z]{26}$"
    };
    MessageId: {
        "description": "One message: its conversation and its position in the log.",
        "type": "string", "pattern": "^m_[0-9a-hjkmnp-tv-z]{26}_[0-9a-hjkmnp-tv-z]{2,8}$"
    };
}
