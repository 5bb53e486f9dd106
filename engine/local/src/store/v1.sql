CREATE TABLE engagement (
  number  INTEGER PRIMARY KEY,
  id      TEXT    NOT NULL UNIQUE,
  created INTEGER NOT NULL,
  seq     INTEGER NOT NULL,  -- where its journal ends:
  hash    TEXT    NOT NULL   -- compared and swapped with every append
) STRICT;

CREATE TABLE entry (
  engagement INTEGER NOT NULL REFERENCES engagement (number),
  seq        INTEGER NOT NULL,
  at         INTEGER NOT NULL,
  kind       TEXT    NOT NULL,
  payload    TEXT    NOT NULL,  -- as hashed, byte for byte
  hash       TEXT    NOT NULL,
  PRIMARY KEY (engagement, seq)
) STRICT;

CREATE TRIGGER entry_stays BEFORE UPDATE ON entry BEGIN SELECT RAISE (ABORT, 'a journal is only appended to'); END;
CREATE TRIGGER entry_remains BEFORE DELETE ON entry BEGIN SELECT RAISE (ABORT, 'a journal is only appended to'); END;

CREATE TABLE lease (
  engagement TEXT    PRIMARY KEY,  -- need not exist
  epoch      INTEGER NOT NULL,
  holder     TEXT,                 -- JSON; null when given back
  renewed    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE blob (
  hash  TEXT PRIMARY KEY,
  bytes BLOB NOT NULL
) STRICT;

CREATE TABLE ledger (
  number     INTEGER PRIMARY KEY,
  engagement INTEGER NOT NULL REFERENCES engagement (number),
  id         TEXT    NOT NULL,
  row        TEXT    NOT NULL,  -- JSON
  hash       TEXT    NOT NULL,  -- of the row
  UNIQUE (engagement, id)
) STRICT;
