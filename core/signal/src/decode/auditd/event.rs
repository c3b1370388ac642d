//! Joining the records of an event.
//!
//! One system call makes several records: `SYSCALL`, then `EXECVE`, `CWD`, a `PATH` for each file,
//! `SOCKADDR`, `PROCTITLE`. They have the event's time and serial number in common; records of several
//! events may be mixed, and in any order. An event has ended with its `PROCTITLE` or `EOE`, when it is older than [`AGE_MAX`]
//! in its machine's own time, when too many events or too many bytes are open, and when the source falls
//! silent or ends.

use bumpalo::Bump;

use super::{
    fields::{self, Written},
    line::Line,
    value::{self, SocketAddress},
};

/// The reference implementation, `libauparse`, waits so long for further records. In microseconds.
const AGE_MAX: i64 = 2_000_000;
/// Events that are open at once. A machine logs records of an event for each of its processors at most.
const OPEN_MAX: usize = 256;
/// What a record takes beside its text.
const RECORD_BYTES: usize = 64;
/// The memory of larger events is given back.
const IDLE_BYTES_MAX: usize = 64 << 10;

/// A record's part in a joined event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    SystemCall,
    Arguments,
    WorkingDirectory,
    Path,
    SocketAddress,
    Title,
    Module,
    /// The process that a signal or a trace is for.
    Target,
    End,
    /// None: it is an event by itself, or its row alone tells all.
    None,
}

impl Part {
    pub fn of(kind: &str) -> Self {
        match kind {
            "SYSCALL" => Self::SystemCall,
            "EXECVE" => Self::Arguments,
            "CWD" => Self::WorkingDirectory,
            "PATH" => Self::Path,
            "SOCKADDR" => Self::SocketAddress,
            "PROCTITLE" => Self::Title,
            "KERN_MODULE" => Self::Module,
            "OBJ_PID" => Self::Target,
            "EOE" => Self::End,
            _ => Self::None,
        }
    }
}

/// What the records of an event have told so far.
#[derive(Default)]
pub struct Event {
    pub node: String,
    pub host: String,
    pub id: String,
    pub micros: i64,
    /// The `SYSCALL` record's fields, and their interpretation; empty until that record came.
    pub system_call: String,
    pub enriched: String,
    /// The arguments of an `execve` as a command line.
    pub command_line: String,
    /// The argument that is being put together from its pieces, and its number.
    argument: Vec<u8>,
    argument_number: Option<u32>,
    pub working_directory: String,
    paths: Vec<PathItem>,
    path_count: usize,
    pub address: Option<SocketAddress>,
    pub title: String,
    pub module: String,
    pub target_id: String,
    pub target_command: String,
    /// Records were left out because the event had grown beyond the limit.
    pub is_cut: bool,
    /// What it takes, roughly.
    bytes: usize,
}

/// A file that the event is about.
#[derive(Default)]
pub struct PathItem {
    number: u32,
    pub name: String,
    /// `CREATE`, `DELETE`, `NORMAL`, `PARENT`, `UNKNOWN`.
    pub kind: String,
    /// File type and permissions in octal.
    pub mode: String,
}

impl Event {
    fn begin(&mut self, line: &Line<'_>) {
        for (text, value) in
            [(&mut self.node, line.node), (&mut self.host, line.host), (&mut self.id, line.id)]
        {
            value.clone_into(text);
        }
        self.micros = line.micros;
        for text in [
            &mut self.system_call,
            &mut self.enriched,
            &mut self.command_line,
            &mut self.working_directory,
            &mut self.title,
            &mut self.module,
            &mut self.target_id,
            &mut self.target_command,
        ] {
            text.clear();
        }
        self.argument.clear();
        (self.argument_number, self.path_count, self.address) = (None, 0, None);
        self.is_cut = false;
        self.bytes = line.node.len() + line.host.len() + line.id.len();
    }

    pub fn paths(&self) -> &[PathItem] {
        &self.paths[..self.path_count]
    }

    /// The file that came to be.
    pub fn created(&self) -> Option<&PathItem> {
        self.paths().iter().rev().find(|path| path.kind == "CREATE")
    }

    /// The file that is gone: of a renamed one the old name, which stands before a file it has replaced.
    pub fn deleted(&self) -> Option<&PathItem> {
        self.paths().iter().find(|path| path.kind == "DELETE")
    }

    /// The file that was used.
    pub fn normal(&self) -> Option<&PathItem> {
        self.paths().iter().rev().find(|path| path.kind == "NORMAL")
    }

    /// A file's path from the root. A name alone lies in its folder's record if that is absolute, as it is
    /// for a call with an open folder; any other relative path begins at the working directory.
    pub fn full_path<'v>(&'v self, path: Option<&'v PathItem>, arena: &'v Bump) -> &'v str {
        let Some(path) = path else { return "" };
        let name = path.name.as_str();
        if name.is_empty() || name.starts_with('/') {
            return normal(arena, "", name);
        }
        let mut parents = self.paths().iter().filter(|path| path.kind == "PARENT");
        // `rename` names the old folder, then the new one.
        let parent = if path.kind == "DELETE" { parents.next() } else { parents.next_back() };
        let folder = parent.filter(|parent| parent.name.starts_with('/') && !name.contains('/'));
        normal(arena, folder.map_or(&self.working_directory, |folder| &folder.name), name)
    }

    /// Takes a record's part in the event. It is left out once the event has
    /// more than `bytes_max` bytes.
    fn add(&mut self, part: Part, line: &Line<'_>, bytes_max: usize, arena: &Bump) {
        self.bytes += line.body.len() + line.enriched.len() + RECORD_BYTES;
        if self.bytes > bytes_max {
            self.is_cut = true;
            return;
        }
        match part {
            Part::SystemCall => {
                self.system_call.push_str(line.body);
                self.enriched.push_str(line.enriched);
            }
            Part::Arguments => fields::for_each(line.body, &mut |name, value| self.argument(name, value)),
            Part::Path => {
                if self.path_count == self.paths.len() {
                    self.paths.push(PathItem::default());
                }
                let path = &mut self.paths[self.path_count];
                self.path_count += 1;
                path.number = 0;
                for text in [&mut path.name, &mut path.kind, &mut path.mode] {
                    text.clear();
                }
                fields::for_each(line.body, &mut |name, value| match name {
                    "name" if value.text() != "(null)" => path.name.push_str(value::text(name, value, arena)),
                    "nametype" | "objtype" => path.kind.push_str(value.text()),
                    "mode" => path.mode.push_str(value.text()),
                    "item" => path.number = value.text().parse().unwrap_or_default(),
                    _ => {}
                });
            }
            _ => fields::for_each(line.body, &mut |name, value| {
                let slot = match (part, name) {
                    (Part::WorkingDirectory, "cwd") => &mut self.working_directory,
                    (Part::Title, "proctitle") => &mut self.title,
                    (Part::Module, "name") => &mut self.module,
                    (Part::Target, "opid") => &mut self.target_id,
                    (Part::Target, "ocomm") => &mut self.target_command,
                    (Part::SocketAddress, "saddr") => {
                        self.address = SocketAddress::parse(value.text());
                        return;
                    }
                    _ => return,
                };
                slot.clear();
                slot.push_str(value::text(name, value, arena));
            }),
        }
    }

    /// An argument, `a0="ls"`, or a piece of a long one, `a1[0]=…`, which may go on in the next record.
    fn argument(&mut self, name: &str, value: Written<'_>) {
        let Some(name) = name.strip_prefix('a') else { return };
        let number = name.split_once('[').map_or(name, |(number, _)| number);
        // `argc` and `a1_len` are no arguments.
        let Ok(number) = number.parse() else { return };
        if self.argument_number != Some(number) {
            self.end_argument();
            self.argument_number = Some(number);
        }
        value::extend_argument(value, &mut self.argument);
    }

    fn end_argument(&mut self) {
        if self.argument_number.take().is_some() {
            let text = String::from_utf8_lossy(&self.argument);
            value::add_argument(&mut |piece| self.command_line.push_str(piece), &text);
        }
        self.argument.clear();
    }

    /// The command line of an `execve`.
    pub fn command(&self) -> &str {
        // Each argument begins with its space.
        self.command_line.get(1..).unwrap_or_default()
    }
}

/// A name in a folder, without `.`, `..` and doubled slashes.
fn normal<'v>(arena: &'v Bump, folder: &'v str, name: &'v str) -> &'v str {
    let is_odd = |part: &str| matches!(part, "" | "." | "..");
    let is_absolute = folder.starts_with('/') || name.starts_with('/');
    if !is_absolute || (folder.is_empty() && !name.split('/').skip(1).any(is_odd)) {
        return name;
    }
    let mut path = bumpalo::collections::String::with_capacity_in(folder.len() + name.len() + 1, arena);
    for part in folder.split('/').chain(name.split('/')) {
        match part {
            "" | "." => {}
            ".." => path.truncate(path.rfind('/').unwrap_or(0)),
            part => {
                path.push('/');
                path.push_str(part);
            }
        }
    }
    if path.is_empty() { "/" } else { path.into_bump_str() }
}

/// The open events.
#[derive(Default)]
#[expect(clippy::vec_box, reason = "an event holds many texts, and the end of one moves those behind it")]
pub struct Joiner {
    /// In the order in which they began.
    open: Vec<Box<Event>>,
    /// Events that have ended, to use their memory again.
    idle: Vec<Box<Event>>,
    /// Bytes of all open events.
    bytes: usize,
}

impl Joiner {
    /// Adds a record to its event and hands on the events that have ended with it. `bytes_max` bounds one
    /// event, and four times as much all open ones.
    pub fn add(
        &mut self,
        part: Part,
        line: &Line<'_>,
        bytes_max: usize,
        arena: &Bump,
        ended: &mut impl FnMut(&mut Event),
    ) {
        self.end_old(line, ended);
        // Records of the same event follow each other nearly always.
        let found = self.open.iter().rposition(|event| event.id == line.id && event.node == line.node);
        let at = match found {
            Some(at) => at,
            None if part == Part::End => return,
            None => {
                let mut event = self.idle.pop().unwrap_or_default();
                event.begin(line);
                self.bytes += event.bytes;
                self.open.push(event);
                self.open.len() - 1
            }
        };
        if part == Part::End {
            return self.end(at, ended);
        }
        let before = self.open[at].bytes;
        self.open[at].add(part, line, bytes_max, arena);
        self.bytes += self.open[at].bytes - before;
        // `ausearch` shows the records of an event in reverse order.
        let event = &self.open[at];
        let (has_call, has_title) = (!event.system_call.is_empty(), !event.title.is_empty());
        if (part == Part::Title && has_call) || (part == Part::SystemCall && has_title) {
            return self.end(at, ended);
        }
        while self.open.len() > OPEN_MAX || (self.bytes > 4 * bytes_max && self.open.len() > 1) {
            self.end(0, ended);
        }
    }

    /// Ends all open events.
    pub fn end_all(&mut self, ended: &mut impl FnMut(&mut Event)) {
        while !self.open.is_empty() {
            self.end(0, ended);
        }
    }

    /// Ends the events of the record's machine that are older than the record by more than [`AGE_MAX`].
    fn end_old(&mut self, line: &Line<'_>, ended: &mut impl FnMut(&mut Event)) {
        let limit = line.micros.saturating_sub(AGE_MAX);
        let mut at = 0;
        while let Some(event) = self.open.get(at) {
            if event.micros < limit && event.node == line.node {
                self.end(at, ended);
            } else {
                at += 1;
            }
        }
    }

    fn end(&mut self, at: usize, ended: &mut impl FnMut(&mut Event)) {
        let mut event = self.open.remove(at);
        self.bytes -= event.bytes;
        event.end_argument();
        let paths = event.path_count;
        event.paths[..paths].sort_by_key(|path| path.number);
        ended(&mut event);
        if self.idle.len() < 16 && event.bytes < IDLE_BYTES_MAX {
            self.idle.push(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::auditd::line;

    /// The command lines and working directories of events, in the order in which they end.
    fn joined(lines: &[&str], bytes_max: usize) -> Vec<String> {
        let mut joiner = Joiner::default();
        let mut ended = Vec::new();
        let mut end = |event: &mut Event| {
            let paths: Vec<_> = event.paths().iter().map(|path| &*path.name).collect();
            let cut = if event.is_cut { " cut" } else { "" };
            ended.push(format!("{} {}{cut}", event.command(), paths.join("+")));
        };
        let arena = Bump::new();
        for text in lines {
            let line = line::parse(text).expect(text);
            joiner.add(Part::of(line.kind), &line, bytes_max, &arena, &mut end);
        }
        joiner.end_all(&mut end);
        ended
    }

    #[test]
    fn mixed_events_are_told_apart() {
        let lines = [
            "type=SYSCALL msg=audit(1.0:1): syscall=59",
            "type=SYSCALL msg=audit(1.0:2): syscall=59",
            "node=b type=SYSCALL msg=audit(1.0:1): syscall=59",
            "type=EXECVE msg=audit(1.0:2): argc=2 a0=\"ls\" a1=2D6C",
            "type=EXECVE msg=audit(1.0:1): argc=1 a0=\"id\"",
            "node=b type=EXECVE msg=audit(1.0:1): argc=1 a0=\"w\"",
            "type=PATH msg=audit(1.0:2): item=0 name=\"/bin/ls\"",
            "type=PATH msg=audit(1.0:1): item=0 name=\"/bin/id\"",
            "type=PATH msg=audit(1.0:1): item=1 name=2F6120",
            "type=PROCTITLE msg=audit(1.0:2): proctitle=\"ls\"",
            "type=EOE msg=audit(1.0:2):",
            "type=EOE msg=audit(1.0:1):",
        ];
        assert_eq!(joined(&lines, 1000), ["ls -l /bin/ls", "id /bin/id+/a ", "w "]);
    }

    #[test]
    fn records_may_come_in_reverse() {
        let lines = [
            "type=PROCTITLE msg=audit(1.0:1): proctitle=\"ls\"",
            "type=PATH msg=audit(1.0:1): item=1 name=\"/b\"",
            "type=PATH msg=audit(1.0:1): item=0 name=\"/a\"",
            "type=EXECVE msg=audit(1.0:1): argc=1 a0=\"ls\"",
            "type=SYSCALL msg=audit(1.0:1): syscall=59",
            "type=SYSCALL msg=audit(1.0:2): syscall=59",
            "type=EOE msg=audit(1.0:2):",
        ];
        assert_eq!(joined(&lines, 1000), ["ls /a+/b", " "]);
    }

    #[test]
    fn long_arguments_are_put_together() {
        let lines = [
            "type=SYSCALL msg=audit(1.0:1): syscall=59",
            "type=EXECVE msg=audit(1.0:1): argc=3 a0=\"sh\" a1_len=6 a1[0]=612062",
            "type=EXECVE msg=audit(1.0:1):  a1[1]=632064 a2=\"e\"",
        ];
        assert_eq!(joined(&lines, 1000), ["sh \"a bc d\" e "]);
    }

    #[test]
    fn paths_begin_at_the_root() {
        let arena = Bump::new();
        let path = |cwd: &str, parent: &str, name: &str| {
            let item = |kind: &str, name: &str| PathItem {
                number: 0,
                kind: kind.to_owned(),
                name: name.to_owned(),
                mode: String::new(),
            };
            let event = Event {
                working_directory: cwd.to_owned(),
                paths: vec![item("PARENT", parent), item("CREATE", name)],
                path_count: 2,
                ..Event::default()
            };
            event.full_path(event.created(), &arena).to_owned()
        };
        assert_eq!(path("/home/ann", "/", "/etc/passwd"), "/etc/passwd");
        assert_eq!(path("/home/ann", "/home/ann", "x"), "/home/ann/x");
        assert_eq!(path("/home/ann", "dir/", "dir/x"), "/home/ann/dir/x");
        assert_eq!(path("/home/ann", "/var/tmp/", "x"), "/var/tmp/x");
        assert_eq!(path("/home/ann", "", "./../bob//x"), "/home/bob/x");
        assert_eq!(path("/", "", "x"), "/x");
        assert_eq!(path("", "", "x/y"), "x/y");
        assert_eq!(path("/", "", "/../.."), "/");
        assert_eq!(path("/a", "", ""), "");
    }

    #[test]
    fn old_events_end() {
        let lines = [
            "type=SYSCALL msg=audit(1.0:1): syscall=59",
            "type=SYSCALL msg=audit(3.0:2): syscall=59",
            "type=EXECVE msg=audit(1.0:1): a0=\"in-time\"",
            "type=SYSCALL msg=audit(3.001:3): syscall=59",
            "type=EXECVE msg=audit(1.0:1): a0=\"late\"",
            "node=b type=SYSCALL msg=audit(9.0:3): syscall=59",
            "type=EXECVE msg=audit(3.0:2): a0=\"another-clock\"",
        ];
        // The late record is an event without a system call, which tells nothing.
        assert_eq!(joined(&lines, 1000), ["in-time ", "another-clock ", " ", "late ", " "]);
    }

    #[test]
    fn memory_is_bounded() {
        let long = format!("type=EXECVE msg=audit(1.0:1): a1=\"{}\"", "x".repeat(60));
        let lines = [
            "type=SYSCALL msg=audit(1.0:1): syscall=59",
            "type=EXECVE msg=audit(1.0:1): a0=\"a\"",
            &long,
            "type=EXECVE msg=audit(1.0:1): a2=\"b\"",
        ];
        assert_eq!(joined(&lines, 250), ["a  cut"]);

        let many: Vec<String> = (0..OPEN_MAX + 3)
            .flat_map(|serial| {
                let record = |kind: &str, body: &str| format!("type={kind} msg=audit(1.0:{serial}): {body}");
                [record("SYSCALL", "syscall=59"), record("EXECVE", &format!("a0=\"{serial}\""))]
            })
            .collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let ended = joined(&many, 1 << 20);
        assert_eq!(ended.len(), OPEN_MAX + 3);
        assert_eq!(ended[..2], ["0 ", "1 "]);
        // All open events together are bounded, too; here four system calls of 10 bytes each.
        let ended = joined(&many, 10);
        assert_eq!(ended.len(), OPEN_MAX + 3);
        assert_eq!(ended[0], "  cut");
    }
}
