//! Table `Heartbeat`: this machine is up.

use serde_json::json;

use crate::{fill::Fill, host::Host};

pub(crate) fn write(fill: &mut Fill, host: &Host, version: &str) {
    let addresses: Vec<String> = host.addresses.iter().map(ToString::to_string).collect();
    let mut row = fill.row();
    row.text("SourceSystem", "Phalanx")
        .text("Category", "Phalanx")
        .text("Computer", &host.name)
        .text("OSType", &host.os_type)
        .text("OSName", &host.os_name)
        .text("OSMajorVersion", &host.os_version.0)
        .text("OSMinorVersion", &host.os_version.1)
        .text("Version", version)
        .text("ComputerEnvironment", "Non-Azure")
        .bool("IsGatewayInstalled", false)
        .json("ComputerPrivateIPs", &json!(addresses));
    if let Some(address) = host.address {
        row.text("ComputerIP", &address.to_string());
    }
    if let Some(id) = &host.machine_id {
        row.text("VMUUID", id);
    }
}
