//! People over HTTP: oneself, and everybody for trusted back ends.

pub mod block;
pub mod blocks;
pub mod me;
pub mod me_change;
pub mod unblock;
pub mod user;
pub mod user_change;
