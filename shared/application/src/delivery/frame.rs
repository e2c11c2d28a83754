//! An encoded event on its way to sockets, and whether it is worth a second try.

use std::sync::Arc;

use crate::ports::delivery::Broadcast;

/// An encoded event. Its clones share the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    bytes: Arc<[u8]>,
    is_droppable: bool,
}

impl Frame {
    /// What is tried again where posts are throttled or fail.
    pub fn kept(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { bytes: bytes.into(), is_droppable: false }
    }

    /// What soon means nothing any more (typing, presence): where posts are throttled or fail it is dropped, to make room for the rest.
    pub fn droppable(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { bytes: bytes.into(), is_droppable: true }
    }

    /// Whether it is dropped rather than tried again.
    pub const fn is_droppable(&self) -> bool {
        self.is_droppable
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl From<&Broadcast> for Frame {
    fn from(broadcast: &Broadcast) -> Self {
        let bytes = broadcast.frame.as_slice();
        if broadcast.is_droppable() { Self::droppable(bytes) } else { Self::kept(bytes) }
    }
}
