//! Journeys: raw frames and requests in and out of the running whole.

#[path = "journeys/talk.rs"]
mod talk;
