//! The tables, version by version. A released step never changes; a new one is added below it.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::create::{beside, sync};
use super::fault::{Fault, system};
use super::open::{self, APPLICATION};

/// Step `n` takes a file from version `n` to `n + 1`; the first makes it.
pub(super) const STEPS: &[&str] = &[include_str!("v1.sql"), include_str!("v2.sql")];
/// The version this engine reads and writes.
pub(super) const VERSION: i64 = STEPS.len() as i64;
/// How many tables that has.
pub(super) const TABLES: i64 = 5;

/// Makes the tables of a new file.
pub(super) fn create(connection: &mut Connection) -> Result<(), Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(&STEPS.concat())?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    // Into the file itself: the log does not come along when the file gets its name.
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

/// Takes an older file to the newest version: a copy beside it first, then all steps in one transaction.
pub(super) fn run(path: &Path, mut connection: Connection, from: i64, steps: &[&str]) -> Result<(), Fault> {
    let Some(missing) = usize::try_from(from).ok().filter(|from| *from > 0).and_then(|from| steps.get(from..)) else {
        return Err(Fault::Damaged(format!("it says that its tables are of version {from}, which never was")));
    };
    let copy = beside(path, &format!(".copying-{}", std::process::id()));
    let doing = |e| system("copying it before the tables change", &e);
    drop(fs::remove_file(&copy));
    connection.execute("VACUUM INTO ?1", [copy.to_string_lossy()])?;
    fs::File::open(&copy).and_then(|file| file.sync_all()).map_err(doing)?;

    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if open::version(&transaction)? != from {
        // Another process was faster, and the copy may be of what it made.
        return fs::remove_file(&copy).map_err(doing);
    }
    fs::rename(&copy, beside(path, &format!(".v{from}-backup"))).map_err(doing)?;
    sync(path.parent())?;
    for step in missing {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", steps.len() as i64)?;
    Ok(transaction.commit()?)
}

#[cfg(test)]
mod tests {
    use cloudcrew_runtime::ports::journal::{Head, Journal as _, chain};

    use super::super::Store;
    use super::*;

    /// A file as version 1 wrote it: two journals of three entries, and a blob.
    fn old(home: &Path) -> (std::path::PathBuf, Connection) {
        let path = home.join(super::super::FILE);
        let connection = Connection::open(&path).expect("a file");
        connection.pragma_update(None, "application_id", APPLICATION).expect("it is ours");
        connection.execute_batch(STEPS[0]).expect("tables");
        connection.pragma_update(None, "user_version", 1).expect("a version");
        for (number, id) in [(1, "acme"), (2, "zeta")] {
            let mut last = String::new();
            for seq in 1..=3 {
                let payload = format!("{{\"said\":\"{id} {seq}\"}}");
                last = chain(&last, seq, 7, "told", &payload);
                if seq == 1 {
                    connection.execute("INSERT INTO engagement VALUES (?1, ?2, 7, 0, '')", (number, id)).expect("a row");
                }
                let row = (number, seq as i64, payload, &last);
                connection.execute("INSERT INTO entry VALUES (?1, ?2, 7, 'told', ?3, ?4)", row).expect("a row");
            }
            connection.execute("UPDATE engagement SET seq = 3, hash = ?2 WHERE number = ?1", (number, last)).expect("an end");
        }
        connection.execute("INSERT INTO blob (hash, bytes) VALUES ('h', x'0102')", []).expect("a row");
        drop(connection);
        let connection = open::to_write(&path).expect("a connection");
        (path, connection)
    }

    #[test]
    fn an_older_file_is_copied_and_its_journals_read_and_go_on_as_before() {
        let home = tempfile::tempdir().expect("a folder");
        let (path, _) = old(home.path());
        let store = Store::open(home.path()).expect("it is taken to the newest version");
        let rt = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        for id in ["acme", "zeta"] {
            let entries = rt.block_on(store.read(id, &Head::default(), 10)).expect("it is whole");
            let said: Vec<_> = entries.iter().map(|entry| entry.payload["said"].as_str().unwrap_or_default()).collect();
            assert_eq!(said, [1, 2, 3].map(|seq| format!("{id} {seq}")));
        }
        store.check().expect("SQLite finds nothing");
        let stays = open::to_write(&path).expect("a connection").execute("DELETE FROM entry", []).expect_err("refused");
        assert_eq!(stays.to_string(), "a journal is only appended to");

        let copy = open::plain(&beside(&path, ".v1-backup")).expect("the copy");
        let rows: i64 = copy.query_row("SELECT count(*) FROM entry", [], |row| row.get(0)).expect("a count");
        assert_eq!((open::version(&copy).expect("a version"), rows), (1, 6));
    }

    #[test]
    fn a_file_of_a_newer_version_is_left_alone() {
        let home = tempfile::tempdir().expect("a folder");
        let (path, connection) = old(home.path());
        run(&path, connection, 1, &["", "", "CREATE TABLE more (x INTEGER) STRICT;"]).expect("migrated");
        let told = Store::open(home.path()).map(|_| ()).expect_err("this engine knows version 2");
        assert!(told.to_string().contains("was written by a newer cloudcrew (format 3, this one knows 2)"), "{told}");
    }

    #[test]
    fn a_step_that_fails_leaves_the_older_file_as_it_was() {
        let home = tempfile::tempdir().expect("a folder");
        let (path, connection) = old(home.path());
        let steps = ["", "CREATE TABLE half (x INTEGER) STRICT;", "this is no SQL"];
        assert!(run(&path, connection, 1, &steps).is_err());
        let there = open::plain(&path).expect("a connection");
        let half: i64 =
            there.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'half'", [], |row| row.get(0)).expect("a count");
        assert_eq!((open::version(&there).expect("a version"), half), (1, 0));
    }

    #[test]
    fn who_comes_second_leaves_the_first_ones_copy_alone() {
        let home = tempfile::tempdir().expect("a folder");
        let (path, first) = old(home.path());
        let second = open::to_write(&path).expect("a connection");
        run(&path, first, 1, STEPS).expect("migrated");
        run(&path, second, 1, STEPS).expect("nothing to do");
        let copy = open::plain(&beside(&path, ".v1-backup")).expect("the copy");
        assert_eq!(open::version(&copy).expect("a version"), 1);
    }
}
