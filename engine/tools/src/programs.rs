//! What tools that run programs share: refusals an agent can read, reports, and what is kept.

use cloudcrew_definition::path::RepoPath;
use cloudcrew_ports::bounds::both_ends;
use cloudcrew_ports::program::{ChangedFile, ProgramFault, Ran};
use cloudcrew_ports::secret::find;

use super::outcome::ToolError;
use super::report::listed;
use super::tool::MAX_WRITE;
use super::workplace::{Kept, Task, Workplace};

/// Maximum bytes of a stream in a report.
const MOST: usize = 48 * 1024;
/// Maximum number of files named in a report.
const NAMED: usize = 50;
/// What an agent is told when a program is missing.
pub(super) const NOT_CHECKED: &str =
    "Do not claim that it ran; say in your artifacts what was not checked.";

/// Runs a program. One that is missing, or cannot run here, is a refusal.
pub(super) async fn ran(at: &dyn Workplace, task: Task) -> Result<Ran, ToolError> {
    at.run(task).await?.map_err(|fault| {
        let more = match fault {
            ProgramFault::Missing(_) | ProgramFault::NoSandbox(_) => {
                format!("\n{NOT_CHECKED}")
            }
            ProgramFault::Refused(_) | ProgramFault::Failed(_) => String::new(),
        };
        ToolError::Refused(format!("Not run: {fault}.{more}"))
    })
}

/// A folder as an argument names it: `.` is the root.
pub(super) fn folder(named: &str) -> Result<String, ToolError> {
    let named = named.trim_end_matches('/').trim_start_matches("./");
    if named.is_empty() || named == "." {
        return Ok(String::new());
    }
    let parsed = RepoPath::parse(named);
    let parsed =
        parsed.map_err(|why| ToolError::Refused(format!("`{named}` is no folder: {why}")))?;
    Ok(parsed.as_str().to_owned())
}

/// The path of a file that a program names from the folder that it started in.
pub(super) fn below(folder: &str, name: &str) -> String {
    let name = name.trim_start_matches("./").trim_start_matches('/');
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// Says which settings of the repository a scanner has followed: they may hide findings.
pub(super) async fn settings(
    at: &dyn Workplace,
    folder: &str,
    names: &[&str],
) -> Result<String, ToolError> {
    let files = at.files("").await?;
    let applies = |path: &str| {
        let (within, name) = path.rsplit_once('/').unwrap_or(("", path));
        let starts = within.is_empty() || within == folder;
        names.contains(&name) && (starts || within.starts_with(&format!("{folder}/")))
    };
    let found = files.iter().map(|found| found.file.path.as_str()).filter(|path| applies(path));
    let found: Vec<&str> = found.take(NAMED).collect();
    Ok(match found.as_slice() {
        [] => String::new(),
        found => format!("Settings of the repository may hide findings: {}\n", found.join(", ")),
    })
}

/// What a program printed, as data.
pub(super) fn printed(ran: &Ran) -> String {
    let mut text = String::new();
    for (name, bytes) in [("output", &ran.output), ("errors", &ran.errors)] {
        let said = plain(&String::from_utf8_lossy(bytes));
        if said.trim().is_empty() {
            continue;
        }
        text.push_str(&format!(
            "\n--- {name} ---\n{}\n",
            both_ends(said.trim_end().to_owned(), MOST)
        ));
    }
    text
}

/// Text without the escape sequences that color a terminal.
fn plain(text: &str) -> String {
    let (mut plain, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = match after.strip_prefix('[') {
            Some(sequence) => {
                let end = sequence.find(|c: char| ('@'..='~').contains(&c));
                end.map_or("", |end| &sequence[end + 1..])
            }
            None => after,
        };
    }
    plain.push_str(rest);
    plain
}

/// Commits the changes of a program that lie in the agent's scope, and says what became of each.
pub(super) async fn kept(at: &dyn Workplace, ran: Ran, message: &str) -> Result<String, ToolError> {
    let (mut keeps, mut lines) = (Vec::new(), Vec::new());
    for ChangedFile { path, content } in ran.changed {
        let is_text = content.as_ref().is_none_or(|bytes| std::str::from_utf8(bytes).is_ok());
        let is_large = content.as_ref().is_some_and(|bytes| bytes.len() > MAX_WRITE);
        let secret = content.as_ref().and_then(|bytes| {
            find(std::str::from_utf8(bytes).ok()?).first().map(|(_, kind)| *kind)
        });
        match at.admit(&path) {
            _ if secret.is_some() => {
                let kind = secret.unwrap_or_default();
                lines.push(format!("{path}: not kept, because it contains a {kind}"));
            }
            _ if !is_text => lines.push(format!("{path}: not kept, because it is not text")),
            _ if is_large => {
                lines.push(format!("{path}: not kept, because it exceeds {MAX_WRITE} bytes"));
            }
            Err(ToolError::Refused(why)) => lines.push(format!("{path}: not kept: {why}")),
            Err(failed) => return Err(failed),
            // What a program leaves behind is not what someone owes.
            Ok(_) if content.is_none() && at.stays(&path).await.is_some() => {
                lines.push(format!("{path}: not removed, because it is needed"));
            }
            Ok(writable) => {
                let done = if content.is_some() { "kept" } else { "removed" };
                lines.push(format!("{path}: {done}"));
                keeps.push(Kept { path: writable, content });
            }
        }
    }
    if !keeps.is_empty()
        && let Err(why) = at.keep(keeps, message).await?
    {
        return Ok(format!("- nothing was kept: {why}\n"));
    }
    if ran.left_out > 0 {
        lines.push(format!("{} more that are not kept", ran.left_out));
    }
    Ok(listed(&lines, NAMED))
}

/// The changes of a program that are not kept.
pub(super) fn changed(ran: &Ran) -> String {
    let lines: Vec<String> = ran.changed.iter().map(|file| file.path.clone()).collect();
    listed(&lines, NAMED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_left_out_of_reports() {
        assert_eq!(plain("\u{1b}[31mred\u{1b}[0m and \u{1b}[1;32mgreen\u{1b}[m"), "red and green");
        assert_eq!(plain("\u{1b}[never ends \u{1}"), "never ends \u{1}".get(1..).unwrap_or(""));
        assert_eq!(plain("a\u{1b}b"), "ab");
    }

    #[test]
    fn a_folder_lies_below_the_root() {
        for root in ["", ".", "./"] {
            assert!(folder(root).is_ok_and(|folder| folder.is_empty()), "{root}");
        }
        assert!(folder("./app/tests/").is_ok_and(|folder| folder == "app/tests"));
        for outside in ["..", "a/../..", "/etc", ".git", "a//b"] {
            assert!(folder(outside).is_err(), "{outside}");
        }
    }
}
