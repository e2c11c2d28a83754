//! Which sockets a session has: the one in use, the one that is being opened, and the one before, which is still listened to. Pure.

use tokio::sync::mpsc;

use crate::{
    backoff::{Backoff, Jitter, Millis},
    socket::SocketId,
};

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
    retiring: Vec<(Link, Millis)>,
    ids: SocketId,
    failures: u32,
    dial_at: Option<Millis>,
    is_over: bool,
}

#[derive(Debug)]
struct Link {
    id: SocketId,
    frames: mpsc::UnboundedSender<String>,
    renew_at: Millis,
    silent_at: Millis,
    is_probed: bool,
}

#[derive(Debug)]
struct Opening {
    id: SocketId,
    frames: Option<mpsc::UnboundedSender<String>>,
    until: Millis,
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkStep {
    /// A socket is to be opened under this name.
    Dial(SocketId),
    /// The socket in use does not answer any more.
    Lost,
}

impl Links {
    /// Has a socket opened as soon as [`Links::step`] is asked.
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
            // One that has just closed reports it itself.
            let _ = link.frames.send(frame);
        }
    }

    /// A handshake is done; the session begins with `start`.
    pub(super) fn opened(
        &mut self,
        id: SocketId,
        frames: mpsc::UnboundedSender<String>,
        start: String,
        now: Millis,
    ) {
        if let Some(opening) = self.opening.as_mut().filter(|opening| opening.id == id) {
            let _ = frames.send(start);
            opening.frames = Some(frames);
            opening.until = now + ANSWER_TIMEOUT;
        }
    }

    /// The session on a new socket has begun: it is the one in use from now on, and the one before stays a moment for what is still on its way.
    pub(super) fn ready(&mut self, id: SocketId, now: Millis, jitter: Jitter<'_>) -> bool {
        let Some(Opening { frames: Some(frames), .. }) = self.opening.take_if(|opening| opening.id == id)
        else {
            return false;
        };
        let renew_at = now + RENEWAL.0 + jitter(RENEWAL.1 - RENEWAL.0);
        let link = Link { id, frames, renew_at, silent_at: now + SILENCE, is_probed: false };
        if let Some(before) = self.current.replace(link) {
            self.retiring.push((before, now + FAREWELL));
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
            let _ = link.frames.send(r#"{"type":"ping","id":"p"}"#.to_owned());
            link.is_probed = true;
            link.silent_at = now + ANSWER_TIMEOUT;
        }
    }

    /// A socket is over. Says whether it was the one in use.
    pub(super) fn closed(&mut self, id: SocketId, now: Millis, jitter: Jitter<'_>) -> bool {
        self.retiring.retain(|(link, _)| link.id != id);
        let was_opening = self.opening.take_if(|opening| opening.id == id).is_some();
        let was_current = self.current.take_if(|link| link.id == id).is_some();
        // One that was announced has its time already, which the server may have chosen.
        if (was_opening || was_current) && self.dial_at.is_none() {
            self.dial_later(0, now, jitter);
        }
        was_current
    }

    /// Has another socket opened beside the one in use, which is no longer good enough, after at least `wait`.
    pub(super) fn renew(&mut self, wait: Millis, now: Millis, jitter: Jitter<'_>) {
        if self.opening.is_none() && self.dial_at.is_none() {
            self.dial_later(wait, now, jitter);
        }
    }

    /// Ends every socket for good.
    pub(super) fn end(&mut self) {
        *self = Self { is_over: true, ..Self::default() };
    }

    /// When [`Links::step`] should be asked again.
    pub(super) fn deadline(&self) -> Option<Millis> {
        let current = self.current.as_ref().map(|link| link.renew_at.min(link.silent_at));
        let opening = self.opening.as_ref().map(|opening| opening.until);
        let retiring = self.retiring.iter().map(|(_, until)| *until).min();
        [self.dial_at, current, opening, retiring].into_iter().flatten().min()
    }

    /// Says what is to be done now.
    pub(super) fn step(&mut self, now: Millis, jitter: Jitter<'_>) -> Option<LinkStep> {
        self.retiring.retain(|(_, until)| *until > now);
        if self.opening.take_if(|opening| opening.until <= now).is_some() {
            self.dial_later(0, now, jitter);
        }
        if let Some(link) = self.current.take_if(|link| link.is_probed && link.silent_at <= now) {
            self.retiring.push((link, now + FAREWELL));
            self.dial_later(0, now, jitter);
            return Some(LinkStep::Lost);
        }
        if self.current.as_ref().is_some_and(|link| link.silent_at <= now) {
            self.probe(now);
        }
        if let Some(link) = self.current.as_mut().filter(|link| link.renew_at <= now) {
            link.renew_at = Millis::MAX;
            self.renew(0, now, jitter);
        }
        let is_due = self.dial_at.is_some_and(|at| at <= now) && self.opening.is_none() && !self.is_over;
        is_due.then(|| {
            self.dial_at = None;
            self.ids += 1;
            // The handshake has a time limit of its own; this one is for a report that never comes.
            self.opening = Some(Opening { id: self.ids, frames: None, until: now + 6 * ANSWER_TIMEOUT });
            LinkStep::Dial(self.ids)
        })
    }

    fn dial_later(&mut self, wait: Millis, now: Millis, jitter: Jitter<'_>) {
        self.failures = self.failures.saturating_add(1);
        self.dial_at = (!self.is_over).then(|| now + wait + jitter(Backoff::CONNECT.limit(self.failures)));
    }
}
