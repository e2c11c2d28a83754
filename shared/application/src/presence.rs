//! Presence: derived from open sockets, with a grace in which somebody who comes back was never away.

pub mod acquaintances;
pub mod announce;
pub mod arrive;
pub mod depart;
pub mod look;
pub mod read;
pub mod set;
pub mod sight;
pub mod watch;
