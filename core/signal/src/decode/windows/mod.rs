//! Windows events, from whatever encoding they come in.
//!
//! Three encodings are read into one [`event::WindowsEvent`] (header fields, data fields in order, the
//! rendered message): event log files ([`EVTX`]), XML ([`XML`]) and the JSON of the usual shippers
//! ([`JSON`]). [`rows`] then writes the rows that the files `mapping/windows-*.map` say: always one of
//! `SecurityEvent`, `Event` or `WindowsEvent`, and one of an advanced-hunting table where the event
//! describes what a Defender sensor would report.

#[cfg(test)]
mod cases;
mod data_text;
mod encoding;
mod event;
mod evtx;
mod json;
mod rows;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
mod walker;
mod xml;

pub use evtx::EVTX;
pub use json::JSON;
pub use rows::mapping;
pub use xml::XML;
