//! What libgit2 is told once in a process, before it opens a repository.

use std::ffi::c_int;
use std::path::Path;
use std::sync::OnceLock;

use cloudcrew_ports::StoreError;
use git2::ObjectType;
use git2::opts::{set_cache_max_size, set_cache_object_limit};

/// Bytes of a file that the library may keep: agents read the same few again and again.
const KEPT_FILE: usize = 64 * 1024;
/// Bytes that it may keep of all repositories together.
const KEPT: isize = 16 * 1024 * 1024;

/// Has it sync objects, references and their folders, and keep a little of what it has read.
///
/// # Errors
/// When it cannot be told to sync: nothing may be written then.
pub(super) fn ready(path: &Path) -> Result<(), StoreError> {
    static TOLD: OnceLock<bool> = OnceLock::new();
    let told = *TOLD.get_or_init(|| {
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
        // Without it files are read again, and that is all.
        drop(keeps);
        syncs == 0
    });
    if told {
        return Ok(());
    }
    let why = "libgit2 cannot be told to sync what it writes; nothing is written".to_owned();
    Err(StoreError::Unusable { what: path.display().to_string(), why })
}
