//! Table `Heartbeat`: this machine is up.
//!
//! In the words that queries over the table look for: whoever asks for machines without a heartbeat groups by
//! `Computer`, `OSType` and `Category`, and counts agents that report by themselves by
//! `SCAgentChannel == "Direct"`.

use serde_json::json;

use crate::{fill::Fill, host::Host};

pub(crate) fn write(fill: &mut Fill, host: &Host, version: &str) {
    let addresses: Vec<String> = host.addresses.iter().map(ToString::to_string).collect();
    // The table has one word for all agents on Linux and another for all on Windows.
    let source = if host.os_type == "Linux" { "Linux" } else { "OpsManager" };
    let mut row = fill.row();
    row.text("SourceSystem", source)
        .text("Category", "Direct Agent")
        .text("SCAgentChannel", "Direct")
        .text("Computer", &host.name)
        .text("OSType", &host.os_type)
        .text("OSName", &host.os_name)
        .text("OSMajorVersion", &host.os_version.0)
        .text("OSMinorVersion", &host.os_version.1)
        .text("Version", version)
        .text("ComputerEnvironment", "Non-Azure")
        .bool("IsGatewayInstalled", false)
        .json("ComputerPrivateIPs", &json!(addresses))
        .unmapped("Product", "Phalanx");
    if let Some(address) = host.address {
        row.text("ComputerIP", &address.to_string());
    }
    if let Some(id) = &host.machine_id {
        row.text("VMUUID", id);
    }
}
