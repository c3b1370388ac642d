//! The command line.

mod backup;
mod dead_letters;
mod doctor;
mod ingest;
mod init;
mod kql;
mod query;
mod serve;
mod services;
pub(crate) mod show;
mod tables;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::{Args, Parser, Subcommand};

use crate::{config::Config, data_folder::DataFolder};

/// An integrated security platform that a team runs itself.
///
/// Start it with `phalanx serve`, throw logs at it with `phalanx ingest FILE`, and ask with
/// `phalanx query 'Syslog | take 10'`. Commands speak to the running server; where none
/// runs, they open the data folder themselves.
#[derive(Parser)]
#[command(name = "phalanx", version, max_term_width = 100, propagate_version = true)]
struct Arguments {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

/// Which Phalanx is meant.
#[derive(Args, Clone)]
pub struct Place {
    /// The data folder [default: ~/.local/share/phalanx]
    #[arg(long, global = true, value_name = "DIR", env = "PHALANX_DATA")]
    data: Option<PathBuf>,
    /// The configuration file [default: phalanx.toml in the data folder, if there is one]
    #[arg(long, global = true, value_name = "FILE", env = "PHALANX_CONFIG")]
    config: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the platform until Ctrl-C; makes the data folder if there is none
    Serve(serve::Serve),
    /// Make a data folder and print its administrator's credentials, once
    Init(init::Init),
    /// Take in logs: files, folders, archives, or `-` for standard input
    Ingest(ingest::Ingest),
    /// List the tables, or show one table's columns
    Tables(tables::Tables),
    /// Ask in the Kusto Query Language over all tables; without a query, at a prompt
    Query(query::Query),
    /// Look up the query language
    Kql(kql::Kql),
    /// Show who consumes and provides what
    Services(services::Services),
    /// Check disk, clock, ports, certificates and permissions, and say what to do
    Doctor(doctor::Doctor),
    /// Show input that could not be decoded, or decode it again
    DeadLetters(dead_letters::DeadLetters),
    /// Write a copy of the whole data folder to one file, while the server runs
    Backup(backup::Backup),
    /// Make a data folder from a backup
    Restore(backup::Restore),
}

impl Place {
    pub fn path(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(DataFolder::default_path)
    }

    /// Opens the data folder, which must exist.
    pub fn open(&self) -> anyhow::Result<DataFolder> {
        DataFolder::open(&self.path())
    }

    /// The configuration, with what flags set.
    pub fn config(&self, flags: &[(&str, serde_json::Value)]) -> anyhow::Result<Config> {
        let beside = self.path().join("phalanx.toml");
        let file = self.config.clone().or_else(|| beside.is_file().then_some(beside));
        Ok(Config::read(file.as_deref(), flags)?)
    }
}

/// Reads the arguments and runs the command. Exit code 0 only if all went well.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let run = || -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_name("phalanx")
            .build()
            .context("can't start the runtime")?;
        let code = runtime.block_on(dispatch(arguments));
        // Everything with an owner has been joined; a blocking read of standard input has none.
        runtime.shutdown_timeout(std::time::Duration::from_secs(1));
        code
    };
    match run() {
        Ok(code) => code,
        Err(error) => {
            show::error(&error);
            ExitCode::FAILURE
        }
    }
}

async fn dispatch(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let place = arguments.place;
    match arguments.command {
        Command::Serve(command) => command.run(&place).await,
        Command::Init(command) => command.run(&place).await,
        Command::Ingest(command) => command.run(&place).await,
        Command::Tables(command) => command.run(&place).await,
        Command::Query(command) => command.run(&place).await,
        Command::Kql(command) => command.run(),
        Command::Services(command) => command.run(&place).await,
        Command::Doctor(command) => command.run(&place).await,
        Command::DeadLetters(command) => command.run(&place).await,
        Command::Backup(command) => command.run(&place).await,
        Command::Restore(command) => command.run(&place).await,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        super::Arguments::command().debug_assert();
    }
}
