//! Source files: their paths, their text, and the line and column of a byte.

use std::ops::Range;
use std::sync::Arc;

use crate::overlay::{self, Layers};

/// Largest file that is read, in bytes.
pub const MAX_FILE_BYTES: usize = 512 * 1024;

/// The id of a file in [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(u32);

impl FileId {
    pub(crate) fn raw(self) -> u32 {
        self.0
    }

    pub(crate) fn from_raw(raw: u32) -> FileId {
        FileId(raw)
    }
}

/// A range of bytes `start..end` in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
}

impl Span {
    /// The span of bytes `range` in `file`.
    pub fn new(file: FileId, range: Range<usize>) -> Span {
        Span { file, start: range.start, end: range.end }
    }
}

/// A file: its path in the workspace, and its text or the reason why it has none.
#[derive(Debug, Clone)]
pub struct File {
    path: String,
    text: Result<String, Fault>,
    lines: Vec<usize>,
}

/// Why a file has no text, and the line and column of the cause.
#[derive(Debug, Clone)]
struct Fault {
    why: String,
    place: (usize, usize),
}

impl From<String> for Fault {
    fn from(why: String) -> Fault {
        Fault { why, place: (1, 1) }
    }
}

/// The files of a workspace, as text.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<Arc<File>>,
    /// The overlay that is laid over the workspace.
    layers: Option<Layers>,
}

impl Sources {
    /// No files.
    pub fn new() -> Sources {
        Sources::default()
    }

    /// Adds a file by its path in the workspace, with `/` between folders. If the bytes are not
    /// text, the file has no text, and the fault becomes a finding at the first bad byte.
    pub fn add(&mut self, path: impl Into<String>, bytes: &[u8]) -> FileId {
        self.push(path.into(), decode(bytes))
    }

    /// Adds a file that could not be read.
    pub fn add_unreadable(&mut self, path: impl Into<String>, why: impl Into<String>) -> FileId {
        self.push(path.into(), Err(Fault::from(why.into())))
    }

    fn push(&mut self, path: String, text: Result<String, Fault>) -> FileId {
        self.files.push(Arc::new(File::new(path, text)));
        FileId(self.files.len() as u32 - 1)
    }

    /// Replaces the text of a file, or records why it has none. The file keeps its id.
    pub fn replace(&mut self, id: FileId, bytes: Result<&[u8], String>) {
        let file = &mut self.files[id.0 as usize];
        *file = Arc::new(File::new(file.path.clone(), bytes.map_err(Fault::from).and_then(decode)));
    }

    /// Removes a file. Files that were added after it get new ids.
    pub fn remove(&mut self, id: FileId) {
        self.files.remove(id.0 as usize);
    }

    pub(crate) fn file(&self, id: FileId) -> &Arc<File> {
        &self.files[id.0 as usize]
    }

    /// All files with those of overlays, in the order in which they were added.
    pub fn all(&self) -> impl Iterator<Item = (FileId, &str)> {
        self.files.iter().enumerate().map(|(i, f)| (FileId(i as u32), f.path.as_str()))
    }

    /// The files of the workspace, in the order in which they were added: each with its path in the
    /// workspace, wherever it is stored.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &str)> {
        self.all().filter_map(|(id, path)| {
            let layers = self.layers.as_ref();
            let path = match (overlay::split(path), layers) {
                (None, _) => path,
                (Some((name, path)), Some(layers)) if layers.name == name => path,
                (Some(_), _) => return None,
            };
            layers.is_none_or(|layers| !layers.hidden.contains(&id)).then_some((id, path))
        })
    }

    /// Finds a file by its path in the workspace.
    pub fn find(&self, path: &str) -> Option<FileId> {
        self.iter().find(|(_, p)| *p == path).map(|(id, _)| id)
    }

    /// Finds a file by where it is stored.
    pub fn stored(&self, path: &str) -> Option<FileId> {
        self.all().find(|(_, p)| *p == path).map(|(id, _)| id)
    }

    /// The same files with an overlay.
    pub(crate) fn layered(&self, layers: Layers) -> Sources {
        Sources { files: self.files.clone(), layers: Some(layers) }
    }

    /// Name of the overlay that is laid over the workspace.
    pub(crate) fn overlay(&self) -> Option<&str> {
        self.layers.as_ref().map(|layers| layers.name.as_str())
    }

    /// Files of the overlay that change nothing.
    pub(crate) fn idle(&self) -> &[FileId] {
        self.layers.as_ref().map(|layers| layers.idle.as_slice()).unwrap_or_default()
    }

    /// The file that the overlay lays over another.
    pub(crate) fn over(&self, base: FileId) -> Option<FileId> {
        let merged = &self.layers.as_ref()?.merged;
        merged.iter().find(|(below, _)| *below == base).map(|(_, over)| *over)
    }

    /// Where a file is stored.
    pub fn path(&self, id: FileId) -> &str {
        &self.files[id.0 as usize].path
    }

    /// A file's text; empty if it has none.
    pub fn text(&self, id: FileId) -> &str {
        self.files[id.0 as usize].text.as_ref().map(String::as_str).unwrap_or_default()
    }

    /// Why a file has no text.
    pub fn fault(&self, id: FileId) -> Option<&str> {
        self.files[id.0 as usize].text.as_ref().err().map(|fault| fault.why.as_str())
    }

    /// The line and column of a byte, both starting at 1, with columns in characters. For a file
    /// without text, the position of its fault.
    pub fn position(&self, id: FileId, byte: usize) -> (usize, usize) {
        let file = &self.files[id.0 as usize];
        if let Err(fault) = &file.text {
            return fault.place;
        }
        let text = self.text(id);
        let byte = byte.min(text.len());
        let line = file.lines.partition_point(|start| *start <= byte).max(1);
        let start = file.lines[line - 1];
        (line, text.get(start..byte).map_or(1, |t| t.chars().count() + 1))
    }
}

impl File {
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    fn new(path: String, text: Result<String, Fault>) -> File {
        let lines = line_starts(text.as_ref().map(String::as_str).unwrap_or_default());
        File { path, text, lines }
    }
}

fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect()
}

fn decode(bytes: &[u8]) -> Result<String, Fault> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(
            format!("the file has {} bytes; the maximum is {MAX_FILE_BYTES}", bytes.len()).into()
        );
    }
    if let Some(at) = bytes.iter().position(|b| *b == 0) {
        return Err(Fault {
            why: "the file is binary, not text".to_owned(),
            place: place(&bytes[..at]),
        });
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(e) => {
            let at = e.valid_up_to();
            let place = place(&bytes[..at]);
            Err(Fault {
                why: format!(
                    "the file is not UTF-8: byte {at}, line {}; save it as UTF-8",
                    place.0
                ),
                place,
            })
        }
    }
}

/// The line and column after these bytes.
fn place(before: &[u8]) -> (usize, usize) {
    let line = before.rsplit(|b| *b == b'\n').next().unwrap_or_default();
    (
        before.iter().filter(|b| **b == b'\n').count() + 1,
        String::from_utf8_lossy(line).chars().count() + 1,
    )
}
