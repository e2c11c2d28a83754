//! What all clients of AWS share: credentials, Region, timeouts, and one HTTP client for plain and one for secure endpoints.

pub mod failure;

use std::time::Duration;

use aws_config::{
    BehaviorVersion, Region, SdkConfig, ecs::EcsCredentialsProvider, retry::RetryConfig,
    stalled_stream_protection::StalledStreamProtectionConfig, timeout::TimeoutConfig,
};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_dynamodb::config::{IdentityCache, SharedAsyncSleep, SharedHttpClient};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};

use crate::configuration::{AccessKey, Configuration, ConfigurationError};

/// A try takes no longer.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);
/// All tries together take no longer: an invocation that makes three such calls still ends by itself.
const TIMEOUT: Duration = Duration::from_secs(3);
/// One try and six more, which with their pauses outlast a second of throttling; a server that hangs is asked three times.
const ATTEMPTS: u32 = 7;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(800);
/// Below the 20 s after which a frozen function's connections tend to be dead.
pub const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// The configuration for a service at its own endpoint or at AWS's.
pub fn sdk_config(
    configuration: &Configuration,
    endpoint: Option<&str>,
) -> Result<SdkConfig, ConfigurationError> {
    let region = configuration.region.clone().ok_or(ConfigurationError::Missing("AWS_REGION"))?;
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(ATTEMPT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(TIMEOUT)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(FIRST_PAUSE)
        .with_max_backoff(LONGEST_PAUSE);
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(credentials(configuration))
        .identity_cache(IdentityCache::lazy().build())
        .sleep_impl(SharedAsyncSleep::new(aws_smithy_async::rt::sleep::TokioSleep::new()))
        .time_source(aws_smithy_async::time::SystemTimeSource::new())
        .http_client(http_client(endpoint.is_none_or(|url| url.starts_with("https:"))))
        .timeout_config(timeouts)
        .retry_config(retries)
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Some(endpoint) = endpoint {
        config = config.endpoint_url(endpoint);
    }
    Ok(config.build())
}

/// A function finds its credentials in its environment, a container asks for them.
pub fn credentials(configuration: &Configuration) -> SharedCredentialsProvider {
    match &configuration.credentials {
        Some(AccessKey { id, secret, session_token }) => {
            let token = session_token.as_ref().map(|token| token.reveal_text().to_owned());
            let credentials = Credentials::new(id, secret.reveal_text(), token, None, "environment");
            SharedCredentialsProvider::new(credentials)
        }
        None => SharedCredentialsProvider::new(EcsCredentialsProvider::builder().build()),
    }
}

/// Certificates are read only for an endpoint that needs them.
fn http_client(is_secure: bool) -> SharedHttpClient {
    let builder = Builder::new().pool_idle_timeout(POOL_IDLE_TIMEOUT);
    if is_secure {
        builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
    } else {
        builder.build_http()
    }
}
