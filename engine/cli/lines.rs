//! Lines of stdin, without blocking the process. A line is bounded.

use std::io::{BufRead as _, Read as _};

use crate::exit::Failure;

/// Maximum bytes of a line.
const MOST: u64 = 64 * 1024;

/// Reads stdin line by line in a thread of its own.
pub struct Lines(tokio::sync::mpsc::Receiver<std::io::Result<String>>);

impl Lines {
    pub fn of_stdin() -> Lines {
        let (sender, receiver) = tokio::sync::mpsc::channel(1);
        std::thread::spawn(move || {
            let mut stdin = std::io::stdin().lock();
            loop {
                let mut bytes = Vec::new();
                let read = stdin.by_ref().take(MOST).read_until(b'\n', &mut bytes);
                let line = match read {
                    Ok(0) => return,
                    Ok(_) => Ok(String::from_utf8_lossy(&bytes).trim().to_owned()),
                    Err(error) => Err(error),
                };
                let ends = line.is_err();
                if sender.blocking_send(line).is_err() || ends {
                    return;
                }
            }
        });
        Lines(receiver)
    }

    /// The next line with text; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<String>, Failure> {
        while let Some(line) = self.0.recv().await {
            let line = line.map_err(|error| Failure::world(format!("stdin: {error}")))?;
            if !line.is_empty() {
                return Ok(Some(line));
            }
        }
        Ok(None)
    }
}
