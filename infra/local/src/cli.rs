//! The command line.

mod chat;
mod descriptors;
mod token;
mod up;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// The local cloud: runs the system of template.yaml, whole, on this machine.
#[derive(Debug, Parser)]
#[command(name = "parlance", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    up: up::Arguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Builds the functions and runs the system until Ctrl-C (what no command does as well).
    Up(up::Arguments),
    /// Prints a token for a user.
    Token(token::Arguments),
    /// Talks with another user in this terminal.
    Chat(chat::Arguments),
}

/// Where state is kept.
#[derive(Debug, Args)]
struct Storage {
    /// Where tables, queues, secrets and logs are kept.
    #[arg(long, value_name = "DIR", default_value = ".local")]
    data_dir: PathBuf,
}

type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

impl Cli {
    /// Runs the command.
    pub async fn run(self) -> Outcome {
        match self.command {
            None => up::run(self.up).await,
            Some(Command::Up(arguments)) => up::run(arguments).await,
            Some(Command::Token(arguments)) => token::run(&arguments),
            Some(Command::Chat(arguments)) => chat::run(arguments).await,
        }
    }
}
