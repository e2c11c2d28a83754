//! Puts the relay together from the adapters that its task was given the configuration of.

use std::sync::Arc;

use parlance_adapters::{Adapters, ConfigurationError, RelayAdapters};
use parlance_application::{
    delivery::{broadcaster::Closer, lanes::Lanes, recipients::Recipients, relay::RelayHost},
    log::rosters::RosterReader,
    ports::connections::ConnectionDirectory,
    safeguards::Safeguards,
};
use parlance_domain::{
    base32,
    event::EventEncoder,
    ids::{InvalidId, RelayId},
};
use parlance_protocol::json_events::JsonEvents;

use crate::{StartError, relay::Parts};

/// The parts of one relay, with a name of its own.
pub fn parts() -> Result<Parts, StartError> {
    let adapters = Adapters::from_env()?;
    let RelayAdapters { bus, subscription, connections } = adapters.relay()?;
    Ok(Parts { id: name(&adapters)?, bus, subscription, host: host(&adapters, &connections)? })
}

fn name(adapters: &Adapters) -> Result<RelayId, InvalidId> {
    RelayId::parse(&base32::encode(&adapters.random().bytes()))
}

fn host(
    adapters: &Adapters,
    connections: &Arc<dyn ConnectionDirectory>,
) -> Result<RelayHost, ConfigurationError> {
    let encoder: Arc<dyn EventEncoder> = Arc::new(JsonEvents);
    let rosters = RosterReader::new(
        adapters.message_log()?,
        adapters.conversations()?,
        adapters.conversation_cache()?,
        Safeguards::ALL,
    );
    let lanes = Lanes::new(
        adapters.connection_poster()?,
        Arc::clone(connections),
        Arc::clone(&encoder),
        adapters.clock(),
        adapters.random(),
    );
    let closer = Closer::new(adapters.connection_poster()?, Arc::clone(connections), encoder);
    let recipients = Recipients::new(Arc::clone(connections));
    Ok(RelayHost::new(rosters, recipients, lanes, closer, adapters.relay_bus()?, adapters.clock()))
}
