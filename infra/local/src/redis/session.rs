//! One client's state: its protocol, its transaction, its subscriptions, and what its requests do to them.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;

use super::Shared;
use super::channels::{Listener, Message, Scope};
use super::commands::{self, Command};
use super::reply::{Protocol, Reply};

/// The version that clients are told; what is here behaves as that one does.
const VERSION: &str = "7.0.15";

/// A client.
pub(super) struct Session {
    shared: Arc<Shared>,
    id: u64,
    listener: Listener,
    protocol: Protocol,
    name: Bytes,
    subscribed: HashSet<(Scope, Bytes)>,
    transaction: Option<Transaction>,
    ended: bool,
}

#[derive(Default)]
struct Transaction {
    queued: Vec<Queued>,
    spoiled: bool,
}

enum Queued {
    OnKeys(Command, Vec<Bytes>),
    Publish(Scope, Bytes, Bytes),
}

impl Session {
    /// A client that has just come.
    pub(super) fn new(shared: Arc<Shared>, id: u64, listener: Listener) -> Self {
        Self {
            shared,
            id,
            listener,
            protocol: Protocol::default(),
            name: Bytes::new(),
            subscribed: HashSet::new(),
            transaction: None,
            ended: false,
        }
    }

    /// The protocol that replies are spelled in.
    pub(super) fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Says whether the client asked to be let go.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Runs a request; the replies are more than one for subscriptions.
    pub(super) fn run(&mut self, words: &[Bytes]) -> Vec<Reply> {
        let Some((spelled, arguments)) = words.split_first() else { return Vec::new() };
        let spelled = String::from_utf8_lossy(spelled);
        let name = spelled.to_ascii_lowercase();
        if self.protocol == Protocol::Resp2 && !self.subscribed.is_empty() && !allowed_to_subscribers(&name) {
            return vec![error(&format!(
                "ERR Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are \
                 allowed in this context"
            ))];
        }
        self.shared.usage.redis_command(&name);
        match name.as_str() {
            "subscribe" => self.subscribe(Scope::Global, &name, arguments),
            "ssubscribe" => self.subscribe(Scope::Shard, &name, arguments),
            "unsubscribe" => self.unsubscribe(Scope::Global, &name, arguments),
            "sunsubscribe" => self.unsubscribe(Scope::Shard, &name, arguments),
            _ => vec![self.single(&name, &spelled, arguments)],
        }
    }

    fn single(&mut self, name: &str, spelled: &str, arguments: &[Bytes]) -> Reply {
        match (name, arguments) {
            ("multi", []) => self.multi(),
            ("exec", []) => self.exec(),
            ("discard", []) => self.discard(),
            ("ping", []) if self.protocol == Protocol::Resp2 && !self.subscribed.is_empty() => {
                Reply::Array(vec![Reply::text("pong"), Reply::text("")])
            }
            ("ping", []) => Reply::Simple("PONG"),
            ("ping" | "echo", [text]) => Reply::Bulk(text.clone()),
            ("select", [database]) => select(database),
            ("quit", _) => {
                self.ended = true;
                Reply::OK
            }
            ("hello", _) => self.hello(arguments),
            ("auth", [_] | [_, _]) => error(
                "ERR AUTH <password> called without any password configured for the default user. Are you sure \
                 your configuration is correct?",
            ),
            ("client", [subcommand, rest @ ..]) => self.client(subcommand, rest),
            ("info", _) => {
                Reply::text(&format!("# Server\r\nredis_version:{VERSION}\r\nredis_mode:standalone\r\n"))
            }
            ("command", _) => Reply::Array(Vec::new()),
            ("publish", [channel, payload]) => self.publish(Scope::Global, channel, payload),
            ("spublish", [channel, payload]) => self.publish(Scope::Shard, channel, payload),
            (
                "multi" | "exec" | "discard" | "ping" | "echo" | "select" | "auth" | "client" | "publish"
                | "spublish",
                _,
            ) => self.spoil(error(&format!("ERR wrong number of arguments for '{name}' command"))),
            _ => self.on_keys(name, spelled, arguments),
        }
    }

    fn on_keys(&mut self, name: &str, spelled: &str, arguments: &[Bytes]) -> Reply {
        let Some(command) = commands::find(name) else {
            let reply = error(&format!(
                "ERR unknown command '{spelled}', with args beginning with: {}",
                quoted(arguments)
            ));
            return self.spoil(reply);
        };
        if !command.takes(arguments.len()) {
            return self.spoil(error(&format!("ERR wrong number of arguments for '{name}' command")));
        }
        if let Some(transaction) = &mut self.transaction {
            transaction.queued.push(Queued::OnKeys(command, arguments.to_vec()));
            return Reply::Simple("QUEUED");
        }
        command.run(&mut self.shared.keyspace(), arguments)
    }

    /// A request that cannot run ends the transaction that it stands in.
    fn spoil(&mut self, reply: Reply) -> Reply {
        if let Some(transaction) = &mut self.transaction {
            transaction.spoiled = true;
        }
        reply
    }

    fn multi(&mut self) -> Reply {
        if self.transaction.is_some() {
            return error("ERR MULTI calls can not be nested");
        }
        self.transaction = Some(Transaction::default());
        Reply::OK
    }

    fn exec(&mut self) -> Reply {
        let Some(transaction) = self.transaction.take() else { return error("ERR EXEC without MULTI") };
        if transaction.spoiled {
            return error("EXECABORT Transaction discarded because of previous errors.");
        }
        let mut keys = self.shared.keyspace();
        let run = |queued: Queued| match queued {
            Queued::OnKeys(command, words) => command.run(&mut keys, &words),
            Queued::Publish(scope, channel, payload) => {
                Reply::count(self.shared.channels().publish(scope, &channel, &payload))
            }
        };
        Reply::Array(transaction.queued.into_iter().map(run).collect())
    }

    fn discard(&mut self) -> Reply {
        match self.transaction.take() {
            Some(_) => Reply::OK,
            None => error("ERR DISCARD without MULTI"),
        }
    }

    fn publish(&mut self, scope: Scope, channel: &Bytes, payload: &Bytes) -> Reply {
        if let Some(transaction) = &mut self.transaction {
            transaction.queued.push(Queued::Publish(scope, channel.clone(), payload.clone()));
            return Reply::Simple("QUEUED");
        }
        Reply::count(self.shared.channels().publish(scope, channel, payload))
    }

    fn subscribe(&mut self, scope: Scope, name: &str, channels: &[Bytes]) -> Vec<Reply> {
        if channels.is_empty() {
            return vec![error(&format!("ERR wrong number of arguments for '{name}' command"))];
        }
        let mut replies = Vec::with_capacity(channels.len());
        for channel in channels {
            // Registered before it is confirmed: whoever publishes after the confirmation is heard.
            self.shared.channels().subscribe(scope, channel, &self.listener);
            self.subscribed.insert((scope, channel.clone()));
            replies.push(self.confirmation(scope, name, Reply::Bulk(channel.clone())));
        }
        replies
    }

    fn unsubscribe(&mut self, scope: Scope, name: &str, channels: &[Bytes]) -> Vec<Reply> {
        let mut channels = channels.to_vec();
        if channels.is_empty() {
            channels =
                self.subscribed.iter().filter(|(of, _)| *of == scope).map(|(_, name)| name.clone()).collect();
        }
        if channels.is_empty() {
            return vec![self.confirmation(scope, name, Reply::Nil)];
        }
        let mut replies = Vec::with_capacity(channels.len());
        for channel in channels {
            self.shared.channels().unsubscribe(scope, &channel, &self.listener);
            self.subscribed.remove(&(scope, channel.clone()));
            replies.push(self.confirmation(scope, name, Reply::Bulk(channel)));
        }
        replies
    }

    fn confirmation(&self, scope: Scope, name: &str, channel: Reply) -> Reply {
        let count = self.subscribed.iter().filter(|(of, _)| *of == scope).count();
        Reply::Push(vec![Reply::text(name), channel, Reply::count(count)])
    }

    fn hello(&mut self, arguments: &[Bytes]) -> Reply {
        match arguments.first().map(AsRef::as_ref) {
            None => {}
            Some(b"2") => self.protocol = Protocol::Resp2,
            Some(b"3") => self.protocol = Protocol::Resp3,
            Some(version) if version.iter().all(u8::is_ascii_digit) => {
                return error("NOPROTO unsupported protocol version");
            }
            Some(_) => return error("ERR Protocol version is not an integer or out of range"),
        }
        let version = if self.protocol == Protocol::Resp3 { 3 } else { 2 };
        let id = i64::try_from(self.id).unwrap_or(i64::MAX);
        Reply::Map(vec![
            (Reply::text("server"), Reply::text("redis")),
            (Reply::text("version"), Reply::text(VERSION)),
            (Reply::text("proto"), Reply::Integer(version)),
            (Reply::text("id"), Reply::Integer(id)),
            (Reply::text("mode"), Reply::text("standalone")),
            (Reply::text("role"), Reply::text("master")),
            (Reply::text("modules"), Reply::Array(Vec::new())),
        ])
    }

    fn client(&mut self, subcommand: &Bytes, rest: &[Bytes]) -> Reply {
        let subcommand = String::from_utf8_lossy(subcommand).to_ascii_lowercase();
        match (subcommand.as_str(), rest) {
            ("id", []) => Reply::Integer(i64::try_from(self.id).unwrap_or(i64::MAX)),
            ("setname", [name]) => {
                self.name = name.clone();
                Reply::OK
            }
            ("getname", []) if self.name.is_empty() => Reply::Nil,
            ("getname", []) => Reply::Bulk(self.name.clone()),
            ("setinfo", [_, _]) => Reply::OK,
            ("id" | "setname" | "getname" | "setinfo", _) => {
                error(&format!("ERR wrong number of arguments for 'client|{subcommand}' command"))
            }
            _ => error(&format!("ERR unknown subcommand '{subcommand}'. Try CLIENT HELP.")),
        }
    }

    /// How a message is told to this client, if it listens still.
    pub(super) fn tell(&self, message: Message) -> Option<Reply> {
        if !self.subscribed.contains(&(message.scope, message.channel.clone())) {
            return None;
        }
        let kind = Reply::text(message.scope.message());
        Some(Reply::Push(vec![kind, Reply::Bulk(message.channel), Reply::Bulk(message.payload)]))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.shared.channels().forget(&self.listener, &self.subscribed);
    }
}

/// Says whether a request can change what is stored.
pub(super) fn writes(words: &[Bytes]) -> bool {
    let name = words.first().map(|name| String::from_utf8_lossy(name).to_ascii_lowercase());
    name.and_then(|name| commands::find(&name)).is_some_and(|command| command.writes)
}

fn error(message: &str) -> Reply {
    Reply::Error(message.to_owned())
}

fn select(database: &[u8]) -> Reply {
    match std::str::from_utf8(database).ok().and_then(|text| text.parse::<i64>().ok()) {
        Some(0) => Reply::OK,
        Some(_) => error("ERR DB index is out of range"),
        None => error("ERR value is not an integer or out of range"),
    }
}

fn allowed_to_subscribers(name: &str) -> bool {
    matches!(name, "subscribe" | "ssubscribe" | "unsubscribe" | "sunsubscribe" | "ping" | "quit")
}

/// The first arguments as an error repeats them.
fn quoted(arguments: &[Bytes]) -> String {
    let mut text = String::new();
    for argument in arguments {
        if text.len() >= 128 {
            break;
        }
        let argument: String = String::from_utf8_lossy(argument).chars().take(128 - text.len()).collect();
        text.extend(["'", &argument, "' "]);
    }
    text
}
