//! Whatever stands in a definition file, loading ends, and each finding is at a place that is in a file.
#![no_main]

use cloudcrew_definition::load;
use cloudcrew_definition::source::Sources;
use cloudcrew_runtime::catalogue::catalogue;
use libfuzzer_sys::fuzz_target;

const FILES: [&str; 6] =
    ["agents.yaml", "phases/discovery.yaml", "workflows/delivery.yaml", "rehearsals/revision.yaml", "prompts/pm.md", "templates/project_plan.md"];

fuzz_target!(|bytes: &[u8]| {
    let Some((which, bytes)) = bytes.split_first() else { return };
    let fuzzed = FILES[usize::from(*which) % FILES.len()];
    let mut sources = Sources::new();
    for (name, text) in [
        ("agents.yaml", include_str!("../../../agents.yaml")),
        ("phases/discovery.yaml", include_str!("../../../phases/discovery.yaml")),
        ("workflows/delivery.yaml", include_str!("../../../workflows/delivery.yaml")),
        ("rehearsals/revision.yaml", include_str!("../../../rehearsals/revision.yaml")),
        ("prompts/pm.md", include_str!("../../../prompts/pm.md")),
        ("templates/project_plan.md", include_str!("../../../templates/project_plan.md")),
    ] {
        sources.add(name, if name == fuzzed { bytes } else { text.as_bytes() });
    }
    let loaded = load(&sources, &catalogue());
    let shown = cloudcrew_definition::diagnostic::render(
        &sources,
        loaded.report.diagnostics(),
        cloudcrew_definition::diagnostic::Format::Json,
    );
    assert!(shown.contains("\"version\""));
});
