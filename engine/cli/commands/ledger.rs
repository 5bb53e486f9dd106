//! `ledger`: the ledger that the crew shares.

use cloudcrew_definition::shown;
use cloudcrew_ports::ledger::{Ledger, LedgerKind};

use crate::args::{Args, Format};
use crate::exit::{Exit, Failure};
use crate::home;
use crate::out::say;
use crate::output::pretty;
use cloudcrew_views::VERSION;

pub async fn ledger(args: &Args, project: &str, format: Format) -> Result<Exit, Failure> {
    let (store, engagement) = home::engagement(args, project).await?;
    let rows = store.rows(project).await?;
    engagement.has_all(&rows)?;
    match format {
        Format::Json => {
            say!("{}", pretty(&cloudcrew_views::ledger::Ledger { version: VERSION, rows }))
        }
        Format::Human => {
            for row in &rows {
                let kind = serde_json::to_value(row.kind)
                    .ok()
                    .and_then(|v| v.as_str().map(str::to_owned))
                    .unwrap_or_default();
                let source = if row.source.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", shown::row(&row.source))
                };
                let [phase, author, title] =
                    [&row.phase, &row.author, &row.title].map(|text| shown::row(text));
                say!("{kind:12} {phase:14} {author:10} {title}{source}");
                // The title alone says little of an answer or of feedback.
                if matches!(row.kind, LedgerKind::Answer | LedgerKind::Feedback)
                    && !row.body.is_empty()
                {
                    say!("{:12} {:14} {:10}   {}", "", "", "", shown::row(&row.body));
                }
            }
        }
    }
    Ok(Exit::Done)
}
