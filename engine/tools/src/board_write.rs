//! `board_write`: creates, assigns and moves a work item of the phase.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::shown::row;
use cloudcrew_definition::syntax::{NAME_PATTERN, is_name};
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Done, ItemChange, ItemState, Outcome, ToolError};
use super::tool::TypedTool;
use super::workplace::Workplace;

pub(super) struct BoardWrite;

/// Maximum number of work items of a phase.
const MOST: usize = 500;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Short name of the item, in lower case with hyphens. A new name creates an item
    #[schemars(regex(pattern = NAME_PATTERN))]
    item: String,
    /// What is to be done, in one line. Required for a new item
    #[serde(default)]
    #[schemars(length(min = 1, max = 200))]
    title: Option<String>,
    /// How far it is. Defaults to todo for a new item
    #[serde(default)]
    state: Option<ItemState>,
    /// The agent who does it
    #[serde(default)]
    #[schemars(length(min = 1, max = 64))]
    assignee: Option<String>,
    /// Path of the deliverable that it belongs to
    #[serde(default)]
    #[schemars(length(min = 1, max = 4096))]
    deliverable: Option<String>,
}

#[async_trait]
impl TypedTool for BoardWrite {
    type Arguments = Arguments;
    const NAME: &'static str = "board_write";
    const DESCRIPTION: &'static str = "Creates a work item of this phase, or assigns or moves one. \
                                       The customer sees the board.";
    const CAPABILITY: Capability = Capability::Board;
    const EFFECT: Effect = Effect::Keyed;
    const IN_REVIEW: bool = false;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let refused = |why: String| Err(ToolError::Refused(why));
        if !is_name(&a.item) {
            return refused(format!("`{}` is no name: use {NAME_PATTERN}", row(&a.item)));
        }
        let items = at.items().await;
        let there = items.iter().find(|item| item.name == a.item);
        if there.is_none() && a.title.is_none() {
            return refused(format!("`{}` is new: give it a title", a.item));
        }
        if there.is_none() && items.len() >= MOST {
            return refused(format!("{} has {MOST} items already", at.phase()));
        }
        if let Some(path) = &a.deliverable
            && !at.owes(path).await
        {
            return refused(format!("`{}` is no deliverable of {}", row(path), at.phase()));
        }
        if let Some(agent) = &a.assignee
            && !at.colleagues().await.contains(agent)
        {
            return refused(format!("`{}` does not work in {}", row(agent), at.phase()));
        }
        let title = a.title.map(|title| row(&title).into_owned());
        let state = a.state.or(if there.is_none() { Some(ItemState::Todo) } else { None });
        let text = match (there, state) {
            (None, _) => format!("Created {}.", a.item),
            (Some(there), Some(state)) if there.state != state => {
                format!("Moved {} from {} to {}.", a.item, there.state.name(), state.name())
            }
            (Some(_), _) => format!("Changed {}.", a.item),
        };
        let item = ItemChange {
            name: a.item,
            title,
            state,
            assignee: a.assignee,
            deliverable: a.deliverable,
        };
        Ok(Outcome::Done(text, Done { item: Some(Box::new(item)), ..Done::default() }))
    }
}
