//! Memory twins of every port, the contract suites that twins and real adapters are held to, and a simulation of everything that can go wrong.

// Everything here runs in tests only, where a broken assumption should stop the test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc
)]

pub mod contracts;
pub mod files;
pub mod memory;
pub mod scene;
pub mod simulation;
