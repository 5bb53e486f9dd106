//! `patterns`: bundles of files that crews may use.

use std::collections::BTreeMap;
use std::path::Path;

use cloudcrew_definition::crew::{Pattern, PatternRules};
use cloudcrew_definition::diagnostic::closest;
use cloudcrew_definition::path::RepoPath;
use cloudcrew_definition::shown::{inset, row};
use cloudcrew_definition::source::MAX_FILE_BYTES;
use cloudcrew_ports::clock::Clock as _;
use cloudcrew_ports::memory::Space;
use cloudcrew_ports::pattern::{Card, PatternEvent, PatternUse, Patterns as _, UseOutcome};
use cloudcrew_ports::secret::redacted;
use cloudcrew_runtime::metrics::{Month, months};
use cloudcrew_runtime::patterns::{Found, all, contribute, fitting, may_promote};
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
use crate::words::counted;
use crate::workspace;

pub async fn patterns(args: &Args, verb: &Patterns) -> Result<Exit, Failure> {
    let library = Library::open(args).await?;
    match verb {
        Patterns::List { format } => library.list(library.found.clone(), *format),
        Patterns::Search { query, category, tags, format } => {
            let wanted = |found: &&Found| {
                let pattern = &found.pattern;
                category.as_ref().is_none_or(|category| pattern.category == *category)
                    && tags.iter().all(|tag| pattern.tags.contains(tag))
            };
            let found = library.found.iter().filter(wanted).cloned().collect();
            library.list(fitting(found, query), *format);
        }
        Patterns::Show { name, format } => {
            let found = library.find(name)?;
            show(&PatternMetadata::new(found.clone(), &library.months), *format);
        }
        Patterns::Use { name, into } => {
            let pattern = &library.find(name)?.pattern;
            let folder = new_folder(into)?;
            for (path, text) in &pattern.files {
                let safe = RepoPath::parse(path).map_err(|e| Failure::usage(e.to_string()))?;
                folder.write(Path::new(safe.as_str()), text.as_bytes())?;
            }
            let files = counted(pattern.files.len(), "file");
            say!("wrote {files} of {name} to {}", into.display());
        }
        Patterns::Contribute { file } => library.contribute(args, file).await?,
        Patterns::Promote { name } => return library.promote(name).await,
        Patterns::Withdraw { name, reason } => {
            let pattern = &library.find(name)?.pattern;
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
    /// Patterns of the workspace.
    own: Vec<Pattern>,
    found: Vec<Found>,
    months: BTreeMap<String, Month>,
    rules: PatternRules,
    now: i64,
}

impl Library {
    async fn open(args: &Args) -> Result<Library, Failure> {
        // A library can be looked at before the first engagement.
        let store = Store::open(&home::path(args)?)?;
        let space = Space { rehearsal: false, owner: home::actor() };
        let definition = workspace::find(args).and_then(|root| workspace::definition(&root)).ok();
        let rules = definition.as_ref().map(workspace::pattern_rules).unwrap_or_default();
        let own = definition.map(|definition| definition.patterns).unwrap_or_default();
        let found = all(&store, &space, &own, rules.min_lower_bound).await?;
        let (months, now) = (months(&store).await?, SystemClock::default().now());
        Ok(Library { store, space, own, found, months, rules, now })
    }

    fn find(&self, name: &str) -> Result<&Found, Failure> {
        self.found.iter().find(|found| found.pattern.name == name).ok_or_else(|| {
            let names: Vec<&str> = self.found.iter().map(|f| f.pattern.name.as_str()).collect();
            let meant = closest(name, &names).map(|name| format!("; did you mean `{name}`?"));
            Failure::usage(format!("no pattern named `{name}`{}", meant.unwrap_or_default()))
        })
    }

    async fn note(&self, digest: &str, id: &str, event: &PatternEvent) -> Result<(), Failure> {
        let id = format!("{id}/{}/{}", home::actor(), self.now);
        Ok(self.store.note(&self.space, digest, &id, event).await?)
    }

    fn list(&self, found: Vec<Found>, format: Format) {
        let metadata = |found| PatternMetadata::new(found, &self.months);
        let patterns: Vec<PatternMetadata> = found.into_iter().map(metadata).collect();
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

    async fn contribute(&self, args: &Args, file: &Path) -> Result<(), Failure> {
        let refused = |why: String| Failure::usage(format!("{}: {why}", file.display()));
        let size = std::fs::metadata(file).map_err(|e| refused(e.to_string()))?.len();
        if size > MAX_FILE_BYTES as u64 {
            return Err(refused(format!("larger than {MAX_FILE_BYTES} bytes")));
        }
        let bytes = std::fs::read(file).map_err(|error| refused(error.to_string()))?;
        let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let root = workspace::find(args)?;
        let pattern = workspace::pattern(&root, &stem.unwrap_or_default(), &bytes)?;
        if let Some((path, _)) =
            pattern.files.iter().find(|(_, content)| redacted(content) != *content)
        {
            return Err(refused(format!("{path} appears to contain a secret")));
        }
        let name = pattern.name.clone();
        let card = Card { pattern, project: String::new(), by: home::actor(), at: self.now };
        contribute(&self.store, &self.space, &self.own, &card).await?.map_err(refused)?;
        say!("added {name} to the library as a draft");
        Ok(())
    }

    async fn promote(&self, name: &str) -> Result<Exit, Failure> {
        let found = self.find(name)?;
        if let Err(why) = may_promote(&found.evidence, self.rules.min_lower_bound) {
            note!("`{name}` was not promoted: {why}");
            return Ok(Exit::Failed);
        }
        let event = PatternEvent::Promoted { by: home::actor(), at: self.now };
        self.note(&found.pattern.digest(), "promoted", &event).await?;
        say!("promoted {name} to proven");
        Ok(Exit::Done)
    }
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

fn show(one: &PatternMetadata, format: Format) {
    if format == Format::Json {
        return document(&pretty(one));
    }
    say!("{} · {} · {}", row(&one.pattern), one.evidence.tier.name(), row(&one.title));
    say!("  {}", borne(one));
    say!("  from {}; files {}", row(&one.origin), one.digest.get(..12).unwrap_or_default());
    say!("  {}", inset(one.description.trim_end(), "  "));
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
