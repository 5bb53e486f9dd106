-- Whether a process must continue it; true until an append of this version says otherwise.
ALTER TABLE engagement ADD COLUMN active INTEGER NOT NULL DEFAULT 1;

-- Rows are filled in again from the journals, which say whether it is.
UPDATE engagement SET standing = NULL;

CREATE INDEX engagement_active ON engagement (active) WHERE active;
CREATE INDEX engagement_created ON engagement (created, id);
CREATE INDEX engagement_waits_created ON engagement (created, id) WHERE waits;
CREATE INDEX engagement_due ON engagement (due) WHERE due IS NOT NULL;

-- Replies to requests that carried an idempotency key.
CREATE TABLE receipt (
  key    TEXT    PRIMARY KEY,
  print  TEXT    NOT NULL,  -- of route and body
  status INTEGER NOT NULL,
  body   TEXT    NOT NULL,
  at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX receipt_at ON receipt (at);
