//! The fan-out: who is to hear an event, one lane per socket, and the three hosts that post (a function, `fan-out`, a relay).

pub mod announce;
pub mod audiences;
pub mod broadcaster;
pub mod companions;
pub mod frame;
pub mod lanes;
pub mod publish;
pub mod recipients;
pub mod relay;
pub mod repair;
pub mod shards;
