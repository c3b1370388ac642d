-- An administrator may have made the schema for a user who may not.
DO $$ BEGIN
    IF to_regnamespace('phalanx_state') IS NULL THEN
        CREATE SCHEMA phalanx_state;
    END IF;
END $$;

-- The number of the last migration that was carried out. One row.
CREATE TABLE schema_version (
    version BIGINT NOT NULL
);

-- Which change is the newest, and which were pruned. One row.
CREATE TABLE feed (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    lineage TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    pruned BIGINT NOT NULL
);

-- The databases this one was restored from, and up to which change it has their history.
CREATE TABLE lineages (
    lineage TEXT COLLATE "C" PRIMARY KEY,
    until BIGINT NOT NULL
);

-- The documents as they are now. Times are microseconds since 1970.
CREATE TABLE documents (
    collection TEXT COLLATE "C" NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    etag TEXT NOT NULL,
    created BIGINT NOT NULL,
    modified BIGINT NOT NULL,
    modified_by TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (collection, tenant, id)
);

-- The declared indexes. The encoding is the version of the values in their entries.
CREATE TABLE indexes (
    number BIGINT PRIMARY KEY,
    collection TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    definition TEXT NOT NULL,
    encoding BIGINT NOT NULL,
    UNIQUE (collection, name)
);

-- One row per index, document and value; sole is 1 if no other document may have the value.
CREATE TABLE entries (
    number BIGINT NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    value BYTEA NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    sole BIGINT NOT NULL,
    PRIMARY KEY (number, tenant, value, id)
);
CREATE INDEX entries_by_document ON entries (number, tenant, id, value);
CREATE UNIQUE INDEX entries_sole ON entries (number, tenant, value) WHERE sole = 1;

-- Every change, never changed again: the feed and the audit trail.
CREATE TABLE changes (
    position BIGINT PRIMARY KEY,
    collection TEXT COLLATE "C" NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    etag_before TEXT,
    etag_after TEXT,
    at BIGINT NOT NULL,
    author TEXT COLLATE "C" NOT NULL,
    reason TEXT,
    body TEXT
);
CREATE INDEX changes_by_document ON changes (tenant, collection, id, position);
CREATE INDEX changes_by_tenant ON changes (tenant, position);
CREATE INDEX changes_by_author ON changes (tenant, author, position);
