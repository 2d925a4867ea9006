"""Turn records into words and styled text; no widgets, no store."""
