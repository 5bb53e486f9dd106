//! The values of a workflow's inputs: given as options, asked for in a terminal, or defaults.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;

use cloudcrew_definition::crew::{Input, Workflow};
use cloudcrew_definition::shown::row;
use cloudcrew_definition::syntax::InputValue;

use crate::exit::Failure;
use crate::lines::Lines;
use crate::out::note;

/// Reads `NAME=VALUE` words.
pub fn typed(words: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let mut typed = BTreeMap::new();
    for word in words {
        let Some((name, value)) = word.split_once('=') else {
            return Err(Failure::usage(format!("expected `--input NAME=VALUE`, not `{word}`")));
        };
        let (name, value) = (name.trim().to_owned(), value.to_owned());
        if let Some(there) = typed.insert(name.clone(), value.clone())
            && there != value
        {
            return Err(Failure::usage(format!("two values for the input `{name}`")));
        }
    }
    Ok(typed)
}

/// The values of all inputs. Those that are missing are asked for, if a person is there.
pub async fn settled(
    flow: &Workflow,
    mut typed: BTreeMap<String, String>,
) -> Result<BTreeMap<String, InputValue>, Failure> {
    let missing: Vec<&Input> =
        flow.inputs.iter().filter(|input| is_missing(input, &typed)).collect();
    if !missing.is_empty() && std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        let mut lines = Lines::of_stdin();
        for input in missing {
            let value = ask(input, &mut lines).await?;
            typed.insert(input.name.clone(), value);
        }
    }
    flow.inputs(&typed).map_err(Failure::usage)
}

fn is_missing(input: &Input, typed: &BTreeMap<String, String>) -> bool {
    input.default.is_none() && !typed.contains_key(&input.name)
}

/// Asks until the value is one that may be given.
async fn ask(input: &Input, lines: &mut Lines) -> Result<String, Failure> {
    let about = match input.description.as_str() {
        "" => String::new(),
        words => format!(" ({})", row(words)),
    };
    note!("{}{about}: {}", input.name, input.of());
    while let Some(line) = lines.next().await? {
        match input.read(&line) {
            Ok(_) => return Ok(line),
            Err(why) => note!("{why}"),
        }
    }
    Err(Failure::usage(format!(
        "no value for the input `{0}`; pass `--input {0}=VALUE`",
        input.name
    )))
}
