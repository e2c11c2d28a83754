//! WebSocket: one frame in, from somebody the authorizer let in; one frame out, as the invocation's own response.

pub mod caller;
pub mod event;
pub mod routes;

pub use caller::SocketCaller;
pub use event::{SocketAnswer, SocketEvent};
pub use routes::{SilentRoute, SocketDoor, SocketRoute, SocketRoutes};
