//! What is known of this host.

use std::{fs, sync::Arc};

use chrono::{Local, Offset};

/// The host's name and time zone.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    pub name: Arc<str>,
}

impl Host {
    /// Asks the kernel for the host's name.
    pub fn find() -> Self {
        let name = fs::read_to_string("/proc/sys/kernel/hostname")
            .map(|name| name.trim().to_owned())
            .ok()
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "localhost".to_owned());
        Self { name: name.into() }
    }

    /// Seconds east of UTC of the times that this host writes into its log files, at this moment.
    pub fn zone_seconds() -> i32 {
        Local::now().offset().fix().local_minus_utc()
    }
}
