//! Questions to a memory of many owners and engagements, with updates and contradictions, against
//! answers that are known. What nobody noted must not be answered.

use cloudcrew_local::store::Store;
use cloudcrew_ports::memory::{
    Kept, LONG_TERM, Memory as _, MemoryKind, MemoryRecord, MemorySource, Space, Trust,
};
use cloudcrew_runtime::engagement::memory::ask;

const NOW: i64 = 1_800_000_000_000;
/// Owners, and engagements of each.
const OWNERS: usize = 20;
const ENGAGEMENTS: usize = 12;
/// Questions with a known answer, and without one.
const QUESTIONS: usize = 1_000;
const UNKNOWN: usize = 500;

/// Subjects: the key, what a note says, and how a person asks. `@` is the value.
const SUBJECTS: [(&str, &str, &str); 24] = [
    ("iac/provider", "Infrastructure is written in @.", "Which tool is infrastructure written in?"),
    ("backup/region", "Backups stay in @.", "In which region do backups stay?"),
    ("report/language", "Reports are written in @.", "Which language are reports written in?"),
    ("release/window", "Releases happen on @ only.", "When do releases happen?"),
    ("identity/provider", "People log in through @.", "How do people log in?"),
    ("database/engine", "Data is kept in @.", "Which database engine is the data kept in?"),
    ("logs/retention", "Logs are kept for @ days.", "For how many days are logs kept?"),
    (
        "queue/order",
        "Messages on the queue arrive in @ order.",
        "In which order do messages arrive?",
    ),
    ("cost/ceiling", "The monthly ceiling is @ euros.", "What is the monthly cost ceiling?"),
    ("alert/channel", "Alerts go to the @ channel.", "Which channel do alerts go to?"),
    ("naming/prefix", "Resources carry the prefix @.", "Which prefix do resources carry?"),
    ("network/egress", "Traffic leaves through @.", "How does network traffic leave?"),
    ("cache/lifetime", "Cached pages live for @ minutes.", "How long do cached pages live?"),
    ("contract/format", "Interfaces are described in @.", "How are interfaces described?"),
    (
        "test/coverage",
        "Branch coverage stays above @ percent.",
        "How much branch coverage is enough?",
    ),
    (
        "encryption/keys",
        "Encryption keys rotate every @ days.",
        "How often do encryption keys rotate?",
    ),
    ("search/engine", "Full text search runs on @.", "What does full text search run on?"),
    ("images/base", "Containers are built from @.", "What are containers built from?"),
    ("schedule/timezone", "Schedules follow the clock of @.", "Whose clock do schedules follow?"),
    ("mail/sender", "Mail is sent from @.", "Where is mail sent from?"),
    ("branch/strategy", "Branches live for at most @ days.", "How long may branches live?"),
    (
        "latency/target",
        "Answers take at most @ milliseconds.",
        "Within how many milliseconds must answers come?",
    ),
    ("owner/runbook", "Runbooks belong to team @.", "Which team do runbooks belong to?"),
    ("archive/class", "Archives are in storage class @.", "Which storage class are archives in?"),
];

/// Questions that no note answers.
const NOBODY: [&str; 20] = [
    "Which payment provider is chosen?",
    "Who signs the contract for hosting?",
    "What colour is the logo?",
    "How many people work in support at night?",
    "Which vendor delivers the scanners?",
    "Where is the disaster recovery drill held?",
    "What does the warranty cover?",
    "Which printer labels the parcels?",
    "How are refunds calculated for gift cards?",
    "Who approves overtime in the warehouse?",
    "Which museum lends the pictures?",
    "How tall may a pallet be?",
    "What is the tax rate in Norway?",
    "Which train connects both offices?",
    "Who translates the legal terms?",
    "Is there parking for visitors?",
    "How is the greenhouse heated?",
    "What insurance does the courier have?",
    "Which holidays close the plant?",
    "How often is the lift inspected?",
];

/// Numbers that look random and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % most
    }
}

/// A note that someone may answer with.
#[derive(Debug, Clone)]
struct Noted {
    owner: usize,
    subject: usize,
    trust: Trust,
    at: i64,
    id: String,
}

fn space(owner: usize) -> Space {
    Space { rehearsal: false, owner: format!("owner-{owner}") }
}

/// Writes the lives of all owners, and returns what was noted.
async fn lived(store: &Store, chance: &mut Chance) -> Vec<Noted> {
    let mut noted = Vec::new();
    for owner in 0..OWNERS {
        // Each owner has said something about most subjects.
        let says: Vec<usize> = (0..SUBJECTS.len()).filter(|_| chance.below(10) > 2).collect();
        for engagement in 0..ENGAGEMENTS {
            let mut batch = Vec::new();
            for subject in says.iter().copied() {
                if chance.below(3) != 0 {
                    continue;
                }
                let (about, text, _) = SUBJECTS[subject];
                let value = format!("v{owner}x{engagement}x{}", chance.below(1_000_000));
                let trust = [Trust::Accepted, Trust::Accepted, Trust::Derived][chance.below(3)];
                let at = NOW - 1_000_000 + (engagement * 1_000 + chance.below(900)) as i64;
                let record = MemoryRecord {
                    id: String::new(),
                    kind: MemoryKind::Preference,
                    about: about.to_owned(),
                    text: text.replace('@', &value),
                    sources: vec![MemorySource::Ledger { id: format!("r{subject}") }],
                    project: format!("e-{owner}-{engagement}"),
                    phase: "discovery".to_owned(),
                    by: "pm".to_owned(),
                    step: String::new(),
                    at,
                };
                let record = record.named(&space(owner), &format!("i{engagement}"));
                noted.push(Noted { owner, subject, trust, at, id: record.id.clone() });
                batch.push(Kept {
                    record,
                    trust,
                    closed: None,
                    expires: NOW + LONG_TERM,
                    as_of: 1,
                });
            }
            store.put(&space(owner), &batch).await.expect("notes are written");
        }
    }
    noted
}

/// What an owner is to be told about a subject: the newest note that others may see.
fn gold(noted: &[Noted], owner: usize, subject: usize) -> Option<&Noted> {
    let shared = |note: &&Noted| {
        note.owner == owner && note.subject == subject && note.trust >= Trust::Accepted
    };
    noted.iter().filter(shared).max_by_key(|note| (note.at, note.id.clone()))
}

#[tokio::test]
async fn what_is_known_is_found_and_what_is_not_known_is_not_made_up() {
    let home = tempfile::tempdir().expect("a folder");
    let store = Store::open(home.path()).expect("a store");
    let mut chance = Chance(7);
    let noted = lived(&store, &mut chance).await;
    let (mut asked, mut precise, mut shown, mut stale, mut foreign) = (0, 0, 0, 0, 0);
    while asked < QUESTIONS {
        let (owner, subject) = (chance.below(OWNERS), chance.below(SUBJECTS.len()));
        let Some(gold) = gold(&noted, owner, subject) else { continue };
        asked += 1;
        let (_, _, question) = SUBJECTS[subject];
        let found = ask(&store, &space(owner), NOW, question, None, 3).await.expect("an answer");
        for note in &found {
            shown += 1;
            precise += usize::from(note.record.id == gold.id);
            stale +=
                usize::from(note.record.about == SUBJECTS[subject].0 && note.record.id != gold.id);
            let own = noted.iter().any(|n| n.owner == owner && n.id == note.record.id);
            foreign += usize::from(!own);
        }
    }
    let (mut silent, mut quiet) = (0, 0);
    for n in 0..UNKNOWN {
        let (owner, question) = (chance.below(OWNERS), NOBODY[n % NOBODY.len()]);
        let found = ask(&store, &space(owner), NOW, question, None, 3).await.expect("an answer");
        silent += usize::from(found.is_empty());
    }
    // Subjects that this owner never said anything about, though others did.
    for owner in 0..OWNERS {
        for (subject, (_, _, question)) in SUBJECTS.iter().enumerate() {
            if gold(&noted, owner, subject).is_none() {
                let found = ask(&store, &space(owner), NOW, question, None, 3).await;
                let found = found.expect("an answer");
                quiet += usize::from(found.iter().any(|n| n.record.about == SUBJECTS[subject].0));
            }
        }
    }
    let precision = precise as f64 / shown.max(1) as f64;
    let recall = precise as f64 / asked as f64;
    println!(
        "{} notes, {asked} questions: precision {precision:.3}, answered {recall:.3}, stale \
         {stale}, of others {foreign}; unknown: {silent} of {UNKNOWN} unanswered",
        noted.len()
    );
    assert!(precision >= 0.95, "precision {precision}");
    assert!(recall >= 0.80, "answered {recall}");
    assert_eq!((stale, foreign, quiet), (0, 0, 0));
    assert!(silent as f64 >= 0.98 * UNKNOWN as f64, "{silent} of {UNKNOWN} unanswered");
}
