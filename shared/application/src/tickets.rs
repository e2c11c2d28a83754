//! Tickets: passes for one handshake, so that a token need not stand in a URL.

pub mod issue;
