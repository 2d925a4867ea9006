-- An AI agent's website reads members' replies to its visitors from any point on. The agent stands beside each reply, and
-- nowhere else, so that an agent with few replies does not read through everybody's.
ALTER TABLE message ADD COLUMN reply_agent_id bigint REFERENCES agent (id)

UPDATE message SET reply_agent_id = (SELECT agent_id FROM conversation WHERE conversation.id = message.conversation_id)
WHERE author = 'member' AND kind = 'message'

CREATE INDEX message_reply ON message (reply_agent_id, id) WHERE reply_agent_id IS NOT NULL
