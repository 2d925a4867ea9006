-- Who brought a message in by an import. Of messages imported before it is not known.
ALTER TABLE message ADD COLUMN imported_by INTEGER REFERENCES member (id)
