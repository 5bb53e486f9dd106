//! `artifacts`: list, print or export the files that the crew wrote.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use crate::wiring::folder::Folder;
use cloudcrew_definition::path::RepoPath;
use cloudcrew_definition::shown::row;
use cloudcrew_ports::repo::Repo;

use crate::args::{Args, Format};
use crate::exit::{Exit, Failure};
use crate::home;
use crate::out::{document, note, say};
use crate::output::pretty;
use cloudcrew_views::artifacts::ArtifactAt;

pub async fn artifacts(
    args: &Args,
    project: &str,
    path: Option<&str>,
    export: Option<&Path>,
    format: Format,
) -> Result<Exit, Failure> {
    let (store, engagement) = home::engagement(args, project).await?;
    let state = &engagement.state;
    let repo = home::repo(&store, &engagement)?;
    let head = state
        .head
        .as_deref()
        .ok_or_else(|| Failure::usage(format!("`{project}` has no files yet")))?;
    if let Some(path) = path {
        let bytes = repo.read(head, path).await?.ok_or_else(|| {
            Failure::usage(format!(
                "no file `{path}`; `cloudcrew artifacts {project}` lists the files"
            ))
        })?;
        crate::out::file(&bytes);
        return Ok(Exit::Done);
    }
    let tree = repo.list(head, "").await?;
    if let Some(folder) = export {
        let opened = new_folder(folder)?;
        let before = match &state.started.base {
            Some(base) => repo.list(&base.commit, "").await?,
            None => Vec::new(),
        };
        let before: HashSet<(&str, &str)> =
            before.iter().map(|file| (file.path.as_str(), file.oid.as_str())).collect();
        let mut written = 0;
        // Skip files that the customer already had.
        for file in
            tree.iter().filter(|file| !before.contains(&(file.path.as_str(), file.oid.as_str())))
        {
            // Others may have committed unsafe names.
            let Ok(safe) = RepoPath::parse(&file.path) else {
                note!("skipped `{}`: unsafe path", row(&file.path));
                continue;
            };
            // Different names that are not UTF-8 may look the same.
            let read = if file.path.contains('\u{fffd}') {
                None
            } else {
                repo.read(head, &file.path).await?
            };
            let Some(bytes) = read else {
                note!("skipped `{}`: not a file, or its name is not UTF-8", row(&file.path));
                continue;
            };
            opened.write(Path::new(safe.as_str()), &bytes)?;
            written += 1;
        }
        say!("wrote {written} files to {}", folder.display());
        return Ok(Exit::Done);
    }
    match format {
        Format::Json => {
            let rows: Vec<_> = state
                .artifacts
                .iter()
                .map(|(path, artifact)| ArtifactAt { path, artifact })
                .collect();
            document(&pretty(&rows));
        }
        Format::Human => {
            for (path, a) in &state.artifacts {
                say!("{:44} {:14} {:10} run {}", row(path), a.phase, a.owner, a.revision);
            }
            note!(
                "branch {} in {}",
                state.started.branch,
                home::repo_path(&store, &engagement).display()
            );
        }
    }
    Ok(Exit::Done)
}

/// A folder that is new or empty.
pub fn new_folder(folder: &Path) -> Result<Folder, Failure> {
    if fs::read_dir(folder).is_ok_and(|mut d| d.next().is_some()) {
        return Err(Failure::usage(format!("{} is not empty", folder.display())));
    }
    fs::create_dir_all(folder).map_err(|e| Failure::world(format!("{}: {e}", folder.display())))?;
    Ok(Folder::open(folder)?)
}
