//! HTTP: one request in, verified and parsed; one answer out.

pub mod answer;
pub mod callers;
pub mod event;
pub mod form;
pub mod replay;
pub mod request;
pub mod routes;

pub use answer::Reply;
pub use callers::Callers;
pub use form::FileForm;
pub use replay::Replay;
pub use request::{Request, RequestParts};
pub use routes::{HttpRoute, HttpRoutes, PublicRoute};
