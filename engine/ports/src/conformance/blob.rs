//! The contract of [`Blobs`].

use sha2::{Digest as _, Sha256};

use super::done;
use crate::blob::Blobs;

/// Runs all tests.
pub async fn run_all(blobs: &dyn Blobs) {
    bytes_come_back_under_their_hash(blobs).await;
    an_unknown_hash_is_not_found(blobs).await;
}

/// Empty, binary or large: the name is the hex SHA-256, and equal bytes are one blob.
pub async fn bytes_come_back_under_their_hash(blobs: &dyn Blobs) {
    let large: Vec<u8> =
        (0..3_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for bytes in [b"".as_slice(), b"some words", &[0, 255, 0, 10, 13], &large] {
        let hash = done("bytes are stored", blobs.put(bytes).await);
        let expected: String =
            Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hash, expected, "a blob of {} bytes is not named by its SHA-256", bytes.len());
        assert_eq!(
            done("the bytes are stored again", blobs.put(bytes).await),
            hash,
            "equal bytes have one name"
        );
        let back = done("the bytes are read", blobs.get(&hash).await);
        assert!(
            back.as_deref() == Some(bytes),
            "a blob of {} bytes came back changed",
            bytes.len()
        );
    }
}

/// Whatever the name looks like.
pub async fn an_unknown_hash_is_not_found(blobs: &dyn Blobs) {
    for hash in ["0".repeat(64).as_str(), "", "no hash", "../../etc/passwd"] {
        assert_eq!(
            done("an unknown hash is read", blobs.get(hash).await),
            None,
            "`{hash}` was never stored"
        );
    }
}
