//! The child process `journalctl`.

use std::{collections::VecDeque, io, path::Path, process::Stdio, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{self, ChildStderr, ChildStdout, Command},
    task::JoinHandle,
    time::timeout,
};

/// Lines of complaints that are kept.
const COMPLAINTS_KEPT: usize = 20;
/// Longest line of a complaint that is kept.
const COMPLAINT_BYTES: usize = 500;
/// How long a child may take to say whether there is a journal.
const PROBE: Duration = Duration::from_secs(10);
/// How long a child may take to end.
const END: Duration = Duration::from_secs(2);

/// Where to begin reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// With the last so many entries.
    Last(u64),
    /// Behind the entry with this cursor.
    After(String),
}

/// A `journalctl` that follows the journal. Killed when dropped.
pub(crate) struct Child {
    process: process::Child,
    output: ChildStdout,
    complaints: Arc<Mutex<VecDeque<String>>>,
    listener: JoinHandle<()>,
}

/// Whether the journal has an entry that this user may see.
pub(crate) async fn has_entries(program: &Path) -> bool {
    let mut command = command(program);
    command.args(["--lines=1", "--quiet"]).stderr(Stdio::null());
    let output = timeout(PROBE, command.output()).await;
    output.is_ok_and(|output| {
        output.is_ok_and(|output| memchr::memmem::find(&output.stdout, b"__CURSOR=").is_some())
    })
}

impl Child {
    /// Starts following.
    pub fn follow(program: &Path, start: &Start) -> io::Result<Self> {
        let mut command = command(program);
        command.arg("--follow");
        match start {
            Start::Last(lines) => command.arg(format!("--lines={lines}")),
            // Following shows only the last ten lines of what is there, unless told otherwise.
            Start::After(cursor) => command.arg("--no-tail").arg(format!("--after-cursor={cursor}")),
        };
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let none = || io::Error::other("a pipe that was asked for is missing");
        let output = process.stdout.take().ok_or_else(none)?;
        let errors = process.stderr.take().ok_or_else(none)?;
        let complaints = Arc::new(Mutex::new(VecDeque::new()));
        let listener = tokio::spawn(listen(errors, complaints.clone()));
        Ok(Self { process, output, complaints, listener })
    }

    /// Reads some of the output; nothing when it has ended. Dropping the future loses nothing.
    pub async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.output.read(buffer).await
    }

    /// What the child says hinders it, and what to do.
    pub fn complaint(&self) -> Option<(String, String)> {
        let complaints = self.complaints.lock();
        let hindered = |line: &&String| {
            line.contains("not seeing messages from other users") || line.contains("insufficient permissions")
        };
        let line = complaints.iter().find(hindered)?;
        let advice = "add the user that runs Phalanx to group `systemd-journal` \
                      (`usermod -aG systemd-journal USER`) and start it anew";
        Some((line.clone(), advice.to_owned()))
    }

    /// Why the child has ended, after its output has.
    pub async fn ended(mut self) -> (String, Option<String>) {
        // The last complaints may still be on their way.
        let _ = timeout(END, &mut self.listener).await;
        let advice = self.complaint().map(|(_, advice)| advice);
        let status = match timeout(END, self.process.wait()).await {
            Ok(Ok(status)) => status.to_string(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it closed its output and went on".to_owned(),
        };
        let last = self.complaints.lock().back().cloned();
        let said = last.map(|line| format!(": {line}")).unwrap_or_default();
        (format!("journalctl ended ({status}){said}"), advice)
    }

    /// Ends the child.
    pub async fn end(mut self) {
        if let Err(error) = self.process.start_kill() {
            tracing::debug!(%error, "journalctl had ended already");
        }
        let _ = timeout(END, self.process.wait()).await;
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["--output=export", "--no-pager"]);
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

async fn listen(errors: ChildStderr, complaints: Arc<Mutex<VecDeque<String>>>) {
    let mut errors = BufReader::new(errors);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut limited = (&mut errors).take(COMPLAINT_BYTES as u64);
        match limited.read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                let mut kept = complaints.lock();
                if kept.len() == COMPLAINTS_KEPT {
                    kept.pop_front();
                }
                kept.push_back(String::from_utf8_lossy(&line).trim().to_owned());
            }
        }
    }
}
