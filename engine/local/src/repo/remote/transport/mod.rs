//! How libgit2 reaches a server: over HTTPS with the client that all of this program uses, and over
//! SSH with the system's `ssh`.

mod http;
mod ssh;

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use git2::transport::{Transport, register as add};
use git2::{Error, Remote};
use tokio::runtime::Handle;

use super::Server;

/// How long a server may take to accept a connection.
const CONNECTS: Duration = Duration::from_secs(10);
/// How long it may take to say something. Its hooks run before it answers.
const ANSWERS: Duration = Duration::from_secs(120);
/// Maximum bytes of its list of references.
const MOST_LISTED: u64 = 64 << 20;

thread_local! {
    /// What the thread's exchange is about: libgit2 gives a transport nothing but an address.
    static EXCHANGE: RefCell<Option<Exchange>> = const { RefCell::new(None) };
}

/// An exchange with a server.
#[derive(Clone)]
pub(super) struct Exchange {
    server: Arc<Server>,
    /// The runtime that drives the requests.
    runtime: Handle,
    /// The credentials that the server has asked for, as a header.
    authorization: Arc<Mutex<Option<String>>>,
    /// Its deadline.
    until: Instant,
    /// Why it failed: libgit2 passes no more than a short text on.
    why: Arc<Mutex<Option<String>>>,
}

impl Exchange {
    pub(super) fn new(server: Arc<Server>, runtime: Handle) -> Exchange {
        let until = Instant::now() + super::PATIENCE;
        Exchange { server, runtime, authorization: Arc::default(), until, why: Arc::default() }
    }

    /// How long to wait for the server now, at most; `None` when the exchange is over.
    fn patience(&self) -> Option<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then(|| left.min(ANSWERS))
    }

    /// Notes why it fails.
    fn note(&self, why: &str) {
        *self.why.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.to_owned());
    }

    /// Why it failed, if a transport noted it.
    pub(super) fn why(&self) -> Option<String> {
        self.why.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Does work on this thread; the connections that libgit2 opens in it belong to this exchange.
    pub(super) fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        EXCHANGE.set(Some(self.clone()));
        let done = work();
        EXCHANGE.set(None);
        done
    }

    /// The exchange of this thread, if it is with this host: settings of the user can lead libgit2
    /// elsewhere.
    fn with(remote: &Remote<'_>) -> Result<Exchange, Error> {
        let exchange = EXCHANGE.with_borrow(Option::clone);
        let exchange = exchange.ok_or_else(|| Error::from_str("no exchange with a server"))?;
        if remote.url().ok() != Some(exchange.server.url.as_str()) {
            return Err(Error::from_str(
                "the settings of Git replace this URL (`insteadOf`); give the URL that they \
                 lead to",
            ));
        }
        Ok(exchange)
    }
}

/// Makes libgit2 use these transports. Called once, before anything else is done with it.
pub(in crate::repo) fn register() -> Result<(), Error> {
    for scheme in ["https", "http"] {
        #[expect(unsafe_code, reason = "the transports are a global of the library")]
        // SAFETY: no other thread is in the library: every way into it passes this first.
        unsafe {
            add(scheme, |remote| {
                Transport::smart(remote, true, http::Http::new(Exchange::with(remote)?)?)
            })?;
        }
    }
    #[expect(unsafe_code, reason = "the transports are a global of the library")]
    // SAFETY: as above.
    unsafe {
        add("ssh", |remote| Transport::smart(remote, false, ssh::Ssh(Exchange::with(remote)?)))
    }
}
