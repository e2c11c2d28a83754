//! The harness of the end-to-end tests: the real local cloud as a child process, and people who speak raw frames and requests to it.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed, one that is skipped says so, and what is given reads best without &"
)]

pub mod answer;
pub mod cloud;
pub mod credentials;
pub mod deadline;
pub mod endurance;
pub mod faults;
pub mod issuer;
pub mod person;
pub mod programs;
pub mod proxy;
pub mod receiver;
pub mod redis_server;
pub mod socket;
pub mod specification;
pub mod view;
