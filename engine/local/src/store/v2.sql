-- What lists show; null where an older version wrote the journal.
ALTER TABLE engagement ADD COLUMN standing TEXT;
ALTER TABLE engagement ADD COLUMN waits INTEGER NOT NULL DEFAULT 1;  -- whether a person must act
ALTER TABLE engagement ADD COLUMN due INTEGER;  -- when the next deadline or reminder is due

CREATE INDEX engagement_waits ON engagement (waits) WHERE waits;
