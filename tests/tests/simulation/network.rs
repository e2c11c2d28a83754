//! The way between devices and API Gateway: handshakes, frames in both directions, and the ends of sockets.

use parlance_application::ports::connections::ConnectionDirectory;
use parlance_client::session::SocketId;
use parlance_domain::ids::{ConnectionId, UserId};

use super::{
    arrivals::{Arrival, Endpoint},
    backstage::End,
    device::Socket,
    tasks::mortal,
    world::World,
};

impl World {
    pub(super) fn dial(&mut self, device: usize, socket: SocketId) {
        self.connections += 1;
        let connection = format!("k{}=", self.connections);
        let (user, program) = (self.devices[device].user.clone(), self.devices[device].program);
        self.devices[device]
            .sockets
            .insert(socket, Socket { connection: connection.clone(), is_open: false });
        if !self.devices[device].is_online {
            let wait = self.within(3_000);
            self.send_after(wait, Arrival::Closed { device, program, socket, reason: "no network" });
            return;
        }
        let endpoint = Endpoint { device, program, socket, last: self.clock.moment() };
        self.endpoints.insert(connection.clone(), endpoint);
        let (host, clock, death) = (self.host(), self.clock.clone(), self.weather.death());
        let (there, back) = (self.within(40), self.within(40));
        let gateway = self.server.outsides.gateway.clone();
        self.tasks.start(async move {
            clock.pass(there).await;
            let status = mortal(death, host.handshake(&user, &connection)).await.flatten();
            let is_open = status == Some(200);
            if is_open {
                gateway.open(ConnectionId::parse(&connection).unwrap());
            }
            clock.pass(back).await;
            End::Handshake { connection, is_open }
        });
    }

    pub(super) fn handshake_ended(&mut self, connection: &str, is_open: bool) {
        let Some(&Endpoint { device, program, socket, .. }) = self.endpoints.get(connection) else { return };
        let now = self.clock.moment();
        let wanted = self.devices[device].program == program && self.devices[device].is_online;
        let at_device = self.devices[device].sockets.get_mut(&socket).filter(|_| wanted);
        match at_device {
            Some(at_device) if is_open => {
                at_device.is_open = true;
                self.give(device, |session| session.opened(socket, now));
            }
            Some(_) => self.socket_ended(device, program, socket, "refused"),
            None => {
                if is_open {
                    self.hang_up(device, connection);
                }
                self.socket_ended(device, program, socket, "nobody waits for it");
            }
        }
    }

    /// A frame goes from a device to the function of its route, whose answer comes back unless something goes wrong.
    pub fn say(&mut self, device: usize, connection: &str, frame: String) {
        self.note(|| format!("d{device} {connection} -> {frame}"));
        if !self.devices[device].is_online {
            return;
        }
        let (host, clock, death) = (self.host(), self.clock.clone(), self.weather.death());
        let (user, connection) = (self.devices[device].user.clone(), connection.to_owned());
        let gateway = self.server.outsides.gateway.clone();
        let there = self.within(40);
        self.tasks.start(async move {
            clock.pass(there).await;
            if !gateway.is_open(&ConnectionId::parse(&connection).unwrap()) {
                return End::Unreachable { connection };
            }
            let failed =
                || Some(r#"{"message":"Internal server error","connectionId":"","requestId":""}"#.to_owned());
            let answer = mortal(death, host.frame(&user, &connection, &frame)).await.unwrap_or_else(failed);
            End::Answer { connection, answer }
        });
    }

    /// A frame, or an answer, goes from API Gateway to whoever holds the socket.
    pub fn deliver(&mut self, connection: &str, frame: String) {
        if self.is_witnessed(connection, &frame) {
            return;
        }
        let latency = self.within(40);
        let now = self.clock.moment();
        let Some(endpoint) = self.endpoints.get_mut(connection) else { return };
        let at = (now + latency).max(endpoint.last);
        endpoint.last = at;
        let Endpoint { device, program, socket, .. } = *endpoint;
        self.send_at(at, Arrival::Frame { device, program, socket, frame });
    }

    /// A frame came to API Gateway on a socket that has ended there: its device is told so.
    pub(super) fn unreachable(&mut self, connection: &str) {
        if let Some(&Endpoint { device, program, socket, .. }) = self.endpoints.get(connection) {
            let back = self.within(40);
            self.send_after(back, Arrival::Closed { device, program, socket, reason: "reset" });
        }
    }

    /// The server has closed a socket.
    pub fn closed_by_server(&mut self, connection: &str) {
        let Ok(id) = ConnectionId::parse(connection) else { return };
        if !self.server.outsides.gateway.end(&id) {
            return;
        }
        if let Some(&Endpoint { device, program, socket, last }) = self.endpoints.get(connection) {
            let at = last.max(self.clock.moment()) + 1;
            self.send_at(at, Arrival::Closed { device, program, socket, reason: "closed by the server" });
            let user = self.devices[device].user.clone();
            self.send_disconnect(user, connection);
        }
    }

    /// A device has let go of a socket; API Gateway hears of it now if the network is there, much later if it is not.
    pub fn hang_up(&mut self, device: usize, connection: &str) {
        let user = self.devices[device].user.clone();
        if self.devices[device].is_online {
            if let Ok(id) = ConnectionId::parse(connection) {
                self.server.outsides.gateway.end(&id);
            }
            self.send_disconnect(user, connection);
        } else {
            let wait = self.within(60_000);
            self.send_after(wait, Arrival::Disconnect { user, connection: connection.to_owned() });
        }
    }

    fn send_disconnect(&mut self, user: UserId, connection: &str) {
        if !self.random.happens(0.3) {
            let wait = self.within(500);
            self.send_after(wait, Arrival::Disconnect { user, connection: connection.to_owned() });
        }
    }

    pub(super) fn disconnect(&mut self, user: UserId, connection: &str) {
        let id = ConnectionId::parse(connection).unwrap();
        self.server.outsides.gateway.end(&id);
        let directory = self.server.outsides.connections.clone();
        self.tasks.start(async move {
            let _ = directory.forget(&user, &id).await;
            End::Nothing
        });
    }

    pub(super) fn socket_ended(
        &mut self,
        device: usize,
        program: u32,
        socket: SocketId,
        reason: &'static str,
    ) {
        if self.devices[device].program != program {
            return;
        }
        self.devices[device].sockets.remove(&socket);
        self.note(|| format!("d{device}.{socket} is closed: {reason}"));
        let now = self.clock.moment();
        self.give(device, |session| session.closed(socket, reason.to_owned(), now));
    }
}
