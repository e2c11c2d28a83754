//! Conversations under a steady rate of messages: what was sent, acknowledged and delivered, when, and at what cost.

use std::{
    sync::{
        Arc, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::{StreamExt as _, TryStreamExt as _, future::try_join_all, stream, stream::SplitSink};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    Failure,
    cloud::Cloud,
    people::Group,
    processes::{Meter, own_cpu_seconds},
    report::{Figures, percentiles},
    socket::{self, Clock, Ear, Mark, Notes, Stream},
    usage::Usage,
};

/// How many members of a conversation take turns in sending.
const SENDERS: usize = 10;
/// How long stragglers are waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Conversations whose members all have a socket open.
pub struct Stage {
    clock: Arc<Clock>,
    talks: Vec<Talk>,
}

struct Talk {
    id: String,
    sinks: Vec<SplitSink<Stream, Message>>,
    ears: Vec<Ear>,
    known: Arc<AtomicU64>,
    sent: AtomicU32,
}

/// What one run showed.
pub struct Traffic {
    /// Messages sent.
    pub sends: u64,
    /// Deliveries to the members, of whom the sender gets the ack, in place of the event.
    pub deliveries: u64,
    /// The 99th percentile from sending to delivery in milliseconds; infinite when something did not arrive.
    pub p99_ms: f64,
    /// Everything that is reported.
    pub figures: Figures,
}

impl Stage {
    /// Opens the sockets of every member.
    pub async fn open(cloud: &Cloud, groups: &[Group]) -> Result<Self, Failure> {
        let clock = Clock::start();
        let talks = stream::iter(groups)
            .map(|group| {
                let clock = &clock;
                async move {
                    let known = Arc::new(AtomicU64::new(group.head));
                    let streams: Vec<Stream> = stream::iter(&group.members)
                        .map(|member| socket::open(cloud, member))
                        .buffered(16)
                        .try_collect()
                        .await?;
                    let halves = streams
                        .into_iter()
                        .map(|stream| socket::listen(stream, Arc::clone(clock), Arc::clone(&known)));
                    let (sinks, ears) = halves.unzip();
                    let sent = AtomicU32::new(0);
                    Ok::<_, Failure>(Talk { id: group.id.clone(), sinks, ears, known, sent })
                }
            })
            .buffered(4)
            .try_collect()
            .await?;
        Ok(Self { clock, talks })
    }

    /// Has each conversation get `rate` messages a second, and counts those of the second part.
    pub async fn run(
        &mut self,
        cloud: &Cloud,
        rate: f64,
        warm_up: Duration,
        measured: Duration,
    ) -> Result<Traffic, Failure> {
        let end = Instant::now() + warm_up + measured;
        let clock = Arc::clone(&self.clock);
        let count = self.talks.len();
        let senders = self.talks.iter_mut().enumerate().map(|(index, talk)| {
            // Spread over one period, so that not all conversations get their message at once.
            let offset = Duration::from_secs_f64(index as f64 / count as f64 / rate);
            talk.speak(&clock, rate, Instant::now() + offset, end)
        });
        let mut meter = Meter::default();
        let metering = async {
            sleep(warm_up).await;
            clock.begin();
            let (began, own) = (Instant::now(), own_cpu_seconds());
            let used = Usage::read(cloud).await?;
            meter.read(cloud).await?;
            while Instant::now() + Duration::from_secs(1) < end {
                sleep(Duration::from_secs(1)).await;
                meter.read(cloud).await?;
            }
            sleep(end.saturating_duration_since(Instant::now())).await;
            clock.end();
            Ok::<_, Failure>((began.elapsed(), own, used))
        };
        let (sends, (elapsed, own, used)) = tokio::try_join!(try_join_all(senders), metering)?;
        let sends: u64 = sends.into_iter().sum();
        let expected: u64 =
            self.talks.iter().map(|talk| talk.ears.len() as u64).max().unwrap_or_default().saturating_sub(1)
                * sends;
        let notes = self.collect(sends, expected).await;
        meter.read(cloud).await?;
        let own = own_cpu_seconds() - own;
        let mut traffic = traffic(sends, expected, notes, elapsed.as_secs_f64(), &meter, own);
        Usage::read(cloud).await?.report(&used, &mut traffic.figures, "per_send", sends.max(1) as f64);
        Ok(traffic)
    }

    /// Waits until everything has arrived, or nothing does any more.
    async fn collect(&mut self, sends: u64, expected: u64) -> Notes {
        let mut sum = Notes::default();
        let begun = Instant::now();
        loop {
            for ear in self.talks.iter().flat_map(|talk| &talk.ears) {
                let mut notes = ear.notes.lock().unwrap_or_else(PoisonError::into_inner).drain();
                sum.acks.append(&mut notes.acks);
                sum.deliveries.append(&mut notes.deliveries);
                sum.frames += notes.frames;
                sum.repeated += notes.repeated;
                sum.refused += notes.refused;
                sum.refusal = sum.refusal.or(notes.refusal);
            }
            let is_complete = sum.acks.len() as u64 >= sends && sum.deliveries.len() as u64 >= expected;
            if is_complete || begun.elapsed() > PATIENCE {
                return sum;
            }
            sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Talk {
    /// Sends at a steady rate and returns how many of the messages count.
    async fn speak(
        &mut self,
        clock: &Clock,
        rate: f64,
        start: Instant,
        end: Instant,
    ) -> Result<u64, Failure> {
        let mut ticks = interval_at(start, Duration::from_secs_f64(1.0 / rate));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut counted = 0;
        let senders = self.sinks.len().clamp(1, SENDERS);
        while ticks.tick().await < end && Instant::now() < end {
            let number = self.sent.fetch_add(1, Ordering::Relaxed);
            let sink = self.sinks.get_mut(number as usize % senders).ok_or("a conversation has members")?;
            let mark = Mark { sent: clock.now(), number };
            socket::send(sink, &self.id, mark, self.known.load(Ordering::Relaxed)).await?;
            counted += u64::from(clock.counts(mark.sent));
        }
        Ok(counted)
    }
}

fn traffic(sends: u64, expected: u64, mut notes: Notes, elapsed: f64, meter: &Meter, own: f64) -> Traffic {
    let (acks, events) = (notes.acks.len() as u64, notes.deliveries.len() as u64);
    let deliveries = acks + events;
    let ten_thousands = deliveries.max(1) as f64 / 10_000.0;
    let mut figures = Figures::new();
    figures.insert("sends_per_s".into(), sends as f64 / elapsed);
    figures.insert("deliveries_per_s".into(), deliveries as f64 / elapsed);
    percentiles(&mut figures, "send_to_ack", &mut notes.acks);
    percentiles(&mut figures, "send_to_delivery", &mut notes.deliveries);
    meter.report(&mut figures, "cpu_s_per_10000_deliveries", ten_thousands);
    figures.insert("load_generator_cpu_s_per_10000_deliveries".into(), own / ten_thousands);
    figures.insert("frames_per_delivery".into(), notes.frames as f64 / events.max(1) as f64);
    figures.insert("repeated_events".into(), notes.repeated as f64);
    figures.insert("missing_acks".into(), sends.saturating_sub(acks) as f64);
    figures.insert("missing_events".into(), expected.saturating_sub(events) as f64);
    figures.insert("refused".into(), notes.refused as f64);
    let is_whole = acks >= sends && events >= expected;
    let p99_ms =
        figures.get("send_to_delivery_ms.p99").copied().filter(|_| is_whole).unwrap_or(f64::INFINITY);
    if let Some(refusal) = notes.refusal {
        crate::report::note(&format!("the first refusal: {refusal}"));
    }
    Traffic { sends, deliveries, p99_ms, figures }
}
