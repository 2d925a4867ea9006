-- The program cuts the words (domain/words.py), and FTS5 indexes them as they are: its tokenizer ascii parts at blanks
-- and takes every character beyond ASCII as it comes. Nothing in the schema calls the program, so other programs write
-- as before: triggers note what they and we have written, and the program indexes it at the end of its own next write.
-- Whenever the words are cut otherwise, a migration must fill both indexes again, as the program does after this one.
-- A file may have been put back to an earlier number: what it has already is no error.

-- A damaged index cannot be dropped; its tables are made those of an empty one.
CREATE VIRTUAL TABLE temp.fresh_fts USING fts5 (words, content = '')

DELETE FROM message_fts_data

DELETE FROM lead_fts_data

INSERT INTO message_fts_data SELECT * FROM temp.fresh_fts_data

INSERT INTO lead_fts_data SELECT * FROM temp.fresh_fts_data

DROP TABLE temp.fresh_fts

DROP TRIGGER IF EXISTS lead_is_searched

DROP TRIGGER IF EXISTS lead_is_searched_anew

DROP TABLE IF EXISTS message_fts

DROP TABLE IF EXISTS lead_fts

-- The texts stand in message; a second copy of their words would double the file.
CREATE VIRTUAL TABLE message_fts USING fts5 (body, content = '', tokenize = 'ascii')

DROP TABLE IF EXISTS lead_words

-- What is known of a visitor changes, and FTS5 must be told what it was: these few words are kept.
CREATE TABLE lead_words (id INTEGER PRIMARY KEY, known TEXT NOT NULL) STRICT

CREATE VIRTUAL TABLE lead_fts USING fts5 (
    known, content = 'lead_words', content_rowid = 'id', prefix = '2 3', tokenize = 'ascii'
)

-- Row numbers of messages and conversations that are to be indexed.
CREATE TABLE IF NOT EXISTS message_to_index (id INTEGER PRIMARY KEY) STRICT

CREATE TABLE IF NOT EXISTS lead_to_index (id INTEGER PRIMARY KEY) STRICT

-- What indexed messages said before they were changed or deleted: FTS5 must be told that to forget it.
CREATE TABLE IF NOT EXISTS message_before (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT

CREATE TRIGGER IF NOT EXISTS message_added AFTER INSERT ON message WHEN new.kind <> 'event' BEGIN
    INSERT OR IGNORE INTO message_to_index VALUES (new.id);
END

CREATE TRIGGER IF NOT EXISTS message_changed AFTER UPDATE OF id, kind, body ON message BEGIN
    INSERT OR IGNORE INTO message_before VALUES (old.id, old.body);
    INSERT OR IGNORE INTO message_to_index VALUES (new.id);
END

CREATE TRIGGER IF NOT EXISTS message_deleted AFTER DELETE ON message BEGIN
    INSERT OR IGNORE INTO message_before VALUES (old.id, old.body);
END

CREATE TRIGGER IF NOT EXISTS lead_added AFTER INSERT ON conversation BEGIN
    INSERT OR IGNORE INTO lead_to_index VALUES (new.id);
END

CREATE TRIGGER IF NOT EXISTS lead_changed
AFTER UPDATE OF id, public_id, lead_name, lead_email, lead_phone, lead_company, topic ON conversation BEGIN
    INSERT OR IGNORE INTO lead_to_index VALUES (old.id), (new.id);
END

CREATE TRIGGER IF NOT EXISTS lead_deleted AFTER DELETE ON conversation BEGIN
    INSERT OR IGNORE INTO lead_to_index VALUES (old.id);
END
