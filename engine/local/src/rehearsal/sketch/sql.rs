//! A schema that SQLite and PostgreSQL accept: what is kept for a requirement, and its history.

use super::Sketch;

pub(super) fn schema(sketch: &Sketch<'_>) -> String {
    let notes = sketch.notes("-- ");
    let ids: Vec<String> = sketch
        .requirements()
        .iter()
        .map(|(id, _)| format!("'{}'", id.replace('\'', "''")))
        .collect();
    let check = match ids.is_empty() {
        true => String::new(),
        false => format!(" CHECK (requirement IN ({}))", ids.join(", ")),
    };
    format!(
        "{notes}
-- What the service keeps for a requirement. A live crew names the real entities.
CREATE TABLE entry (
  id          VARCHAR(64) NOT NULL PRIMARY KEY,
  requirement VARCHAR(16) NOT NULL{check},
  state       VARCHAR(32) NOT NULL DEFAULT 'open',
  created_at  TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- Every change of an entry, in order.
CREATE TABLE entry_event (
  entry_id    VARCHAR(64) NOT NULL REFERENCES entry (id),
  number      INTEGER NOT NULL,
  state       VARCHAR(32) NOT NULL,
  cause       TEXT NOT NULL,
  happened_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (entry_id, number)
);

CREATE INDEX entry_by_requirement ON entry (requirement, state);
"
    )
}
