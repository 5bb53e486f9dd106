//! An input's default or one of its choices has the wrong type, or the default is not one of the
//! choices.
//!
//! Wrong:
//!
//! ```yaml
//! inputs:
//!   users: { type: integer, default: many }
//!   region: { choices: [eu-central-1], default: us-east-1 }
//! ```
//!
//! Right:
//!
//! ```yaml
//! inputs:
//!   users: { type: integer, default: 500 }
//!   region: { choices: [eu-central-1, us-east-1], default: us-east-1 }
//! ```

use super::{Check, Context};
use crate::diagnostic::Report;
use crate::syntax::{Input, InputType, InputValue, MAX_INPUT, Written, defaults};

pub(super) const CHECK: Check = Check { code: "bad-input", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let inputs = context.workspace.workflows.iter().filter_map(|(_, w)| w.inputs.as_ref()?.get());
    for (name, _, input) in inputs.flat_map(|inputs| inputs.0.iter()) {
        look_at(context, name, input, report);
    }
}

fn look_at(context: &Context<'_>, name: &str, input: &Input, report: &mut Report) {
    let kind = input.kind.as_ref().and_then(Written::get).copied();
    let kind = kind.unwrap_or(defaults::INPUT_TYPE);
    let choices = input.choices.as_ref().and_then(Written::get);
    for value in choices.into_iter().flatten().chain(&input.default) {
        let Some(given) = value.get() else { continue };
        let unfit = matches!(given, InputValue::Text(text)
            if InputValue::read(InputType::Text, text).is_none());
        if given.kind() != kind {
            // As it is written: `012` and `0x1F` are numbers, but not those that are meant.
            let place = value.span;
            let written = context.sources.text(place.file).get(place.start..place.end);
            let written = written.unwrap_or_default();
            let quoted = written.trim_matches(['"', '\'']);
            let found = report.error(
                CHECK.code,
                format!("`{name}` expects {}, not {}", article(kind), article(given.kind())),
            );
            found.at(place, "");
            if kind == InputType::Text {
                found.instead(format!("\"{written}\""), written == given.to_string());
            } else if InputValue::read(kind, quoted).is_some() {
                let right = match quoted {
                    "yes" => "true",
                    "no" => "false",
                    other => other,
                };
                found.instead(right, false);
            } else {
                found.help(format!("change the value, or set `type: {}`", given.kind().name()));
            }
        } else if unfit {
            report
                .error(
                    CHECK.code,
                    format!("text must be a single line of 1 to {MAX_INPUT} characters"),
                )
                .at(value.span, "");
        }
    }
    for (at, choice) in choices.into_iter().flatten().enumerate() {
        let before = || choices.into_iter().flatten().take(at);
        if choice.get().is_some() && before().any(|other| other.get() == choice.get()) {
            report.error(CHECK.code, "duplicate choice").at(choice.span, "");
        }
    }
    let (Some(choices), Some(default)) = (choices, &input.default) else { return };
    let is_one = |given: &InputValue| choices.iter().any(|choice| choice.get() == Some(given));
    if let Some(given) = default.get().filter(|given| given.kind() == kind && !is_one(given)) {
        let known: Vec<String> =
            choices.iter().filter_map(|c| c.get().map(ToString::to_string)).collect();
        report
            .error(CHECK.code, format!("`{given}` is not among the choices of `{name}`"))
            .at(default.span, "")
            .help_closest(&given.to_string(), known.iter().map(String::as_str));
    }
}

fn article(kind: InputType) -> &'static str {
    match kind {
        InputType::Text => "text",
        InputType::Integer => "a whole number",
        InputType::Boolean => "true or false",
    }
}
