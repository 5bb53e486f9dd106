//! The patterns of an owner: those of a workspace and those that were contributed, with the
//! evidence for each.

use cloudcrew_definition::crew::Pattern;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::memory::{MemoryKind, MemoryRecord, Space};
use cloudcrew_ports::pattern::{Card, MAX_CARDS, MAX_LIBRARY, PatternEvent, Patterns};
use cloudcrew_ports::relevance::Question;

use super::evidence::{Evidence, Tier, evidence};

/// Where a pattern of the workspace comes from.
const WORKSPACE: &str = "workspace";

/// A pattern with what is known about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The pattern.
    pub pattern: Pattern,
    /// `workspace`, or who contributed it.
    pub origin: String,
    /// What happened to it, oldest first.
    pub events: Vec<PatternEvent>,
    /// What that amounts to.
    pub evidence: Evidence,
}

impl Found {
    /// Whether a person withdrew it.
    pub fn is_withdrawn(&self) -> bool {
        self.evidence.tier == Tier::Withdrawn
    }
}

/// All patterns, those of the workspace (`own`) first. A name stands for one pattern: the first that
/// is not withdrawn, or else the first.
///
/// # Errors
/// When the store fails.
pub async fn all(
    patterns: &dyn Patterns,
    space: &Space,
    own: &[Pattern],
    min_lower_bound: Option<f64>,
) -> Result<Vec<Found>, StoreError> {
    let own = own.iter().map(|pattern| (pattern.clone(), WORKSPACE.to_owned()));
    let cards = patterns.cards(space).await?.into_iter().map(|card| {
        let origin = match card.project.as_str() {
            "" => card.by,
            project => format!("{} in {project}", card.by),
        };
        (card.pattern, origin)
    });
    let mut all: Vec<Found> = Vec::new();
    for (pattern, origin) in own.chain(cards) {
        let events = patterns.events(space, &pattern.digest()).await?;
        let evidence = evidence(&events, min_lower_bound);
        let found = Found { pattern, origin, events, evidence };
        match all.iter_mut().find(|there| there.pattern.name == found.pattern.name) {
            Some(there) if there.is_withdrawn() && !found.is_withdrawn() => *there = found,
            Some(_) => {}
            None => all.push(found),
        }
    }
    Ok(all)
}

/// Those that fit a question, best first; without words all of them, the proven ones first.
pub fn fitting(mut found: Vec<Found>, question: &str) -> Vec<Found> {
    let evidence = |found: &Found| (found.evidence.tier == Tier::Proven, found.evidence.succeeded);
    if question.trim().is_empty() {
        found.sort_by_key(|found| std::cmp::Reverse(evidence(found)));
        return found;
    }
    let texts: Vec<MemoryRecord> = found.iter().map(|found| described(&found.pattern)).collect();
    let question = Question::among(question, texts.iter());
    let fits = |(found, text): (Found, &MemoryRecord)| Some((question.fit(text)?, found));
    let mut fitting: Vec<(u64, Found)> = found.into_iter().zip(&texts).filter_map(fits).collect();
    fitting.sort_by_key(|(fit, found)| std::cmp::Reverse((*fit, found.evidence.succeeded)));
    fitting.into_iter().map(|(_, found)| found).collect()
}

/// Adds a pattern to the library. The inner error is a refusal.
///
/// # Errors
/// When the store fails.
pub async fn contribute(
    patterns: &dyn Patterns,
    space: &Space,
    own: &[Pattern],
    card: &Card,
) -> Result<Result<(), String>, StoreError> {
    let (name, digest) = (&card.pattern.name, card.pattern.digest());
    let known = patterns.events(space, &digest).await?;
    if evidence(&known, None).tier == Tier::Withdrawn {
        return Ok(Err("these files were withdrawn".to_owned()));
    }
    let cards = patterns.cards(space).await?;
    let again = |there: &Card| {
        (&there.pattern, &there.project, &there.by) == (&card.pattern, &card.project, &card.by)
    };
    if cards.iter().any(again) {
        // A call that is repeated after a crash.
        return Ok(Ok(()));
    }
    let mut there = own.iter().chain(cards.iter().map(|card| &card.pattern));
    if let Some(there) = there.find(|there| there.digest() == digest) {
        return Ok(Err(format!("the pattern `{}` has the same files", there.name)));
    }
    let named = all(patterns, space, own, None).await?;
    if named.iter().any(|found| found.pattern.name == *name && !found.is_withdrawn()) {
        return Ok(Err(format!("a pattern is named `{name}`; choose another name")));
    }
    let size = |pattern: &Pattern| -> usize {
        pattern.files.iter().map(|(path, text)| path.len() + text.len()).sum()
    };
    let bytes = size(&card.pattern) + cards.iter().map(|card| size(&card.pattern)).sum::<usize>();
    if cards.len() >= MAX_CARDS || bytes > MAX_LIBRARY {
        let why = format!(
            "the pattern library is full: it holds at most {MAX_CARDS} patterns and {} MiB",
            MAX_LIBRARY >> 20
        );
        return Ok(Err(why));
    }
    patterns.offer(space, card).await?;
    Ok(Ok(()))
}

/// A pattern as a text that a question may fit.
fn described(pattern: &Pattern) -> MemoryRecord {
    let tags = pattern.tags.join(" ");
    MemoryRecord {
        id: String::new(),
        kind: MemoryKind::Summary,
        about: format!("{} {tags} {}", pattern.name.replace('-', " "), pattern.category),
        text: format!("{} {}", pattern.title, pattern.description),
        sources: Vec::new(),
        project: String::new(),
        phase: String::new(),
        by: String::new(),
        step: String::new(),
        at: 0,
    }
}
