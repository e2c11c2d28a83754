//! The life of an open connection: its frames go to functions, its end to `$disconnect`.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::event::{self, own_frame};
use super::proxy_answer::ProxyAnswer;
use super::{Route, SocketApi};
use crate::faults::FaultName;
use crate::gateway::connections::{CUT, Connection, GOING_AWAY, connection_id};
use crate::gateway::socket::{Ending, Incoming, Reader};
use crate::gateway::upgrade::Upgrade;
use crate::lambda::InvocationOutcome;

/// The close code for a frame that is not text.
const UNSUPPORTED_DATA: u16 = 1_003;

impl SocketApi {
    pub(super) async fn serve(self: Arc<Self>, connection: Arc<Connection>, upgrade: Upgrade) {
        // What happens once is boxed: ten thousand silent sockets are ten thousand of these futures.
        let upgraded = Box::pin(upgrade.stream()).await;
        let ending = match upgraded {
            Ok((stream, early)) => {
                let socket = Arc::clone(&connection.socket);
                let limits = &self.limits;
                match Reader::attach(socket, stream, early, limits.frame_bytes, limits.message_bytes) {
                    Ok(reader) => self.read(&connection, reader).await,
                    Err(_) => abnormal(),
                }
            }
            Err(_) => abnormal(),
        };
        self.connections.remove(&connection.id);
        connection.socket.close_outbox();
        let is_lost = self.faults.hit(FaultName::DisconnectLost).is_some();
        if let Some(route) = self.routes.get("$disconnect").filter(|_| !is_lost) {
            let event = event::disconnect(&connection, &ending);
            // Best effort, as on AWS: nothing repeats it.
            Box::pin(self.call(&route.function, &route.trigger, event, self.limits.integration)).await;
        }
    }

    async fn read(self: &Arc<Self>, connection: &Arc<Connection>, mut reader: Reader) -> Ending {
        loop {
            if let Some(code) = connection.asked_to_close() {
                if code == CUT {
                    return abnormal();
                }
                let reason = if code == GOING_AWAY { "Going away" } else { "" };
                return Box::pin(reader.close(code, reason)).await;
            }
            let may_read = connection.frames.load(Ordering::Acquire) < self.limits.frames_at_once;
            match reader.next(may_read).await {
                Incoming::Text(frame) => {
                    connection.touch();
                    self.usage.frame_in(frame.len());
                    connection.frames.fetch_add(1, Ordering::AcqRel);
                    let (this, connection) = (Arc::clone(self), Arc::clone(connection));
                    tokio::spawn(async move {
                        this.handle(&connection, &frame).await;
                        let before = connection.frames.fetch_sub(1, Ordering::AcqRel);
                        if before == this.limits.frames_at_once {
                            connection.socket.wake();
                        }
                    });
                }
                Incoming::Binary(_) => {
                    let reason = "Binary frames are not supported";
                    return Box::pin(reader.close(UNSUPPORTED_DATA, reason)).await;
                }
                Incoming::Sign => connection.touch(),
                Incoming::Woken => {}
                Incoming::Closed(ending) => return ending,
            }
        }
    }

    async fn handle(&self, connection: &Connection, frame: &Utf8Bytes) {
        let Some((key, route)) = self.route(frame) else {
            self.send(connection, own_frame("Forbidden", &connection.id, &connection_id()).as_bytes());
            return;
        };
        let (event, request_id) = event::message(connection, key, frame);
        let outcome = self.call(&route.function, &route.trigger, event, self.limits.integration).await;
        if self.reply(connection, route, &outcome).is_none() {
            let frame = own_frame("Internal server error", &connection.id, &request_id);
            self.send(connection, frame.as_bytes());
        }
    }

    /// Sends what a two-way route's function answered; none if there was no usable answer.
    fn reply(&self, connection: &Connection, route: &Route, outcome: &InvocationOutcome) -> Option<()> {
        let InvocationOutcome::Answered(payload) = outcome else { return None };
        let answer = ProxyAnswer::read(payload)?;
        if route.is_two_way {
            // A status of 400 or more is sent like any other; sources disagree on what AWS does.
            self.send(connection, &answer.body_bytes()?);
        }
        Some(())
    }

    fn send(&self, connection: &Connection, frame: &[u8]) {
        self.usage.frame_out(frame.len());
        connection.send(frame);
    }
}

fn abnormal() -> Ending {
    Ending { code: 1_006, reason: "Connection closed abnormally".to_owned() }
}
