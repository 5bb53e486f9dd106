//! Loading any definition file terminates, every finding can be displayed, and every valid
//! definition can be planned, forecast and exported.
#![no_main]

use cloudcrew_definition::diagnostic::{Format, render};
use cloudcrew_definition::source::Sources;
use cloudcrew_plan::checks::load;
use cloudcrew_plan::compare::compare;
use cloudcrew_plan::emit::asl;
use cloudcrew_plan::forecast::forecast;
use cloudcrew_runtime::catalogue::catalogue;
use libfuzzer_sys::fuzz_target;

/// The smallest workspace; the fuzzer provides one of its files.
macro_rules! files {
    ($($path:literal),*) => { [$(($path, include_str!(concat!("../../../examples/minimal/",
        $path)))),*] };
}

const FILES: [(&str, &str); 8] = files!(
    "agents.yaml",
    "phases/proposal.yaml",
    "workflows/delivery.yaml",
    "rehearsals/delivery.yaml",
    "prompts/writer.md",
    "prompts/tasks/proposal.md",
    "templates/proposal.md",
    "examples/sow/example.md"
);

fuzz_target!(|bytes: &[u8]| {
    let Some((which, bytes)) = bytes.split_first() else { return };
    let fuzzed = usize::from(*which) % (FILES.len() - 1);
    let mut sources = Sources::new();
    for (number, (path, text)) in FILES.iter().enumerate() {
        sources.add(*path, if number == fuzzed { bytes } else { text.as_bytes() });
    }
    let loaded = load(&sources, &catalogue());
    let found = loaded.report.diagnostics();
    assert!(render(&sources, found, Format::Json).contains("\"version\""));
    assert_eq!(render(&sources, found, Format::Human { colour: false }).is_empty(),
        found.is_empty());
    let Some(definition) = loaded.definition else { return };
    for workflow in &definition.workflows {
        assert_eq!(compare(&definition, &definition, &workflow.name), []);
        assert!(forecast(&definition, workflow).total.turns.low <= forecast(&definition,
            workflow).total.turns.high);
        if let Some(plan) = cloudcrew_plan::build(&definition, &workflow.name) {
            assert!(asl::asl(&plan, &definition).contains("StartAt"));
        }
    }
});
