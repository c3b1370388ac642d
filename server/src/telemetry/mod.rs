//! What the program tells about itself: its log, structured, to daily files in the data folder and, when asked,
//! to the terminal; and, when asked, [`traces`].
//!
//! Files hold one JSON object a line, with the spans an event happened in. Secrets never get here: their
//! types can't be printed.

pub mod traces;

use std::{io::IsTerminal, path::Path};

use anyhow::Context;
use tracing_appender::{non_blocking::WorkerGuard, rolling};
use tracing_subscriber::{
    EnvFilter, Layer, fmt, fmt::format::FmtSpan, layer::SubscriberExt, util::SubscriberInitExt,
};

use crate::config::{Logging, Traces};

/// What writes in the background. Dropping it writes out what is left.
pub struct Guard {
    _traces: Option<traces::Exporter>,
    _log: WorkerGuard,
}

/// Starts logging, and sending traces where a collector is named.
pub fn start(config: &Logging, traces: &Traces, folder: &Path) -> anyhow::Result<Guard> {
    let filter = || {
        EnvFilter::try_new(&config.level)
            .with_context(|| format!("`logging.level`: `{}` is neither a level nor directives", config.level))
    };
    let files = rolling::Builder::new()
        .rotation(rolling::Rotation::DAILY)
        .filename_prefix("phalanx")
        .filename_suffix("log")
        .max_log_files(config.keep_days.max(1))
        .build(folder)
        .with_context(|| format!("can't write logs to `{}`", folder.display()))?;
    // A lossy queue would drop lines under pressure, a full one slows the program down: what is logged
    // is little, so lines are kept.
    let (writer, guard) =
        tracing_appender::non_blocking::NonBlockingBuilder::default().lossy(false).finish(files);
    let to_file =
        fmt::layer().json().with_span_events(FmtSpan::CLOSE).with_writer(writer).with_filter(filter()?);
    let to_terminal = config.terminal.then(|| {
        let colour =
            std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        fmt::layer().with_ansi(colour).with_writer(std::io::stderr)
    });
    let to_terminal = match to_terminal {
        Some(layer) => Some(layer.with_filter(filter()?)),
        None => None,
    };
    let exporter = traces::Exporter::new(traces)?;
    let to_collector = exporter.as_ref().map(|exporter| {
        // The HTTP client that sends traces must not make traces.
        tracing_opentelemetry::layer()
            .with_tracer(exporter.tracer())
            .with_filter(EnvFilter::new("off,phalanx_server=info,phalanx_web=info,phalanx_hub=info"))
    });
    tracing_subscriber::registry()
        .with(to_file)
        .with(to_terminal)
        .with(to_collector)
        .try_init()
        .context("logging is started once")?;
    Ok(Guard { _traces: exporter, _log: guard })
}
