//! Which columns of a table deserve special treatment in files. The rules are data in one place.

use phalanx_signal::{ColumnType, Table};

/// Columns by which hunters look for a single thing, by what they name: hashes, addresses, accounts, devices,
/// and what a connection asks for. A bloom filter lets a query skip every row group that has not got it.
const NEEDLES: [&[&str]; 5] = [
    &["SHA256", "SHA1", "MD5", "FileHash", "Hashes", "InitiatingProcessSHA256"],
    &[
        "RemoteIP",
        "IPAddress",
        "IpAddress",
        "SourceIP",
        "SrcIpAddr",
        "SourceIpAddress",
        "ClientIP",
        "CallerIpAddress",
        "DestinationIP",
        "DstIpAddr",
        "HostIP",
    ],
    &[
        "AccountName",
        "UserPrincipalName",
        "TargetUserName",
        "SubjectUserName",
        "AccountUpn",
        "SourceUserName",
        "UserId",
        "UserIdentityArn",
        "Caller",
    ],
    &["DeviceName", "Computer", "HostName", "DvcHostname", "SrcHostname"],
    &["RemoteUrl", "DnsQuery", "RequestURL"],
];

/// A filter costs a quarter of a megabyte per column and row group.
const BLOOM_COLUMNS_MAX: usize = 6;

/// The physical names of the columns that get a bloom filter: of each kind the first, then of each the second.
pub(crate) fn bloom_columns(table: &Table) -> Vec<&str> {
    let texts = |names: &[&str]| -> Vec<&str> {
        let columns = names.iter().filter_map(|name| table.column(name));
        columns.filter(|column| column.kind == ColumnType::String).map(|column| &*column.physical).collect()
    };
    let kinds: Vec<Vec<&str>> = NEEDLES.iter().map(|names| texts(names)).collect();
    let longest = kinds.iter().map(Vec::len).max().unwrap_or(0);
    let in_turn =
        (0..longest).flat_map(|place| kinds.iter().filter_map(move |kind| kind.get(place).copied()));
    in_turn.take(BLOOM_COLUMNS_MAX).collect()
}

/// The physical names of the columns whose least and greatest values stand in the Delta log, so that whole
/// files are skipped: the points in time that queries ask for.
pub(crate) fn statistics_columns(table: &Table) -> Vec<&str> {
    ["TimeGenerated", "Timestamp", phalanx_signal::schema::TIME_RECEIVED]
        .iter()
        .filter_map(|name| table.column(name))
        .filter(|column| column.kind == ColumnType::DateTime)
        .map(|column| &*column.physical)
        .collect()
}
