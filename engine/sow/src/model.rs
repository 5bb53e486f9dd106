//! The content of a statement of work.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A parsed statement of work: sections of items, each with its source line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sow {
    /// The name of the file, as given.
    pub file: String,
    /// The document's title, if it has one.
    pub title: Option<String>,
    /// The paragraphs before the first known section, shortened; empty if there are none.
    pub summary: String,
    /// What the customer wants to achieve.
    pub objectives: Vec<Item>,
    /// What must be built.
    pub requirements: Vec<Item>,
    /// What must not happen, and what is out of scope.
    pub constraints: Vec<Item>,
    /// What is handed over.
    pub deliverables: Vec<Item>,
    /// How the customer will judge that the work is done.
    pub acceptance_criteria: Vec<Item>,
    /// Dates and deadlines.
    pub timeline: Vec<Item>,
    /// The empty sections, in the order of [`SectionKind::ALL`].
    pub missing: Vec<SectionKind>,
    /// Text that belongs to none of the six sections, such as a budget or a quoted mail: someone
    /// must look at it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<Item>,
    /// What the author left open: `TBD`, `[Client name]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open_points: Vec<Item>,
    /// Statements that visibly contradict each other: two dates for one thing, two budgets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contradictions: Vec<Item>,
    /// Sections with more items than are read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<SectionKind>,
    /// Sources of items that were shortened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shortened: Vec<String>,
}

impl Sow {
    /// The items of one section, in the order they were written.
    pub fn items(&self, kind: SectionKind) -> &[Item] {
        match kind {
            SectionKind::Objectives => &self.objectives,
            SectionKind::Requirements => &self.requirements,
            SectionKind::Constraints => &self.constraints,
            SectionKind::Deliverables => &self.deliverables,
            SectionKind::AcceptanceCriteria => &self.acceptance_criteria,
            SectionKind::Timeline => &self.timeline,
        }
    }
}

/// One statement of the customer, short enough to cite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    /// The letter of its section and its number in it: `R1`, `R2`, `C1`.
    pub id: String,
    /// The number that the customer gave it: `5`, `1.1.1`, `REQ-17`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The words, on one line.
    pub text: String,
    /// The file and first line: `retail-orders.md:42`.
    pub source: String,
    /// The first line, from 1.
    pub line: u32,
}

/// A section that a statement of work is expected to have.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SectionKind {
    /// What the customer wants to achieve.
    Objectives,
    /// What must be built.
    Requirements,
    /// What must not happen, and what is out of scope.
    Constraints,
    /// What is handed over.
    Deliverables,
    /// How the customer will judge that the work is done.
    AcceptanceCriteria,
    /// Dates and deadlines.
    Timeline,
}

impl SectionKind {
    /// All sections, in the order a reader expects them.
    pub const ALL: [Self; 6] = [
        Self::Objectives,
        Self::Requirements,
        Self::Constraints,
        Self::Deliverables,
        Self::AcceptanceCriteria,
        Self::Timeline,
    ];

    /// Its name in definitions and JSON: `acceptance_criteria`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Objectives => "objectives",
            Self::Requirements => "requirements",
            Self::Constraints => "constraints",
            Self::Deliverables => "deliverables",
            Self::AcceptanceCriteria => "acceptance_criteria",
            Self::Timeline => "timeline",
        }
    }

    /// The usual heading of the section.
    pub fn title(self) -> &'static str {
        match self {
            Self::Objectives => "Objectives",
            Self::Requirements => "Requirements",
            Self::Constraints => "Constraints",
            Self::Deliverables => "Deliverables",
            Self::AcceptanceCriteria => "Acceptance criteria",
            Self::Timeline => "Timeline",
        }
    }

    /// The letter in the ids of its items.
    pub fn letter(self) -> char {
        match self {
            Self::Objectives => 'O',
            Self::Requirements => 'R',
            Self::Constraints => 'C',
            Self::Deliverables => 'D',
            Self::AcceptanceCriteria => 'A',
            Self::Timeline => 'T',
        }
    }
}
