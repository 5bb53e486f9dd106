//! A statement of work as it was read.

use cloudcrew_sow::{Item, SectionKind, Sow};
use serde::Serialize;
use utoipa::ToSchema;

/// A statement of work as it was read.
#[derive(Debug, Serialize, ToSchema)]
pub struct Statement {
    /// Its title, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its sections, in the order in which a reader expects them; without items when nothing was
    /// recognised.
    pub sections: Vec<StatementSection>,
    /// Text that belongs to no section: the crew is asked to read it.
    pub unread: Vec<StatementItem>,
    /// What the author left open: each becomes a question of the crew.
    pub open_points: Vec<StatementItem>,
    /// Statements that contradict each other: each becomes a question of the crew.
    pub contradictions: Vec<StatementItem>,
    /// Names of sections with more items than are read.
    pub left_out: Vec<String>,
    /// Sources of items that were shortened.
    pub shortened: Vec<String>,
}

/// A section of a statement of work.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatementSection {
    /// `objectives`, `requirements`, `constraints`, `deliverables`, `acceptance_criteria` or
    /// `timeline`.
    pub name: String,
    /// Its items.
    pub items: Vec<StatementItem>,
}

/// A statement of the customer.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatementItem {
    /// Its id: `R1`.
    pub id: String,
    /// The number that the customer gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Its words.
    pub text: String,
    /// Its first line in the document, from 1.
    pub line: u32,
}

impl Statement {
    /// A statement of work.
    pub fn new(sow: &Sow) -> Statement {
        let items = |items: &[Item]| items.iter().map(item).collect();
        let section = |kind: SectionKind| StatementSection {
            name: kind.name().to_owned(),
            items: items(sow.items(kind)),
        };
        Statement {
            title: sow.title.clone(),
            sections: SectionKind::ALL.into_iter().map(section).collect(),
            unread: items(&sow.unread),
            open_points: items(&sow.open_points),
            contradictions: items(&sow.contradictions),
            left_out: sow.left_out.iter().map(|kind| kind.name().to_owned()).collect(),
            shortened: sow.shortened.clone(),
        }
    }
}

fn item(item: &Item) -> StatementItem {
    StatementItem {
        id: item.id.clone(),
        number: item.number.clone(),
        text: item.text.clone(),
        line: item.line,
    }
}
