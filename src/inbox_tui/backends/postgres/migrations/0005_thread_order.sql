-- A thread is ordered by time and then by arrival. Where that changes what was said last, and what is known of visitors
-- has blanks around it, the program puts the conversation right (backends/sql/upgrade.py).
DROP INDEX IF EXISTS message_thread

CREATE INDEX message_thread ON message (conversation_id, created_at, id)

-- Who replies is told what colleagues replied meanwhile: by arrival, in whatever order the thread is.
CREATE INDEX IF NOT EXISTS message_by_member ON message (conversation_id, id) WHERE author = 'member' AND kind = 'message'
