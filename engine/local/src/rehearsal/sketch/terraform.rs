//! Terraform that is formatted and valid without any provider: `terraform_data` takes the place of
//! what a live crew would create, so nothing is created by accident.

use super::{Sketch, line};

/// Text as a string of HCL. Templates in it must not be evaluated.
fn quoted(text: &str) -> String {
    let text = serde_json::to_string(&line(text)).unwrap_or_default();
    text.replace("${", "$${").replace("%{", "%%{")
}

/// The AWS region that a constraint names.
fn region(sketch: &Sketch<'_>) -> Option<String> {
    let constraints = sketch.known.lines('C');
    let mut words = constraints.iter().flat_map(|(_, text, _)| text.split_whitespace());
    let plain = |word: &str| word.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned();
    words.find_map(|word| {
        let word = plain(word);
        let mut parts = word.split('-');
        let (area, part, number) = (parts.next()?, parts.next()?, parts.next()?);
        let named = area.len() == 2 && part.len() >= 4 && number.len() == 1;
        let letters = area.bytes().chain(part.bytes()).all(|b| b.is_ascii_lowercase());
        (named && letters && number.bytes().all(|b| b.is_ascii_digit()) && parts.next().is_none())
            .then_some(word)
    })
}

pub(super) fn module(sketch: &Sketch<'_>) -> String {
    let notes = sketch.notes("# ");
    let stem = sketch.stem();
    let region = quoted(&region(sketch).unwrap_or_else(|| "eu-central-1".to_owned()));
    let about = quoted(&sketch.deliverable.description);
    format!(
        r#"{notes}
terraform {{
  required_version = ">= 1.5"
}}

variable "{stem}_region" {{
  description = "AWS region of everything in this file"
  type        = string
  default     = {region}
}}

# A live crew creates here what this is in place of.
resource "terraform_data" "{stem}" {{
  input = {{
    about  = {about}
    region = var.{stem}_region
  }}
}}

output "{stem}_region" {{
  description = "AWS region of everything in this file"
  value       = terraform_data.{stem}.output.region
}}
"#
    )
}
