//! The memory twin of the event bus.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use parlance_application::ports::{PortError, event_bus::EventBus};
use parlance_domain::{event::PublishedEvent, ids::EventId};

/// Keeps what was put on it, in order. Its clones are the same bus.
#[derive(Clone, Default)]
pub struct MemoryEventBus {
    events: Arc<Mutex<Vec<PublishedEvent>>>,
    refused: Arc<Mutex<Vec<EventId>>>,
}

impl MemoryEventBus {
    /// Everything that was put on it.
    pub fn events(&self) -> Vec<PublishedEvent> {
        self.events.lock().unwrap().clone()
    }

    /// Refuses this event once.
    pub fn refuse_once(&self, id: EventId) {
        self.refused.lock().unwrap().push(id);
    }
}

#[async_trait]
impl EventBus for MemoryEventBus {
    async fn put(&self, events: &[PublishedEvent]) -> Vec<Result<(), PortError>> {
        let (mut kept, mut refused) = (self.events.lock().unwrap(), self.refused.lock().unwrap());
        let outcomes = events.iter().map(|event| {
            if let Some(place) = refused.iter().position(|id| *id == event.id) {
                refused.remove(place);
                return Err(PortError::new("event bus", "refused on purpose"));
            }
            kept.push(event.clone());
            Ok(())
        });
        outcomes.collect()
    }
}
