BEGIN TRANSACTION;
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
INSERT INTO "changes" VALUES(1,'users','6f1e2d3c-0000-4000-8000-000000000001','ada',1,NULL,'b55f2b95a9ed5e36adb4682f7d97c0a8',1750000000000000,'service:setup',NULL,'{"age":36,"groups":["admins","été"],"mail":"Ada@contoso.example"}');
INSERT INTO "changes" VALUES(2,'users','6f1e2d3c-0000-4000-8000-000000000001','bob',1,NULL,'7cd3e17717c05ebd961f435470aa71ae',1750000060000000,'service:setup',NULL,'{"age":null,"mail":"bob@contoso.example"}');
INSERT INTO "changes" VALUES(3,'settings','00000000-0000-0000-0000-000000000000','main',1,NULL,'638adb0625f6517a9e16ce63eeab2ab0',1750000120000000,'service:setup',NULL,'{"number":0.30000000000000004,"text":"it''s \"quoted\" \u0000\n"}');
INSERT INTO "changes" VALUES(4,'users','6f1e2d3c-0000-4000-8000-000000000001','ada',2,'b55f2b95a9ed5e36adb4682f7d97c0a8','d63625d332515e4592293c4985527bd8',1750000180000000,'service:setup','birthday','{"age":37,"groups":["admins","été"],"mail":"Ada@contoso.example"}');
INSERT INTO "changes" VALUES(5,'users','6f1e2d3c-0000-4000-8000-000000000001','gone',1,NULL,'2c51138f48f859898c4b202196251437',1750000240000000,'service:setup',NULL,'{"mail":"gone@contoso.example"}');
INSERT INTO "changes" VALUES(6,'users','6f1e2d3c-0000-4000-8000-000000000001','gone',2,'2c51138f48f859898c4b202196251437',NULL,1750000300000000,'ada',NULL,NULL);
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
INSERT INTO "documents" VALUES('users','6f1e2d3c-0000-4000-8000-000000000001','ada',2,'d63625d332515e4592293c4985527bd8',1750000000000000,1750000180000000,'service:setup','{"age":37,"groups":["admins","été"],"mail":"Ada@contoso.example"}');
INSERT INTO "documents" VALUES('users','6f1e2d3c-0000-4000-8000-000000000001','bob',1,'7cd3e17717c05ebd961f435470aa71ae',1750000060000000,1750000060000000,'service:setup','{"age":null,"mail":"bob@contoso.example"}');
INSERT INTO "documents" VALUES('settings','00000000-0000-0000-0000-000000000000','main',1,'638adb0625f6517a9e16ce63eeab2ab0',1750000120000000,1750000120000000,'service:setup','{"number":0.30000000000000004,"text":"it''s \"quoted\" \u0000\n"}');
CREATE TABLE entries (
    number INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    value BLOB NOT NULL,
    id TEXT NOT NULL,
    sole INTEGER NOT NULL,
    PRIMARY KEY (number, tenant, value, id)
) STRICT, WITHOUT ROWID;
INSERT INTO "entries" VALUES(1,'6f1e2d3c-0000-4000-8000-000000000001',X'0161646140636F6E746F736F2E6578616D706C65','ada',1);
INSERT INTO "entries" VALUES(1,'6f1e2d3c-0000-4000-8000-000000000001',X'01626F6240636F6E746F736F2E6578616D706C65','bob',1);
INSERT INTO "entries" VALUES(2,'6f1e2d3c-0000-4000-8000-000000000001',X'00','bob',0);
INSERT INTO "entries" VALUES(2,'6f1e2d3c-0000-4000-8000-000000000001',X'018000000000000025','ada',0);
INSERT INTO "entries" VALUES(3,'6f1e2d3c-0000-4000-8000-000000000001',X'00','bob',0);
INSERT INTO "entries" VALUES(3,'6f1e2d3c-0000-4000-8000-000000000001',X'0161646D696E73','ada',0);
INSERT INTO "entries" VALUES(3,'6f1e2d3c-0000-4000-8000-000000000001',X'01C3A974C3A9','ada',0);
CREATE TABLE feed (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    lineage TEXT NOT NULL,
    position INTEGER NOT NULL,
    pruned INTEGER NOT NULL
) STRICT;
INSERT INTO "feed" VALUES(1,'5a0e0c3e-0000-4000-8000-00000000000a',6,0);
CREATE TABLE indexes (
    number INTEGER PRIMARY KEY,
    collection TEXT NOT NULL,
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    encoding INTEGER NOT NULL,
    UNIQUE (collection, name)
) STRICT;
INSERT INTO "indexes" VALUES(1,'users','mail','{"name":"mail","path":"/mail","kind":"textCaseless","unique":true,"multi":false}',1);
INSERT INTO "indexes" VALUES(2,'users','age','{"name":"age","path":"/age","kind":"integer","unique":false,"multi":false}',1);
INSERT INTO "indexes" VALUES(3,'users','groups','{"name":"groups","path":"/groups","kind":"text","unique":false,"multi":true}',1);
CREATE TABLE lineages (
    lineage TEXT PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE schema_version (
    version INTEGER NOT NULL
) STRICT;
INSERT INTO "schema_version" VALUES(1);
CREATE INDEX entries_by_document ON entries (number, tenant, id, value);
CREATE UNIQUE INDEX entries_sole ON entries (number, tenant, value) WHERE sole = 1;
CREATE INDEX changes_by_document ON changes (tenant, collection, id, position);
CREATE INDEX changes_by_tenant ON changes (tenant, position);
CREATE INDEX changes_by_author ON changes (tenant, author, position);
COMMIT;
