-- The number of the last migration that was carried out. One row.
CREATE TABLE schema_version (
    version INTEGER NOT NULL
) STRICT;

-- Which change is the newest, and which were pruned. One row.
CREATE TABLE feed (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    lineage TEXT NOT NULL,
    position INTEGER NOT NULL,
    pruned INTEGER NOT NULL
) STRICT;

-- The databases this one was restored from, and up to which change it has their history.
CREATE TABLE lineages (
    lineage TEXT PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The documents as they are now. Times are microseconds since 1970.
CREATE TABLE documents (
    collection TEXT NOT NULL,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    etag TEXT NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    modified_by TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (collection, tenant, id)
) STRICT;

-- The declared indexes. The encoding is the version of the values in their entries.
CREATE TABLE indexes (
    number INTEGER PRIMARY KEY,
    collection TEXT NOT NULL,
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    encoding INTEGER NOT NULL,
    UNIQUE (collection, name)
) STRICT;

-- One row per index, document and value; sole is 1 if no other document may have the value.
CREATE TABLE entries (
    number INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    value BLOB NOT NULL,
    id TEXT NOT NULL,
    sole INTEGER NOT NULL,
    PRIMARY KEY (number, tenant, value, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX entries_by_document ON entries (number, tenant, id, value);
CREATE UNIQUE INDEX entries_sole ON entries (number, tenant, value) WHERE sole = 1;

-- Every change, never changed again: the feed and the audit trail.
CREATE TABLE changes (
    position INTEGER PRIMARY KEY,
    collection TEXT NOT NULL,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    etag_before TEXT,
    etag_after TEXT,
    at INTEGER NOT NULL,
    author TEXT NOT NULL,
    reason TEXT,
    body TEXT
) STRICT;
CREATE INDEX changes_by_document ON changes (tenant, collection, id, position);
CREATE INDEX changes_by_tenant ON changes (tenant, position);
CREATE INDEX changes_by_author ON changes (tenant, author, position);
