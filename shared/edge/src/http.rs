//! HTTP: one request in, verified and parsed; one answer out.

pub mod answer;
pub mod event;
pub mod request;
pub mod routes;

pub use answer::Reply;
pub use request::{Request, RequestParts};
pub use routes::{HttpRoute, HttpRoutes, PublicRoute};
