//! How calls come in: a Lambda event becomes a caller and a request, a handler answers, an error becomes a code. Written once for all routes.

pub mod cursor;
pub mod http;
pub mod limits;
pub mod refusal;
pub mod run;
pub mod socket;
pub mod telemetry;

pub use refusal::Refusal;
pub use run::{Function, StartError, run};
