//! The guarantees against the running whole: people talk while everything fails, and afterwards everybody has the same history.

mod report;
mod storm;
mod talker;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use parlance_client::ids::ConversationId;
use serde_json::Value;
use tokio::time::{sleep, timeout};

pub use self::report::Report;
pub use self::storm::Storm;
use self::talker::{Heads, Talker};
use crate::cloud::Setup;

/// How long what was sent before the end may take to be answered, and views to become the same.
const PATIENCE: Duration = Duration::from_mins(2);

/// How a proof runs.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How long people talk.
    pub lasting: Duration,
    /// In how many conversations.
    pub conversations: usize,
    /// Of how many members each; everybody is in every conversation.
    pub members: usize,
    /// How long somebody waits between an answer and his next message of the same conversation.
    pub pause: Duration,
    /// What goes wrong meanwhile.
    pub trouble: Trouble,
}

/// What goes wrong while people talk.
#[derive(Debug, Clone, Copy)]
pub enum Trouble {
    /// Nothing, for comparison.
    Nothing,
    /// Faults of every kind, a few at a time.
    Faults,
    /// Everything is killed and started again, so often.
    Kills(u32),
}

/// Lets people talk against such a local cloud, and says what became of the promises.
pub async fn run(setup: Setup, plan: Plan) -> Report {
    let mut cloud = setup.start().await;
    let people: Vec<_> = (0..plan.members).map(|number| cloud.person(&format!("member{number}"))).collect();
    let (founder, others) = people.split_first().unwrap();
    let mut conversations: Vec<ConversationId> = Vec::new();
    for _ in 0..plan.conversations {
        conversations.push(founder.group_with(others).await.parse().unwrap());
    }
    let mut talkers = Vec::new();
    for person in &people {
        talkers.push(Talker::begin(&cloud.origin, person.clone(), &conversations).await);
    }

    let end = Instant::now() + plan.lasting;
    let talking: Vec<_> = talkers
        .iter()
        .flat_map(|talker| conversations.iter().map(move |id| talker.talk(*id, plan.pause, end)))
        .map(tokio::spawn)
        .collect();
    let faults = match plan.trouble {
        Trouble::Nothing => {
            sleep(plan.lasting).await;
            BTreeMap::new()
        }
        Trouble::Faults => {
            let storm = Storm::begin(cloud.faults());
            sleep(plan.lasting).await;
            storm.end().await
        }
        Trouble::Kills(count) => {
            for _ in 0..count {
                sleep(plan.lasting / count).await;
                cloud = cloud.kill_and_start().await;
            }
            BTreeMap::from([("everything killed".to_owned(), count.into())])
        }
    };
    let calm = Instant::now();
    let mut report = Report { faults, ..Report::default() };
    for task in talking {
        match timeout(PATIENCE.saturating_sub(calm.elapsed()), task).await {
            Ok(talked) => report.add(talked.unwrap()),
            Err(_) => report.unanswered += 1,
        }
    }
    // What a relay or a socket lost without a trace is found at the next event.
    let mut heads = Heads::new();
    for id in &conversations {
        heads.insert(*id, talkers[0].says_the_last_word(*id).await);
    }
    report.converged_after = converge(&talkers, &heads, calm).await;
    let mut logs = BTreeMap::new();
    for id in conversations {
        logs.insert(id, founder.log(&id.to_string()).await);
    }
    compare(&mut report, &talkers, &logs).await;
    report
}

/// Waits until everybody has heard everything and is shown counts that fit it; how long after the last fault that was.
async fn converge(talkers: &[Talker], heads: &Heads, calm: Instant) -> Option<Duration> {
    while calm.elapsed() < PATIENCE {
        if talkers.iter().all(|talker| talker.has_heard(heads)) && count_right(talkers, heads).await {
            return Some(calm.elapsed());
        }
        sleep(Duration::from_millis(20)).await;
    }
    None
}

async fn count_right(talkers: &[Talker], heads: &Heads) -> bool {
    for id in heads.keys() {
        for talker in talkers {
            if !talker.counts_as_heard(*id).await {
                return false;
            }
        }
    }
    true
}

async fn compare(report: &mut Report, talkers: &[Talker], logs: &BTreeMap<ConversationId, Vec<Value>>) {
    for (id, log) in logs {
        let is_gapless = log.iter().zip(1_u64..).all(|(entry, seq)| entry["seq"] == seq);
        report.gaps += u64::from(!is_gapless);
        let mut seen = BTreeSet::new();
        let messages = log.iter().filter(|entry| entry["type"] == "message.created");
        report.doubled +=
            messages.filter(|entry| !seen.insert(entry["data"]["content"].to_string())).count() as u64;
        for acknowledged in report.acknowledged.iter().filter(|acknowledged| acknowledged.conversation == *id)
        {
            let place = usize::try_from(acknowledged.seq - 1).unwrap();
            let stands =
                log.get(place).is_some_and(|entry| entry["data"]["content"] == *acknowledged.content);
            report.lost += u64::from(!stands);
        }
        for talker in talkers {
            report.differing_views.extend(talker.difference(*id, log));
            report.wrong_counts += u64::from(!talker.counts_right(*id, log).await);
        }
    }
    report.out_of_order = talkers.iter().map(Talker::out_of_order).sum();
}
