//! What is said on the wire: frames, events, requests, problem+json and the one table of error codes.

pub mod attachment;
pub mod conversation;
pub mod error_code;
pub mod event;
pub mod fields;
pub mod frame;
pub mod health;
pub mod json_events;
pub mod limits;
pub mod message;
pub mod page;
pub mod problem;
pub mod read_state;
pub mod request;
pub mod signal;
pub mod spec;
pub mod sync;
pub mod ticket;
pub mod upload;
pub mod user;
pub mod webhook;
pub mod wire_time;

pub use parlance_domain::{head::Seq, ids};
