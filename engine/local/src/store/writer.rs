//! The one writer thread of a process. All waiting requests form one transaction. Each of several
//! requests has its own savepoint, so that rejecting one does not undo the others. Answers are sent
//! when the commit is on disk.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use cloudcrew_planted as planted;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::fault::{Fault, Stop, system};
use super::{File, heads, migrate, open};

/// Maximum requests in one transaction.
const GROUP: usize = 256;

/// The thread's answer.
pub(super) type Reply<T, R> = oneshot::Receiver<Result<T, Stop<R>>>;

pub(super) struct Writer {
    requests: Option<Sender<Box<dyn Request>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(file: Arc<File>) -> Result<Writer, Fault> {
        let connection = open::to_write(&file.path)?;
        let identity = open::identity(&file.path);
        let (requests, waiting) = channel();
        let thread = std::thread::Builder::new().name("cloudcrew-store".to_owned());
        let thread = thread
            .spawn(move || run(&file, identity, &connection, &waiting))
            .map_err(|e| system("starting a thread", &e))?;
        Ok(Writer { requests: Some(requests), thread: Some(thread) })
    }

    pub(super) fn send<T, R>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Stop<R>> + Send + 'static,
    ) -> Result<Reply<T, R>, Fault>
    where
        T: Send + 'static,
        R: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let request = Box::new(Pending { work: Some(work), result: None, reply });
        match self.requests.as_ref().map(|requests| requests.send(request)) {
            Some(Ok(())) => Ok(answer),
            _ => Err(Fault::Unusable(
                "the writer thread has ended; run the command again".to_owned(),
            )),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.requests.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

enum Done {
    Kept,
    Refused,
    Failed(Fault),
}

trait Request: Send {
    /// Executes the request; returns whether to keep it.
    fn perform(&mut self, connection: &Connection) -> Done;
    /// Sends the result; a fault when the transaction was not committed.
    fn reply(self: Box<Self>, committed: Result<(), Fault>);
}

struct Pending<W, T, R> {
    work: Option<W>,
    result: Option<Result<T, Stop<R>>>,
    reply: oneshot::Sender<Result<T, Stop<R>>>,
}

impl<W, T, R> Request for Pending<W, T, R>
where
    W: FnOnce(&Connection) -> Result<T, Stop<R>> + Send,
    T: Send,
    R: Send,
{
    fn perform(&mut self, connection: &Connection) -> Done {
        self.result = self.work.take().map(|work| work(connection));
        match &self.result {
            Some(Ok(_)) => Done::Kept,
            Some(Err(Stop::Failed(fault))) => Done::Failed(fault.clone()),
            Some(Err(Stop::Refused(_))) | None => Done::Refused,
        }
    }

    fn reply(self: Box<Self>, committed: Result<(), Fault>) {
        // The caller may have gone; the request takes effect anyway.
        match (committed, self.result) {
            (Err(fault), _) => drop(self.reply.send(Err(Stop::Failed(fault)))),
            (Ok(()), Some(result)) => drop(self.reply.send(result)),
            (Ok(()), None) => {}
        }
    }
}

fn run(
    file: &File,
    identity: Option<(u64, u64)>,
    connection: &Connection,
    waiting: &Receiver<Box<dyn Request>>,
) {
    while let Ok(first) = waiting.recv() {
        let mut group = vec![first];
        group.extend(waiting.try_iter().take(GROUP - 1));
        let committed =
            file.trusted().and_then(|()| transact(file, identity, connection, &mut group));
        if let Err(fault) = &committed {
            file.note(fault);
        }
        group.into_iter().for_each(|request| request.reply(committed.clone()));
    }
}

/// Executes the group in one transaction.
fn transact(
    file: &File,
    identity: Option<(u64, u64)>,
    connection: &Connection,
    group: &mut Vec<Box<dyn Request>>,
) -> Result<(), Fault> {
    quick(connection, "BEGIN IMMEDIATE")?;
    heads::forget();
    let done = same(file, identity, connection).and_then(|()| perform(connection, group)).and_then(
        |kept| {
            if planted::Fault::AckBeforeCommit.is_planted() {
                group.drain(..).for_each(|request| request.reply(Ok(())));
                std::thread::sleep(Duration::from_millis(50));
            }
            if kept { quick(connection, "COMMIT") } else { Ok(()) }
        },
    );
    if done.is_ok() {
        file.heads.write();
    }
    if done.is_err() && !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK")?;
    }
    done
}

/// Runs a frequent statement without compiling it again.
fn quick(connection: &Connection, sql: &str) -> Result<(), Fault> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}

/// Checks that nobody has migrated the tables or removed the file since we opened them.
fn same(file: &File, identity: Option<(u64, u64)>, connection: &Connection) -> Result<(), Fault> {
    let found = open::version(connection)?;
    if found != migrate::VERSION {
        return Err(Fault::Newer(found));
    }
    if open::identity(&file.path) != identity {
        return Err(Fault::Unusable(
            "it was moved or deleted while in use; run the command again".to_owned(),
        ));
    }
    Ok(())
}

/// Executes all requests; returns whether a transaction is left to commit. A single rejected
/// request rolls it back.
fn perform(connection: &Connection, group: &mut [Box<dyn Request>]) -> Result<bool, Fault> {
    let alone = group.len() == 1;
    for request in group {
        if !alone {
            quick(connection, "SAVEPOINT request")?;
        }
        match request.perform(connection) {
            Done::Kept if alone => {}
            Done::Kept => quick(connection, "RELEASE request")?,
            // SQLite may have rolled back the whole transaction when disk or memory is full; a
            // failed disk ends it too.
            Done::Failed(fault)
                if connection.is_autocommit() || matches!(fault, Fault::Broken(_)) =>
            {
                return Err(fault);
            }
            Done::Failed(_) | Done::Refused if alone => {
                connection.execute_batch("ROLLBACK")?;
                return Ok(false);
            }
            Done::Failed(_) | Done::Refused => {
                connection.execute_batch("ROLLBACK TO request; RELEASE request")?
            }
        }
    }
    Ok(true)
}
