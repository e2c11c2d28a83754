//! How far people have read: who is told, who asks, and what is left to read.

pub mod collect;
pub mod receipts;
pub mod tell;
pub mod unread;
