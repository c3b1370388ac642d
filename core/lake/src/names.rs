//! Which columns of a table deserve special treatment in files. The rules are data in one place.

use phalanx_signal::{ColumnType, Table};

/// Columns by which hunters look for a single thing. A bloom filter lets a query skip every row group that
/// has not got it. At most [`BLOOM_COLUMNS_MAX`] per table, the first in this order, for a filter costs a
/// quarter of a megabyte per column and row group.
const NEEDLES: [&str; 26] = [
    "SHA256",
    "SHA1",
    "MD5",
    "FileHash",
    "Hashes",
    "RemoteIP",
    "IPAddress",
    "IpAddress",
    "SourceIP",
    "DestinationIP",
    "SrcIpAddr",
    "DstIpAddr",
    "SourceIpAddress",
    "RemoteUrl",
    "DnsQuery",
    "RequestURL",
    "AccountName",
    "TargetUserName",
    "SubjectUserName",
    "UserPrincipalName",
    "AccountUpn",
    "SourceUserName",
    "DeviceName",
    "Computer",
    "HostName",
    "InitiatingProcessSHA256",
];

const BLOOM_COLUMNS_MAX: usize = 4;

/// The physical names of the columns that get a bloom filter.
pub(crate) fn bloom_columns(table: &Table) -> Vec<&str> {
    NEEDLES
        .iter()
        .filter_map(|name| table.column(name))
        .filter(|column| column.kind == ColumnType::String)
        .take(BLOOM_COLUMNS_MAX)
        .map(|column| &*column.physical)
        .collect()
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
