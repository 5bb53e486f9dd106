//! A repository for a new workspace.

use std::path::Path;

use cloudcrew_ports::StoreError;
use git2::{Error, Repository, RepositoryInitOptions, Signature};

use super::{fault, library};

/// Makes a Git repository of a folder and commits these files of it, so that later changes can be
/// compared with them. `false` when the folder is in a repository already; then nothing happens.
///
/// # Errors
/// Fails when the folder cannot be written.
pub fn start_repository<'a>(
    folder: &Path,
    files: impl Iterator<Item = &'a str>,
    message: &str,
) -> Result<bool, StoreError> {
    library::ready(folder)?;
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    // Also one that cannot be opened: it is someone's, and nothing is made over it.
    if absolute.ancestors().any(|above| above.join(".git").symlink_metadata().is_ok()) {
        return Ok(false);
    }
    commit_files(folder, files, message).map_err(|error| fault::opening(folder, &error))?;
    Ok(true)
}

fn commit_files<'a>(
    folder: &Path,
    files: impl Iterator<Item = &'a str>,
    message: &str,
) -> Result<(), Error> {
    let mut options = RepositoryInitOptions::new();
    options.initial_head("main").external_template(false);
    let repository = Repository::init_opts(folder, &options)?;
    let mut index = repository.index()?;
    for file in files {
        index.add_path(Path::new(file))?;
    }
    index.write()?;
    let tree = repository.find_tree(index.write_tree()?)?;
    let author = repository
        .signature()
        .or_else(|_| Signature::now("cloudcrew", "cloudcrew@cloudcrew.invalid"))?;
    repository.commit(Some("HEAD"), &author, &author, message, &tree, &[])?;
    Ok(())
}
