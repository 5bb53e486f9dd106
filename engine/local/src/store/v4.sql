-- How far readers of the journals have got, such as whoever sends notifications.
CREATE TABLE reader (
  name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE delivered (
  reader     TEXT    NOT NULL,
  engagement INTEGER NOT NULL REFERENCES engagement (number),
  seq        INTEGER NOT NULL,  -- of the last entry that it is done with
  PRIMARY KEY (reader, engagement)
) STRICT, WITHOUT ROWID;
