"""Words and rules; imports nothing of ours and nothing heavy."""
