//! What a record is, told by its members.

use crate::decode::json::{Kind, Members};

#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// With an envelope, as diagnostic settings and Defender's streaming write it.
    Diagnostic,
    /// What an API of Microsoft Graph or the Resource Manager answers.
    Answer(&'static Answer),
}

/// A kind of answer.
pub(super) struct Answer {
    /// Its name in the mapping.
    pub source: &'static str,
    /// Members that tell it: it has all of them.
    names: [&'static str; 3],
    /// Which of its members are opened.
    pub opens: fn(&str) -> bool,
}

static ANSWERS: [Answer; 5] = [
    answer("graph/directoryAudit", ["activityDateTime", "activityDisplayName", "targetResources"]),
    answer("graph/riskDetection", ["riskEventType", "detectedDateTime", "riskState"]),
    answer("graph/riskyUser", ["riskLastUpdatedDateTime", "riskState", "userPrincipalName"]),
    answer("graph/signIn", ["createdDateTime", "status", "appId"]),
    Answer { opens: is_pair, ..answer("activity/event", ["eventTimestamp", "operationName", "eventDataId"]) },
];

const fn answer(source: &'static str, names: [&'static str; 3]) -> Answer {
    Answer { source, names, opens: |_| false }
}

/// Members of the activity log that hold a value and its name for people.
fn is_pair(name: &str) -> bool {
    matches!(name, "operationName" | "status" | "subStatus" | "category" | "resourceProviderName")
}

impl Shape {
    pub fn of(text: &str, members: &Members) -> Option<Self> {
        let has = |name: &str| members.get(text, name).is_some();
        let category = members.get(text, "category");
        let is_named = category.is_some_and(|category| category.kind == Kind::String);
        if is_named && has("time") && (has("operationName") || has("resourceId") || has("properties")) {
            return Some(Self::Diagnostic);
        }
        ANSWERS.iter().find(|answer| answer.names.iter().all(|name| has(name))).map(Self::Answer)
    }
}
