//! The tools, variables and steps that definitions may use.

use cloudcrew_definition::catalogue::{Catalogue, Shape, ToolTemplate};

use crate::engagement::FINALIZE_STEPS;
use cloudcrew_tools::Toolbox;

/// The sources that may fill a template's slot.
const SLOT_SOURCES: &[&str] = &[
    "summary",
    "objectives",
    "requirements",
    "constraints",
    "scope",
    "acceptance_criteria",
    "timeline",
    "facts",
    "assumptions",
    "decisions",
    "blockers",
    "answers",
    "reviews",
    "artifacts",
    "costs",
    "team",
    "phases",
    "feedback",
];

/// The engine's built-in tools, variables, slot sources and finalize steps.
pub fn catalogue() -> Catalogue {
    use Shape::Scalar;
    let named = || Shape::Record(vec![("name", Scalar), ("description", Scalar)]);
    let items = || {
        Shape::records(vec![
            ("id", Scalar),
            ("number", Scalar),
            ("text", Scalar),
            ("source", Scalar),
        ])
    };
    let texts = || Shape::List(Box::new(Scalar));
    let deliverable = || {
        vec![
            ("path", Scalar),
            ("owner", Scalar),
            ("reviewers", texts()),
            ("template", Scalar),
            ("description", Scalar),
            ("title", Scalar),
        ]
    };
    let shared = vec![
        ("project", Scalar),
        ("workflow", named()),
        (
            "phase",
            Shape::Record(vec![
                ("name", Scalar),
                ("description", Scalar),
                ("number", Scalar),
                ("count", Scalar),
            ]),
        ),
        // Which there are, the workflow says: see the rule `unknown-input`.
        ("inputs", Shape::Any),
        ("date", Scalar),
        ("revision", Scalar),
        ("agents", Shape::records(vec![("name", Scalar), ("description", Scalar)])),
        ("deliverables", Shape::records(deliverable())),
        (
            "sow",
            Shape::Record(vec![
                ("title", Scalar),
                ("text", Scalar),
                ("objectives", items()),
                ("requirements", items()),
                ("constraints", items()),
                ("deliverables", items()),
                ("acceptance_criteria", items()),
                ("timeline", items()),
                ("unread", items()),
                ("open_points", items()),
                ("contradictions", items()),
                ("missing", texts()),
            ]),
        ),
        ("feedback", Scalar),
        ("findings", Shape::records(vec![("path", Scalar), ("text", Scalar)])),
    ];
    let with =
        |more: Vec<(&'static str, Shape)>| shared.iter().cloned().chain(more).collect::<Vec<_>>();
    let adr = ["number", "title", "status", "context", "decision", "consequences"]
        .map(|part| (part, Scalar));
    Catalogue {
        tools: Toolbox::built_in().infos(),
        prompt_variables: with(vec![("agent", named())]),
        template_variables: with(vec![
            ("deliverable", Shape::Record(deliverable())),
            ("adr", Shape::Record(adr.to_vec())),
        ]),
        slot_sources: SLOT_SOURCES.to_vec(),
        tool_templates: vec![
            ToolTemplate { tool: "write_adr", template: "adr", needed: true },
            ToolTemplate {
                tool: "write_security_review",
                template: "security_review",
                needed: true,
            },
            ToolTemplate { tool: "phase_summary", template: "phase_summary", needed: false },
        ],
        finalize_steps: FINALIZE_STEPS.to_vec(),
        missing: Default::default(),
    }
}
