--
-- PostgreSQL database dump
--



SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: phalanx_state; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA phalanx_state;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: changes; Type: TABLE; Schema: phalanx_state; Owner: -
--

CREATE TABLE phalanx_state.changes (
    "position" bigint NOT NULL,
    collection text NOT NULL COLLATE pg_catalog."C",
    tenant text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    etag_before text,
    etag_after text,
    at bigint NOT NULL,
    author text NOT NULL COLLATE pg_catalog."C",
    reason text,
    body text
);


--
-- Name: documents; Type: TABLE; Schema: phalanx_state; Owner: -
--

CREATE TABLE phalanx_state.documents (
    collection text NOT NULL COLLATE pg_catalog."C",
    tenant text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    etag text NOT NULL,
    created bigint NOT NULL,
    modified bigint NOT NULL,
    modified_by text NOT NULL,
    body text NOT NULL
);


--
-- Name: entries; Type: TABLE; Schema: phalanx_state; Owner: -
--

CREATE TABLE phalanx_state.entries (
    number bigint NOT NULL,
    tenant text NOT NULL COLLATE pg_catalog."C",
    value bytea NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    sole bigint NOT NULL
);


--
-- Name: feed; Type: TABLE; Schema: phalanx_state; Owner: -
--

CREATE TABLE phalanx_state.feed (
    one bigint NOT NULL,
    lineage text NOT NULL COLLATE pg_catalog."C",
    "position" bigint NOT NULL,
    pruned bigint NOT NULL,
    CONSTRAINT feed_one_check CHECK ((one = 1))
);


--
-- Name: indexes; Type: TABLE; Schema: phalanx_state; Owner: -
--

CREATE TABLE phalanx_state.indexes (
    number bigint NOT NULL,
    collection text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    definition text NOT NULL,
    encoding bigint NOT NULL
);


--
-- Name: lineages; Type: TABLE; Schema: phalanx_state; Owner: -
--

CREATE TABLE phalanx_state.lineages (
    lineage text NOT NULL COLLATE pg_catalog."C",
    until bigint NOT NULL
);


--
-- Name: schema_version; Type: TABLE; Schema: phalanx_state; Owner: -
--

CREATE TABLE phalanx_state.schema_version (
    version bigint NOT NULL
);


--
-- Data for Name: changes; Type: TABLE DATA; Schema: phalanx_state; Owner: -
--

INSERT INTO phalanx_state.changes VALUES (1, 'users', '6f1e2d3c-0000-4000-8000-000000000001', 'ada', 1, NULL, 'b55f2b95a9ed5e36adb4682f7d97c0a8', 1750000000000000, 'service:setup', NULL, '{"age":36,"groups":["admins","été"],"mail":"Ada@contoso.example"}');
INSERT INTO phalanx_state.changes VALUES (2, 'users', '6f1e2d3c-0000-4000-8000-000000000001', 'bob', 1, NULL, '7cd3e17717c05ebd961f435470aa71ae', 1750000060000000, 'service:setup', NULL, '{"age":null,"mail":"bob@contoso.example"}');
INSERT INTO phalanx_state.changes VALUES (3, 'settings', '00000000-0000-0000-0000-000000000000', 'main', 1, NULL, '638adb0625f6517a9e16ce63eeab2ab0', 1750000120000000, 'service:setup', NULL, '{"number":0.30000000000000004,"text":"it''s \"quoted\" \u0000\n"}');
INSERT INTO phalanx_state.changes VALUES (4, 'users', '6f1e2d3c-0000-4000-8000-000000000001', 'ada', 2, 'b55f2b95a9ed5e36adb4682f7d97c0a8', 'd63625d332515e4592293c4985527bd8', 1750000180000000, 'service:setup', 'birthday', '{"age":37,"groups":["admins","été"],"mail":"Ada@contoso.example"}');
INSERT INTO phalanx_state.changes VALUES (5, 'users', '6f1e2d3c-0000-4000-8000-000000000001', 'gone', 1, NULL, '2c51138f48f859898c4b202196251437', 1750000240000000, 'service:setup', NULL, '{"mail":"gone@contoso.example"}');
INSERT INTO phalanx_state.changes VALUES (6, 'users', '6f1e2d3c-0000-4000-8000-000000000001', 'gone', 2, '2c51138f48f859898c4b202196251437', NULL, 1750000300000000, 'ada', NULL, NULL);


--
-- Data for Name: documents; Type: TABLE DATA; Schema: phalanx_state; Owner: -
--

INSERT INTO phalanx_state.documents VALUES ('users', '6f1e2d3c-0000-4000-8000-000000000001', 'bob', 1, '7cd3e17717c05ebd961f435470aa71ae', 1750000060000000, 1750000060000000, 'service:setup', '{"age":null,"mail":"bob@contoso.example"}');
INSERT INTO phalanx_state.documents VALUES ('settings', '00000000-0000-0000-0000-000000000000', 'main', 1, '638adb0625f6517a9e16ce63eeab2ab0', 1750000120000000, 1750000120000000, 'service:setup', '{"number":0.30000000000000004,"text":"it''s \"quoted\" \u0000\n"}');
INSERT INTO phalanx_state.documents VALUES ('users', '6f1e2d3c-0000-4000-8000-000000000001', 'ada', 2, 'd63625d332515e4592293c4985527bd8', 1750000000000000, 1750000180000000, 'service:setup', '{"age":37,"groups":["admins","été"],"mail":"Ada@contoso.example"}');


--
-- Data for Name: entries; Type: TABLE DATA; Schema: phalanx_state; Owner: -
--

INSERT INTO phalanx_state.entries VALUES (1, '6f1e2d3c-0000-4000-8000-000000000001', '\x0161646140636f6e746f736f2e6578616d706c65', 'ada', 1);
INSERT INTO phalanx_state.entries VALUES (3, '6f1e2d3c-0000-4000-8000-000000000001', '\x0161646d696e73', 'ada', 0);
INSERT INTO phalanx_state.entries VALUES (3, '6f1e2d3c-0000-4000-8000-000000000001', '\x01c3a974c3a9', 'ada', 0);
INSERT INTO phalanx_state.entries VALUES (1, '6f1e2d3c-0000-4000-8000-000000000001', '\x01626f6240636f6e746f736f2e6578616d706c65', 'bob', 1);
INSERT INTO phalanx_state.entries VALUES (2, '6f1e2d3c-0000-4000-8000-000000000001', '\x00', 'bob', 0);
INSERT INTO phalanx_state.entries VALUES (3, '6f1e2d3c-0000-4000-8000-000000000001', '\x00', 'bob', 0);
INSERT INTO phalanx_state.entries VALUES (2, '6f1e2d3c-0000-4000-8000-000000000001', '\x018000000000000025', 'ada', 0);


--
-- Data for Name: feed; Type: TABLE DATA; Schema: phalanx_state; Owner: -
--

INSERT INTO phalanx_state.feed VALUES (1, '5a0e0c3e-0000-4000-8000-00000000000a', 6, 0);


--
-- Data for Name: indexes; Type: TABLE DATA; Schema: phalanx_state; Owner: -
--

INSERT INTO phalanx_state.indexes VALUES (1, 'users', 'mail', '{"name":"mail","path":"/mail","kind":"textCaseless","unique":true,"multi":false}', 1);
INSERT INTO phalanx_state.indexes VALUES (2, 'users', 'age', '{"name":"age","path":"/age","kind":"integer","unique":false,"multi":false}', 1);
INSERT INTO phalanx_state.indexes VALUES (3, 'users', 'groups', '{"name":"groups","path":"/groups","kind":"text","unique":false,"multi":true}', 1);


--
-- Data for Name: lineages; Type: TABLE DATA; Schema: phalanx_state; Owner: -
--



--
-- Data for Name: schema_version; Type: TABLE DATA; Schema: phalanx_state; Owner: -
--

INSERT INTO phalanx_state.schema_version VALUES (1);


--
-- Name: changes changes_pkey; Type: CONSTRAINT; Schema: phalanx_state; Owner: -
--

ALTER TABLE ONLY phalanx_state.changes
    ADD CONSTRAINT changes_pkey PRIMARY KEY ("position");


--
-- Name: documents documents_pkey; Type: CONSTRAINT; Schema: phalanx_state; Owner: -
--

ALTER TABLE ONLY phalanx_state.documents
    ADD CONSTRAINT documents_pkey PRIMARY KEY (collection, tenant, id);


--
-- Name: entries entries_pkey; Type: CONSTRAINT; Schema: phalanx_state; Owner: -
--

ALTER TABLE ONLY phalanx_state.entries
    ADD CONSTRAINT entries_pkey PRIMARY KEY (number, tenant, value, id);


--
-- Name: feed feed_pkey; Type: CONSTRAINT; Schema: phalanx_state; Owner: -
--

ALTER TABLE ONLY phalanx_state.feed
    ADD CONSTRAINT feed_pkey PRIMARY KEY (one);


--
-- Name: indexes indexes_collection_name_key; Type: CONSTRAINT; Schema: phalanx_state; Owner: -
--

ALTER TABLE ONLY phalanx_state.indexes
    ADD CONSTRAINT indexes_collection_name_key UNIQUE (collection, name);


--
-- Name: indexes indexes_pkey; Type: CONSTRAINT; Schema: phalanx_state; Owner: -
--

ALTER TABLE ONLY phalanx_state.indexes
    ADD CONSTRAINT indexes_pkey PRIMARY KEY (number);


--
-- Name: lineages lineages_pkey; Type: CONSTRAINT; Schema: phalanx_state; Owner: -
--

ALTER TABLE ONLY phalanx_state.lineages
    ADD CONSTRAINT lineages_pkey PRIMARY KEY (lineage);


--
-- Name: changes_by_author; Type: INDEX; Schema: phalanx_state; Owner: -
--

CREATE INDEX changes_by_author ON phalanx_state.changes USING btree (tenant, author, "position");


--
-- Name: changes_by_document; Type: INDEX; Schema: phalanx_state; Owner: -
--

CREATE INDEX changes_by_document ON phalanx_state.changes USING btree (tenant, collection, id, "position");


--
-- Name: changes_by_tenant; Type: INDEX; Schema: phalanx_state; Owner: -
--

CREATE INDEX changes_by_tenant ON phalanx_state.changes USING btree (tenant, "position");


--
-- Name: entries_by_document; Type: INDEX; Schema: phalanx_state; Owner: -
--

CREATE INDEX entries_by_document ON phalanx_state.entries USING btree (number, tenant, id, value);


--
-- Name: entries_sole; Type: INDEX; Schema: phalanx_state; Owner: -
--

CREATE UNIQUE INDEX entries_sole ON phalanx_state.entries USING btree (number, tenant, value) WHERE (sole = 1);


--
-- PostgreSQL database dump complete
--


