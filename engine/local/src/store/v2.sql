-- An entry is found by one number, so that no second tree is kept, and an append writes two pages less.
ALTER TABLE entry RENAME TO entry_v1;

CREATE TABLE entry (
  place      INTEGER PRIMARY KEY,  -- engagement * 2^32 + seq: a journal lies together, in its order
  engagement INTEGER NOT NULL GENERATED ALWAYS AS (place >> 32) VIRTUAL,
  seq        INTEGER NOT NULL GENERATED ALWAYS AS (place & 4294967295) VIRTUAL,
  at         INTEGER NOT NULL,
  kind       TEXT    NOT NULL,
  payload    TEXT    NOT NULL,  -- as hashed, byte for byte
  hash       TEXT    NOT NULL
) STRICT;

INSERT INTO entry (place, at, kind, payload, hash)
SELECT engagement << 32 | seq, at, kind, payload, hash FROM entry_v1 ORDER BY engagement, seq;

DROP TABLE entry_v1;  -- and its triggers

CREATE TRIGGER entry_stays BEFORE UPDATE ON entry BEGIN SELECT RAISE (ABORT, 'a journal is only appended to'); END;
CREATE TRIGGER entry_remains BEFORE DELETE ON entry BEGIN SELECT RAISE (ABORT, 'a journal is only appended to'); END;
