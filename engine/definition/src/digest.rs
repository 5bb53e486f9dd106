//! SHA-256 hashes in lower-case hex.

use sha2::{Digest, Sha256};

/// The SHA-256 of some bytes.
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(bytes))
}

/// The SHA-256 of some bytes, as bytes.
pub fn sha256_bytes(bytes: impl AsRef<[u8]>) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A finished digest in lower-case hex.
pub fn hex(digest: &[u8]) -> String {
    base16ct::lower::encode_string(digest)
}
