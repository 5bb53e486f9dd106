//! `doctor`: whether everything that a run needs is in order.

use std::path::Path;

use cloudcrew_definition::load;
use cloudcrew_local::repo::GitRepo;
use cloudcrew_local::store::Store;
use cloudcrew_runtime::catalogue::catalogue;
use cloudcrew_runtime::engagement::open;
use cloudcrew_runtime::ports::journal::Journal as _;
use cloudcrew_runtime::ports::ledger::Ledger as _;
use cloudcrew_runtime::ports::repo::Repo as _;

use crate::args::Args;
use crate::exit::{Exit, Failure};
use crate::out::say;
use crate::words::counted;
use crate::{home, workspace};

pub async fn doctor(args: &Args) -> Result<Exit, Failure> {
    let mut fine = true;
    let mut say = |ok: bool, text: String| {
        fine &= ok;
        say!("{} {text}", if ok { "ok  " } else { "FAIL" });
    };
    match workspace::find(args.workspace.as_deref()) {
        Ok(root) => {
            let sources = workspace::read(&root);
            let found = load(&sources, &catalogue()).report.diagnostics().len();
            say(found == 0, format!("definitions in {}: {found} findings", root.display()));
        }
        Err(failure) => say(false, failure.to_string()),
    }
    match home::path(args) {
        Err(failure) => say(false, failure.to_string()),
        Ok(home) => match Store::open_existing(&home) {
            Ok(None) => say(true, format!("home {}: not made yet", home.display())),
            Ok(Some(store)) => match store.check() {
                Ok(()) => {
                    let listings = store.list().await?;
                    say(true, format!("home {}: whole, {}", home.display(), counted(listings.len(), "engagement")));
                    for listing in listings {
                        if let Err(error) = look_at(&store, &listing.engagement).await {
                            say(false, format!("{}: {error}", listing.engagement));
                        }
                    }
                }
                Err(error) => say(false, error.to_string()),
            },
            Err(error) => say(false, error.to_string()),
        },
    }
    say(true, "models: rehearsal (no live model is configured; nothing is called and nothing is paid)".to_owned());
    Ok(if fine { Exit::Done } else { Exit::Failed })
}

/// Reads an engagement whole: its journal and what it is pinned to, its ledger, and its branch.
async fn look_at(store: &Store, project: &str) -> Result<(), Failure> {
    let engagement = open(store, store, project).await?;
    store.rows(project).await?;
    let state = &engagement.state;
    let repo = GitRepo::open(Path::new(&state.started.repo), project)?;
    if let Some(head) = repo.head().await? {
        repo.list(&head).await?;
    }
    Ok(())
}
