//! The client library's way over HTTP.

use std::sync::Arc;

use parlance_application::ports::environment::Random;
use parlance_client::{
    ApiError,
    protocol::{
        conversation::Conversation,
        ids::ConversationId,
        page::{LogPage, Page},
        problem::ReceivedProblem,
    },
};
use parlance_domain::ids::UserId;
use parlance_testkit::memory::environment::SeededRandom;

use super::{
    backstage::End, clock::LeapingClock, server::Host, tasks::mortal, weather::Weather, world::World,
};

impl World {
    pub(super) fn read_log(&mut self, device: usize, conversation: ConversationId, mut after: u64) {
        let reader = self.reader(device);
        let from = after;
        let program = self.devices[device].program;
        self.tasks.start(async move {
            let id = conversation.to_string();
            let mut pages: Vec<LogPage> = Vec::new();
            let end = loop {
                let query = format!("after={after}&limit=20");
                let page: LogPage = match reader.get("conversations/{id}/log", &id, &query).await {
                    Ok(page) => page,
                    Err(error) => break Err(error),
                };
                let (head, last) = (page.head_seq, page.items.iter().filter_map(|entry| entry.seq).max());
                pages.push(page);
                match last {
                    Some(last) if last > after && last < head => after = last,
                    _ => break Ok(head),
                }
            };
            End::Log { device, program, conversation, after: from, pages, end }
        });
    }

    pub(super) fn read_recent(&mut self, device: usize) {
        let reader = self.reader(device);
        let program = self.devices[device].program;
        self.tasks.start(async move {
            let page: Result<Page<Conversation>, ApiError> =
                reader.get("conversations", "", "limit=200").await;
            End::Recent { device, program, conversations: page.map(|page| page.items).unwrap_or_default() }
        });
    }

    fn reader(&self, device: usize) -> Reader {
        Reader {
            is_online: self.devices[device].is_online,
            user: self.devices[device].user.clone(),
            hosts: self.hosts.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            weather: self.weather.clone(),
        }
    }
}

/// A client's way over HTTP: a request that fails is made again.
struct Reader {
    is_online: bool,
    user: UserId,
    hosts: Vec<Arc<Host>>,
    clock: LeapingClock,
    random: SeededRandom,
    weather: Weather,
}

impl Reader {
    async fn get<T: serde::de::DeserializeOwned>(
        &self,
        route: &str,
        id: &str,
        query: &str,
    ) -> Result<T, ApiError> {
        let mut failures = 0;
        loop {
            match self.attempt(route, id, query).await {
                Err(error)
                    if failures < 3
                        && !matches!(&error, ApiError::Refused(problem) if !problem.retryable) =>
                {
                    failures += 1;
                    self.clock.pass(self.random.below(400)).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn attempt<T: serde::de::DeserializeOwned>(
        &self,
        route: &str,
        id: &str,
        query: &str,
    ) -> Result<T, ApiError> {
        let unreachable = || ApiError::Unreachable("no answer".to_owned());
        self.clock.pass(1 + self.random.below(40)).await;
        if !self.is_online {
            return Err(unreachable());
        }
        let host = &self.hosts[self.random.index(self.hosts.len())];
        let answer = mortal(self.weather.death(), host.get(&self.user, route, id, query)).await;
        let (status, body) = answer.ok_or_else(unreachable)?;
        self.clock.pass(1 + self.random.below(40)).await;
        if self.weather.loses_answer() {
            return Err(unreachable());
        }
        if status == 200 {
            return serde_json::from_str(&body).map_err(|_| unreachable());
        }
        let problem: Result<ReceivedProblem, _> = serde_json::from_str(&body);
        Err(problem.map_or_else(|_| unreachable(), ApiError::Refused))
    }
}
