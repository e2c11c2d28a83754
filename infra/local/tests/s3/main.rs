//! The embedded S3 through the AWS SDK, and through plain HTTP as a browser speaks it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod forms;
mod media;
mod objects;
mod parts;
mod presigned;
mod stage;
