//! Mistakes in every file of the workspace, one file per family.

mod files;
mod keys;
mod layout;
mod names;
mod parts;
mod texts;
mod values;

use std::ops::Range;

use super::shipped::{Place, Shipped};
use super::verdict::Mutation;
use crate::support::chance::Chance;

/// Collects mutations.
pub struct Maker<'a> {
    pub shipped: &'a Shipped,
    pub chance: Chance,
    pub made: Vec<Mutation>,
}

/// Every mutation of every place. The seed chooses the typos.
pub fn all(shipped: &Shipped, seed: u64) -> Vec<Mutation> {
    let mut maker = Maker { shipped, chance: Chance::of(seed), made: Vec::new() };
    names::make(&mut maker);
    keys::make(&mut maker);
    values::make(&mut maker);
    parts::make(&mut maker);
    layout::make(&mut maker);
    texts::make(&mut maker);
    files::make(&mut maker);
    maker.made
}

impl Maker<'_> {
    /// Replaces text in a file; the new text is what must be reported.
    pub fn write(
        &mut self,
        kind: &'static str,
        file: &str,
        range: Range<usize>,
        words: &str,
        codes: &'static [&'static str],
    ) -> &mut Mutation {
        let at = range.start..range.start + words.len();
        self.change(kind, file, range, words, at, codes)
    }

    /// Replaces text in a file, and states where that must be reported.
    pub fn change(
        &mut self,
        kind: &'static str,
        file: &str,
        range: Range<usize>,
        words: &str,
        at: Range<usize>,
        codes: &'static [&'static str],
    ) -> &mut Mutation {
        let before = self.shipped.text(file);
        let text = [&before[..range.start], words, &before[range.end..]].concat();
        self.made.push(Mutation {
            kind,
            file: file.to_owned(),
            text: Some(text.into_bytes()),
            at: vec![(file.to_owned(), at)],
            codes,
            meant: None,
            related: false,
        });
        self.made.last_mut().expect("just made")
    }

    pub fn places(&self) -> Vec<Place> {
        self.shipped.places().cloned().collect()
    }
}

impl Mutation {
    pub fn meant(&mut self, name: &str) -> &mut Mutation {
        self.meant = Some(name.to_owned());
        self
    }

    /// Another place may be reported instead.
    pub fn or_at(&mut self, file: &str, range: Range<usize>) -> &mut Mutation {
        self.at.push((file.to_owned(), range));
        self
    }

    /// The related place may be reported instead.
    pub fn or_related(&mut self) -> &mut Mutation {
        self.related = true;
        self
    }
}
