//! What is known about processes: the program that each was seen to execute last.
//!
//! An event names its process's parent by id only. Advanced hunting shows the parent's program, so the
//! decoder remembers what it saw executed, in a table of fixed size: a newer process takes an older one's
//! place.

use std::hash::{DefaultHasher, Hash, Hasher};

const PLACES: usize = 4096;
/// Longer command lines are kept up to here.
const COMMAND_BYTES_MAX: usize = 1024;

#[derive(Default)]
pub struct Processes {
    places: Vec<Process>,
}

#[derive(Default)]
pub struct Process {
    /// The machine and the process id; zero is none.
    key: u64,
    pub executable: String,
    pub command_line: String,
}

impl Processes {
    /// Remembers that a process executes a program now.
    pub fn execute(&mut self, node: &str, id: &str, executable: &str, command_line: &str) {
        if self.places.is_empty() {
            self.places.resize_with(PLACES, Process::default);
        }
        let key = key(node, id);
        let place = &mut self.places[key as usize % PLACES];
        place.key = key;
        executable.clone_into(&mut place.executable);
        let end = command_line.floor_char_boundary(COMMAND_BYTES_MAX);
        command_line[..end].clone_into(&mut place.command_line);
    }

    pub fn find(&self, node: &str, id: &str) -> Option<&Process> {
        let key = key(node, id);
        self.places.get(key as usize % PLACES).filter(|process| process.key == key)
    }
}

fn key(node: &str, id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (node, id).hash(&mut hasher);
    hasher.finish().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_what_it_executed_last() {
        let mut processes = Processes::default();
        assert!(processes.find("a", "1").is_none());
        processes.execute("a", "1", "/bin/sh", "sh");
        processes.execute("a", "1", "/bin/ls", &"é".repeat(COMMAND_BYTES_MAX));
        processes.execute("b", "1", "/bin/id", "id");
        let found = processes.find("a", "1").expect("it was remembered");
        assert_eq!(found.executable, "/bin/ls");
        assert_eq!(found.command_line.len(), COMMAND_BYTES_MAX);
        assert_eq!(processes.find("b", "1").expect("it was remembered").executable, "/bin/id");
        assert!(processes.find("a", "2").is_none());
        for id in 0..3 * PLACES {
            processes.execute("a", &id.to_string(), "/x", "x");
        }
        assert_eq!(processes.places.len(), PLACES);
    }
}
