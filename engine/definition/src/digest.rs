//! Hashes as people and files write them: SHA-256 in lower-case hex.

use sha2::{Digest, Sha256};

/// SHA-256 of some bytes.
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(bytes))
}

/// A digest of what was fed to it in pieces.
pub fn hex(digest: &[u8]) -> String {
    base16ct::lower::encode_string(digest)
}
