//! What sockets ask: the handshake, the end, and one file per type of frame.

pub mod authorizer;
pub mod connect;
pub mod disconnect;
pub mod message_delete;
pub mod message_edit;
pub mod message_read;
pub mod message_send;
pub mod ping;
pub mod presence_set;
pub mod presence_watch;
pub mod session_start;
pub mod sync;
pub mod typing_start;
pub mod typing_stop;
