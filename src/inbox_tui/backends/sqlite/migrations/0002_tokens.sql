-- What remote clients prove themselves with; of the secret only its hash is kept.
CREATE TABLE token (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    hash BLOB NOT NULL UNIQUE,
    member_id INTEGER REFERENCES member (id),
    agent_id INTEGER REFERENCES agent (id),
    label TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    CHECK ((member_id IS NULL) <> (agent_id IS NULL))
) STRICT
