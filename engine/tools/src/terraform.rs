//! Terraform in the sandbox, and what a file would do beyond describing resources.

use cloudcrew_ports::program::{Limits, ProgramEnd, Ran};
use hcl::structure::{Block, Body};

use super::aside::aside;
use super::outcome::ToolError;
use super::programs;
use super::workplace::{Task, Workplace};

/// Providers that plan without a network and without secrets.
const LOCAL: [&str; 5] = ["terraform", "null", "random", "time", "tls"];
/// Maximum size of a file, in bytes.
const LARGEST: usize = 256 * 1024;
/// Maximum nesting.
const DEEPEST: usize = 60;

/// Runs a script of Terraform commands in a folder, all in one sandbox: what `init` prepares is not
/// kept.
pub(super) async fn ran(at: &dyn Workplace, folder: &str, script: &str) -> Result<Ran, ToolError> {
    // Terraform itself says more when it is missing.
    let task = Task {
        program: "sh".to_owned(),
        arguments: vec!["-c".to_owned(), script.to_owned()],
        folder: folder.to_owned(),
        environment: [("CHECKPOINT_DISABLE", "1"), ("TF_IN_AUTOMATION", "1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        limits: Limits { processes: 512, ..Limits::default() },
    };
    let ran = programs::ran(at, task).await?;
    match ran.end {
        ProgramEnd::Exited(127) => {
            let why = format!(
                "Not run: `terraform` is not installed where programs may run.\n{}",
                programs::NOT_CHECKED
            );
            Err(ToolError::Refused(why))
        }
        _ => Ok(ran),
    }
}

/// Why a file cannot be planned here; empty if it can.
pub(super) fn unplannable(text: &str) -> Vec<String> {
    if text.len() > LARGEST {
        return vec![format!("it has {} bytes, and at most {LARGEST} are read", text.len())];
    }
    if nesting(text) > DEEPEST {
        return vec![format!("it is nested more than {DEEPEST} deep")];
    }
    let text = text.to_owned();
    let read = move || match hcl::parse(&text) {
        Ok(body) => reasons(&body),
        Err(error) => vec![format!("it does not parse: {error}")],
    };
    aside(read).unwrap_or_else(|| vec!["the parser gave up".to_owned()])
}

/// How deep brackets are nested, whatever they are in.
fn nesting(text: &str) -> usize {
    let (mut depth, mut most) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        most = most.max(depth);
    }
    most
}

fn reasons(body: &Body) -> Vec<String> {
    let mut found = Vec::new();
    for block in body.blocks() {
        let kind = block.identifier();
        let named = block.labels().first().map(|label| label.as_str()).unwrap_or_default();
        match kind {
            "data" if named == "external" => {
                found.push("`data \"external\"` runs a program".to_owned());
            }
            "data" | "resource" | "ephemeral" => provider(named, &mut found),
            "provider" => provider(&format!("{named}_"), &mut found),
            "module" => modules(block, &mut found),
            "terraform" => {
                for inner in block.body().blocks() {
                    if inner.identifier() == "cloud" {
                        found.push("`cloud` runs it elsewhere".to_owned());
                    }
                }
            }
            _ => {}
        }
        if block.body().blocks().any(|inner| inner.identifier() == "provisioner") {
            found.push(format!("{named} has a `provisioner`, which runs a program"));
        }
    }
    found
}

/// The provider of a type of resources, which its name begins with.
fn provider(kind: &str, found: &mut Vec<String>) {
    let name = kind.split('_').next().unwrap_or_default();
    if !LOCAL.contains(&name) {
        let why = format!(
            "the provider `{name}` needs a network and secrets, and nothing grants them; check it \
             with terraform_validate"
        );
        if !found.contains(&why) {
            found.push(why);
        }
    }
}

/// Modules must be below the folder, where they are looked at too.
fn modules(block: &Block, found: &mut Vec<String>) {
    let source = block.body().attributes().find(|attribute| attribute.key() == "source");
    let source = source.map(|attribute| attribute.expr().to_string()).unwrap_or_default();
    let source = source.trim_matches('"');
    if !source.starts_with("./") || source.contains("..") {
        found.push(format!("the module {source} does not come with this folder"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_nothing_outside_is_planned() {
        let right = "variable \"size\" { default = 3 }\n\
                     resource \"terraform_data\" \"a\" { input = var.size }\n\
                     module \"net\" { source = \"./net\" }\n";
        assert!(unplannable(right).is_empty(), "{:?}", unplannable(right));
        for (wrong, why) in [
            ("resource \"aws_sqs_queue\" \"a\" {}", "provider `aws`"),
            ("data \"external\" \"a\" { program = [\"sh\"] }", "runs a program"),
            (
                "resource \"null_resource\" \"a\" { provisioner \"x\" { command = \"id\" } }",
                "provisioner",
            ),
            ("module \"a\" { source = \"git::https://example.com/a\" }", "does not come with"),
            ("module \"a\" { source = \"../a\" }", "does not come with"),
            ("provider \"azurerm\" {}", "provider `azurerm`"),
            ("terraform {\n  cloud {}\n}", "elsewhere"),
            ("resource \"terraform_data\" \"a\" {", "does not parse"),
        ] {
            let found = unplannable(wrong);
            assert!(found.iter().any(|found| found.contains(why)), "{wrong}: {found:?}");
        }
        for deep in ["[".repeat(100_000), "a { ".repeat(100_000), "(".repeat(70)] {
            assert!(!unplannable(&format!("locals {{ a = {deep}")).is_empty());
        }
    }
}
