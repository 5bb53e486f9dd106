//! Artifacts from what is known. What nobody knows is left open, so that a review finds it; nothing is invented.

use cloudcrew_definition::crew::{Deliverable, Phase};
use cloudcrew_definition::text::slots;
use cloudcrew_runtime::ports::model::ModelRequest;

use super::knowledge::{Knowledge, Line};

/// What every artifact of a rehearsal says of itself.
const MARK: &str = "Rehearsal: written from the definitions, without a live model.";

/// The rendered template of a path, as the system prompt holds it.
pub(super) fn template_of<'a>(system: &'a str, path: &str) -> Option<&'a str> {
    let section = &system[system.find(&format!("## {path}\n"))?..];
    let own = section.find("\n## ").map_or(section, |_| section);
    let begin = own.find("~~~markdown\n")? + "~~~markdown\n".len();
    // A template of another deliverable is not this one's.
    let next = own[3..].find("\n## docs/").map_or(own.len(), |i| i + 3);
    if begin > next && !own[..begin].contains(path) {
        return None;
    }
    let end = own[begin..].find("\n~~~")? + begin;
    Some(&own[begin..end])
}

/// A document from its template.
pub(super) fn document(template: &str, request: &ModelRequest<'_>, phase: &Phase, known: &Knowledge) -> String {
    let mut text = String::new();
    let mut from = 0;
    for slot in slots(template) {
        text.push_str(&template[from..slot.range.start]);
        let parts: Vec<String> =
            slot.sources.iter().map(|(s, _)| source(s, request, phase, known)).filter(|p| !p.is_empty()).collect();
        if parts.is_empty() {
            text.push_str(&template[slot.range.clone()]);
        } else {
            text.push_str(&parts.join("\n\n"));
        }
        from = slot.range.end;
    }
    text.push_str(&template[from..]);
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let mut document = format!("{first}\n\n> {MARK}\n{rest}");
    let feedback: Vec<String> =
        known.rows_of("feedback").filter(|r| r.phase == phase.name).map(|r| format!("- {}", r.body)).collect();
    if !feedback.is_empty() {
        document.push_str(&format!("\n## Changes the customer asked for\n\n{}\n", feedback.join("\n")));
    }
    document
}

/// A file without a template: what it must do, line by line, as comments of its language.
pub(super) fn source_file(deliverable: &Deliverable, phase: &Phase, known: &Knowledge) -> String {
    let ending = deliverable.path.rsplit('.').next().unwrap_or_default();
    let comment = match ending {
        "sql" => "-- ",
        "md" => "- ",
        "ts" | "js" | "rs" | "go" | "java" => "// ",
        _ => "# ",
    };
    let mut text = format!("{comment}{MARK}\n{comment}{} ({}, {})\n", deliverable.description, deliverable.owner, phase.name);
    for (id, words, source) in known.lines('R').iter().chain(&known.lines('C')) {
        text.push_str(&format!("{comment}{id}: {words} ({source})\n"));
    }
    for row in known.rows_of("decision") {
        text.push_str(&format!("{comment}decided: {} ({})\n", row.title, row.source));
    }
    for row in known.rows_of("feedback").filter(|r| r.phase == phase.name) {
        text.push_str(&format!("{comment}asked for by the customer: {}\n", row.body));
    }
    text
}

fn list(lines: &[Line]) -> String {
    lines.iter().map(|(id, text, source)| format!("- {id}: {text} ({source})")).collect::<Vec<_>>().join("\n")
}

fn rows(known: &Knowledge, kind: &str) -> String {
    let line = |r: &super::knowledge::Row| {
        let body = if r.body.is_empty() { String::new() } else { format!(": {}", r.body) };
        let source = if r.source.is_empty() {
            format!("{}, {}", r.author, r.phase)
        } else {
            format!("{}, {}, {}", r.author, r.phase, r.source)
        };
        format!("- {}{body} ({source})", r.title)
    };
    known.rows_of(kind).map(line).collect::<Vec<_>>().join("\n")
}

fn source(name: &str, request: &ModelRequest<'_>, phase: &Phase, known: &Knowledge) -> String {
    match name {
        "summary" => summary(request, known),
        "objectives" => list(&known.lines('O')),
        "requirements" => list(&known.lines('R')),
        "constraints" => list(&known.lines('C')),
        "scope" => list(&known.lines('D')),
        "acceptance_criteria" => list(&known.lines('A')),
        "timeline" => list(&known.lines('T')),
        "facts" => rows(known, "fact"),
        "assumptions" => rows(known, "assumption"),
        "decisions" => rows(known, "decision"),
        "blockers" => rows(known, "blocker"),
        "answers" => rows(known, "answer"),
        "reviews" => rows(known, "review"),
        "feedback" => rows(known, "feedback"),
        "artifacts" => {
            let written = known.files.iter().filter(|(_, by)| !by.is_empty());
            written.map(|(path, by)| format!("- {path} ({by})")).collect::<Vec<_>>().join("\n")
        }
        "costs" => "Tokens and money so far are estimates of a rehearsal: see `cloudcrew cost`.".to_owned(),
        "team" => phase.swarm.agents.iter().map(|a| format!("- {a}")).collect::<Vec<_>>().join("\n"),
        "phases" => {
            let owed = phase.deliverables.iter().map(|d| format!("- {}: {} ({})", phase.name, d.path, d.owner));
            owed.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

fn summary(request: &ModelRequest<'_>, known: &Knowledge) -> String {
    let requirements = known.lines('R');
    if requirements.is_empty() {
        return String::new();
    }
    let about = known.sow.as_ref().map(|s| s.summary.clone()).filter(|s| !s.is_empty());
    let about = about.or_else(|| known.lines('O').first().map(|(_, text, _)| text.clone()));
    let about = about.unwrap_or_else(|| requirements[0].1.clone());
    format!("{}: {about} ({} requirements)", request.context.project, requirements.len())
}
