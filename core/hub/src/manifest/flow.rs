//! The numbered flows between the services.

use std::fmt;

use serde::{Serialize, Serializer};

/// One of the 64 numbered flows between services, written `F12`. A flow is told from the side of one service:
/// what that takes in, or what it gives out. So what passes between two services may have two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Flow(u8);

/// What a flow is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FlowMeaning {
    /// The service from whose side it is told.
    pub service: &'static str,
    pub direction: Direction,
    pub what: &'static str,
}

/// Which way a flow goes, seen from its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    Consumes,
    Provides,
}

impl Flow {
    /// The last number.
    pub const LAST: u8 = 64;

    /// The flow with this number. At compile time a number that there is not is an error of compilation.
    pub const fn new(number: u8) -> Self {
        assert!(number >= 1 && number <= Self::LAST, "flows are numbered from 1 to 64");
        Self(number)
    }

    /// All flows, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=Self::LAST).map(Self)
    }

    pub const fn number(self) -> u8 {
        self.0
    }

    pub const fn meaning(self) -> FlowMeaning {
        let (service, direction, what) = MEANINGS[self.0 as usize - 1];
        FlowMeaning { service, direction, what }
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "F{}", self.0)
    }
}

impl Serialize for Flow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

use Direction::{Consumes, Provides};

/// By number, from 1.
const MEANINGS: [(&str, Direction, &str); Flow::LAST as usize] = [
    ("identity", Consumes, "sign-ins and risk events"),
    ("identity", Consumes, "compliance of devices, from devices"),
    ("identity", Consumes, "threats on devices, from endpoint"),
    ("identity", Consumes, "context of sessions, from apps"),
    ("identity", Provides, "access decisions: allow, block, restrict, require"),
    ("devices", Consumes, "inventory, health and compliance of managed devices"),
    ("devices", Consumes, "which identity a device belongs to, from identity"),
    ("devices", Provides, "posture of devices, to identity"),
    ("devices", Provides, "audit logs of devices, to siem"),
    ("data", Consumes, "content of mail, collaboration, apps and own stores"),
    ("data", Consumes, "classification: labels, inspection, what users do"),
    ("data", Provides, "alerts of insider risk and data loss, to incidents"),
    ("data", Provides, "compliance and audit logs, to siem"),
    ("data", Provides, "data loss prevention on endpoints, through endpoint"),
    ("data", Provides, "data loss prevention in sessions, through apps"),
    ("endpoint", Consumes, "activity of processes, files and networks"),
    ("endpoint", Consumes, "context of identities, from identity"),
    ("endpoint", Consumes, "posture of devices, from devices"),
    ("endpoint", Consumes, "policies against data loss, from data"),
    ("endpoint", Provides, "alerts and telemetry, to incidents"),
    ("endpoint", Provides, "alerts and telemetry, to siem"),
    ("endpoint", Provides, "isolation, blocking, remediation"),
    ("identity-threats", Consumes, "signals of Active Directory"),
    ("identity-threats", Provides, "alerts of threats to identities, to incidents"),
    ("identity-threats", Provides, "alerts of threats to identities, to siem"),
    ("apps", Consumes, "activity in cloud applications"),
    ("apps", Consumes, "network use and unknown applications, from endpoint"),
    ("apps", Consumes, "context of sessions and authentication, from identity"),
    ("apps", Consumes, "classification, from data"),
    ("apps", Provides, "alerts of applications, to incidents"),
    ("apps", Provides, "alerts of applications, to siem"),
    ("apps", Provides, "enforcement in sessions: block, monitor, restrict"),
    ("cloud", Consumes, "operations on resources"),
    ("cloud", Consumes, "telemetry of servers and workloads, from endpoint"),
    ("cloud", Consumes, "configuration and posture of resources"),
    ("cloud", Provides, "alerts and posture, to incidents"),
    ("cloud", Provides, "alerts and posture, to siem"),
    ("exposure", Consumes, "risk scores of devices, from endpoint"),
    ("exposure", Consumes, "inventory, posture and attack surface, from cloud"),
    ("exposure", Consumes, "inventory and risk of identities, from identity"),
    ("exposure", Consumes, "inventory, risk and use of applications, from apps"),
    ("exposure", Consumes, "all of it together: exposure and risk, correlated"),
    ("exposure", Provides, "exposure, to incidents"),
    ("exposure", Provides, "exposure, to siem"),
    ("incidents", Consumes, "alerts of endpoint"),
    ("incidents", Consumes, "alerts of identity-threats"),
    ("incidents", Consumes, "alerts of email"),
    ("incidents", Consumes, "alerts of apps"),
    ("incidents", Consumes, "data loss, insider risk and classification, from data"),
    ("incidents", Consumes, "risk of identities, from identity"),
    ("incidents", Consumes, "workloads and posture, from cloud"),
    ("incidents", Provides, "correlated alerts and incidents, to siem"),
    ("incidents", Provides, "automatic response across domains"),
    ("siem", Consumes, "incidents"),
    ("siem", Consumes, "signals of data"),
    ("siem", Consumes, "signals of cloud services"),
    ("siem", Consumes, "every other source, of first and third parties"),
    ("siem", Provides, "analytics, investigations, incidents"),
    ("siem", Provides, "response by playbooks"),
    ("copilot", Consumes, "incidents and alerts, from siem and incidents"),
    ("copilot", Consumes, "context of sensitive data and insider risk, from data"),
    ("copilot", Consumes, "context of exposure, from exposure"),
    ("copilot", Provides, "summaries, recommendations, insights"),
    ("copilot", Provides, "guided response through the workflows of incidents and siem"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_meaning_of_its_own() {
        let meanings: Vec<FlowMeaning> = Flow::all().map(Flow::meaning).collect();
        assert_eq!(meanings.len(), 64);
        for (at, meaning) in meanings.iter().enumerate() {
            assert!(!meanings[..at].contains(meaning), "{meaning:?}");
        }
        // Told service by service: once one is done with, it does not come again.
        let mut services: Vec<&str> = meanings.iter().map(|meaning| meaning.service).collect();
        services.dedup();
        assert_eq!(
            services,
            [
                "identity",
                "devices",
                "data",
                "endpoint",
                "identity-threats",
                "apps",
                "cloud",
                "exposure",
                "incidents",
                "siem",
                "copilot"
            ]
        );
        assert_eq!(Flow::new(57).to_string(), "F57");
        assert_eq!(Flow::new(22).meaning().direction, Provides);
    }
}
