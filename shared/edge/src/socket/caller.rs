//! Who sent a frame, as the authorizer found out at the handshake.

use std::{collections::HashMap, time::Duration};

use parlance_application::{
    limits::admission::Admission,
    ports::identity::{Identity, ProfileClaims},
};
use parlance_domain::{
    authority::Caller,
    connection::SocketScope,
    ids::{ConnectionId, ConversationId, UserId},
    time::Timestamp,
};
use serde_json::Value;

use super::event::SocketContext;

/// The longest text that a profile claim may have and still be carried in the authorizer's context (8 KB in all).
const MAX_CLAIM_BYTES: usize = 1024;

/// The sender of a frame, and the socket that it came by.
#[derive(Debug, Clone)]
pub struct SocketCaller {
    /// The socket.
    pub connection: ConnectionId,
    /// The sender.
    pub user: UserId,
    /// What the socket was opened for.
    pub scope: SocketScope,
    /// From when on his token is refused, leeway included.
    pub expires_at: Timestamp,
    /// Whether he is a trusted back end.
    pub is_service: bool,
    /// Whether he is an administrator.
    pub is_admin: bool,
    /// What his token said of him.
    pub profile: ProfileClaims,
    /// His frame on its way past the limits: counted already, unless the route counts by itself.
    pub admission: Admission,
}

impl SocketCaller {
    /// Who asks, for the use cases that measure what he may.
    pub const fn caller(&self) -> Caller<'_> {
        Caller { user: &self.user, is_service: self.is_service, is_admin: self.is_admin, is_parlance: false }
    }

    /// Reads what [`context_of`] wrote. `None` means that no authorizer of ours stands before this route.
    pub fn of(context: &SocketContext) -> Option<Self> {
        let authorizer = context.authorizer.as_ref()?;
        let text = |key: &str| authorizer.get(key).and_then(Value::as_str);
        let rights = text(RIGHTS).unwrap_or_default();
        let has = |right: &str| rights.split(' ').any(|given| given == right);
        let expires_at: u64 = text(EXPIRES_AT)?.parse().ok()?;
        Some(Self {
            connection: ConnectionId::parse(&context.connection_id).ok()?,
            user: UserId::parse(text(USER_ID)?).ok()?,
            scope: scope_from_text(text(SCOPE)?)?,
            expires_at: Timestamp::default().plus(Duration::from_secs(expires_at)),
            is_service: has(SERVICE),
            is_admin: has(ADMIN),
            profile: ProfileClaims {
                name: text(NAME).map(str::to_owned),
                picture: text(PICTURE).map(str::to_owned),
                locale: text(LOCALE).map(str::to_owned),
            },
            admission: Admission::free(),
        })
    }
}

const USER_ID: &str = "user_id";
const EXPIRES_AT: &str = "token_expires_at";
const SCOPE: &str = "scope";
const RIGHTS: &str = "rights";
const NAME: &str = "name";
const PICTURE: &str = "picture";
const LOCALE: &str = "locale";
const SERVICE: &str = "service";
const ADMIN: &str = "admin";

/// What the authorizer's answer carries to every later event of the socket: texts only, absent where there is nothing to say.
pub fn context_of(identity: &Identity, scope: SocketScope) -> HashMap<&'static str, String> {
    let mut context = HashMap::from([
        (USER_ID, identity.user.to_string()),
        (EXPIRES_AT, identity.expires_at.as_secs().to_string()),
        (SCOPE, scope_to_text(scope)),
    ]);
    let rights: Vec<&str> = [(identity.is_service, SERVICE), (identity.is_admin, ADMIN)]
        .into_iter()
        .filter_map(|(has, right)| has.then_some(right))
        .collect();
    if !rights.is_empty() {
        context.insert(RIGHTS, rights.join(" "));
    }
    let profile = &identity.profile;
    for (key, claim) in [(NAME, &profile.name), (PICTURE, &profile.picture), (LOCALE, &profile.locale)] {
        if let Some(claim) = claim.as_ref().filter(|claim| claim.len() <= MAX_CLAIM_BYTES) {
            context.insert(key, claim.clone());
        }
    }
    context
}

/// What a handshake asks for in its query, which the path of the public address becomes. `None` where it asks for nothing that exists.
pub fn scope_from_query(socket: Option<&str>, conversation: Option<&str>) -> Option<SocketScope> {
    let conversation = || ConversationId::parse(conversation?).ok();
    match socket {
        None | Some("messaging") => Some(SocketScope::Messaging),
        Some("conversation") => conversation().map(SocketScope::Conversation),
        Some("typing") => conversation().map(SocketScope::Typing),
        Some("presence") => Some(SocketScope::Presence),
        Some(_) => None,
    }
}

fn scope_to_text(scope: SocketScope) -> String {
    match scope {
        SocketScope::Messaging => "messaging".to_owned(),
        SocketScope::Conversation(id) => format!("conversation {id}"),
        SocketScope::Typing(id) => format!("typing {id}"),
        SocketScope::Presence => "presence".to_owned(),
    }
}

fn scope_from_text(text: &str) -> Option<SocketScope> {
    let (socket, conversation) = text.split_once(' ').map_or((text, None), |(socket, id)| (socket, Some(id)));
    scope_from_query(Some(socket), conversation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> Identity {
        Identity {
            user: UserId::parse("alice#1%").unwrap(),
            expires_at: Timestamp::from_millis(1_700_000_060_000),
            is_service: false,
            is_admin: true,
            profile: ProfileClaims { name: Some("Alice".to_owned()), picture: None, locale: None },
        }
    }

    #[test]
    fn what_the_authorizer_writes_is_read_back_on_every_frame() {
        let conversation = ConversationId::from_bytes([3; 16]);
        for scope in [
            SocketScope::Messaging,
            SocketScope::Conversation(conversation),
            SocketScope::Typing(conversation),
            SocketScope::Presence,
        ] {
            let identity = identity();
            let authorizer = context_of(&identity, scope)
                .into_iter()
                .map(|(key, value)| (key.to_owned(), Value::String(value)))
                .chain([("integrationLatency".to_owned(), Value::from(3))])
                .collect();
            let context = SocketContext {
                connection_id: "L0SM9cOFvHcCIhw=".to_owned(),
                route_key: None,
                authorizer: Some(authorizer),
                disconnect_status_code: None,
            };
            let caller = SocketCaller::of(&context).unwrap();
            assert_eq!((caller.user, caller.scope), (identity.user, scope));
            assert_eq!(caller.expires_at, identity.expires_at);
            assert_eq!((caller.is_service, caller.is_admin), (false, true));
            assert_eq!(caller.profile, identity.profile);
        }
    }

    #[test]
    fn a_scope_that_does_not_exist_is_none() {
        assert_eq!(scope_from_query(None, None), Some(SocketScope::Messaging));
        assert_eq!(scope_from_query(Some("admin"), None), None);
        assert_eq!(scope_from_query(Some("conversation"), None), None);
        assert_eq!(scope_from_query(Some("typing"), Some("c_1")), None);
    }
}
