//! Who is typing: told to the members of conversations of up to 100, stored nowhere.

pub mod room;
pub mod start;
pub mod stop;
