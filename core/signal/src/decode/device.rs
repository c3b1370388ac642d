//! The device that records come from.

use std::{collections::HashMap, sync::Arc};

/// Devices whose names are kept; further ones begin a new memory.
const KNOWN_MAX: usize = 4_096;

/// The names of a device; nearly always those of the record before, or of one of a fleet that was seen already.
#[derive(Default)]
pub struct Device {
    computer: String,
    names: Arc<Names>,
    known: HashMap<String, Arc<Names>>,
}

#[derive(Default)]
struct Names {
    name: String,
    id: String,
}

impl Device {
    pub fn set(&mut self, computer: &str) {
        if self.computer == computer {
            return;
        }
        computer.clone_into(&mut self.computer);
        if let Some(names) = self.known.get(computer) {
            self.names = names.clone();
            return;
        }
        let name = computer.to_lowercase();
        let id = crate::mapping::function::device_id(&name);
        self.names = Arc::new(Names { name, id });
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        self.known.insert(computer.to_owned(), self.names.clone());
    }

    /// As it was set.
    pub fn computer(&self) -> &str {
        &self.computer
    }

    /// In lower case, as advanced hunting has it.
    pub fn name(&self) -> &str {
        &self.names.name
    }

    pub fn id(&self) -> &str {
        &self.names.id
    }
}
