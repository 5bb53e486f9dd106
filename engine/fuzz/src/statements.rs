//! Parsing any statement of work terminates, and each item names an existing line.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = cloudcrew_sow::decode(bytes) else { return };
    let Ok(read) = cloudcrew_sow::parse("sow.md", &text.text) else { return };
    let lines = text.text.lines().count();
    for item in [
        &read.objectives,
        &read.requirements,
        &read.constraints,
        &read.deliverables,
        &read.acceptance_criteria,
        &read.timeline,
    ]
    .into_iter()
    .flatten()
    {
        let line: usize = item
            .source
            .rsplit_once(':')
            .and_then(|(_, line)| line.parse().ok())
            .expect("a source with a line");
        assert!((1..=lines).contains(&line), "{} of {lines}", item.source);
        assert!(!item.text.trim().is_empty());
    }
});
