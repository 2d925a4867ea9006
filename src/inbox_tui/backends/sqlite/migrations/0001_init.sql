-- Statements are separated by blank lines. Times are microseconds since 1970, UTC.

CREATE TABLE agent (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT

CREATE TABLE member (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL UNIQUE COLLATE NOCASE,
    name TEXT NOT NULL DEFAULT '',
    initials TEXT,
    color TEXT,
    access TEXT NOT NULL CHECK (access IN ('none', 'edit', 'admin')),
    photo BLOB,
    CHECK ((initials IS NULL) = (color IS NULL))
) STRICT

-- status: 0 open, 1 resolved. wait_rank is the waiting order as one ascending number. The last
-- three columns follow from others; generated ones would do, but no index that holds a generated
-- column covers a query.
CREATE TABLE conversation (
    id INTEGER PRIMARY KEY,
    public_id TEXT NOT NULL UNIQUE,
    agent_id INTEGER NOT NULL REFERENCES agent (id),
    status INTEGER NOT NULL CHECK (status IN (0, 1)),
    assignee_id INTEGER REFERENCES member (id),
    waiting_since INTEGER,
    handoff_requested INTEGER NOT NULL CHECK (handoff_requested IN (0, 1)),
    last_outgoing TEXT CHECK (last_outgoing IN ('agent', 'member')),
    created_at INTEGER NOT NULL,
    last_activity_at INTEGER NOT NULL,
    first_human_reply_at INTEGER,
    resolved_at INTEGER,
    message_count INTEGER NOT NULL,
    last_message_author TEXT CHECK (last_message_author IN ('visitor', 'agent', 'member')),
    last_message TEXT NOT NULL,
    last_message_id INTEGER REFERENCES message (id),
    lead_name TEXT NOT NULL,
    lead_email TEXT NOT NULL,
    lead_phone TEXT NOT NULL,
    lead_company TEXT NOT NULL,
    topic TEXT NOT NULL,
    has_lead INTEGER NOT NULL,
    pending INTEGER NOT NULL,
    wait_rank INTEGER NOT NULL,
    CHECK (status = 0 OR waiting_since IS NULL),
    CHECK (has_lead = (lead_name <> '' OR lead_email <> '' OR lead_phone <> '' OR lead_company <> '')),
    CHECK (pending = (status = 0 AND waiting_since IS NOT NULL)),
    CHECK (wait_rank = coalesce(waiting_since, 4611686018427387904 - last_activity_at))
) STRICT

CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversation (id),
    author TEXT NOT NULL CHECK (author IN ('visitor', 'agent', 'member', 'system')),
    kind TEXT NOT NULL CHECK (kind IN ('message', 'note', 'event')),
    member_id INTEGER REFERENCES member (id),
    key TEXT,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT

-- How many conversations each filter holds; member_id is 0 but for "your inbox".
CREATE TABLE counter (
    member_id INTEGER NOT NULL,
    agent_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (member_id, agent_id, name)
) STRICT, WITHOUT ROWID

-- What was written, in the order of the commits; the feed that other processes follow.
CREATE TABLE change (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('conversation', 'team')),
    conversation_id INTEGER
) STRICT

CREATE INDEX change_team ON change (kind, seq) WHERE kind = 'team'

CREATE INDEX message_thread ON message (conversation_id)

CREATE UNIQUE INDEX message_key ON message (conversation_id, key) WHERE key IS NOT NULL

-- Each list of each order reads one of these in key order; constants stand first, or the
-- planner would neither cover a count by the index nor prefer it to the table.
CREATE INDEX conversation_activity ON conversation (last_activity_at)

CREATE INDEX conversation_wait ON conversation (wait_rank)

CREATE INDEX conversation_status_activity ON conversation (status, last_activity_at)

CREATE INDEX conversation_open_wait ON conversation (status, wait_rank) WHERE status = 0

CREATE INDEX conversation_assignee ON conversation (assignee_id, status, last_activity_at)
    WHERE status = 0 AND assignee_id IS NOT NULL

CREATE INDEX conversation_pending_activity ON conversation (pending, last_activity_at) WHERE pending = 1

CREATE INDEX conversation_pending_wait ON conversation (pending, wait_rank) WHERE pending = 1

CREATE INDEX conversation_lead_activity ON conversation (has_lead, last_activity_at) WHERE has_lead = 1

CREATE INDEX conversation_lead_wait ON conversation (has_lead, wait_rank) WHERE has_lead = 1

CREATE INDEX agent_activity ON conversation (agent_id, last_activity_at)

CREATE INDEX agent_wait ON conversation (agent_id, wait_rank)

CREATE INDEX agent_status_activity ON conversation (agent_id, status, last_activity_at)

CREATE INDEX agent_open_wait ON conversation (agent_id, status, wait_rank) WHERE status = 0

CREATE INDEX agent_pending_activity ON conversation (agent_id, pending, last_activity_at) WHERE pending = 1

CREATE INDEX agent_pending_wait ON conversation (agent_id, pending, wait_rank) WHERE pending = 1

CREATE INDEX agent_lead_activity ON conversation (agent_id, has_lead, last_activity_at) WHERE has_lead = 1

CREATE INDEX agent_lead_wait ON conversation (agent_id, has_lead, wait_rank) WHERE has_lead = 1

-- Events are not searched; the view keeps them out of a rebuild of the index as well. Messages are
-- indexed at the end of each transaction instead of by a trigger: FTS5 writes its index out at every
-- statement that fires one.
CREATE VIEW message_text AS SELECT id, body FROM message WHERE kind <> 'event'

CREATE VIRTUAL TABLE message_fts USING fts5 (
    body, content = 'message_text', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
)

CREATE VIRTUAL TABLE lead_fts USING fts5 (
    lead_name, lead_email, lead_phone, lead_company, topic,
    content = 'conversation', content_rowid = 'id', prefix = '2 3', tokenize = 'unicode61 remove_diacritics 2'
)

CREATE TRIGGER lead_is_searched AFTER INSERT ON conversation BEGIN
    INSERT INTO lead_fts (rowid, lead_name, lead_email, lead_phone, lead_company, topic)
    VALUES (new.id, new.lead_name, new.lead_email, new.lead_phone, new.lead_company, new.topic);
END

CREATE TRIGGER lead_is_searched_anew
AFTER UPDATE OF lead_name, lead_email, lead_phone, lead_company, topic ON conversation BEGIN
    INSERT INTO lead_fts (lead_fts, rowid, lead_name, lead_email, lead_phone, lead_company, topic)
    VALUES ('delete', old.id, old.lead_name, old.lead_email, old.lead_phone, old.lead_company, old.topic);
    INSERT INTO lead_fts (rowid, lead_name, lead_email, lead_phone, lead_company, topic)
    VALUES (new.id, new.lead_name, new.lead_email, new.lead_phone, new.lead_company, new.topic);
END
