//! The tables, version by version. A released step never changes; new steps are appended.

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, TransactionBehavior};

use super::create::{beside, sync};
use super::fault::{Fault, system};
use super::open::{self, APPLICATION};

/// Step `n` migrates a file from version `n` to `n + 1`; the first creates it.
pub(super) const STEPS: &[&str] = &[
    include_str!("v1.sql"),
    include_str!("v2.sql"),
    include_str!("v3.sql"),
    include_str!("v4.sql"),
    include_str!("v5.sql"),
];
/// The version that this engine reads and writes.
pub(super) const VERSION: i64 = STEPS.len() as i64;
/// Number of tables in that version.
pub(super) const TABLES: i64 = 14;

/// Creates the tables of a new file.
pub(super) fn create(connection: &mut Connection) -> Result<(), Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(&STEPS.concat())?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    // Move the log into the file itself: it does not come along when the file is renamed.
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

/// Migrates an older file to the newest version: copies it first, then runs all steps in one
/// transaction.
pub(super) fn run(
    path: &Path,
    mut connection: Connection,
    from: i64,
    steps: &[&str],
) -> Result<(), Fault> {
    let Some(missing) =
        usize::try_from(from).ok().filter(|from| *from > 0).and_then(|from| steps.get(from..))
    else {
        return Err(Fault::Damaged(format!("it claims table version {from}, which never existed")));
    };
    let copy = beside(path, &format!(".copying-{}", std::process::id()));
    let doing = |e| system("backing it up before the migration", &e);
    drop(fs::remove_file(&copy));
    let copied = back_up(&connection, &copy)
        .and_then(|()| fs::File::open(&copy).and_then(|file| file.sync_all()).map_err(doing));
    if let Err(fault) = copied {
        drop(fs::remove_file(&copy));
        return Err(fault);
    }

    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if open::version(&transaction)? != from {
        // Another process was faster, and the copy may already be migrated.
        return fs::remove_file(&copy).map_err(doing);
    }
    // An older backup stays.
    let named = |number: u32| match number {
        1 => beside(path, &format!(".v{from}-backup")),
        more => beside(path, &format!(".v{from}-backup-{more}")),
    };
    let free = (1..u32::MAX).map(named).find(|name| name.symlink_metadata().is_err());
    let renamed = fs::rename(&copy, free.unwrap_or_else(|| named(1))).map_err(doing);
    if renamed.is_err() {
        drop(fs::remove_file(&copy));
    }
    renamed?;
    sync(path.parent())?;
    for step in missing {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", steps.len() as i64)?;
    Ok(transaction.commit()?)
}

/// Copies the database into a new file that only its owner can read.
fn back_up(connection: &Connection, copy: &Path) -> Result<(), Fault> {
    let doing = |e| system("backing it up before the migration", &e);
    let mut options = fs::File::options();
    options.write(true).create_new(true).mode(0o600).open(copy).map_err(doing)?;
    let mut to = Connection::open(copy)?;
    Backup::new(connection, &mut to)?.run_to_completion(PAGES, Duration::ZERO, None)?;
    Ok(())
}

/// Pages copied at a time.
const PAGES: i32 = 4096;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::Store;
    use super::*;

    /// A file of version 1 with a blob and an engagement.
    fn old(home: &Path) -> (std::path::PathBuf, Connection) {
        let path = Store::open(home).expect("a new store").path().to_owned();
        for file in [path.clone(), beside(&path, "-wal"), beside(&path, "-shm")] {
            let _ = fs::remove_file(file);
        }
        let connection = Connection::open(&path).expect("a new file");
        connection.execute_batch(STEPS[0]).expect("the tables of version 1");
        connection.pragma_update(None, "application_id", APPLICATION).expect("ours");
        connection.pragma_update(None, "user_version", 1).expect("version 1");
        let rows = "INSERT INTO blob (hash, bytes) VALUES ('h', x'0102');
             INSERT INTO engagement (id, created, seq, hash) VALUES ('acme', 7, 0, '');";
        connection.execute_batch(rows).expect("rows");
        drop(connection);
        let connection = open::to_write(&path).expect("a connection");
        (path, connection)
    }

    #[test]
    fn an_older_file_is_backed_up_and_migrated() {
        let home = tempfile::tempdir().expect("a folder");
        let (path, connection) = old(home.path());
        run(&path, connection, 1, STEPS).expect("migrated");

        let there = open::plain(&path).expect("a connection");
        let row = there
            .query_row("SELECT bytes, created, waits, standing FROM blob, engagement", [], |row| {
                Ok((
                    row.get::<_, Vec<u8>>(0)?,
                    row.get::<_, i64>(1)?,
                    row.get::<_, bool>(2)?,
                    row.get::<_, Option<String>>(3)?,
                ))
            })
            .expect("the row");
        assert_eq!(open::version(&there).expect("a version"), VERSION);
        assert_eq!(row, (vec![1, 2], 7, true, None));
        let mode =
            fs::metadata(beside(&path, ".v1-backup")).expect("the copy").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "only its owner can read it");
        let copy = open::plain(&beside(&path, ".v1-backup")).expect("the copy");
        let bytes: Vec<u8> =
            copy.query_row("SELECT bytes FROM blob", [], |row| row.get(0)).expect("the row");
        assert_eq!((open::version(&copy).expect("a version"), bytes), (1, vec![1, 2]));

        there.pragma_update(None, "user_version", VERSION + 1).expect("a newer version");
        let refused = Store::open(home.path()).map(|_| ()).expect_err("it is newer").to_string();
        let words = format!(
            "written by a newer cloudcrew (format {}, this one supports {VERSION})",
            VERSION + 1
        );
        assert!(refused.contains(&words), "{refused}");
    }

    #[test]
    fn a_failed_step_leaves_the_older_file_unchanged() {
        let home = tempfile::tempdir().expect("a folder");
        let (path, connection) = old(home.path());
        let steps = ["", "CREATE TABLE half (x) STRICT;", "this is no SQL"];
        assert!(run(&path, connection, 1, &steps).is_err());
        let there = open::plain(&path).expect("a connection");
        let half: i64 = there
            .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'half'", [], |row| {
                row.get(0)
            })
            .expect("a count");
        assert_eq!((open::version(&there).expect("a version"), half), (1, 0));
    }

    #[test]
    fn a_second_migration_keeps_the_first_backup() {
        let home = tempfile::tempdir().expect("a folder");
        let (path, first) = old(home.path());
        let second = open::to_write(&path).expect("a connection");
        run(&path, first, 1, STEPS).expect("migrated");
        run(&path, second, 1, STEPS).expect("nothing to do");
        let copy = open::plain(&beside(&path, ".v1-backup")).expect("the copy");
        assert_eq!(open::version(&copy).expect("a version"), 1);
    }
}
