//! A workflow asks for what differs between customers, and prompts read it.

use serde_json::{Value, json};

use crate::support::{Crew, edited, root};

const INPUTS: &str = "inputs:\n  region: { description: Region of all personal data, choices: \
                      [eu-central-1, us-east-1] }\n  users: { type: integer, default: 500 }\n  \
                      strict: { type: boolean, default: false }\n";
/// What a prompt and a template say.
const TEXT: &str = "\nAll data stays in {{ inputs.region }}, for {{ inputs.users + 1 }} users.\n\
                    {% if inputs.strict %}Nothing may leave it.{% endif %}\n";

fn asking() -> Crew {
    let crew = edited();
    let workflow = crew.read("workflows/delivery.yaml") + INPUTS;
    crew.write("workflows/delivery.yaml", &workflow);
    for text in ["prompts/tasks/discovery.md", "templates/project_plan.md"] {
        crew.write(text, &(crew.read(text) + TEXT));
    }
    crew
}

#[test]
fn inputs_are_given_checked_and_read_by_prompts() {
    let crew = asking();
    crew.run(&["plan"])
        .exits(0)
        .says("input region · Region of all personal data · one of eu-central-1, us-east-1, needed")
        .says("input users · a whole number, by default 500");
    let sow = root().join("examples/sow/retail-orders.md");
    let sow = sow.to_str().expect("a path");
    let run = |inputs: &[&str]| {
        let words = ["run", "--project", "demo", "--sow", sow];
        let inputs = inputs.iter().flat_map(|input| ["--input", input]);
        crew.run(&words.into_iter().chain(inputs).collect::<Vec<_>>())
    };
    run(&[]).exits(2).says("missing input: region=VALUE (one of eu-central-1, us-east-1)");
    run(&["region=eu-west-1"]).exits(2).says("one of eu-central-1, us-east-1");
    run(&["regoin=us-east-1"]).exits(2).says("did you mean `region`?");
    run(&["region=us-east-1\n# Rules"]).exits(2).says("one of eu-central-1");
    run(&["region=us-east-1", "users=many"]).exits(2).says("a whole number");
    run(&["region"]).exits(2).says("expected `--input NAME=VALUE`");
    run(&["region=us-east-1", "region=eu-central-1"]).exits(2).says("two values");
    crew.run(&["list"]).exits(0).says("no engagements");
    run(&["region=us-east-1", "strict=yes"]).exits(10);
    let (_, _, started) = crew.journal().remove(0);
    let started: Value = serde_json::from_str(&started).expect("an event");
    let expected = json!({ "region": "us-east-1", "users": 500, "strict": true });
    assert_eq!(started["inputs"], expected);
    crew.run(&["show", "demo"]).exits(0).says("region: us-east-1");
    crew.run(&["artifacts", "demo", "docs/project-plan/plan.md"])
        .exits(0)
        .says("stays in us-east-1, for 501 users")
        .says("Nothing may leave it.");
}

#[test]
fn a_rehearsal_brings_its_inputs() {
    let crew = asking();
    crew.run(&["check"]).exits(1).says("sets no value for the input `region`");
    for entry in std::fs::read_dir(crew.workspace().join("rehearsals")).expect("rehearsals") {
        let file = format!("rehearsals/{}", entry.expect("a file").file_name().to_string_lossy());
        if !file.ends_with("/revision.yaml") {
            crew.write(&file, &(crew.read(&file) + "inputs: { region: us-east-1 }\n"));
        }
    }
    crew.run(&["check"]).exits(1).says("rehearsals/revision.yaml");
    let rehearsal = crew.read("rehearsals/revision.yaml") + "inputs: { region: eu-central-1 }\n";
    crew.write("rehearsals/revision.yaml", &rehearsal);
    crew.run(&["test", "revision"]).exits(0);
    for (wrong, says) in [
        ("inputs: { regoin: eu-central-1", "no input `regoin`"),
        ("inputs: { region: mars", "is not a valid value of the input `region`"),
    ] {
        crew.edit("rehearsals/revision.yaml", "inputs: { region: eu-central-1", wrong);
        crew.run(&["check"]).exits(1).says(says);
        crew.edit("rehearsals/revision.yaml", wrong, "inputs: { region: eu-central-1");
    }
}

#[test]
fn other_definitions_must_not_ask_for_more() {
    let crew = asking();
    crew.set("phases/discovery.yaml", "swarm.max_turns", "2");
    let sow = root().join("examples/sow/retail-orders.md");
    let sow = sow.to_str().expect("a path");
    let words = ["run", "--project", "demo", "--sow", sow, "--input", "region=us-east-1"];
    crew.run(&words).exits(1);
    crew.set("phases/discovery.yaml", "swarm.max_turns", "100");
    crew.edit(
        "workflows/delivery.yaml",
        "  users:",
        "  tier: { choices: [gold, silver] }\n  users:",
    );
    crew.edit("prompts/tasks/discovery.md", "All data", "Service is {{ inputs.tier }}. All data");
    crew.run(&["retry", "demo"]).exits(1).says("ask for the input `tier`");
    crew.edit("workflows/delivery.yaml", "silver] }", "silver], default: gold }");
    crew.run(&["retry", "demo"]).exits(10);
}

#[test]
fn a_prompt_that_several_workflows_share_asks_first() {
    let crew = asking();
    crew.write("workflows/other.yaml", "version: 1\nworkflow: other\nphases: [discovery]\n");
    crew.run(&["check"]).exits(1).says("the workflow `other` has no input `region`");
    for text in ["prompts/tasks/discovery.md", "templates/project_plan.md"] {
        let asks = "{% if inputs.region is defined and inputs.users is defined %}";
        let guarded =
            format!("{asks}{{{{ inputs.region }}}}, {{{{ inputs.users }}}}{{% endif %}}\n");
        crew.edit(text, TEXT, &guarded);
    }
    let checked = crew.run(&["check"]).out;
    assert!(!checked.contains("unknown-input]: the workflow `other`"), "{checked}");
    // What is only asked in another place, or denied, does not count.
    for wrong in [
        "{% if inputs.region is defined %}{% endif %}{{ inputs.region }}\n",
        "{% if not inputs.region is defined %}{{ inputs.region }}{% endif %}\n",
        "{% if inputs.region is defined or true %}{{ inputs.region }}{% endif %}\n",
        "{% if inputs.users is defined %}{{ inputs.region }}{% endif %}\n",
        "{% if inputs.region is defined %}{% else %}{{ inputs.region }}{% endif %}\n",
    ] {
        let task = crew.read("prompts/tasks/discovery.md");
        crew.write("prompts/tasks/discovery.md", &(task.clone() + wrong));
        crew.run(&["check"]).exits(1).says("the workflow `other` has no input `region`");
        crew.write("prompts/tasks/discovery.md", &task);
    }
}
