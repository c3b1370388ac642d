//! Rules of the mapping, one by one, and how the wrappings are told apart.

use serde_json::Value as Json;

use super::*;
use crate::{decode::Session, testing};

/// The row of a record with some members replaced.
fn row(members: &str) -> Json {
    let record =
        format!(r#"{{"eventVersion":"1.09","eventSource":"ec2.amazonaws.com","eventID":"e1",{members}}}"#);
    let (rows, counts) = testing::decode(&FORMAT, record.as_bytes(), &[]);
    assert_eq!((rows.len(), counts.records), (1, 1), "{record}");
    serde_json::from_str(&rows[0]).expect("a row is JSON")
}

#[test]
fn rules_of_security_groups_have_columns_of_their_own() {
    let today = row(
        r#""eventName":"RevokeSecurityGroupEgress","requestParameters":{"ipPermissions":{"items":[
        {"ipProtocol":"udp","fromPort":53,"toPort":54,"ipRanges":{"items":[{"cidrIp":"10.0.0.0/8"},{"cidrIp":"x"}]}}]}}"#,
    );
    assert_eq!(today["IpProtocol"], "udp");
    assert_eq!(today["SourcePort"], "53");
    assert_eq!(today["DestinationPort"], "54");
    assert_eq!(today["CidrIp"], "10.0.0.0/8");
    assert!(today["RequestParameters"].as_str().is_some_and(|json| json.contains("10.0.0.0/8")));

    let old = row(r#""eventName":"AuthorizeSecurityGroupIngress",
        "requestParameters":{"ipProtocol":"tcp","fromPort":22,"toPort":22,"cidrIp":"0.0.0.0/0"}"#);
    assert_eq!((&old["IpProtocol"], &old["CidrIp"]), (&"tcp".into(), &"0.0.0.0/0".into()));

    let other = row(r#""eventName":"Other","requestParameters":{"cidrIp":"0.0.0.0/0"}"#);
    assert_eq!(other.get("CidrIp"), None);
}

#[test]
fn who_did_it_is_told_in_columns_and_the_rest_is_kept() {
    let row = row(
        r#""eventName":"X","userIdentity":{"type":"AssumedRole","principalId":"p","future":{"a":1},
        "sessionContext":{"sourceIdentity":"s","attributes":{"mfaAuthenticated":"true","creationDate":"2026-01-02T03:04:05Z"},
        "sessionIssuer":{"userName":"Admin"}},"onBehalfOf":{"userId":"u","identityStoreArn":"a"}}"#,
    );
    assert_eq!(row["UserIdentityType"], "AssumedRole");
    assert_eq!(row["UserIdentityPrincipalid"], "p");
    assert_eq!(row["SessionMfaAuthenticated"], true);
    assert_eq!(row["SessionCreationDate"], "2026-01-02T03:04:05.000000Z");
    assert_eq!(row["SessionIssuerUserName"], "Admin");
    assert_eq!((&row["UserIdentityUserId"], &row["UserIdentityStoreArn"]), (&"u".into(), &"a".into()));
    let rest = &row["_Unmapped"];
    assert_eq!(rest["userIdentity.future"]["a"], 1);
    assert_eq!(rest["userIdentity.sessionContext.sourceIdentity"], "s");
}

#[test]
fn only_records_of_cloudtrail_are_taken_for_them() {
    let guess = |text: &str| guess(&Sample { name: "", bytes: text.as_bytes(), table: None });
    let record = r#"{"eventVersion":"1.0","eventSource":"s","eventName":"n","eventID":"i"}"#;
    assert_eq!(guess(record), Confidence::Certain);
    assert_eq!(guess(&format!("[{record}]")), Confidence::Certain);
    assert_eq!(guess(&format!(r#"{{"Records":[{record}"#)), Confidence::Certain);
    for other in [
        "",
        "{}",
        "[]",
        // A notification of S3.
        r#"{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{}}]}"#,
        r#"{"detail-type":"GuardDuty Finding","detail":{}}"#,
        r#"{"messageType":"DATA_MESSAGE","owner":"1","logEvents":[{"id":"1","timestamp":1,"message":"text"}]}"#,
        r#"{"timestamp":1,"message":"a log of another kind"}"#,
        r#"{"records":[{"time":"2026-01-02T03:04:05Z","category":"AuditLogs"}]}"#,
    ] {
        assert_eq!(guess(other), Confidence::No, "{other}");
    }
}

/// However long the array on its one line is, what is held is a piece of it.
#[test]
fn an_array_is_decoded_as_it_comes() {
    let record = r#"{"eventVersion":"1.0","eventSource":"s","eventName":"n","eventID":"i"}"#;
    let session = Session::new(
        std::sync::Arc::new(crate::Catalog::new()),
        crate::TenantId::new(uuid::Uuid::nil()),
        "test",
    );
    let session = std::sync::Arc::new(session);
    let mut out = Output::new(session.clone(), FORMAT.name);
    let mut decoder = (FORMAT.open)(&session);
    decoder.push(0, b"{\"Records\":[", &mut out);
    for at in 0..20_000 {
        decoder.push(at as u64, record.as_bytes(), &mut out);
        decoder.push(at as u64, b",", &mut out);
        // The first few tell whether it is a wrapper.
        assert!(out.pending_rows() + 8 > at, "{at}");
    }
    assert!(out.counts().dead_letters.is_empty());
}
