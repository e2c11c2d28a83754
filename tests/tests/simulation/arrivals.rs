//! What is on its way, in the order in which it arrives.

use std::cmp::Ordering;

use parlance_client::session::SocketId;
use parlance_domain::ids::UserId;

use super::clock::Moment;

/// Where a connection of API Gateway's ends.
pub struct Endpoint {
    pub device: usize,
    pub program: u32,
    pub socket: SocketId,
    /// When the last frame to it arrives: none overtakes another.
    pub last: Moment,
}

/// Something that arrives at a moment.
pub struct OnTheWay {
    pub at: Moment,
    pub order: u64,
    pub arrival: Arrival,
}

/// What arrives.
pub enum Arrival {
    /// A frame at a device.
    Frame { device: usize, program: u32, socket: SocketId, frame: String },
    /// The end of a socket at a device.
    Closed { device: usize, program: u32, socket: SocketId, reason: &'static str },
    /// The network comes back, or somebody switches a device on.
    Back { device: usize },
    /// `$disconnect`.
    Disconnect { user: UserId, connection: String },
    /// Somebody does something.
    Act,
    /// Half-done transactions and late writes move on.
    Table,
}

impl PartialEq for OnTheWay {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for OnTheWay {}

impl PartialOrd for OnTheWay {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for OnTheWay {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}
