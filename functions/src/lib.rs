//! WHAT CAN CALL US: one file per route, endpoint and consumed event, and one binary per function, which lists what it is made of.

pub mod assembly;
pub mod events;
pub mod http;
pub mod rendering;
pub mod ws;
