//! Reads files at a revision: for a workspace's past, never an engagement's branch.

use std::path::Path;

use cloudcrew_ports::StoreError;
use git2::{ObjectType, Repository, TreeWalkMode, TreeWalkResult};

use super::{library, plain};

/// Maximum bytes of a file to read; a larger one is truncated.
const MOST_BYTES: usize = 1024 * 1024 + 1;

/// Whether the Git index has files of `name`, which is below `folder`. False if the folder is not
/// in a repository.
pub fn is_tracked(folder: &Path, name: &str) -> bool {
    let tracked = || {
        let repository = discovered(folder).ok()??;
        let (root, folder) =
            (repository.workdir()?.canonicalize().ok()?, folder.canonicalize().ok()?);
        let prefix =
            folder.strip_prefix(root).ok()?.join(name).into_os_string().into_encoded_bytes();
        let index = repository.index().ok()?;
        let below = |path: &[u8]| {
            path.strip_prefix(&*prefix).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
        };
        Some(index.iter().any(|entry| below(&entry.path)))
    };
    tracked().unwrap_or(false)
}

/// The repository that contains a folder; `None` when there is none that can be opened.
///
/// # Errors
/// Fails when the repository exists but cannot be read.
fn discovered(folder: &Path) -> Result<Option<Repository>, StoreError> {
    library::ready(folder)?;
    let Ok(folder) = folder.canonicalize() else { return Ok(None) };
    let Some(root) =
        folder.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok())
    else {
        return Ok(None);
    };
    plain(root)?;
    Ok(Repository::open(root).ok())
}

/// The files below `folder`, a folder of a working tree, at `revision` (`main~2`, a tag, a commit)
/// for which `wanted` holds: path below the folder with `/`, and bytes.
///
/// # Errors
/// Fails when the folder is not in a repository, or the revision does not exist.
pub fn files_at(
    folder: &Path,
    revision: &str,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    let fail = |why: String| StoreError::Unusable { what: folder.display().to_string(), why };
    let repository =
        discovered(folder)?.ok_or_else(|| fail("it is not in a Git repository".to_owned()))?;
    let root = repository
        .workdir()
        .ok_or_else(|| fail("its repository has no working tree".to_owned()))?;
    let below = |path: &Path| path.canonicalize().map_err(|e| fail(e.to_string()));
    let inside = below(folder)?
        .strip_prefix(below(root)?)
        .map(|p| p.display().to_string())
        .unwrap_or_default();
    let named = repository
        .revparse_single(revision)
        .map_err(|_| fail(format!("no revision named `{revision}`")))?;
    let tree = named.peel_to_tree().map_err(|_| fail(format!("`{revision}` is not a commit")))?;
    let prefix = if inside.is_empty() { String::new() } else { format!("{inside}/") };
    let mut files = Vec::new();
    let walked = tree.walk(TreeWalkMode::PreOrder, |at, entry| {
        let (Ok(at), Ok(name)) =
            (std::str::from_utf8(at.as_bytes()), std::str::from_utf8(entry.name_bytes()))
        else {
            return TreeWalkResult::Skip;
        };
        let path = format!("{at}{name}");
        // Enter only folders on the path to the workspace, or in it.
        if entry.kind() == Some(ObjectType::Tree) {
            let folder = format!("{path}/");
            let on_the_way = prefix.starts_with(&folder) || folder.starts_with(&prefix);
            return if on_the_way { TreeWalkResult::Ok } else { TreeWalkResult::Skip };
        }
        if let Some(path) = path.strip_prefix(&prefix).filter(|path| wanted(path))
            && let Some(blob) =
                entry.to_object(&repository).ok().and_then(|object| object.into_blob().ok())
        {
            let content = blob.content();
            files.push((path.to_owned(), content[..content.len().min(MOST_BYTES)].to_vec()));
        }
        TreeWalkResult::Ok
    });
    walked.map_err(|e| fail(e.message().to_owned()))?;
    Ok(files)
}
