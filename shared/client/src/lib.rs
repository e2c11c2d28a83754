//! The reference client of Parlance: what every client must do, in the fewest lines that do it.
//!
//! The rules are pure, and are what one ports first: [`order`] (each conversation's events once, in order, without a gap), [`outbox`]
//! (each message stored once, however often it has to be sent), and [`session`], which puts them together with the sockets of a client.
//! None of them reads a clock, a socket or a random number, so a simulation can drive them. Around them, `driver` carries out what a
//! session wants, over sockets, HTTP and a file.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use parlance_client::{Client, ClientEvent, Draft, Options};
//!
//! let (client, mut events) = Client::connect(Options::new("http://127.0.0.1:8080", "a token"))?;
//! let conversation = client.create_direct("bob").await?;
//! client.send(conversation.id, Draft::text("Hello, Bob")).await?;
//! while let Some(event) = events.next().await {
//!     if let ClientEvent::Event(event) = event {
//!         println!("{} {:?}", event.kind, event.data());
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod api;
pub mod backoff;
mod client;
mod driver;
mod kept;
mod options;
pub mod order;
pub mod outbox;
mod resume;
pub mod session;
mod socket;

pub use api::ApiError;
pub use client::{Client, ClientEvent, ConnectError, Events, SendError, Sent};
pub use options::{Handshake, InvalidOrigin, Options, TokenError};
pub use parlance_protocol as protocol;
pub use parlance_protocol::{
    conversation::Conversation, event::EventData, event::EventFrame, ids, message::Message, page::LogPage,
    page::Page, request::send_message::Draft, request::send_message::SendMessageData,
};
