//! What people do, and what befalls them.

use parlance_application::{
    conversations::change::ChangeRequest,
    log::change::Change,
    participants::{add::AddParticipants, remove::RemoveParticipant},
    ports::environment::Random,
};
use parlance_client::{
    Draft,
    protocol::ids::{ClientMessageId, ConversationId},
};
use parlance_domain::{ids::UserId, permissions::Role};
use parlance_testkit::memory::redis::Keys;
use serde_json::json;

use super::{arrivals::Arrival, backstage::End, tasks::mortal, world::World};

impl World {
    /// Somebody does something, or something happens to him.
    pub(super) fn somebody_acts(&mut self) {
        if self.random.happens(self.conditions.witnesses) {
            return self.call_a_witness();
        }
        let device = self.random.index(self.devices.len());
        if self.random.happens(self.conditions.damage) {
            return self.something_breaks(device);
        }
        if self.random.happens(self.conditions.roster) {
            return self.change_roster();
        }
        match self.random.index(100) {
            0..64 => {
                let place = self.random.index(self.places.len());
                let messages = if self.random.happens(0.1) { 1 + self.random.index(12) } else { 1 };
                for _ in 0..messages {
                    self.write(device, self.places[place].id);
                }
            }
            64..75 => self.read(device),
            75..86 => self.change_own(device),
            _ => {}
        }
    }

    /// A message is queued, if the program knows where in the conversation it stands.
    fn write(&mut self, device: usize, conversation: ConversationId) {
        let now = self.clock.moment();
        let id = self.random.below(u64::MAX);
        let client_id = ClientMessageId::parse(&format!("{id:x}")).unwrap();
        let Some(session) = &self.devices[device].session else { return };
        let draft = Draft::text(format!("message {id:x}"));
        let Some(message) = session.address(conversation, client_id.clone(), &draft) else { return };
        self.note(|| format!("d{device} writes {client_id} into {conversation} after {}", message.after));
        self.devices[device].kept.push(message.clone());
        self.give(device, |session| session.queue(message, now));
    }

    /// So that whatever was lost comes to light.
    pub(super) fn say_something_everywhere(&mut self) {
        for place in 0..self.places.len() {
            // The first one is in all of them, and stays.
            self.write(0, self.places[place].id);
        }
    }

    fn read(&mut self, device: usize) {
        let seen: Vec<(ConversationId, u64)> =
            self.devices[device].seen.iter().filter_map(|(id, seq)| Some((*id, (*seq)?))).collect();
        if !seen.is_empty() {
            let (conversation, up_to) = seen[self.random.index(seen.len())];
            let data = json!({"conversation_id": conversation, "up_to": up_to});
            self.ask(device, conversation, "message.read", &data);
        }
    }

    /// An edit, or a deletion, of a message of one's own.
    fn change_own(&mut self, device: usize) {
        let sent = &self.devices[device].sent;
        if sent.is_empty() {
            return;
        }
        let id = sent[sent.len() - 1 - self.random.index(sent.len().min(6))];
        if self.random.happens(0.3) {
            self.ask(device, id.conversation, "message.delete", &json!({"message_id": id}));
        } else {
            let content = format!("better {}", self.random.below(1_000));
            self.ask(device, id.conversation, "message.edit", &json!({"message_id": id, "content": content}));
        }
    }

    /// The application asks for something by a frame of its own.
    fn ask(&mut self, device: usize, conversation: ConversationId, kind: &str, data: &serde_json::Value) {
        let open = self.devices[device].sockets.values().find(|socket| socket.is_open);
        if let Some(connection) = open.map(|socket| socket.connection.clone()) {
            let id = format!("x{:x}", self.random.below(u64::MAX));
            self.devices[device].unanswered.insert(id.clone(), conversation);
            self.say(device, &connection, json!({"type": kind, "id": id, "data": data}).to_string());
        }
    }

    /// The first person removes somebody, or adds him again.
    fn change_roster(&mut self) {
        let place = self.random.index(self.places.len());
        let conversation = self.places[place].id;
        let subject = UserId::parse(&format!("u{}", 1 + self.random.index(4))).unwrap();
        let is_member = self.places[place].audit.roster().member(&subject).is_some();
        let change: Box<dyn Change> = if is_member {
            Box::new(RemoveParticipant { user: subject.clone() })
        } else {
            Box::new(AddParticipants { joining: vec![(subject.clone(), Role::Member)] })
        };
        let (use_case, death) = (self.host().stage.change.clone(), self.weather.death());
        self.tasks.start(async move {
            let owner = UserId::parse("u0").unwrap();
            let request =
                ChangeRequest { conversation, caller: (&owner).into(), subject: Some(&subject), from: None };
            let _ = mortal(death, use_case.execute(request, &*change)).await;
            End::Nothing
        });
    }

    fn something_breaks(&mut self, device: usize) {
        match self.random.index(12) {
            0..4 => self.lose_network(device),
            4..6 => self.end_program(device),
            6..8 => self.cut_a_socket(device),
            8 => {
                let millis = self.within(6_000);
                self.note(|| format!("Redis is away for {millis} ms"));
                self.weather.take_redis_away(millis);
            }
            9 => self.forget_keys(),
            10 => {
                self.note(|| "the relay dies".to_owned());
                self.replace_relay();
            }
            _ => {
                let mut keys = self.server.outsides.redis.keys();
                keys.has_relay = !keys.has_relay;
            }
        }
    }

    /// The device loses its network for a while, often a short one; what it had open ends on both sides sooner or later.
    fn lose_network(&mut self, device: usize) {
        if !self.devices[device].is_online {
            return;
        }
        self.devices[device].is_online = false;
        let away = match self.random.index(10) {
            0 => 120_000,
            1..4 => 20_000,
            _ => 3_000,
        };
        let away = self.within(away);
        self.note(|| format!("d{device} has no network for {away} ms"));
        let program = self.devices[device].program;
        let open: Vec<_> = self.devices[device]
            .sockets
            .iter()
            .map(|(id, socket)| (*id, socket.connection.clone()))
            .collect();
        for (socket, connection) in open {
            // Some stacks tell at once, some when the network is back, some never: then the session has to find out.
            if self.random.happens(0.8) {
                let wait = self.within(usize::try_from(away).unwrap() + 2_000);
                self.send_after(
                    wait,
                    Arrival::Closed { device, program, socket, reason: "the network went away" },
                );
            }
            self.hang_up(device, &connection);
        }
        self.send_after(away, Arrival::Back { device });
    }

    fn end_program(&mut self, device: usize) {
        self.note(|| format!("d{device} is switched off"));
        for socket in self.devices[device].switch_off() {
            self.hang_up(device, &socket.connection);
        }
        let wait = self.within(10_000);
        self.send_after(wait, Arrival::Back { device });
    }

    /// API Gateway ends a socket, as it does after two hours.
    fn cut_a_socket(&mut self, device: usize) {
        let open: Vec<_> =
            self.devices[device].sockets.values().map(|socket| socket.connection.clone()).collect();
        for connection in open {
            self.closed_by_server(&connection);
        }
    }

    /// Redis comes back empty, or with part of what it knew.
    fn forget_keys(&mut self) {
        let forgets_all = self.random.happens(0.5);
        self.note(|| format!("Redis forgets {}", if forgets_all { "everything" } else { "heads and marks" }));
        let mut keys = self.server.outsides.redis.keys();
        if forgets_all {
            *keys = Keys { has_relay: keys.has_relay, ..Keys::default() };
        } else {
            keys.heads.clear();
            keys.sent.clear();
        }
    }
}
