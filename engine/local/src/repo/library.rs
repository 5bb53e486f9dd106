//! Configures libgit2 once per process, before it opens a repository.

use std::ffi::c_int;
use std::path::Path;
use std::sync::OnceLock;

use cloudcrew_ports::StoreError;
use git2::ObjectType;
use git2::opts::{set_cache_max_size, set_cache_object_limit};

use super::remote::register;

/// Maximum size of a cached file: agents read the same few again and again.
const KEPT_FILE: usize = 64 * 1024;
/// Cache size for all repositories together, in bytes.
const KEPT: isize = 16 * 1024 * 1024;

/// Makes libgit2 sync objects, references and their folders, sets its cache limits, and
/// adds our ways to servers.
///
/// # Errors
/// Fails when one of them is refused; nothing may be written then.
pub(super) fn ready(path: &Path) -> Result<(), StoreError> {
    static CONFIGURED: OnceLock<bool> = OnceLock::new();
    let configured = *CONFIGURED.get_or_init(|| {
        libgit2_sys::init();
        let on: c_int = 1;
        #[expect(unsafe_code, reason = "git2 has no call for this option")]
        // SAFETY: the option takes one int, and the library is initialized.
        let syncs = unsafe {
            libgit2_sys::git_libgit2_opts(libgit2_sys::GIT_OPT_ENABLE_FSYNC_GITDIR as c_int, on)
        };
        #[expect(unsafe_code, reason = "the limits are globals of the library")]
        // SAFETY: no other thread is in the library: every way into it passes this lock first.
        let keeps = unsafe {
            set_cache_object_limit(ObjectType::Blob, KEPT_FILE)
                .and_then(|()| set_cache_max_size(KEPT))
        };
        // Without the cache, files are read again; nothing else changes.
        drop(keeps);
        syncs == 0 && register().is_ok()
    });
    if configured {
        return Ok(());
    }
    let why = "libgit2 refused its settings, so nothing is written".to_owned();
    Err(StoreError::Unusable { what: path.display().to_string(), why })
}
