//! Work items, as agents keep them.

use cloudcrew_tools::{ItemChange, ItemState, WorkItem};

use super::State;

impl State {
    /// Creates or changes a work item of the current phase.
    pub(super) fn item_changed(&mut self, change: &ItemChange) {
        let Some(phase) = self.phase().map(str::to_owned) else { return };
        let there =
            self.items.iter().position(|item| item.name == change.name && item.phase == phase);
        let at = there.unwrap_or_else(|| {
            self.items.push(WorkItem {
                name: change.name.clone(),
                phase,
                title: change.name.clone(),
                state: ItemState::Todo,
                assignee: None,
                deliverable: None,
            });
            self.items.len() - 1
        });
        let item = &mut self.items[at];
        if let Some(title) = &change.title {
            item.title.clone_from(title);
        }
        if let Some(state) = change.state {
            item.state = state;
        }
        if change.assignee.is_some() {
            item.assignee.clone_from(&change.assignee);
        }
        if change.deliverable.is_some() {
            item.deliverable.clone_from(&change.deliverable);
        }
    }
}
