//! API Gateway, WebSocket and HTTP, with the CDN's work in front and `@connections` beside.

mod cdn;
mod clock;
mod connections;
mod echo;
mod front;
mod http_api;
mod limits;
mod local;
mod management;
mod media;
mod media_key;
mod query;
mod selection;
mod socket;
mod socket_api;
mod upgrade;

pub use self::connections::Connections;
pub use self::front::Front;
pub use self::http_api::HttpApi;
pub use self::limits::{LimitError, Limits, parse_duration};
pub use self::local::Local;
pub use self::management::Management;
pub use self::media::Media;
pub use self::media_key::{MediaKey, MediaKeyPair};
pub use self::selection::SelectionExpression;
pub use self::socket_api::SocketApi;
