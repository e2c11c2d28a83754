//! Proves the guarantees against the running local cloud for as long as one likes: people talk while everything fails.

use std::{
    io::{Write as _, stdout},
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use parlance_tests::{
    cloud::Setup,
    endurance::{self, Plan, Trouble},
};

/// Lets people talk against a local cloud in which everything fails, and reports what became of the promises.
#[derive(Debug, Parser)]
#[command(name = "parlance-endure")]
struct Arguments {
    /// How long they talk.
    #[arg(long, default_value_t = 1.0)]
    minutes: f64,
    /// In how many conversations.
    #[arg(long, default_value_t = 8)]
    conversations: usize,
    /// How many people, all of them in every conversation.
    #[arg(long, default_value_t = 4)]
    members: usize,
    /// How many relays run.
    #[arg(long, default_value_t = 1)]
    relay: usize,
    /// How long somebody waits between an answer and his next message, in milliseconds.
    #[arg(long, default_value_t = 20)]
    pause: u64,
    /// Lets nothing fail, for comparison.
    #[arg(long, conflicts_with = "kills")]
    calm: bool,
    /// Kills and starts everything so often, instead of faults.
    #[arg(long)]
    kills: Option<u32>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().enable_all().build() else {
        return ExitCode::FAILURE;
    };
    let report = runtime.block_on(async {
        let plan = Plan {
            lasting: Duration::from_secs_f64(arguments.minutes * 60.0),
            conversations: arguments.conversations,
            members: arguments.members,
            pause: Duration::from_millis(arguments.pause),
            trouble: match arguments.kills {
                Some(count) => Trouble::Kills(count),
                None if arguments.calm => Trouble::Nothing,
                None => Trouble::Faults,
            },
        };
        endurance::run(Setup::default().relays(arguments.relay), plan).await
    });
    // Where nobody reads there is nobody to tell; the exit code says it too.
    let _ = write!(stdout(), "{report}");
    if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
