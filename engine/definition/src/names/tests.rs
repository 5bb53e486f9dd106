//! The names in a small workspace, including while a file is being edited.

use crate::catalogue::Catalogue;
use crate::kept::Kept;
use crate::names::Names;
use crate::source::Sources;

const AGENTS: &str = "version: 1\nmodels: { m: { max_tokens: 1 } }\nshared_tools: \
    [look]\nagents:\n  pm: { description: x, model: m, prompt: prompts/pm.md }\n";
const PHASE: &str = "version: 1\nphase: other\nswarm: { entry: pm, agents: [pm, nobody] }\ntask: \
    prompts/t.md\ndeliverables:\n  - { path: a.md, owner: pm, template: form }\n";

fn sources() -> Sources {
    let mut sources = Sources::new();
    for (path, text) in [
        ("agents.yaml", AGENTS),
        ("phases/one.yaml", PHASE),
        ("prompts/pm.md", ""),
        ("templates/form.md", "# F"),
    ] {
        sources.add(path, text.as_bytes());
    }
    sources
}

fn catalogue() -> Catalogue {
    let (prompt_variables, template_variables) = (Vec::new(), Vec::new());
    Catalogue {
        tools: Vec::new(),
        prompt_variables,
        template_variables,
        slot_sources: Vec::new(),
        missing: Default::default(),
        finalize_steps: Vec::new(),
        tool_templates: Vec::new(),
    }
}

fn listed(names: &Names) -> Vec<String> {
    names
        .iter()
        .map(|n| format!("{} {}{}", n.kind.one(), n.text, if n.defines { "!" } else { "" }))
        .collect()
}

#[test]
fn definitions_and_references_are_found() {
    let expected = [
        "model m!",
        "tool look",
        "agent pm!",
        "model m",
        "prompt prompts/pm.md",
        "phase one!", // by its file, whatever it calls itself
        "agent pm",
        "agent pm",
        "agent nobody",
        "prompt prompts/t.md",
        "deliverable a.md!",
        "agent pm",
        "template form",
        "prompt prompts/pm.md!",
        "template form!",
    ];
    assert_eq!(listed(&Names::read(&sources())), expected);
}

#[test]
fn names_survive_while_their_file_cannot_be_parsed() {
    let (mut sources, mut kept) = (sources(), Kept::new());
    kept.load(&sources, &catalogue());
    let before = listed(&Names::kept(&sources, &kept));
    let file = sources.find("agents.yaml").expect("the file");
    sources.replace(file, Ok(format!("{AGENTS}  sa: [").as_bytes()));
    assert!(kept.load(&sources, &catalogue()).workspace.agents.is_none());
    assert_eq!(listed(&Names::kept(&sources, &kept)), before);
}

#[test]
fn reloading_finds_the_same_as_a_fresh_load() {
    let (mut sources, mut kept) = (sources(), Kept::new());
    for (path, text) in [
        ("phases/one.yaml", "phase: one\nswarm: ["),
        ("agents.yaml", "agents: {}\n"),
        ("phases/one.yaml", PHASE),
        ("templates/form.md", "{{ nothing }}"),
        ("agents.yaml", AGENTS),
    ] {
        let file = sources.find(path).expect("the file");
        sources.replace(file, Ok(text.as_bytes()));
        let (again, fresh) =
            (kept.load(&sources, &catalogue()), crate::load(&sources, &catalogue()));
        assert_eq!(again.report.diagnostics(), fresh.report.diagnostics());
    }
    sources.remove(sources.find("phases/one.yaml").expect("the file"));
    let (again, fresh) = (kept.load(&sources, &catalogue()), crate::load(&sources, &catalogue()));
    assert_eq!(again.report.diagnostics(), fresh.report.diagnostics());
}
