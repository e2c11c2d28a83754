//! Which sockets a session has: the one in use, the one that is being opened, and the one before, which is still listened to. Pure.

use std::collections::VecDeque;

use super::SocketId;
use crate::backoff::{Backoff, Jitter, Millis};

/// The age at which a socket is replaced: between these two, well before API Gateway's two hours.
const RENEWAL: (Millis, Millis) = (100 * 60_000, 115 * 60_000);
/// The silence after which a socket is probed, below API Gateway's ten minutes.
const SILENCE: Millis = 9 * 60_000;
/// How long the answer to a probe or to `session.start` may take.
const ANSWER_TIMEOUT: Millis = 10_000;
/// How long a replaced socket is still listened to.
const FAREWELL: Millis = 5_000;

/// The sockets of one session.
#[derive(Debug, Default)]
pub(super) struct Links {
    current: Option<Link>,
    opening: Option<Opening>,
    retiring: Vec<(SocketId, Millis)>,
    ids: SocketId,
    failures: u32,
    dial_at: Option<Millis>,
    is_over: bool,
    steps: VecDeque<LinkStep>,
}

#[derive(Debug)]
struct Link {
    id: SocketId,
    renew_at: Millis,
    silent_at: Millis,
    is_probed: bool,
}

#[derive(Debug)]
struct Opening {
    id: SocketId,
    is_open: bool,
    until: Millis,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LinkStep {
    /// A socket is to be opened under this name.
    Dial(SocketId),
    /// A frame is to be sent on this socket.
    Send(SocketId, String),
    /// This socket is not needed any more.
    HangUp(SocketId),
    /// The socket in use does not answer any more.
    Lost,
}

impl Links {
    /// Has a socket opened as soon as [`Links::act`] is called.
    pub(super) fn begin(&mut self, now: Millis) {
        self.dial_at = Some(now);
    }

    /// Whether frames can be sent.
    pub(super) const fn is_up(&self) -> bool {
        self.current.is_some()
    }

    /// Sends a frame on the socket in use.
    pub(super) fn send(&mut self, frame: String) {
        if let Some(link) = &self.current {
            self.steps.push_back(LinkStep::Send(link.id, frame));
        }
    }

    /// A handshake is done; the session begins with `start`.
    pub(super) fn opened(&mut self, id: SocketId, start: String, now: Millis) {
        if let Some(opening) = self.opening.as_mut().filter(|opening| opening.id == id) {
            opening.is_open = true;
            opening.until = now + ANSWER_TIMEOUT;
            self.steps.push_back(LinkStep::Send(id, start));
        }
    }

    /// The session on a new socket has begun: it is the one in use from now on, and the one before stays a moment for what is still on its way.
    pub(super) fn ready(&mut self, id: SocketId, now: Millis, jitter: Jitter<'_>) -> bool {
        if self.opening.take_if(|opening| opening.id == id && opening.is_open).is_none() {
            return false;
        }
        let renew_at = now + RENEWAL.0 + jitter(RENEWAL.1 - RENEWAL.0);
        let link = Link { id, renew_at, silent_at: now + SILENCE, is_probed: false };
        if let Some(before) = self.current.replace(link) {
            self.retiring.push((before.id, now + FAREWELL));
        }
        self.failures = 0;
        self.dial_at = None;
        true
    }

    /// Something came on a socket: it is alive.
    pub(super) fn heard(&mut self, id: SocketId, now: Millis) {
        if let Some(link) = self.current.as_mut().filter(|link| link.id == id) {
            link.silent_at = now + SILENCE;
            link.is_probed = false;
        }
    }

    /// Asks the socket in use whether it is alive.
    pub(super) fn probe(&mut self, now: Millis) {
        if let Some(link) = self.current.as_mut().filter(|link| !link.is_probed) {
            self.steps.push_back(LinkStep::Send(link.id, r#"{"type":"ping","id":"p"}"#.to_owned()));
            link.is_probed = true;
            link.silent_at = now + ANSWER_TIMEOUT;
        }
    }

    /// A socket is over. Says whether it was the one in use.
    pub(super) fn closed(&mut self, id: SocketId, now: Millis, jitter: Jitter<'_>) -> bool {
        self.retiring.retain(|(retiring, _)| *retiring != id);
        let was_opening = self.opening.take_if(|opening| opening.id == id).is_some();
        let was_current = self.current.take_if(|link| link.id == id).is_some();
        // One that was announced has its time already, which the server may have chosen.
        if (was_opening || was_current) && self.dial_at.is_none() {
            self.dial_later(0, now, jitter);
        }
        was_current
    }

    /// The session on a new socket was refused.
    pub(super) fn refused(&mut self, id: SocketId, now: Millis, jitter: Jitter<'_>) {
        self.steps.push_back(LinkStep::HangUp(id));
        self.closed(id, now, jitter);
    }

    /// Has another socket opened beside the one in use, which is no longer good enough, after at least `wait`.
    pub(super) fn renew(&mut self, wait: Millis, now: Millis, jitter: Jitter<'_>) {
        if self.opening.is_none() && self.dial_at.is_none() {
            self.dial_later(wait, now, jitter);
        }
    }

    /// Ends every socket for good.
    pub(super) fn end(&mut self) {
        let opening = self.opening.take().map(|opening| opening.id);
        let current = self.current.take().map(|link| link.id);
        let retiring = self.retiring.drain(..).map(|(id, _)| id);
        let steps = opening.into_iter().chain(current).chain(retiring).map(LinkStep::HangUp).collect();
        *self = Self { is_over: true, steps, ..Self::default() };
    }

    /// When [`Links::act`] should be called again.
    pub(super) fn deadline(&self) -> Option<Millis> {
        let current = self.current.as_ref().map(|link| link.renew_at.min(link.silent_at));
        let opening = self.opening.as_ref().map(|opening| opening.until);
        let retiring = self.retiring.iter().map(|(_, until)| *until).min();
        // While one is being opened, no other is.
        let dial = self.dial_at.filter(|_| self.opening.is_none());
        [dial, current, opening, retiring].into_iter().flatten().min()
    }

    /// Does what is due.
    pub(super) fn act(&mut self, now: Millis, jitter: Jitter<'_>) {
        let farewells = self.retiring.extract_if(.., |(_, until)| *until <= now);
        self.steps.extend(farewells.map(|(id, _)| LinkStep::HangUp(id)));
        if let Some(opening) = self.opening.take_if(|opening| opening.until <= now) {
            self.steps.push_back(LinkStep::HangUp(opening.id));
            self.dial_later(0, now, jitter);
        }
        if let Some(link) = self.current.take_if(|link| link.is_probed && link.silent_at <= now) {
            self.retiring.push((link.id, now + FAREWELL));
            self.dial_later(0, now, jitter);
            self.steps.push_back(LinkStep::Lost);
        }
        if self.current.as_ref().is_some_and(|link| link.silent_at <= now) {
            self.probe(now);
        }
        if let Some(link) = self.current.as_mut().filter(|link| link.renew_at <= now) {
            link.renew_at = Millis::MAX;
            self.renew(0, now, jitter);
        }
        let is_due = self.dial_at.is_some_and(|at| at <= now) && self.opening.is_none() && !self.is_over;
        if is_due {
            self.dial_at = None;
            self.ids += 1;
            // The handshake has a time limit of its own; this one is for a report that never comes.
            self.opening = Some(Opening { id: self.ids, is_open: false, until: now + 6 * ANSWER_TIMEOUT });
            self.steps.push_back(LinkStep::Dial(self.ids));
        }
    }

    /// The next thing to do, in order.
    pub(super) fn step(&mut self) -> Option<LinkStep> {
        self.steps.pop_front()
    }

    fn dial_later(&mut self, wait: Millis, now: Millis, jitter: Jitter<'_>) {
        self.failures = self.failures.saturating_add(1);
        self.dial_at = (!self.is_over).then(|| now + wait + jitter(Backoff::CONNECT.limit(self.failures)));
    }
}
