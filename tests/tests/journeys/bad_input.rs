//! Bad input of every kind: refused with the contract's code on HTTP and on sockets alike, nothing stored, the next request served.

#[path = "bad_input/conversations.rs"]
mod conversations;
#[path = "bad_input/encodings.rs"]
mod encodings;
#[path = "bad_input/frames.rs"]
mod frames;
#[path = "bad_input/messages.rs"]
mod messages;
#[path = "bad_input/tokens.rs"]
mod tokens;
#[path = "bad_input/users.rs"]
mod users;
