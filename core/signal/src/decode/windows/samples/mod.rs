//! Events of our own making, and encoders that write them as each of the encodings: what tests compare.

pub mod evtx;
mod list;
pub mod text;

pub use list::samples;

/// An event, as Windows would write it.
pub struct Sample {
    pub provider: &'static str,
    pub guid: &'static str,
    pub channel: &'static str,
    pub id: u16,
    pub level: u8,
    pub task: u16,
    pub keywords: u64,
    /// 100 ns since 1601; a multiple of ten.
    pub time: u64,
    pub record: u64,
    pub computer: &'static str,
    /// The SID of the event's user, or empty.
    pub user: &'static str,
    /// `UserData`'s child, or empty for `EventData`.
    pub wrapper: &'static str,
    /// Names and values in order; an empty name is a `Data` without one.
    pub data: Vec<(&'static str, &'static str)>,
}

pub const VERSION: u8 = 5;
pub const OPCODE: u8 = 0;
pub const PROCESS_ID: u32 = 3328;
pub const THREAD_ID: u32 = 4512;
pub const ACTIVITY_ID: &str = "{5770385f-c22a-43e0-bf4c-06f5698ffbd9}";

impl Sample {
    /// `2020-01-02T03:04:05.1234560Z`.
    pub fn time_text(&self) -> String {
        let micros = crate::time::from_filetime(self.time).expect("a time of our own");
        crate::time::format_datetime(micros).replace('Z', "0Z")
    }
}
