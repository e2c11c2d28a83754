//! The clients that adapters share, each built once.

use std::sync::{Arc, OnceLock};

use crate::{
    apigateway::ManagementPoster,
    aws::{credentials, sdk_config},
    configuration::{Configuration, ConfigurationError},
    dynamodb::{CapacityMeter, Table},
    lambda::LambdaFunction,
    redis::{RedisConversationCache, RedisLink},
    s3::{S3Objects, UploadAddress},
    system::SystemClock,
};

pub(super) struct Clients {
    configuration: Configuration,
    meter: Option<Arc<CapacityMeter>>,
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
    lambda: OnceLock<aws_sdk_lambda::Client>,
    sqs: OnceLock<aws_sdk_sqs::Client>,
    eventbridge: OnceLock<aws_sdk_eventbridge::Client>,
    objects: OnceLock<S3Objects>,
    redis: OnceLock<RedisLink>,
    cache: OnceLock<Arc<RedisConversationCache>>,
    poster: OnceLock<Arc<ManagementPoster>>,
}

impl Clients {
    pub(super) fn new(configuration: Configuration, meter: Option<Arc<CapacityMeter>>) -> Self {
        Self {
            configuration,
            meter,
            dynamodb: OnceLock::new(),
            lambda: OnceLock::new(),
            sqs: OnceLock::new(),
            eventbridge: OnceLock::new(),
            objects: OnceLock::new(),
            redis: OnceLock::new(),
            cache: OnceLock::new(),
            poster: OnceLock::new(),
        }
    }

    pub(super) fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    pub(super) fn chat_table(&self, port: &'static str) -> Result<Table, ConfigurationError> {
        self.table("CHAT_TABLE", self.configuration.chat_table.as_deref(), port)
    }

    pub(super) fn connections_table(&self, port: &'static str) -> Result<Table, ConfigurationError> {
        self.table("CONNECTIONS_TABLE", self.configuration.connections_table.as_deref(), port)
    }

    pub(super) fn function(
        &self,
        variable: &'static str,
        name: Option<&str>,
        port: &'static str,
    ) -> Result<LambdaFunction, ConfigurationError> {
        let name = name.ok_or(ConfigurationError::Missing(variable))?;
        let client = built(&self.lambda, || {
            let config = sdk_config(&self.configuration, self.configuration.endpoints.lambda.as_deref())?;
            Ok(aws_sdk_lambda::Client::new(&config))
        })?;
        Ok(LambdaFunction::new(client, name, port))
    }

    /// The function that fetches signing keys, where the process may ask for it.
    pub(super) fn key_refresh(&self) -> Result<Option<LambdaFunction>, ConfigurationError> {
        let name = self.configuration.jwks_refresh_function.as_deref();
        name.map(|name| self.function("JWKS_REFRESH_FUNCTION", Some(name), "signing keys")).transpose()
    }

    pub(super) fn sqs(&self) -> Result<aws_sdk_sqs::Client, ConfigurationError> {
        built(&self.sqs, || {
            let config = sdk_config(&self.configuration, self.configuration.endpoints.sqs.as_deref())?;
            Ok(aws_sdk_sqs::Client::new(&config))
        })
    }

    pub(super) fn eventbridge(&self) -> Result<aws_sdk_eventbridge::Client, ConfigurationError> {
        built(&self.eventbridge, || {
            let endpoint = self.configuration.endpoints.eventbridge.as_deref();
            Ok(aws_sdk_eventbridge::Client::new(&sdk_config(&self.configuration, endpoint)?))
        })
    }

    pub(super) fn objects(&self) -> Result<S3Objects, ConfigurationError> {
        let bucket = self.bucket()?;
        built(&self.objects, || {
            let config = sdk_config(&self.configuration, self.configuration.endpoints.s3.as_deref())?;
            Ok(S3Objects::new(&config, bucket))
        })
    }

    /// Where clients bring bytes: the endpoint that is meant for them, else the functions' own, else the bucket's at AWS.
    pub(super) fn upload_address(&self) -> Result<UploadAddress, ConfigurationError> {
        let (bucket, configuration) = (self.bucket()?, &self.configuration);
        let region = configuration.region.as_deref().ok_or(ConfigurationError::Missing("AWS_REGION"))?;
        let endpoint =
            configuration.attachments.upload_endpoint.as_ref().or(configuration.endpoints.s3.as_ref());
        let address = match endpoint {
            Some(endpoint) => UploadAddress::at(endpoint, bucket, region),
            None => UploadAddress::at_aws(bucket, region),
        };
        address.map_err(|_| ConfigurationError::Invalid { name: "AWS_ENDPOINT_URL_S3", expected: "a URL" })
    }

    fn bucket(&self) -> Result<&str, ConfigurationError> {
        let bucket = self.configuration.attachments.bucket.as_deref();
        bucket.ok_or(ConfigurationError::Missing("ATTACHMENT_BUCKET"))
    }

    /// `None` in a stack without Redis.
    pub(super) fn redis(&self) -> Result<Option<RedisLink>, ConfigurationError> {
        let Some(url) = &self.configuration.redis_url else { return Ok(None) };
        let link = built(&self.redis, || {
            let stack = self.configuration.stack_id.as_deref();
            let stack = stack.ok_or(ConfigurationError::Missing("STACK_ID"))?;
            let invalid = ConfigurationError::Invalid { name: "REDIS_URL", expected: "a Redis URL" };
            RedisLink::new(url.reveal_text(), stack).map_err(|_| invalid)
        })?;
        Ok(Some(link))
    }

    /// One for the whole process: it remembers the rosters that it has decoded.
    pub(super) fn conversation_cache(
        &self,
    ) -> Result<Option<Arc<RedisConversationCache>>, ConfigurationError> {
        let Some(link) = self.redis()? else { return Ok(None) };
        let cache =
            built(&self.cache, || Ok(Arc::new(RedisConversationCache::new(link, Arc::new(SystemClock)))))?;
        Ok(Some(cache))
    }

    pub(super) fn poster(&self) -> Result<Arc<ManagementPoster>, ConfigurationError> {
        built(&self.poster, || {
            let endpoint = self.configuration.connections_endpoint.as_ref();
            let endpoint = endpoint.ok_or(ConfigurationError::Missing("CONNECTIONS_ENDPOINT"))?;
            let region = self.configuration.region.as_deref();
            let region = region.ok_or(ConfigurationError::Missing("AWS_REGION"))?;
            Ok(Arc::new(ManagementPoster::new(endpoint, region, credentials(&self.configuration))))
        })
    }

    /// Opens the connections of what was built.
    pub(super) async fn prewarm(&self) {
        let tables = async {
            if self.dynamodb.get().is_some() {
                let tables = [self.chat_table("prewarming").ok(), self.connections_table("prewarming").ok()];
                if let Some(table) = tables.into_iter().flatten().next() {
                    table.prewarm().await;
                }
            }
        };
        let redis = async {
            if let Some(link) = self.redis.get() {
                link.prewarm().await;
            }
        };
        let poster = async {
            if let Some(poster) = self.poster.get() {
                poster.prewarm().await;
            }
        };
        futures::join!(tables, redis, poster);
    }

    fn table(
        &self,
        variable: &'static str,
        name: Option<&str>,
        port: &'static str,
    ) -> Result<Table, ConfigurationError> {
        let name = name.ok_or(ConfigurationError::Missing(variable))?;
        let client = built(&self.dynamodb, || {
            let config = sdk_config(&self.configuration, self.configuration.endpoints.dynamodb.as_deref())?;
            Ok(aws_sdk_dynamodb::Client::new(&config))
        })?;
        Ok(Table::new(client, name, port, self.meter.clone()))
    }
}

fn built<T: Clone>(
    cell: &OnceLock<T>,
    build: impl FnOnce() -> Result<T, ConfigurationError>,
) -> Result<T, ConfigurationError> {
    if let Some(known) = cell.get() {
        return Ok(known.clone());
    }
    let fresh = build()?;
    Ok(cell.get_or_init(|| fresh).clone())
}
