//! Table `PhalanxRefusal`: input that was refused or could not be decoded, counted since the last row.

use std::collections::HashMap;

use crate::{DeadLetterCount, RefusalCount, fill::Fill};

/// The counts that were told already.
#[derive(Clone, Default)]
pub(crate) struct Refusals {
    told: HashMap<Kind, u64>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Kind {
    source: String,
    interface: String,
    reason: String,
    status_code: Option<u16>,
}

impl Refusals {
    /// Writes a row for each count that has grown.
    pub fn write(&mut self, fill: &mut Fill, refused: Vec<RefusalCount>, letters: Vec<DeadLetterCount>) {
        let refused = refused.into_iter().map(|r| {
            let (source, interface, reason) = (r.source, r.interface, r.reason);
            (Kind { source, interface, reason, status_code: r.status_code }, r.count)
        });
        let letters = letters.into_iter().map(|letter| {
            let interface = format!("decoder {}", letter.format);
            let (source, reason) = (letter.source, letter.reason);
            (Kind { source, interface, reason, status_code: None }, letter.count)
        });
        let counts: HashMap<Kind, u64> = refused.chain(letters).collect();
        for (kind, count) in &counts {
            let new = count.saturating_sub(self.told.get(kind).copied().unwrap_or_default());
            if new == 0 {
                continue;
            }
            let mut row = fill.row();
            row.text("Source", &kind.source)
                .text("Interface", &kind.interface)
                .text("Reason", &kind.reason)
                .long("Count", new);
            if let Some(code) = kind.status_code {
                row.long("StatusCode", code.into());
            }
        }
        // What is no longer counted is forgotten, so this stays as bounded as the counts are.
        self.told = counts;
    }
}
