//! Posting to webhooks, with a guard against being led to where the public internet does not lead.

use std::{
    error::Error,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use async_trait::async_trait;
use parlance_application::ports::webhooks::{Receipt, SignedDelivery, WebhookClient};
use parlance_domain::webhook::Destinations;
use reqwest::{
    Client, Response, StatusCode,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};

/// How long a receiver may take for everything.
const DEADLINE: Duration = Duration::from_secs(10);
/// How long connecting may take of it.
const CONNECT_DEADLINE: Duration = Duration::from_secs(4);
/// Below the 20 s after which a frozen function's connections tend to be dead.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(15);
/// How much of an answer is read, so that its connection can be used again.
const ANSWER_BYTES: usize = 16 * 1024;

/// Posts by HTTP, follows no redirection and no proxy, and connects to nothing but addresses that it has checked.
pub struct HttpWebhookClient {
    client: Client,
    destinations: Destinations,
}

impl HttpWebhookClient {
    /// Posts to these destinations.
    pub fn new(destinations: Destinations) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .user_agent("parlance-webhooks/1")
            .timeout(DEADLINE)
            .connect_timeout(CONNECT_DEADLINE)
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .https_only(destinations == Destinations::Public)
            .dns_resolver(std::sync::Arc::new(GuardedResolver { destinations }))
            .build()?;
        Ok(Self { client, destinations })
    }
}

#[async_trait]
impl WebhookClient for HttpWebhookClient {
    async fn post(&self, delivery: &SignedDelivery<'_>) -> Receipt {
        // An address in the URL is asked of no resolver.
        if delivery.url.address().is_some_and(|address| !self.destinations.allows(address)) {
            return Receipt::Forbidden;
        }
        let request = self
            .client
            .post(delivery.url.url().clone())
            .header("content-type", "application/json")
            .header("webhook-id", delivery.id)
            .header("webhook-timestamp", delivery.seconds)
            .header("webhook-signature", &delivery.signatures)
            .body(delivery.body.to_owned());
        match request.send().await {
            Ok(answer) => {
                let status = answer.status();
                pass_over(answer).await;
                match status {
                    StatusCode::GONE => Receipt::Gone,
                    status if status.is_success() => Receipt::Accepted,
                    status => Receipt::Refused(status.as_u16()),
                }
            }
            Err(error) if is_forbidden(&error) => Receipt::Forbidden,
            Err(_) => Receipt::Unreachable,
        }
    }
}

/// Reads a small answer to its end; the connection of a larger one is closed.
async fn pass_over(mut answer: Response) {
    let mut bytes = 0;
    while let Ok(Some(chunk)) = answer.chunk().await {
        bytes += chunk.len();
        if bytes > ANSWER_BYTES {
            return;
        }
    }
}

/// Resolves names, and hands out the very addresses that were checked: nobody can answer differently in between.
struct GuardedResolver {
    destinations: Destinations,
}

/// A name that leads to an address which is not allowed.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to an address that is not allowed")]
struct ForbiddenAddress;

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let destinations = self.destinations;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            check(destinations, found.iter().map(SocketAddr::ip))?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// One address that is not allowed condemns the name: it is not there by chance.
fn check(
    destinations: Destinations,
    addresses: impl IntoIterator<Item = IpAddr>,
) -> Result<(), ForbiddenAddress> {
    let mut addresses = addresses.into_iter();
    if addresses.all(|address| destinations.allows(address)) { Ok(()) } else { Err(ForbiddenAddress) }
}

fn is_forbidden(error: &reqwest::Error) -> bool {
    let mut next = error.source();
    while let Some(cause) = next {
        if cause.is::<ForbiddenAddress>() {
            return true;
        }
        next = cause.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_private_address_among_public_ones_condemns_the_name() {
        let addresses =
            |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<IpAddr>>();
        let public = addresses(&["93.184.216.34", "2606:4700:4700::1111"]);
        assert!(check(Destinations::Public, public.clone()).is_ok());
        for private in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fd00::1"] {
            let mixed = [public.clone(), addresses(&[private])].concat();
            assert!(check(Destinations::Public, mixed).is_err(), "{private}");
        }
        assert!(check(Destinations::Loopback, addresses(&["127.0.0.1", "::1"])).is_ok());
        assert!(check(Destinations::Loopback, addresses(&["127.0.0.1", "10.0.0.1"])).is_err());
    }
}
