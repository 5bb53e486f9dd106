//! `sow`: how a statement of work is read.

use std::path::Path;

use cloudcrew_definition::shown::row;
use cloudcrew_runtime::engagement::read_sow;
use cloudcrew_sow::{Item, MAX_SECTION_ITEMS, SectionKind, Sow};

use crate::args::{Args, Format};
use crate::exit::{Exit, Failure};
use crate::out::{document, say};
use crate::output::pretty;
use crate::sow::statement_of_work;
use crate::workspace;

pub fn sow(
    args: &Args,
    file: &Path,
    workflow: Option<&str>,
    format: Format,
) -> Result<Exit, Failure> {
    let root = workspace::find(args)?;
    let definition = workspace::definition(&root)?;
    let workflow = workspace::workflow(&definition, workflow)?;
    let read = statement_of_work(&root, file)?;
    let read = read_sow(&definition, &workflow, &read.name, &read.text)
        .map_err(|e| Failure::usage(format!("{}: {e}", file.display())))?;
    match format {
        Format::Json => document(&pretty(&read)),
        Format::Human => human(&read),
    }
    Ok(Exit::Done)
}

fn human(read: &Sow) {
    if let Some(title) = &read.title {
        say!("{}", row(title));
    }
    for kind in SectionKind::ALL {
        say!("■ {}", kind.title());
        match read.items(kind) {
            [] => say!("  nothing was recognised"),
            items => items.iter().for_each(item),
        }
    }
    for (title, items) in [
        ("In no section", &read.unread),
        ("Left open by the author", &read.open_points),
        ("Contradictions", &read.contradictions),
    ] {
        if !items.is_empty() {
            say!("■ {title}");
            items.iter().for_each(item);
        }
    }
    limits(read);
}

fn limits(read: &Sow) {
    for kind in &read.left_out {
        say!("! more than {MAX_SECTION_ITEMS} items under {}; the rest is ignored", kind.title());
    }
    for source in &read.shortened {
        say!("! {} is too long and was shortened", row(source));
    }
}

fn item(item: &Item) {
    let number = item.number.as_ref().map(|n| format!(" [{}]", row(n))).unwrap_or_default();
    say!("  {}{number}  {}  (line {})", item.id, row(&item.text), item.line);
}
