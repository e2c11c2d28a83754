//! What the environment says, read once and typed.

use std::{env, sync::Arc, time::Duration};

use parlance_application::limits::rates::{PerSecond, RateLimits};
use parlance_domain::webhook::Destinations;
use url::Url;

/// A variable of the environment that is missing or makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigurationError {
    /// It is not there, or empty.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// It is there and cannot be used.
    #[error("{name} must be {expected}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// What it should have been.
        expected: &'static str,
    },
}

/// A secret that nothing prints.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<[u8]>);

impl Secret {
    /// Wraps the secret.
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The secret itself.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }

    /// The secret as the text that it came from.
    pub fn reveal_text(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// How tokens are verified.
#[derive(Debug, Clone, Default)]
pub struct TokenConfiguration {
    /// The shared secret of HS256 tokens.
    pub secret: Option<Secret>,
    /// Where the keys of RS256, ES256 and EdDSA tokens are published.
    pub jwks_url: Option<Url>,
    /// What `iss` must be.
    pub issuer: Option<String>,
    /// What `aud` must hold.
    pub audience: Option<String>,
    /// How far clocks may be apart.
    pub leeway: Duration,
}

impl TokenConfiguration {
    /// The name under which the issuer's key set is stored: the issuer's, or the set's own address.
    pub fn key_set_name(&self) -> Option<&str> {
        let url = self.jwks_url.as_ref()?;
        Some(self.issuer.as_deref().unwrap_or(url.as_str()))
    }
}

/// How webhooks are delivered.
#[derive(Debug, Clone, Default)]
pub struct WebhookConfiguration {
    /// Where they may lead.
    pub destinations: Destinations,
    /// The queue of deliveries.
    pub queue_url: Option<String>,
    /// The pauses after the first, second, … failure.
    pub pauses: Vec<Duration>,
    /// After how many attempts a delivery is set aside.
    pub attempts: Option<u32>,
    /// A webhook that has accepted nothing for so long is disabled.
    pub disable_after: Duration,
}

/// Where attachments are.
#[derive(Debug, Clone, Default)]
pub struct AttachmentConfiguration {
    /// The bucket of their bytes.
    pub bucket: Option<String>,
    /// Where clients reach the bucket, as a part of its paths, if that is not where the functions do: another name of the same machine.
    pub upload_endpoint: Option<String>,
    /// The id of the key by which addresses are signed, as the key group knows it.
    pub media_key_id: Option<String>,
    /// That key, in PEM.
    pub media_private_key: Option<Secret>,
    /// The queue of those that somebody is to look after.
    pub queue_url: Option<String>,
    /// The function that looks into files.
    pub inspect_function: Option<String>,
}

/// What the environment says. A function is given what it needs and no more, so that most of it may be absent.
#[derive(Debug, Clone, Default)]
pub struct Configuration {
    /// The Region.
    pub region: Option<String>,
    /// A function's own credentials; a container asks for its instead.
    pub credentials: Option<AccessKey>,
    /// The table of logs and conversations.
    pub chat_table: Option<String>,
    /// The table of connections and tickets.
    pub connections_table: Option<String>,
    /// Where frames are posted: API Gateway's management endpoint, stage included.
    pub connections_endpoint: Option<Url>,
    /// Redis, unless the stack goes without.
    pub redis_url: Option<Secret>,
    /// What keeps the keys of this stack's life apart from those of any other.
    pub stack_id: Option<String>,
    /// The function that posts to many sockets.
    pub fan_out_function: Option<String>,
    /// The function that fetches signing keys.
    pub jwks_refresh_function: Option<String>,
    /// The timer queue.
    pub log_entry_queue_url: Option<String>,
    /// The bus for other systems, where the stack has one.
    pub event_bus: Option<String>,
    /// The timer queue of moved cursors.
    pub read_timer_queue_url: Option<String>,
    /// The timer queue of presence.
    pub presence_queue_url: Option<String>,
    /// How long somebody may be away before others are told.
    pub presence_grace: Duration,
    /// What cursors are signed with; the first signs, all are accepted.
    pub signing_secrets: Vec<Secret>,
    /// How tokens are verified.
    pub tokens: TokenConfiguration,
    /// How fast users may be.
    pub rate_limits: RateLimits,
    /// How webhooks are delivered.
    pub webhooks: WebhookConfiguration,
    /// Where attachments are.
    pub attachments: AttachmentConfiguration,
    /// The allowed origins; a host of `*` as port stands for any port.
    pub allowed_origins: Vec<String>,
    /// Endpoints other than AWS's own.
    pub endpoints: Endpoints,
}

/// The credentials that Lambda puts into a function's environment.
#[derive(Debug, Clone)]
pub struct AccessKey {
    /// `AWS_ACCESS_KEY_ID`.
    pub id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret: Secret,
    /// `AWS_SESSION_TOKEN`.
    pub session_token: Option<Secret>,
}

/// Endpoints other than AWS's own, by the SDK's own variables.
#[derive(Debug, Clone, Default)]
pub struct Endpoints {
    /// `AWS_ENDPOINT_URL_DYNAMODB`.
    pub dynamodb: Option<String>,
    /// `AWS_ENDPOINT_URL_SQS`.
    pub sqs: Option<String>,
    /// `AWS_ENDPOINT_URL_LAMBDA`.
    pub lambda: Option<String>,
    /// `AWS_ENDPOINT_URL_EVENTBRIDGE`.
    pub eventbridge: Option<String>,
    /// `AWS_ENDPOINT_URL_S3`.
    pub s3: Option<String>,
}

impl Configuration {
    /// Reads the process's environment.
    pub fn from_env() -> Result<Self, ConfigurationError> {
        Self::read(&|name| env::var(name).ok())
    }

    /// Reads variables through `lookup`; empty ones count as absent.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigurationError> {
        let variable = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let endpoint = |name: &str| variable(name).or_else(|| variable("AWS_ENDPOINT_URL"));
        let secret = |name: &str| variable(name).map(|value| Secret::new(value.as_bytes()));
        let connections_endpoint = match variable("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI") {
            Some(local) => Some(url("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", &local)?),
            None => variable("CONNECTIONS_ENDPOINT")
                .map(|value| url("CONNECTIONS_ENDPOINT", &value))
                .transpose()?,
        };
        Ok(Self {
            region: variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")),
            credentials: variable("AWS_ACCESS_KEY_ID").and_then(|id| {
                let session_token = secret("AWS_SESSION_TOKEN");
                Some(AccessKey { id, secret: secret("AWS_SECRET_ACCESS_KEY")?, session_token })
            }),
            chat_table: variable("CHAT_TABLE"),
            connections_table: variable("CONNECTIONS_TABLE"),
            connections_endpoint,
            redis_url: secret("REDIS_URL"),
            stack_id: variable("STACK_ID"),
            fan_out_function: variable("FAN_OUT_FUNCTION"),
            jwks_refresh_function: variable("JWKS_REFRESH_FUNCTION"),
            log_entry_queue_url: variable("LOG_ENTRY_QUEUE_URL"),
            event_bus: variable("EVENT_BUS"),
            read_timer_queue_url: variable("READ_TIMER_QUEUE_URL"),
            presence_queue_url: variable("PRESENCE_QUEUE_URL"),
            presence_grace: Duration::from_secs(seconds(
                "PRESENCE_GRACE_SECONDS",
                variable("PRESENCE_GRACE_SECONDS"),
                30,
            )?),
            signing_secrets: ["SIGNING_SECRET", "PREVIOUS_SIGNING_SECRET"]
                .into_iter()
                .filter_map(secret)
                .collect(),
            tokens: TokenConfiguration {
                secret: secret("JWT_SECRET"),
                jwks_url: variable("JWT_JWKS_URL").map(|value| url("JWT_JWKS_URL", &value)).transpose()?,
                issuer: variable("JWT_ISSUER"),
                audience: variable("JWT_AUDIENCE"),
                leeway: Duration::from_secs(seconds(
                    "JWT_LEEWAY_SECONDS",
                    variable("JWT_LEEWAY_SECONDS"),
                    60,
                )?),
            },
            rate_limits: variable("RATE_LIMITS")
                .map_or(Ok(RateLimits::DEFAULT), |rates| rate_limits("RATE_LIMITS", &rates))?,
            webhooks: webhooks(&variable)?,
            attachments: AttachmentConfiguration {
                bucket: variable("ATTACHMENT_BUCKET"),
                upload_endpoint: variable("AWS_ENDPOINT_URL_S3_UPLOADS"),
                queue_url: variable("ATTACHMENT_QUEUE_URL"),
                inspect_function: variable("INSPECT_FILE_FUNCTION"),
                media_key_id: variable("MEDIA_KEY_ID"),
                media_private_key: secret("MEDIA_PRIVATE_KEY"),
            },
            allowed_origins: variable("ALLOWED_ORIGINS")
                .map(|list| list.split(',').map(|origin| origin.trim().to_owned()).collect())
                .unwrap_or_default(),
            endpoints: Endpoints {
                dynamodb: endpoint("AWS_ENDPOINT_URL_DYNAMODB"),
                sqs: endpoint("AWS_ENDPOINT_URL_SQS"),
                lambda: endpoint("AWS_ENDPOINT_URL_LAMBDA"),
                eventbridge: endpoint("AWS_ENDPOINT_URL_EVENTBRIDGE"),
                s3: endpoint("AWS_ENDPOINT_URL_S3"),
            },
        })
    }
}

fn webhooks(variable: &dyn Fn(&str) -> Option<String>) -> Result<WebhookConfiguration, ConfigurationError> {
    let destinations = match variable("WEBHOOK_DESTINATIONS") {
        None => Destinations::default(),
        Some(name) => Destinations::parse(&name).ok_or(ConfigurationError::Invalid {
            name: "WEBHOOK_DESTINATIONS",
            expected: "public or loopback",
        })?,
    };
    let pauses = variable("WEBHOOK_RETRY_SECONDS").unwrap_or_default();
    let pauses = pauses.split(',').map(str::trim).filter(|text| !text.is_empty());
    let pauses = pauses.map(|text| seconds("WEBHOOK_RETRY_SECONDS", Some(text.to_owned()), 0));
    let attempts = variable("WEBHOOK_ATTEMPTS").map(|text| {
        let expected = "a number of attempts";
        text.parse().map_err(|_| ConfigurationError::Invalid { name: "WEBHOOK_ATTEMPTS", expected })
    });
    let name = "WEBHOOK_DISABLE_AFTER_SECONDS";
    Ok(WebhookConfiguration {
        destinations,
        queue_url: variable("WEBHOOK_DELIVERY_QUEUE_URL"),
        pauses: pauses.map(|pause| pause.map(Duration::from_secs)).collect::<Result<_, _>>()?,
        attempts: attempts.transpose()?,
        disable_after: Duration::from_secs(seconds(name, variable(name), 0)?),
    })
}

fn url(name: &'static str, value: &str) -> Result<Url, ConfigurationError> {
    Url::parse(value).map_err(|_| ConfigurationError::Invalid { name, expected: "a URL" })
}

fn seconds(name: &'static str, value: Option<String>, default: u64) -> Result<u64, ConfigurationError> {
    match value {
        None => Ok(default),
        Some(value) => {
            value.parse().map_err(|_| ConfigurationError::Invalid { name, expected: "a number of seconds" })
        }
    }
}

/// Reads `sends=20 writes=10 …`: whole numbers a second, 0 for no limit; what is not named is as by default.
fn rate_limits(name: &'static str, rates: &str) -> Result<RateLimits, ConfigurationError> {
    let invalid =
        || ConfigurationError::Invalid { name, expected: "names of limits, each with a number a second" };
    let mut limits = RateLimits::DEFAULT;
    for rate in rates.split_whitespace() {
        let (limit, number) = rate.split_once('=').ok_or_else(invalid)?;
        let number: u32 = number.parse().map_err(|_| invalid())?;
        let limit: &mut PerSecond = match limit {
            "sends" => &mut limits.sends,
            "writes" => &mut limits.writes,
            "reads" => &mut limits.reads,
            "handshakes" => &mut limits.handshakes,
            "signals" => &mut limits.signals,
            "uploads" => &mut limits.uploads,
            "conversation_sends" => &mut limits.conversation_sends,
            _ => return Err(invalid()),
        };
        *limit = (number > 0).then_some(number);
    }
    Ok(limits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_is_absent_and_the_local_endpoint_wins() {
        let configuration = Configuration::read(&|name| {
            let value = match name {
                "REDIS_URL" => "",
                "CHAT_TABLE" => "chat",
                "CONNECTIONS_ENDPOINT" => "https://api.example/live",
                "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI" => "http://127.0.0.1:9/live",
                "ALLOWED_ORIGINS" => "http://localhost:*, https://a.example",
                _ => return None,
            };
            Some(value.to_owned())
        });
        let configuration = configuration.unwrap();
        assert_eq!(configuration.redis_url, None);
        assert_eq!(configuration.chat_table.as_deref(), Some("chat"));
        assert_eq!(configuration.connections_endpoint.unwrap().as_str(), "http://127.0.0.1:9/live");
        assert_eq!(configuration.allowed_origins, ["http://localhost:*", "https://a.example"]);
        assert_eq!(configuration.tokens.leeway, Duration::from_secs(60));
    }

    #[test]
    fn a_variable_that_makes_no_sense_is_named() {
        let refusal = Configuration::read(&|name| (name == "JWT_LEEWAY_SECONDS").then(|| "soon".to_owned()));
        let expected =
            ConfigurationError::Invalid { name: "JWT_LEEWAY_SECONDS", expected: "a number of seconds" };
        assert_eq!(refusal.unwrap_err(), expected);
    }

    #[test]
    fn rates_are_read_by_name_and_zero_means_no_limit() {
        let read = |rates: &str| {
            Configuration::read(&|name| (name == "RATE_LIMITS").then(|| rates.to_owned()))
                .map(|configuration| configuration.rate_limits)
        };
        assert_eq!(Configuration::read(&|_| None).unwrap().rate_limits, RateLimits::DEFAULT);
        let expected = RateLimits { sends: Some(7), reads: None, ..RateLimits::DEFAULT };
        assert_eq!(read("sends=7 reads=0").unwrap(), expected);
        for nonsense in ["sends", "sends=", "sends=-1", "sends=fast", "letters=1"] {
            assert!(read(nonsense).is_err(), "{nonsense}");
        }
    }
}
