//! Writes artifacts from known facts. Unknown facts are left open for a review to find; nothing is
//! invented.

use cloudcrew_definition::crew::{Definition, Phase};
use cloudcrew_definition::text::slots;
use cloudcrew_ports::model::ModelRequest;

use super::exercise::NOTED;
use super::knowledge::{Knowledge, Row};

/// The notice in every artifact of a rehearsal.
pub(super) const MARK: &str = "Rehearsal: written from the definitions, without a live model.";

/// The rendered template of a path, as in the system prompt.
pub(super) fn template_of<'a>(system: &'a str, path: &str) -> Option<&'a str> {
    let section = &system[system.find(&format!("## {path}\n"))?..];
    let own = section.find("\n## ").map_or(section, |_| section);
    let begin = own.find("~~~markdown\n")? + "~~~markdown\n".len();
    // Stop before the template of the next deliverable.
    let next = own[3..].find("\n## docs/").map_or(own.len(), |i| i + 3);
    if begin > next && !own[..begin].contains(path) {
        return None;
    }
    let end = own[begin..].find("\n~~~")? + begin;
    Some(&own[begin..end])
}

/// The inputs of a document.
pub(super) struct Writing<'a> {
    /// Path of the document.
    pub path: &'a str,
    pub request: &'a ModelRequest<'a>,
    pub definition: &'a Definition,
    pub phase: &'a Phase,
    pub known: &'a Knowledge,
}

/// Facts that only a statement of work can give: an agent that finds none there says so, and has
/// not forgotten anything.
const OF_STATEMENT: [&str; 6] =
    ["objectives", "requirements", "constraints", "scope", "acceptance_criteria", "timeline"];

/// Writes a document from its template: under each heading, what a live crew would write there and
/// the known facts for it. A list appears in full once, where the template is about it; elsewhere
/// its ids are named.
pub(super) fn document(template: &str, writing: &Writing<'_>) -> String {
    let slots = slots(template);
    let about: Vec<&str> = slots
        .iter()
        .filter_map(|slot| slot.sources.first())
        .map(|(name, _)| name.as_str())
        .collect();
    let mut listed: Vec<&str> = Vec::new();
    let mut text = String::new();
    let mut from = 0;
    for slot in &slots {
        text.push_str(&template[from..slot.range.start]);
        from = slot.range.end;
        let mut parts = Vec::new();
        for (place, (name, _)) in slot.sources.iter().enumerate() {
            let Some(material) = writing.material(name, slot.sources.len() == 1) else { continue };
            let in_full =
                !listed.contains(&name.as_str()) && (place == 0 || !about.contains(&name.as_str()));
            parts.push(match (in_full, writing.elsewhere(name)) {
                (true, Some(path)) => material.linked(path),
                (true, None) => {
                    listed.push(name);
                    material.in_full()
                }
                (false, _) => material.named(),
            });
        }
        let of_statement =
            slot.sources.iter().all(|(name, _)| OF_STATEMENT.contains(&name.as_str()));
        if parts.is_empty() && of_statement {
            let names: Vec<String> =
                slot.sources.iter().map(|(name, _)| name.replace('_', " ")).collect();
            text.push_str(&format!(
                "Nothing was recognised in the statement of work about {}.",
                names.join(" or ")
            ));
        } else if parts.is_empty() {
            text.push_str(&template[slot.range.clone()]);
        } else {
            text.push_str(&format!(
                "> A live crew writes here: {}\n\n{}",
                slot.guidance,
                parts.join("\n\n")
            ));
        }
    }
    text.push_str(&template[from..]);
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let mut document = format!("{first}\n\n> {MARK}\n{rest}");
    let feedback: Vec<String> = writing
        .known
        .rows_of("feedback")
        .filter(|r| r.phase == writing.phase.name && asks_for_changes(r))
        .map(|r| format!("- {}", r.body))
        .collect();
    if !feedback.is_empty() {
        document
            .push_str(&format!("\n## Changes the customer asked for\n\n{}\n", feedback.join("\n")));
    }
    document
}

/// Whether the customer's feedback is more than an approval.
fn asks_for_changes(row: &Row) -> bool {
    !row.title.starts_with("The customer approved")
}

/// The known facts for a section.
struct Material {
    label: &'static str,
    lines: Vec<String>,
    /// Short form where the lines are not repeated: `R1 to R12`.
    names: String,
}

impl Material {
    fn words(words: String) -> Option<Material> {
        (!words.is_empty()).then(|| Material {
            label: "",
            lines: vec![words],
            names: String::new(),
        })
    }

    fn list(label: &'static str, lines: Vec<String>, names: String) -> Option<Material> {
        (!lines.is_empty()).then_some(Material { label, lines, names })
    }

    fn in_full(&self) -> String {
        if self.label.is_empty() {
            return self.lines.join("\n");
        }
        let lines: Vec<String> = self.lines.iter().map(|line| format!("- {line}")).collect();
        format!("{}:\n\n{}", self.label, lines.join("\n"))
    }

    fn linked(&self, path: &str) -> String {
        format!("{}: {}, listed in {path}.", self.label, self.names)
    }

    fn named(&self) -> String {
        if self.label.is_empty() {
            self.in_full()
        } else {
            format!("{}: {}, as above.", self.label, self.names)
        }
    }
}

/// The document that lists the statement of work's items of one kind: the first one of the workflow
/// whose template asks for them.
pub(super) fn lists<'d>(definition: &'d Definition, phase: &Phase, kind: &str) -> Option<&'d str> {
    let workflow = definition.workflows.iter().find(|w| w.phases.contains(&phase.name))?;
    let phases = workflow.phases.iter().filter_map(|name| definition.phase(name));
    let asks = |d: &&cloudcrew_definition::crew::Deliverable| {
        let template = d.template.as_ref().and_then(|name| definition.template(name));
        template.is_some_and(|template| {
            slots(&template.text).iter().any(|s| s.sources.iter().any(|(name, _)| name == kind))
        })
    };
    phases.flat_map(|phase| &phase.deliverables).find(asks).map(|d| d.path.as_str())
}

impl Writing<'_> {
    /// The other document in which the items of a kind are listed already.
    fn elsewhere(&self, kind: &str) -> Option<&str> {
        if !OF_STATEMENT.contains(&kind) {
            return None;
        }
        let path = lists(self.definition, self.phase, kind)?;
        (path != self.path && self.known.files.contains_key(path)).then_some(path)
    }

    fn material(&self, name: &str, alone: bool) -> Option<Material> {
        match name {
            "summary" => Material::words(summary(self.request, self.known)),
            "objectives" => self.said("Objectives", 'O'),
            "requirements" => self.said("Requirements", 'R'),
            "constraints" => self.said("Constraints", 'C'),
            "scope" => self.said("Deliverables asked for", 'D'),
            "acceptance_criteria" => self.said("Acceptance criteria", 'A'),
            "timeline" => self.said("Timeline", 'T'),
            "facts" => self.rows("Facts", "fact", |row| {
                !row.title.starts_with(NOTED) && (alone || !is_line_of_sow(row))
            }),
            "assumptions" => self.rows("Assumptions", "assumption", |_| true),
            "decisions" => self.rows("Decisions", "decision", |_| true),
            "blockers" => self.rows("Blockers", "blocker", |_| true),
            "answers" => self.rows("The customer's answers", "answer", |_| true),
            "reviews" => self.rows("Verdicts", "review", |_| true),
            "feedback" => self.rows("The customer's words", "feedback", asks_for_changes),
            "artifacts" => {
                let written = self.known.files.iter().filter(|(_, by)| !by.is_empty());
                let lines: Vec<String> =
                    written.map(|(path, by)| format!("{path} ({by})")).collect();
                let names = format!("{} files", lines.len());
                Material::list("Files", lines, names)
            }
            "costs" => Material::words(
                "Tokens and money so far are estimates of a rehearsal: see `cloudcrew cost`."
                    .to_owned(),
            ),
            "team" => self.team(),
            "phases" => self.phases(),
            _ => None,
        }
    }

    fn said(&self, label: &'static str, letter: char) -> Option<Material> {
        let lines = self.known.lines(letter);
        let names = match (lines.first(), lines.last()) {
            (Some((first, ..)), Some((last, ..))) if first != last => format!("{first} to {last}"),
            (Some((only, ..)), _) => only.clone(),
            _ => String::new(),
        };
        Material::list(
            label,
            lines.iter().map(|(id, text, source)| format!("{id}: {text} ({source})")).collect(),
            names,
        )
    }

    fn rows(
        &self,
        label: &'static str,
        kind: &str,
        keep: impl Fn(&Row) -> bool,
    ) -> Option<Material> {
        let lines: Vec<String> =
            self.known.rows_of(kind).filter(|row| keep(row)).map(row_line).collect();
        let names = lines.len().to_string();
        Material::list(label, lines, names)
    }

    fn team(&self) -> Option<Material> {
        let agents = self.phase.swarm.agents.iter().filter_map(|name| self.definition.agent(name));
        let lines = agents.map(|agent| format!("{}: {}", agent.name, agent.description)).collect();
        Material::list("In this phase", lines, self.phase.swarm.agents.join(", "))
    }

    /// The phases of the workflow, with the deliverables of each and who decides.
    fn phases(&self) -> Option<Material> {
        let workflow = self
            .definition
            .workflows
            .iter()
            .find(|workflow| workflow.phases.contains(&self.phase.name))?;
        let phases = workflow.phases.iter().filter_map(|name| self.definition.phase(name));
        let line = |phase: &Phase| {
            let owed: Vec<&str> = phase.deliverables.iter().map(|d| d.path.as_str()).collect();
            let decides = if phase.gate.is_some() { "the customer decides" } else { "no gate" };
            format!(
                "{}: {}; {decides}",
                phase.name,
                if owed.is_empty() { "nothing owed".to_owned() } else { owed.join(", ") }
            )
        };
        Material::list("Phases", phases.map(line).collect(), workflow.phases.join(", "))
    }
}

/// Whether a fact is a line of the statement of work, which other sources already provide.
fn is_line_of_sow(row: &Row) -> bool {
    let id = row.title.split_once(": ").map(|(id, _)| id).unwrap_or_default();
    id.starts_with(['O', 'R', 'C', 'D', 'A', 'T'])
        && id.len() > 1
        && id[1..].bytes().all(|b| b.is_ascii_digit())
}

fn row_line(row: &Row) -> String {
    let body = if row.body.is_empty() { String::new() } else { format!(": {}", row.body) };
    let source = if row.source.is_empty() { String::new() } else { format!(", {}", row.source) };
    format!("{}{body} ({}, {}{source})", row.title, row.author, row.phase)
}

fn summary(request: &ModelRequest<'_>, known: &Knowledge) -> String {
    let requirements = known.lines('R');
    if requirements.is_empty() {
        return String::new();
    }
    let about = known.sow.as_ref().map(|s| s.summary.clone()).filter(|s| !s.is_empty());
    let about = about.or_else(|| known.lines('O').first().map(|(_, text, _)| text.clone()));
    let about = about.unwrap_or_else(|| requirements[0].1.clone());
    let title = known
        .sow
        .as_ref()
        .and_then(|s| s.title.clone())
        .unwrap_or_else(|| request.context.project.clone());
    format!("{title}: {about} ({} requirements)", requirements.len())
}
