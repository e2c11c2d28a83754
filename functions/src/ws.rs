//! What sockets ask: the handshake, the end, and one file per type of frame.

pub mod authorizer;
pub mod connect;
pub mod disconnect;
pub mod message_delete;
pub mod message_edit;
pub mod message_read;
pub mod message_send;
pub mod ping;
pub mod session_start;
pub mod sync;
