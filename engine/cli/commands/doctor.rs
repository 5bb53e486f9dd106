//! `doctor`: whether everything that a run needs is in order.

use cloudcrew_definition::load;
use cloudcrew_local::store::Store;
use cloudcrew_runtime::catalogue::catalogue;

use crate::args::Args;
use crate::exit::{Exit, Failure};
use crate::out::say;
use crate::{home, workspace};

pub fn doctor(args: &Args) -> Result<Exit, Failure> {
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
                Ok(()) => say(true, format!("home {}: whole", home.display())),
                Err(error) => say(false, error.to_string()),
            },
            Err(error) => say(false, error.to_string()),
        },
    }
    say(true, "models: rehearsal (no live model is configured; nothing is called and nothing is paid)".to_owned());
    Ok(if fine { Exit::Done } else { Exit::Failed })
}
