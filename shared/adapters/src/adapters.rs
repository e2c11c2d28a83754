//! Every adapter of one process, built from its configuration when first asked for, over shared clients.

use std::sync::{Arc, OnceLock};

use parlance_application::ports::{
    connections::ConnectionDirectory,
    conversations::{ConversationRepository, ReadReceipts},
    environment::{Clock, Random},
    identity::TicketRepository,
    log::MessageLog,
};

use crate::{
    aws::sdk_config,
    configuration::{Configuration, ConfigurationError},
    dynamodb::{CapacityMeter, DynamoConnections, DynamoConversations, DynamoMessageLog, DynamoTickets, Table},
    system::{OsRandom, SystemClock},
};

/// Builds what a main lists. A variable that the process was not given is an error of the adapter that needs it.
#[derive(Debug)]
pub struct Adapters {
    configuration: Configuration,
    meter: Option<Arc<CapacityMeter>>,
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
}

impl Adapters {
    /// Reads the process's environment.
    pub fn from_env() -> Result<Self, ConfigurationError> {
        Configuration::from_env().map(Self::new)
    }

    /// Builds from this configuration.
    pub fn new(configuration: Configuration) -> Self {
        Self { configuration, meter: None, dynamodb: OnceLock::new() }
    }

    /// Counts what DynamoDB is asked and what it costs.
    #[must_use]
    pub fn metered(self, meter: Arc<CapacityMeter>) -> Self {
        Self { meter: Some(meter), ..self }
    }

    /// What the adapters are built from.
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// The host's clock.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }

    /// The host's randomness.
    pub fn random(&self) -> Arc<dyn Random> {
        Arc::new(OsRandom)
    }

    /// The logs.
    pub fn message_log(&self) -> Result<Arc<dyn MessageLog>, ConfigurationError> {
        Ok(Arc::new(DynamoMessageLog::new(self.chat_table("message log")?)))
    }

    /// Conversations, rosters and memberships.
    pub fn conversations(&self) -> Result<Arc<dyn ConversationRepository>, ConfigurationError> {
        Ok(Arc::new(DynamoConversations::new(self.chat_table("conversations")?)))
    }

    /// How far people have read.
    pub fn read_receipts(&self) -> Result<Arc<dyn ReadReceipts>, ConfigurationError> {
        Ok(Arc::new(DynamoConversations::new(self.chat_table("read receipts")?)))
    }

    /// Open sockets.
    pub fn connections(&self) -> Result<Arc<dyn ConnectionDirectory>, ConfigurationError> {
        Ok(Arc::new(DynamoConnections::new(self.connections_table("connections")?)))
    }

    /// Tickets.
    pub fn tickets(&self) -> Result<Arc<dyn TicketRepository>, ConfigurationError> {
        Ok(Arc::new(DynamoTickets::new(self.connections_table("tickets")?)))
    }

    fn chat_table(&self, port: &'static str) -> Result<Table, ConfigurationError> {
        self.table("CHAT_TABLE", self.configuration.chat_table.as_deref(), port)
    }

    fn connections_table(&self, port: &'static str) -> Result<Table, ConfigurationError> {
        self.table("CONNECTIONS_TABLE", self.configuration.connections_table.as_deref(), port)
    }

    fn table(
        &self,
        variable: &'static str,
        name: Option<&str>,
        port: &'static str,
    ) -> Result<Table, ConfigurationError> {
        let name = name.ok_or(ConfigurationError::Missing(variable))?;
        Ok(Table::new(self.dynamodb()?, name, port, self.meter.clone()))
    }

    fn dynamodb(&self) -> Result<aws_sdk_dynamodb::Client, ConfigurationError> {
        if let Some(client) = self.dynamodb.get() {
            return Ok(client.clone());
        }
        let config = sdk_config(&self.configuration, self.configuration.endpoints.dynamodb.as_deref())?;
        Ok(self.dynamodb.get_or_init(|| aws_sdk_dynamodb::Client::new(&config)).clone())
    }
}
