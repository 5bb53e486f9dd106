//! Reads a cassette line by line. Whatever the file contains, the result is a call or an error that
//! names the line.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use cloudcrew_ports::json;

use super::{Call, CassetteError, Header, VERSION};

/// Maximum size of a line in bytes: far above the largest context of any model.
pub const MAX_LINE: u64 = 64 * 1024 * 1024;

/// The position of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Line number, from 1.
    pub line: u64,
    start: u64,
    length: u64,
}

/// How the file ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// Size in bytes of all complete lines.
    pub whole: u64,
    /// Start of a line without a line break: its writer was killed.
    pub cut: Option<u64>,
}

/// Reads all complete lines.
///
/// # Errors
/// Fails at the first line that is not a call.
pub fn scan(
    path: &Path,
    file: &mut File,
    mut each: impl FnMut(Place, Call),
) -> Result<End, CassetteError> {
    let failed = |error: &std::io::Error| CassetteError::unusable(path, error);
    file.seek(SeekFrom::Start(0)).map_err(|e| failed(&e))?;
    let mut reader = BufReader::new(file);
    let mut bytes = Vec::new();
    let (mut line, mut start) = (0, 0);
    loop {
        bytes.clear();
        line += 1;
        let length =
            (&mut reader).take(MAX_LINE).read_until(b'\n', &mut bytes).map_err(|e| failed(&e))?
                as u64;
        if length == 0 {
            return Ok(End { whole: start, cut: None });
        }
        if !bytes.ends_with(b"\n") {
            if length == MAX_LINE {
                return Err(damaged(
                    path,
                    line,
                    format!("it is longer than {} MiB", MAX_LINE / 1024 / 1024),
                ));
            }
            return Ok(End { whole: start, cut: Some(line) });
        }
        if line == 1 {
            header(path, &bytes)?;
        } else {
            each(Place { line, start, length }, call(path, line, &bytes)?);
        }
        start += length;
    }
}

/// Reads one line again.
///
/// # Errors
/// Fails when the file has changed since it was scanned.
pub fn read(path: &Path, file: &mut File, place: Place) -> Result<Call, CassetteError> {
    let mut bytes = Vec::new();
    let read = file
        .seek(SeekFrom::Start(place.start))
        .and_then(|_| file.take(place.length).read_to_end(&mut bytes));
    read.map_err(|error| CassetteError::unusable(path, &error))?;
    call(path, place.line, &bytes)
}

fn header(path: &Path, bytes: &[u8]) -> Result<(), CassetteError> {
    match serde_json::from_slice::<Header>(bytes) {
        Ok(Header { cassette: found }) if found > VERSION => {
            Err(CassetteError::Newer { path: path.to_owned(), found })
        }
        Ok(Header { cassette: VERSION }) => Ok(()),
        _ => Err(damaged(path, 1, "it is not the header of a cassette")),
    }
}

fn call(path: &Path, line: u64, bytes: &[u8]) -> Result<Call, CassetteError> {
    json::read(bytes).map_err(|error| {
        // serde counts lines from the start of this one, so its position would mislead.
        let why = error.to_string();
        let why = why.rsplit_once(" at line ").map_or(why.as_str(), |(why, _)| why).to_owned();
        damaged(path, line, format!("{why} (column {})", error.column()))
    })
}

/// An error about one line.
pub fn damaged(path: &Path, line: u64, why: impl Into<String>) -> CassetteError {
    CassetteError::Damaged { path: path.to_owned(), line, why: why.into() }
}
