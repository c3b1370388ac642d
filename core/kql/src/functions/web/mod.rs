//! Functions of texts that the web is made of: addresses, XML, and what browsers say of themselves.

mod agent;
mod agent_rules;
mod url;
mod xml;
mod xml_reader;

pub(super) use agent::FUNCTIONS as AGENT;
pub(super) use url::FUNCTIONS as URL;
pub(super) use xml::FUNCTIONS as XML;

#[cfg(test)]
mod tests;
