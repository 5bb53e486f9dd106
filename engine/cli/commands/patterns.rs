//! `patterns`: bundles of files that crews may use.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cloudcrew_definition::crew::{Pattern, PatternRules};
use cloudcrew_definition::diagnostic::closest;
use cloudcrew_definition::path::RepoPath;
use cloudcrew_definition::shown::{inset, row};
use cloudcrew_definition::source::MAX_FILE_BYTES;
use cloudcrew_ports::clock::Clock as _;
use cloudcrew_ports::memory::{MemoryKind, MemoryRecord, Space};
use cloudcrew_ports::pattern::{Card, PatternEvent, PatternUse, Patterns as _, UseOutcome};
use cloudcrew_ports::relevance::Question;
use cloudcrew_ports::secret::redacted;
use cloudcrew_runtime::metrics::{Month, months};
use cloudcrew_runtime::patterns::may_promote;
use cloudcrew_views::VERSION;
use cloudcrew_views::patterns::{PatternList, PatternMetadata};

use super::artifacts::new_folder;
use crate::args::{Args, Format, Patterns};
use crate::exit::{Exit, Failure};
use crate::home;
use crate::out::{document, note, say};
use crate::output::pretty;
use crate::wiring::clock::SystemClock;
use crate::wiring::store::Store;
use crate::workspace;

pub async fn patterns(args: &Args, verb: &Patterns) -> Result<Exit, Failure> {
    let library = Library::open(args).await?;
    match verb {
        Patterns::List { format } => library.list(library.all().await?, *format),
        Patterns::Search { query, category, tags, format } => {
            let mut found = library.all().await?;
            found.retain(|one| {
                category.as_ref().is_none_or(|category| one.category == *category)
                    && tags.iter().all(|tag| one.tags.contains(tag))
            });
            if !query.trim().is_empty() {
                found = fitting(found, query);
            }
            library.list(found, *format);
        }
        Patterns::Show { name, format } => {
            let (pattern, origin) = library.find(name)?;
            show(&library.metadata(pattern, origin).await?, pattern, *format);
        }
        Patterns::Use { name, into } => {
            let (pattern, _) = library.find(name)?;
            let folder = new_folder(into)?;
            for (path, text) in &pattern.files {
                let safe = RepoPath::parse(path).map_err(|e| Failure::usage(e.to_string()))?;
                folder.write(Path::new(safe.as_str()), text.as_bytes())?;
            }
            say!("wrote {} files of {name} to {}", pattern.files.len(), into.display());
        }
        Patterns::Contribute { file } => library.contribute(file).await?,
        Patterns::Promote { name } => return library.promote(name).await,
        Patterns::Withdraw { name, reason } => {
            let (pattern, _) = library.find(name)?;
            let (actor, reason, at) = (home::actor(), reason.clone(), library.now);
            let event = PatternEvent::Withdrawn { actor, reason, at };
            library.note(&pattern.digest(), "withdrawn", &event).await?;
            say!("withdrew {name}: it is no longer offered to agents");
        }
    }
    Ok(Exit::Done)
}

/// The patterns of the workspace, and those of the library.
struct Library {
    store: Store,
    space: Space,
    /// With where each comes from.
    patterns: Vec<(Pattern, String)>,
    months: BTreeMap<String, Month>,
    rules: PatternRules,
    now: i64,
    root: Option<PathBuf>,
}

impl Library {
    async fn open(args: &Args) -> Result<Library, Failure> {
        // A library can be looked at before the first engagement.
        let store = Store::open(&home::path(args)?)?;
        let space = Space { rehearsal: false, owner: home::actor() };
        let definition = workspace::find(args.workspace.as_deref())
            .and_then(|root| workspace::definition(&root))
            .ok();
        let rules = definition.as_ref().map(workspace::pattern_rules).unwrap_or_default();
        let own = definition.into_iter().flat_map(|definition| definition.patterns);
        let mut patterns: Vec<(Pattern, String)> =
            own.map(|pattern| (pattern, "workspace".to_owned())).collect();
        for card in store.cards(&space).await? {
            if !patterns.iter().any(|(there, _)| there.name == card.pattern.name) {
                let of = match card.project.as_str() {
                    "" => card.by,
                    project => format!("{} in {project}", card.by),
                };
                patterns.push((card.pattern, of));
            }
        }
        let (months, now) = (months(&store).await?, SystemClock::default().now());
        let root = args.workspace.clone();
        Ok(Library { store, space, patterns, months, rules, now, root })
    }

    async fn metadata(&self, pattern: &Pattern, origin: &str) -> Result<PatternMetadata, Failure> {
        let events = self.store.events(&self.space, &pattern.digest()).await?;
        let least = self.rules.min_lower_bound;
        Ok(PatternMetadata::new(pattern, origin, events, &self.months, least))
    }

    async fn all(&self) -> Result<Vec<PatternMetadata>, Failure> {
        let mut all = Vec::new();
        for (pattern, origin) in &self.patterns {
            all.push(self.metadata(pattern, origin).await?);
        }
        Ok(all)
    }

    fn find(&self, name: &str) -> Result<(&Pattern, &str), Failure> {
        let found = self.patterns.iter().find(|(pattern, _)| pattern.name == name);
        found.map(|(pattern, origin)| (pattern, origin.as_str())).ok_or_else(|| {
            let names: Vec<&str> = self.patterns.iter().map(|(p, _)| p.name.as_str()).collect();
            let meant = closest(name, &names).map(|name| format!("; did you mean `{name}`?"));
            Failure::usage(format!("no pattern named `{name}`{}", meant.unwrap_or_default()))
        })
    }

    async fn note(&self, digest: &str, id: &str, event: &PatternEvent) -> Result<(), Failure> {
        let id = format!("{id}/{}/{}", home::actor(), self.now);
        Ok(self.store.note(&self.space, digest, &id, event).await?)
    }

    fn list(&self, patterns: Vec<PatternMetadata>, format: Format) {
        if format == Format::Json {
            return document(&pretty(&PatternList { version: VERSION, patterns }));
        }
        if patterns.is_empty() {
            note!("no pattern fits");
        }
        for one in &patterns {
            say!(
                "{:32} {:10} {:16} {}",
                row(&one.pattern),
                one.evidence.tier.name(),
                row(&one.category),
                row(&one.title)
            );
            say!("    {}", borne(one));
        }
    }

    async fn contribute(&self, file: &Path) -> Result<(), Failure> {
        let refused = |why: String| Failure::usage(format!("{}: {why}", file.display()));
        let size = std::fs::metadata(file).map_err(|e| refused(e.to_string()))?.len();
        if size > MAX_FILE_BYTES as u64 {
            return Err(refused(format!("larger than {MAX_FILE_BYTES} bytes")));
        }
        let bytes = std::fs::read(file).map_err(|error| refused(error.to_string()))?;
        let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let root = workspace::find(self.root.as_deref())?;
        let pattern = workspace::pattern(&root, &stem.unwrap_or_default(), &bytes)?;
        if let Some((path, _)) =
            pattern.files.iter().find(|(_, content)| redacted(content) != *content)
        {
            return Err(refused(format!("{path} appears to contain a secret")));
        }
        if let Some((there, _)) = self
            .patterns
            .iter()
            .find(|(there, _)| there.name == pattern.name || there.digest() == pattern.digest())
        {
            return Err(refused(format!("`{}` already has this name or these files", there.name)));
        }
        let name = pattern.name.clone();
        let card = Card { pattern, project: String::new(), by: home::actor(), at: self.now };
        self.store.offer(&self.space, &card).await?;
        say!("added {name} to the library as a draft");
        Ok(())
    }

    async fn promote(&self, name: &str) -> Result<Exit, Failure> {
        let (pattern, origin) = self.find(name)?;
        let found = self.metadata(pattern, origin).await?;
        if let Err(why) = may_promote(&found.evidence, self.rules.min_lower_bound) {
            note!("`{name}` was not promoted: {why}");
            return Ok(Exit::Failed);
        }
        let event = PatternEvent::Promoted { by: home::actor(), at: self.now };
        self.note(&found.digest, "promoted", &event).await?;
        say!("promoted {name} to proven");
        Ok(Exit::Done)
    }
}

/// Those that fit a question, best first.
fn fitting(found: Vec<PatternMetadata>, query: &str) -> Vec<PatternMetadata> {
    let text = |one: &PatternMetadata| MemoryRecord {
        id: String::new(),
        kind: MemoryKind::Summary,
        about: format!("{} {} {}", one.pattern.replace('-', " "), one.tags.join(" "), one.category),
        text: format!("{} {}", one.title, one.description),
        sources: Vec::new(),
        project: String::new(),
        phase: String::new(),
        by: String::new(),
        step: String::new(),
        at: 0,
    };
    let texts: Vec<MemoryRecord> = found.iter().map(text).collect();
    let question = Question::among(query, texts.iter());
    let fits = |(one, text): (PatternMetadata, &MemoryRecord)| Some((question.fit(text)?, one));
    let mut fits: Vec<(u64, PatternMetadata)> =
        found.into_iter().zip(&texts).filter_map(fits).collect();
    fits.sort_by_key(|(fit, _)| std::cmp::Reverse(*fit));
    fits.into_iter().map(|(_, one)| one).collect()
}

/// The evidence, in words.
fn borne(one: &PatternMetadata) -> String {
    let evidence = &one.evidence;
    if evidence.counted == 0 {
        return match evidence.times_used {
            0 => "not used yet".to_owned(),
            1 => "used once; no person has decided on it yet".to_owned(),
            times => format!("used {times} times; no person has decided on any use yet"),
        };
    }
    let lift = match (one.lift, one.base_rate) {
        (Some(lift), Some(base)) => format!(
            "; {:+.0} percentage points versus {:.0}% for these phases overall",
            lift * 100.0,
            base * 100.0
        ),
        _ => String::new(),
    };
    format!(
        "{} of {} approved without changes, at least {:.0}% with 95% confidence{lift}",
        evidence.succeeded,
        evidence.counted,
        evidence.lower_bound * 100.0
    )
}

fn show(one: &PatternMetadata, pattern: &Pattern, format: Format) {
    if format == Format::Json {
        return document(&pretty(one));
    }
    say!("{} · {} · {}", row(&one.pattern), one.evidence.tier.name(), row(&one.title));
    say!("  {}", borne(one));
    say!("  from {}; files {}", row(&one.origin), one.digest.get(..12).unwrap_or_default());
    say!("  {}", inset(pattern.description.trim_end(), "  "));
    for path in &one.files {
        say!("  + {}", row(path));
    }
    for event in &one.events {
        match event {
            PatternEvent::Used(PatternUse { project, phase, by, outcome, live, own, .. }) => {
                let ended = match outcome {
                    UseOutcome::Success => "approved without changes",
                    UseOutcome::Failure => "changes requested",
                    UseOutcome::Undecided => "not decided by a person",
                };
                let counts = match (live, own) {
                    (false, _) => "; does not count: a rehearsal",
                    (true, true) => "; does not count: the same engagement contributed it",
                    (true, false) => "",
                };
                say!(
                    "  used by {} in {} of {}: {ended}{counts}",
                    row(by),
                    row(phase),
                    row(project)
                );
            }
            PatternEvent::Promoted { by, .. } => say!("  promoted at the request of {}", row(by)),
            PatternEvent::Withdrawn { actor, reason, .. } => {
                say!("  withdrawn by {}: {}", row(actor), row(reason));
            }
        }
    }
}
