//! Open sockets: letting them in, forgetting them, turning them out.

pub mod admit;
pub mod announce;
pub mod close;
pub mod open;
pub mod origins;
pub mod register;
