//! The words that name sections. Add unknown headings here.
//!
//! Everything is in lower case, without apostrophes and hyphens, which is the normalized form of
//! headings.

use super::SectionKind::{
    AcceptanceCriteria, Constraints, Deliverables, Objectives, Requirements, Timeline,
};

/// What a heading names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    /// One of the six sections.
    Section(super::SectionKind),
    /// A section that is common in such documents but not read: background, budget, contacts.
    Other,
}

/// Phrases for each section. The longest match wins: a payment schedule is not a schedule.
#[rustfmt::skip]
pub(super) const PHRASES: &[(Name, &[&str])] = &[
    (
        Name::Section(Requirements),
        &[
            "requirements", "requirement", "what we need", "we need", "need", "what is \
             needed", "must have",
            "must haves", "should have", "should haves", "could have", "could haves", "nice to \
             have",
            "nice to haves", "needs", "must", "shall", "features", "functionality", "scope",
                "scope of work",
            "in scope", "user stories", "use cases",
        ],
    ),
    (
        Name::Section(Objectives),
        &[
            "objectives", "objective", "goals", "goal", "aims", "aim", "purpose", "why", "what we \
             want to achieve",
            "what we want", "outcomes", "desired outcome", "expected outcome",
        ],
    ),
    (
        Name::Section(Constraints),
        &[
            "constraints", "constraint", "limitations", "limits", "restrictions", "boundaries",
                "guardrails",
            "must not", "must nots", "must not have", "must never", "out of scope", "not in \
             scope", "exclusions",
            "wont have", "wont haves", "will not have", "non goals", "non goal",
        ],
    ),
    (
        Name::Section(Deliverables),
        &[
            "deliverables", "deliverable", "outputs", "what you will deliver", "what you deliver",
            "what will be delivered", "what we will deliver", "what we will get", "what we get",
            "what we will receive", "work products",
        ],
    ),
    (
        Name::Section(AcceptanceCriteria),
        &[
            "acceptance criteria", "acceptance criterion", "acceptance", "acceptance \
             tests", "success criteria",
            "success measures", "success metrics", "measures of success", "definition of done",
            "definition of success", "how we will accept", "how we accept", "how we will know",
            "how we will measure success", "done when", "exit criteria", "completion \
             criteria", "what done means",
        ],
    ),
    (
        Name::Section(Timeline),
        &[
            "timeline", "timelines", "timescale", "timescales", "timeframe", "time \
             frame", "schedule", "milestones",
            "milestone", "dates", "deadline", "deadlines", "when", "by when",
        ],
    ),
    (
        Name::Other,
        &[
            "background", "context", "introduction", "overview", "summary", "about", "budget",
                "price", "pricing",
            "cost", "costs", "payment", "payments", "payment terms", "payment schedule", "payment \
             milestones",
            "contact", "contacts", "team", "roles", "stakeholders", "risks", "assumptions",
                "dependencies",
            "glossary", "definitions", "appendix", "annex", "references", "notes", "questions",
                "next steps",
            "approvals", "approval", "sign off", "signatures", "terms", "conditions", "current \
             situation",
            "governance", "communication",
        ],
    ),
];

/// Words that may precede a phrase without changing its subject.
#[rustfmt::skip]
pub(super) const QUALIFIERS: &[&str] = &[
    "a", "the", "our", "your", "all", "key", "main", "core", "other", "additional", "general",
        "specific",
    "detailed", "overall", "high", "level", "functional", "non", "nonfunctional", "technical",
        "business", "project",
    "product", "system", "software", "solution", "service", "user", "customer", "client",
        "security", "performance",
    "data", "operational", "quality", "legal", "regulatory", "minimum", "expected", "desired",
        "target", "important",
    "delivery", "final", "primary", "known", "budget", "design", "integration", "reporting",
        "strategic", "hard",
    "section", "proposed", "executive", "we", "open", "mandatory", "essential",
    "what", "not", "dont",
];

/// Words that may follow a phrase: the text after them describes the section further.
#[rustfmt::skip]
pub(super) const FOLLOWERS: &[&str] = &[
    "of", "for", "in", "to", "we", "from", "by", "on", "at", "that", "the", "you", "with", "per",
        "this", "our", "it", "is", "are",
    "do", "be", "within", "during",
];

/// Words above a list that change the meaning of its items: "The system must not:", "Nice to have".
#[rustfmt::skip]
pub(super) const TURNING: &[&str] = &[
    "not", "never", "no", "without", "dont", "wont", "cannot", "cant", "exclude", "excludes",
        "excluded",
    "excluding", "exclusions", "except", "unless", "should", "could", "nice", "optional",
        "optionally", "later",
    "future",
];
