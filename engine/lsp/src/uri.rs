//! Converts file URIs and paths.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use lsp_types::Uri;

/// The path of a `file:` URI; `None` for other URIs.
pub(crate) fn path(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.as_str().strip_prefix("file://")?;
    // `file://host/path`: files of other hosts are not read.
    let rest = rest.strip_prefix("localhost").unwrap_or(rest);
    let rest = rest.split(['?', '#']).next()?;
    let path = decoded(rest.starts_with('/').then_some(rest)?)?;
    // `/c:/folder` is `c:/folder` on systems with drive letters.
    let drive = path.as_bytes().get(1).is_some_and(u8::is_ascii_alphabetic)
        && path.as_bytes().get(2) == Some(&b':');
    let path = if cfg!(windows) && drive { &path[1..] } else { path.as_str() };
    let path = PathBuf::from(path);
    path.components().all(|part| !matches!(part, std::path::Component::ParentDir)).then_some(path)
}

fn decoded(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        if bytes[at] == b'%' {
            let digits = std::str::from_utf8(bytes.get(at + 1..at + 3)?).ok()?;
            out.push(u8::from_str_radix(digits, 16).ok()?);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(out).ok().filter(|path| !path.contains('\0'))
}

/// The URI of a path.
pub(crate) fn of(path: &Path) -> Option<Uri> {
    let mut text = String::from("file://");
    let path = path.to_str()?;
    let path =
        if cfg!(windows) { format!("/{}", path.replace('\\', "/")) } else { path.to_owned() };
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                text.push(byte as char)
            }
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    Uri::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_round_trips() {
        for name in ["/a/b.yaml", "/with space/ü#?%.md"] {
            assert_eq!(path(&of(Path::new(name)).expect("a URI")), Some(PathBuf::from(name)));
        }
    }

    #[test]
    fn other_uris_have_no_path() {
        for text in [
            "untitled:Untitled-1",
            "file://elsewhere/a",
            "file:///a/%zz",
            "file:///a/%2e%2e/b",
            "file:///a%00b",
        ] {
            assert!(Uri::from_str(text).ok().and_then(|uri| path(&uri)).is_none(), "{text}");
        }
    }
}
