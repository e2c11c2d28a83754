//! WHAT CAN CALL US: one file per route, endpoint and consumed event; one binary per function.

pub mod http;
pub mod ws;
