//! Every adapter of one process, built from its configuration when first asked for, over shared clients.

mod attachments;
mod clients;

use std::sync::Arc;

use parlance_application::ports::{
    blocks::BlockRepository,
    cache::ConversationCache,
    connections::{AnnouncementTimer, ConnectionDirectory, ConnectionProbe},
    conversations::{ConversationRepository, MembershipSettings, ReadReceipts, RosterPages},
    delivery::{ConnectionPoster, EntryTimer, FanOutInvoker, RelayBus},
    environment::{Clock, Random},
    event_bus::EventBus,
    idempotency::IdempotencyRepository,
    identity::{TicketRepository, TokenVerifier},
    log::MessageLog,
    people::PeopleRepository,
    presence::{Departures, DirectPeers, PresenceBoard, PresenceRepository, PresenceTimer},
    rates::RateCounters,
    reads::{MovedCursors, ReadTimer, ReadingCache},
    rows::ConversationRows,
    typing::TypingBoard,
    webhooks::{DeliveryQueue, WebhookClient, WebhookRepository},
};

use self::clients::Clients;
use crate::{
    configuration::{Configuration, ConfigurationError},
    dynamodb::{
        CapacityMeter, DynamoBlocks, DynamoConnections, DynamoConversations, DynamoIdempotency,
        DynamoMessageLog, DynamoPeople, DynamoPresence, DynamoRows, DynamoSigningKeys, DynamoTickets,
        DynamoWebhooks,
    },
    eventbridge::EventBridgeBus,
    jwt::{JwtVerifier, KeyRefresher, SigningKeySource},
    lambda::LambdaFanOut,
    redis::{
        CachedConnectionDirectory, CachedPeople, NoCache, NoCounters, NoMovedCursors, NoPresence, NoRelays,
        NoTypingBoard, RedisDepartures, RedisLink, RedisMovedCursors, RedisPresenceBoard, RedisRateCounters,
        RedisRelayBus, RedisTypingBoard, RelaySubscription, RememberedConnectionDirectory,
    },
    sqs::{SqsDeliveryQueue, SqsEntryTimer, SqsPresenceTimer, SqsReadTimer},
    system::{OsRandom, SystemClock},
    webhooks::HttpWebhookClient,
};

/// Builds what a main lists. A variable that the process was not given is an error of the adapter that needs it.
///
/// Without Redis the cache remembers nothing, no relay lives, and connections are read from the table.
pub struct Adapters {
    clients: Clients,
}

/// What a relay needs beside the ports: its signs of life and its ears.
pub struct RelayAdapters {
    /// Publishes, marks, and says that the relay is alive.
    pub bus: RedisRelayBus,
    /// What is published for the relay's shards.
    pub subscription: RelaySubscription,
    /// Open sockets, as a process that goes on running remembers them.
    pub connections: Arc<dyn ConnectionDirectory>,
}

impl Adapters {
    /// Reads the process's environment.
    pub fn from_env() -> Result<Self, ConfigurationError> {
        Configuration::from_env().map(Self::new)
    }

    /// Builds from this configuration.
    pub fn new(configuration: Configuration) -> Self {
        Self { clients: Clients::new(configuration, None) }
    }

    /// Builds from this configuration, and counts what DynamoDB is asked and what it costs.
    pub fn metered(configuration: Configuration, meter: Arc<CapacityMeter>) -> Self {
        Self { clients: Clients::new(configuration, Some(meter)) }
    }

    /// What the adapters are built from.
    pub fn configuration(&self) -> &Configuration {
        self.clients.configuration()
    }

    /// Opens the connections of everything that was built, so that the first request need not wait for them.
    pub async fn prewarm(&self) {
        self.clients.prewarm().await;
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
        Ok(Arc::new(DynamoMessageLog::new(self.clients.chat_table("message log")?)))
    }

    /// Conversations, rosters and memberships.
    pub fn conversations(&self) -> Result<Arc<dyn ConversationRepository>, ConfigurationError> {
        Ok(Arc::new(DynamoConversations::new(self.clients.chat_table("conversations")?)))
    }

    /// How far people have read.
    pub fn read_receipts(&self) -> Result<Arc<dyn ReadReceipts>, ConfigurationError> {
        Ok(Arc::new(DynamoRows::new(self.clients.chat_table("read receipts")?)))
    }

    /// Rows of many conversations at once.
    pub fn conversation_rows(&self) -> Result<Arc<dyn ConversationRows>, ConfigurationError> {
        Ok(Arc::new(DynamoRows::new(self.clients.chat_table("conversation rows")?)))
    }

    /// Hints for readers.
    pub fn reading_cache(&self) -> Result<Arc<dyn ReadingCache>, ConfigurationError> {
        Ok(match self.clients.conversation_cache()? {
            Some(cache) => cache,
            None => Arc::new(NoCache),
        })
    }

    /// Cursors that have moved lately.
    pub fn moved_cursors(&self) -> Result<Arc<dyn MovedCursors>, ConfigurationError> {
        Ok(match self.redis()? {
            Some(link) => Arc::new(RedisMovedCursors::new(link, self.clock())),
            None => Arc::new(NoMovedCursors),
        })
    }

    /// The timer queue of moved cursors.
    pub fn read_timer(&self) -> Result<Arc<dyn ReadTimer>, ConfigurationError> {
        let url = self.configuration().read_timer_queue_url.as_deref();
        let url = url.ok_or(ConfigurationError::Missing("READ_TIMER_QUEUE_URL"))?;
        Ok(Arc::new(SqsReadTimer::new(self.clients.sqs()?, url)))
    }

    /// Who is in conversations, page by page.
    pub fn roster_pages(&self) -> Result<Arc<dyn RosterPages>, ConfigurationError> {
        Ok(Arc::new(DynamoConversations::new(self.clients.chat_table("roster pages")?)))
    }

    /// What members decided for themselves.
    pub fn membership_settings(&self) -> Result<Arc<dyn MembershipSettings>, ConfigurationError> {
        Ok(Arc::new(DynamoConversations::new(self.clients.chat_table("membership settings")?)))
    }

    /// Hints about conversations.
    pub fn conversation_cache(&self) -> Result<Arc<dyn ConversationCache>, ConfigurationError> {
        Ok(match self.clients.conversation_cache()? {
            Some(cache) => cache,
            None => Arc::new(NoCache),
        })
    }

    /// How often things were done of late.
    pub fn rate_counters(&self) -> Result<Arc<dyn RateCounters>, ConfigurationError> {
        Ok(match self.redis()? {
            Some(link) => Arc::new(RedisRateCounters::new(link)),
            None => Arc::new(NoCounters),
        })
    }

    /// Who is typing.
    pub fn typing_board(&self) -> Result<Arc<dyn TypingBoard>, ConfigurationError> {
        Ok(match self.redis()? {
            Some(link) => Arc::new(RedisTypingBoard::new(link)),
            None => Arc::new(NoTypingBoard),
        })
    }

    /// What people chose to be shown as, and when they were last seen.
    pub fn presence(&self) -> Result<Arc<dyn PresenceRepository>, ConfigurationError> {
        Ok(Arc::new(DynamoPresence::new(self.clients.connections_table("presence")?)))
    }

    /// What watchers of presence were told, and who they are.
    pub fn presence_board(&self) -> Result<Arc<dyn PresenceBoard>, ConfigurationError> {
        Ok(match self.redis()? {
            Some(link) => Arc::new(RedisPresenceBoard::new(link)),
            None => Arc::new(NoPresence),
        })
    }

    /// When people go.
    pub fn departures(&self) -> Result<Arc<dyn Departures>, ConfigurationError> {
        Ok(match self.redis()? {
            Some(link) => Arc::new(RedisDepartures::new(link)),
            None => Arc::new(NoPresence),
        })
    }

    /// The timer queue of presence.
    pub fn presence_timer(&self) -> Result<Arc<dyn PresenceTimer>, ConfigurationError> {
        Ok(Arc::new(self.presence_queue()?))
    }

    /// The timer queue of sockets that could not be announced.
    pub fn announcement_timer(&self) -> Result<Arc<dyn AnnouncementTimer>, ConfigurationError> {
        Ok(Arc::new(self.presence_queue()?))
    }

    fn presence_queue(&self) -> Result<SqsPresenceTimer, ConfigurationError> {
        let url = self.configuration().presence_queue_url.as_deref();
        let url = url.ok_or(ConfigurationError::Missing("PRESENCE_QUEUE_URL"))?;
        Ok(SqsPresenceTimer::new(self.clients.sqs()?, url))
    }

    /// Who has a direct conversation with whom.
    pub fn direct_peers(&self) -> Result<Arc<dyn DirectPeers>, ConfigurationError> {
        Ok(Arc::new(DynamoConversations::new(self.clients.chat_table("direct peers")?)))
    }

    /// What requests with a key were answered.
    pub fn idempotency(&self) -> Result<Arc<dyn IdempotencyRepository>, ConfigurationError> {
        Ok(Arc::new(DynamoIdempotency::new(self.clients.chat_table("idempotency")?)))
    }

    /// Open sockets.
    pub fn connections(&self) -> Result<Arc<dyn ConnectionDirectory>, ConfigurationError> {
        let durable = self.connection_registry()?;
        Ok(match self.redis()? {
            Some(link) => {
                Arc::new(CachedConnectionDirectory::new(durable, link, self.random(), self.clock()))
            }
            None => durable,
        })
    }

    /// Open sockets as the table knows them, for those who must miss none.
    pub fn connection_registry(&self) -> Result<Arc<dyn ConnectionDirectory>, ConfigurationError> {
        Ok(Arc::new(DynamoConnections::new(self.clients.connections_table("connections")?)))
    }

    /// Whom people block.
    pub fn blocks(&self) -> Result<Arc<dyn BlockRepository>, ConfigurationError> {
        Ok(Arc::new(DynamoBlocks::new(self.clients.chat_table("blocks")?)))
    }

    /// What is known of people.
    pub fn people(&self) -> Result<Arc<dyn PeopleRepository>, ConfigurationError> {
        let durable = Arc::new(DynamoPeople::new(self.clients.chat_table("people")?));
        Ok(match self.redis()? {
            Some(link) => Arc::new(CachedPeople::new(durable, link)),
            None => durable,
        })
    }

    /// Tickets.
    pub fn tickets(&self) -> Result<Arc<dyn TicketRepository>, ConfigurationError> {
        Ok(Arc::new(DynamoTickets::new(self.clients.connections_table("tickets")?)))
    }

    /// Posts to sockets.
    pub fn connection_poster(&self) -> Result<Arc<dyn ConnectionPoster>, ConfigurationError> {
        Ok(self.clients.poster()?)
    }

    /// Asks for sockets.
    pub fn connection_probe(&self) -> Result<Arc<dyn ConnectionProbe>, ConfigurationError> {
        Ok(self.clients.poster()?)
    }

    /// The way to the relays.
    pub fn relay_bus(&self) -> Result<Arc<dyn RelayBus>, ConfigurationError> {
        Ok(match self.redis()? {
            Some(link) => Arc::new(RedisRelayBus::new(link, self.clock())),
            None => Arc::new(NoRelays),
        })
    }

    /// What a relay needs beside the ports, listening in the background from now on.
    pub fn relay(&self) -> Result<RelayAdapters, ConfigurationError> {
        let link = self.redis()?.ok_or(ConfigurationError::Missing("REDIS_URL"))?;
        let bus = RedisRelayBus::new(link.clone(), self.clock());
        let durable = Arc::new(DynamoConnections::new(self.clients.connections_table("connections")?));
        let registry = CachedConnectionDirectory::new(durable, link.clone(), self.random(), self.clock());
        let connections = RememberedConnectionDirectory::new(registry, link.clone(), self.random());
        let subscription = RelaySubscription::start(link);
        Ok(RelayAdapters { bus, subscription, connections: Arc::new(connections) })
    }

    /// The function `fan-out`.
    pub fn fan_out(&self) -> Result<Arc<dyn FanOutInvoker>, ConfigurationError> {
        let name = self.configuration().fan_out_function.as_deref();
        let function = self.clients.function("FAN_OUT_FUNCTION", name, "fan-out")?;
        Ok(Arc::new(LambdaFanOut::new(function)))
    }

    /// The timer queue.
    pub fn entry_timer(&self) -> Result<Arc<dyn EntryTimer>, ConfigurationError> {
        let url = self.configuration().log_entry_queue_url.as_deref();
        let url = url.ok_or(ConfigurationError::Missing("LOG_ENTRY_QUEUE_URL"))?;
        Ok(Arc::new(SqsEntryTimer::new(self.clients.sqs()?, url)))
    }

    /// The bus for other systems; `None` in a stack that has none.
    pub fn event_bus(&self) -> Result<Option<Arc<dyn EventBus>>, ConfigurationError> {
        let Some(name) = self.configuration().event_bus.as_deref() else { return Ok(None) };
        Ok(Some(Arc::new(EventBridgeBus::new(self.clients.eventbridge()?, name))))
    }

    /// Webhooks.
    pub fn webhooks(&self) -> Result<Arc<dyn WebhookRepository>, ConfigurationError> {
        Ok(Arc::new(DynamoWebhooks::new(self.clients.chat_table("webhooks")?)))
    }

    /// What waits to be delivered to webhooks.
    pub fn delivery_queue(&self) -> Result<Arc<dyn DeliveryQueue>, ConfigurationError> {
        let url = self.configuration().webhooks.queue_url.as_deref();
        let url = url.ok_or(ConfigurationError::Missing("WEBHOOK_DELIVERY_QUEUE_URL"))?;
        Ok(Arc::new(SqsDeliveryQueue::new(self.clients.sqs()?, url)))
    }

    /// Posts to webhooks.
    pub fn webhook_client(&self) -> Result<Arc<dyn WebhookClient>, ConfigurationError> {
        let client = HttpWebhookClient::new(self.configuration().webhooks.destinations);
        let expected = "where the host's TLS can be set up";
        let client =
            client.map_err(|_| ConfigurationError::Invalid { name: "WEBHOOK_DESTINATIONS", expected })?;
        Ok(Arc::new(client))
    }

    /// Verifies tokens; needs a shared secret or a key set.
    pub fn token_verifier(&self) -> Result<Arc<dyn TokenVerifier>, ConfigurationError> {
        let tokens = &self.configuration().tokens;
        let keys = match tokens.key_set_name() {
            None if tokens.secret.is_none() => return Err(ConfigurationError::Missing("JWT_SECRET")),
            None => None,
            Some(issuer) => {
                let stored = self.signing_keys()?;
                let refresh = self.clients.key_refresh()?;
                Some(Arc::new(SigningKeySource::new(issuer, stored, refresh, self.clock())))
            }
        };
        Ok(Arc::new(JwtVerifier::new(tokens, keys)))
    }

    /// Fetches the issuer's key set; `None` where none is configured.
    pub fn key_refresher(&self) -> Result<Option<KeyRefresher>, ConfigurationError> {
        let tokens = &self.configuration().tokens;
        let (Some(url), Some(issuer)) = (&tokens.jwks_url, tokens.key_set_name()) else { return Ok(None) };
        let refresher = KeyRefresher::new(url.clone(), issuer, self.signing_keys()?, self.clock());
        refresher
            .map(Some)
            .map_err(|_| ConfigurationError::Invalid { name: "JWT_JWKS_URL", expected: "an https URL" })
    }

    fn signing_keys(&self) -> Result<DynamoSigningKeys, ConfigurationError> {
        Ok(DynamoSigningKeys::new(self.clients.chat_table("signing keys")?))
    }

    fn redis(&self) -> Result<Option<RedisLink>, ConfigurationError> {
        self.clients.redis()
    }
}
