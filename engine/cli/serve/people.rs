//! Who may use the service.

use std::collections::BTreeMap;
use std::path::Path;

use cloudcrew_api::people::{People, Person};
use serde::Deserialize;

use cloudcrew_ports::secret;

use crate::exit::Failure;
use crate::home;
use crate::wiring::folder::Folder;
use crate::wiring::holder::identity;

/// Environment variable with the operator's token.
const VARIABLE: &str = "CLOUDCREW_TOKEN";
/// Maximum bytes of a file of people.
const MOST: u64 = 1024 * 1024;

/// A person in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Hex SHA-256 of the token.
    token_sha256: String,
    #[serde(default)]
    groups: Vec<String>,
    /// E-mail address, as in the commits that the person makes.
    #[serde(default)]
    email: Option<String>,
}

/// The people, and the operator's token to print when it was made up here.
pub fn people(file: Option<&Path>) -> Result<(People, Option<String>), Failure> {
    let given = std::env::var(VARIABLE).ok().filter(|token| !token.is_empty());
    let printed = given.is_none().then(identity);
    printed.iter().for_each(|token| secret::remember(token));
    let token = given.or_else(|| printed.clone()).unwrap_or_default();
    let operator = home::actor();
    let mut people = People::operator(&operator, &token);
    let Some(file) = file else { return Ok((people, printed)) };
    let refused = |why: String| Failure::usage(format!("{}: {why}", file.display()));
    let real = std::fs::canonicalize(file).map_err(|e| refused(e.to_string()))?;
    let name = real.file_name().map(Path::new).unwrap_or(&real);
    let folder = Folder::open(real.parent().unwrap_or(&real))?;
    let bytes = folder.read(name, MOST).map_err(|e| refused(e.to_string()))?;
    let entries: BTreeMap<String, Entry> =
        serde_json::from_slice(&bytes).map_err(|e| refused(super::not_read(&e)))?;
    for (name, Entry { token_sha256, groups, email }) in entries {
        let hash = token_sha256.to_ascii_lowercase();
        if hash.len() != 64 || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(refused(format!("`token_sha256` of `{name}` is not a hex SHA-256")));
        }
        if name == operator {
            return Err(refused(format!("`{name}` is the operator; use `--as` to name another")));
        }
        if !people.add(&hash, Person { email, ..Person::named(&name, groups) }) {
            return Err(refused(format!("`{name}` has the token of someone else")));
        }
    }
    Ok((people, printed))
}
