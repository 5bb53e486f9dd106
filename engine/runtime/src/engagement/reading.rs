//! Reads a statement of work with the words that a workflow adds.

use std::borrow::Cow;

use cloudcrew_definition::crew::Definition;
use cloudcrew_sow::{SectionKind, Sow, SowFault, Words, parse_with};

/// Reads a statement of work as an engagement of `workflow` would.
///
/// # Errors
/// When the text is blank or too large.
pub fn read_sow(
    definition: &Definition,
    workflow: &str,
    file: &str,
    text: &str,
) -> Result<Sow, SowFault> {
    parse_with(&words(definition, workflow), file, text)
}

fn words(definition: &Definition, workflow: &str) -> Cow<'static, Words> {
    let workflow = definition.workflows.iter().find(|known| known.name == workflow);
    let Some(more) = workflow.map(|w| &w.sow_headings).filter(|more| !more.is_empty()) else {
        return Cow::Borrowed(Words::built_in());
    };
    let words = SectionKind::ALL.into_iter().fold(Words::default(), |words, kind| {
        let headings = more.get(kind.name()).into_iter().flatten();
        words.with(kind, headings.map(String::as_str))
    });
    Cow::Owned(words)
}
