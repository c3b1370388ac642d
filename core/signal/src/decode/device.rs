//! The device that records come from.

/// The names of a device; nearly always those of the record before.
#[derive(Default)]
pub struct Device {
    computer: String,
    name: String,
    id: String,
}

impl Device {
    pub fn set(&mut self, computer: &str) {
        if self.computer != computer {
            computer.clone_into(&mut self.computer);
            self.name = computer.to_lowercase();
            self.id = crate::mapping::function::device_id(&self.name);
        }
    }

    /// As it was set.
    pub fn computer(&self) -> &str {
        &self.computer
    }

    /// In lower case, as advanced hunting has it.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn id(&self) -> &str {
        &self.id
    }
}
