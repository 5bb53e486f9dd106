-- What crews remember, as the journals say; `space` is the owner, `realm/o/OWNER`.
CREATE TABLE memory (
  number  INTEGER PRIMARY KEY,
  space   TEXT    NOT NULL,
  id      TEXT    NOT NULL,
  kind    TEXT    NOT NULL,
  shared  INTEGER NOT NULL,  -- open, and seen by other engagements
  expires INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  as_of   INTEGER NOT NULL,
  kept    TEXT    NOT NULL,  -- JSON
  UNIQUE (space, id)
) STRICT;

CREATE INDEX memory_newest ON memory (space, kind, at) WHERE shared;

-- `key` is one word for each space.
CREATE VIRTUAL TABLE memory_text USING fts5(
  key, about, body, tokenize = 'porter unicode61', content = ''
);

CREATE TABLE memory_shown (
  space   TEXT NOT NULL,
  id      TEXT NOT NULL,
  project TEXT NOT NULL,
  PRIMARY KEY (space, id, project)
) STRICT, WITHOUT ROWID;

-- Figures of engagements, as the journals say. An item is replaced, never added to.
CREATE TABLE metric (
  key   TEXT    NOT NULL,
  sort  TEXT    NOT NULL,
  as_of INTEGER NOT NULL,
  body  TEXT    NOT NULL,  -- JSON
  PRIMARY KEY (key, sort)
) STRICT, WITHOUT ROWID;

-- The pattern library. A card is JSON with the texts of its files.
CREATE TABLE pattern (
  number INTEGER PRIMARY KEY,
  space  TEXT NOT NULL,
  digest TEXT NOT NULL,
  card   TEXT NOT NULL,  -- JSON
  UNIQUE (space, digest)
) STRICT;

-- What happened to a bundle; each event once.
CREATE TABLE pattern_event (
  number INTEGER PRIMARY KEY,
  space  TEXT NOT NULL,
  digest TEXT NOT NULL,
  id     TEXT NOT NULL,
  event  TEXT NOT NULL,  -- JSON
  UNIQUE (space, digest, id)
) STRICT;
