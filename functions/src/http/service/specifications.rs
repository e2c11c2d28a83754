//! The specifications of the whole contract, as they were generated and checked: one handler each.

pub mod asyncapi;
pub mod openapi;

pub use self::{asyncapi::AsyncApi, openapi::OpenApi};
