//! `scan_secrets`: keys and passwords in the files of the repository.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::shown::row;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, ToolError};
use super::report::counted;
use super::secrets::secrets;
use super::tool::TypedTool;
use super::weaknesses::weakness;
use super::workplace::Workplace;

pub(super) struct ScanSecrets;

/// Maximum size of a file to scan, in bytes.
const LARGEST: u64 = 1024 * 1024;
/// Maximum number of files, and of bytes, to scan in a call.
const FILES: usize = 20_000;
const BYTES: u64 = 64 * 1024 * 1024;
/// Maximum number of findings to list.
const MOST: usize = 100;
/// CWE-798, use of hard-coded credentials.
const HARD_CODED: u32 = 798;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Folder to scan, from the repository's root. Defaults to the whole repository
    #[serde(default)]
    #[schemars(length(max = 4096))]
    folder: String,
}

#[async_trait]
impl TypedTool for ScanSecrets {
    type Arguments = Arguments;
    const NAME: &'static str = "scan_secrets";
    const DESCRIPTION: &'static str = "Looks for keys, tokens, passwords and private keys in the \
                                       current files, and lists the place and kind of each, never \
                                       its value.";
    const CAPABILITY: Capability = Capability::ReadRepo;
    const EFFECT: Effect = Effect::Pure;
    const IN_REVIEW: bool = true;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let below = super::programs::folder(&a.folder)?;
        let (mut lines, mut count, mut scanned, mut bytes) = (Vec::new(), 0, 0, 0);
        let (mut large, mut beyond) = (0, 0);
        for found in at.files(&below).await? {
            if found.file.size > LARGEST {
                large += 1;
                continue;
            }
            if scanned == FILES || bytes + found.file.size > BYTES {
                beyond += 1;
                continue;
            }
            bytes += found.file.size;
            let Some(content) = at.file(&found.file.path).await? else { continue };
            scanned += 1;
            for secret in secrets(&String::from_utf8_lossy(&content)) {
                count += 1;
                if lines.len() < MOST {
                    let place = format!("{}:{}", found.file.path, secret.line);
                    lines.push(format!("{}: {}", row(&place), secret.kind));
                }
            }
        }
        let weakness = weakness(HARD_CODED);
        let (found, files) = (counted(count, "finding"), counted(scanned, "file"));
        let mut text = format!("{found} in {files} ({weakness}).\n");
        text.push_str(&lines.join("\n"));
        if count > lines.len() {
            text.push_str(&format!("\nand {} more", count - lines.len()));
        }
        if large + beyond > 0 {
            text.push_str(&format!(
                "\nNot scanned: {large} files of more than {LARGEST} bytes, {beyond} beyond the \
                 limit of a call; name a folder."
            ));
        }
        Outcome::text(text)
    }
}
