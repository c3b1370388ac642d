//! What each category becomes, and how the records are told from others.

use serde_json::Value as Json;

use super::*;
use crate::testing;

/// The row that a record of a category gives.
fn row(category: &str, rest: &str) -> Json {
    let record = format!(r#"{{"time":"2026-01-02T03:04:05Z","category":"{category}",{rest}}}"#);
    let (rows, counts) = testing::decode(&FORMAT, record.as_bytes(), &[]);
    assert_eq!((rows.len(), counts.records), (1, 1), "{record} gives {rows:?}");
    serde_json::from_str(&rows[0]).expect("a row is JSON")
}

#[test]
fn a_category_tells_the_table() {
    for (category, rest, table) in [
        ("SignInLogs", "", "SigninLogs"),
        ("NonInteractiveUserSignInLogs", "", "AADNonInteractiveUserSignInLogs"),
        ("ServicePrincipalSignInLogs", "", "AADServicePrincipalSignInLogs"),
        ("ManagedIdentitySignInLogs", "", "AADManagedIdentitySignInLogs"),
        ("ADFSSignInLogs", "", "ADFSSignInLogs"),
        ("AuditLogs", "", "AuditLogs"),
        ("AuditLogs", r#""ActivityResultStatus":1"#, "IntuneAuditLogs"),
        ("RiskyUsers", "", "AADRiskyUsers"),
        ("UserRiskEvents", "", "AADUserRiskEvents"),
        ("RiskyServicePrincipals", "", "AADRiskyServicePrincipals"),
        ("ServicePrincipalRiskEvents", "", "AADServicePrincipalRiskEvents"),
        ("ProvisioningLogs", "", "AADProvisioningLogs"),
        ("Administrative", "", "AzureActivity"),
        ("ServiceHealth", "", "AzureActivity"),
        ("MicrosoftGraphActivityLogs", "", "MicrosoftGraphActivityLogs"),
        ("NetworkAccessTrafficLogs", "", "NetworkAccessTraffic"),
        ("AZFWNetworkRule", "", "AZFWNetworkRule"),
        // A write that nobody is named for is of another log.
        ("Write", "", "AzureDiagnostics"),
        ("AuditEvent", "", "AzureDiagnostics"),
        ("AdvancedHunting-DeviceEvents", "", "DeviceEvents"),
        // No category of a log of Azure is called as the platform's own tables are.
        ("PhalanxDeadLetter", "", "AzureDiagnostics"),
    ] {
        let row = row(category, &format!(r#""operationName":"o","properties":{{{rest}}}"#));
        assert_eq!(row["Table"], table, "{category}");
        assert_eq!(row["TimeGenerated"].as_str().map(|time| &time[..4]), Some("2026"), "{category}");
    }
}

#[test]
fn an_identifier_that_stands_twice_is_kept_once() {
    let row = row(
        "SignInLogs",
        r#""correlationId":"c","callerIpAddress":"1.2.3.4","properties":{"correlationId":"c","ipAddress":"1.2.3.4"}"#,
    );
    assert_eq!((&row["CorrelationId"], &row["IPAddress"]), (&"c".into(), &"1.2.3.4".into()));
    assert_eq!(row.get("_Unmapped"), None);
    let row = self::row("SignInLogs", r#""correlationId":"c","properties":{"correlationId":"other"}"#);
    assert_eq!(row["_Unmapped"]["properties.correlationId"], "other");
}

#[test]
fn who_acted_on_a_resource_is_told_by_the_best_claim() {
    const CLAIMS: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/";
    for (claims, caller) in [
        (format!(r#""{CLAIMS}name":"n","{CLAIMS}upn":"u@example.com""#), "u@example.com"),
        (format!(r#""appid":"a","{CLAIMS}name":"n""#), "n"),
        (r#""appid":"a""#.to_owned(), "a"),
    ] {
        let row = row(
            "Administrative",
            &format!(r#""operationName":"a/b/write","identity":{{"claims":{{{claims}}}}}"#),
        );
        assert_eq!(row["Caller"], caller);
        assert_eq!(row["OperationNameValue"], "A/B/WRITE");
    }
}

#[test]
fn only_logs_of_azure_are_taken_for_them() {
    let guess = |text: &str| guess(&Sample { name: "", bytes: text.as_bytes(), table: None });
    for ours in [
        r#"{"records":[{"time":"t","category":"c","properties":{}}]}"#,
        r#"{"time":"t","resourceId":"r","category":"c"}"#,
        r#"{"@odata.context":"c","value":[{"createdDateTime":"t","status":{},"appId":"a"}]}"#,
        r#"[{"activityDateTime":"t","activityDisplayName":"a","targetResources":[]}]"#,
    ] {
        assert_eq!(guess(ours), Confidence::Certain, "{ours}");
    }
    for other in [
        "",
        "{}",
        r#"{"time":"t","category":"c","message":"a log line"}"#,
        r#"{"TimeGenerated":"t","Category":"c","OperationName":"o"}"#,
        r#"{"value":[{"id":"1"}]}"#,
        r#"{"CreationTime":"t","Operation":"o","Workload":"w"}"#,
    ] {
        assert_eq!(guess(other), Confidence::No, "{other}");
    }
}
