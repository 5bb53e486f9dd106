//! `knowledge_search`: agents find the part of a document or of code that is about something.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cloudcrew_local::knowledge::Index;
use cloudcrew_ports::knowledge::{Knowledge as _, Source};
use cloudcrew_runtime::engagement::{Driver, Options};
use cloudcrew_tools::units;
use serde_json::json;

use crate::support::inside::{dead, ports, start};
use crate::support::says::{Says, Turn, results};
use crate::support::{copied, root};

#[tokio::test]
async fn an_agent_finds_sections_blocks_and_items_and_sees_its_own_last_write() {
    let crew = copied(&root().join("examples/minimal"));
    crew.edit("agents.yaml", "tools: [repo_read", "tools: [knowledge_search, repo_read");
    let home = crew.folder.path().join("inside");
    start(&home, crew.workspace(), "clinic-scheduling.md", None).await;
    let (mut ports, store, _) = ports(&home).await;
    let write = |path: &str, content: &str| -> Turn {
        vec![("repo_write", json!({ "path": path, "content": content }))]
    };
    let find =
        |words: &str| -> Turn { vec![("knowledge_search", json!({ "words": words, "most": 2 }))] };
    let plan = "# Plan\n\nIntro.\n\n## Risks\n\nA supplier may be late.\n\n## Recovery\n\n\
                Backups are restored within four hours.\n";
    let terraform = "resource \"aws_kms_key\" \"orders\" {\n  enable_key_rotation = true\n}\n\n\
                     resource \"aws_sqs_queue\" \"late\" {\n  name = \"late\"\n}\n";
    let code = "import os\n\n\ndef restore_backup(name):\n    return name\n\n\n\
                def sendMessage(to):\n    return to\n";
    ports.model = Says::turns(vec![
        find("backups"),
        write("docs/plan.md", plan),
        write("docs/main.tf", terraform),
        write("docs/service.py", code),
        find("restoring a backup"),
        find("encryption key rotation"),
        find("message"),
        write("docs/plan.md", "# Plan\n\nNothing.\n"),
        find("\"supplier\" AND (late*"),
    ]);
    let driver = Driver::open(ports, "demo", &dead(0), Options::default()).await;
    driver.expect("the lease").drive().await.expect("it comes to rest");
    insta::assert_snapshot!(results(&store).await.join("\n---\n"));
}

/// A link of a document: its text, where it is, and where it leads.
struct Link {
    words: String,
    from: PathBuf,
    line: usize,
    page: String,
    section: Option<String>,
}

/// The Markdown files below a folder, by their path from it.
fn documents(folder: &Path) -> BTreeMap<String, String> {
    let (mut all, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).into_iter().flatten().flatten() {
            let (path, kind) = (entry.path(), entry.file_type().expect("a type"));
            if kind.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "md")
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                let name = path.strip_prefix(folder).expect("below").display().to_string();
                all.insert(name, text);
            }
        }
    }
    all
}

/// The name under which a heading is linked.
fn anchor(heading: &str) -> String {
    let last = heading.rsplit(" > ").next().unwrap_or(heading).to_lowercase();
    let kept = last.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().replace(' ', "-")
}

/// Links between the documents, without those inside of a page and those whose text says nothing.
fn links(documents: &BTreeMap<String, String>) -> Vec<Link> {
    let mut links = Vec::new();
    for (name, text) in documents {
        for (number, line) in text.lines().enumerate() {
            for part in line.split("](").collect::<Vec<_>>().windows(2) {
                let Some((_, words)) = part[0].rsplit_once('[') else { continue };
                let target = part[1].split([')', ' ']).next().unwrap_or_default();
                let (page, section) = match target.split_once('#') {
                    Some((page, section)) => (page, Some(section.to_owned())),
                    None => (target, None),
                };
                if !page.ends_with(".md") || page.contains("://") || page.starts_with('/') {
                    continue;
                }
                let mut at = Path::new(name).parent().unwrap_or(Path::new("")).to_owned();
                for step in page.split('/') {
                    match step {
                        "." => {}
                        ".." => drop(at.pop()),
                        step => at.push(step),
                    }
                }
                let page = at.display().to_string();
                let words = words.replace('`', " ");
                let says = words.split_whitespace().count() >= 2
                    && !["click here", "read more", "see also"].contains(&words.trim());
                if says && page != *name && documents.contains_key(&page) {
                    let from = PathBuf::from(name);
                    links.push(Link { words, from, line: number + 1, page, section });
                }
            }
        }
    }
    let mut seen = BTreeSet::new();
    links.retain(|link| seen.insert((link.words.clone(), link.page.clone())));
    links
}

/// Builds a test set of the links of documents: the text of a link should find its page and its
/// section. `CLOUDCREW_DOCS` names the folder; its figures are printed.
#[tokio::test]
#[ignore = "needs a folder with documents that link to each other"]
async fn the_text_of_a_link_finds_its_page() {
    let folder = PathBuf::from(std::env::var_os("CLOUDCREW_DOCS").expect("CLOUDCREW_DOCS"));
    let documents = documents(&folder);
    let index = Index::default();
    let (mut files, mut parts, began) = (Vec::new(), 0, Instant::now());
    for (path, text) in &documents {
        let file = Source { path: path.clone(), oid: "now".to_owned() };
        let units = units(path, text);
        parts += units.len();
        index.add(&file, units).await.expect("indexed");
        files.push(file);
    }
    let indexed = began.elapsed();
    let links = links(&documents);
    let (mut pages, mut sections, mut wanted, mut times) = ([0; 3], 0, 0, Vec::new());
    for link in &links {
        let began = Instant::now();
        let hits = index.search(&files, &link.words, 40).await.expect("a search");
        times.push(began.elapsed());
        // The section that links is not an answer.
        let from = link.from.display().to_string();
        let size = |text: &str| text.lines().count();
        let links_here = |hit: &cloudcrew_ports::knowledge::Hit| {
            let first = hit.unit.line as usize;
            hit.path == from && (first..first + size(&hit.unit.text)).contains(&link.line)
        };
        let hits: Vec<_> = hits.iter().filter(|hit| !links_here(hit)).collect();
        let mut found: Vec<&str> = Vec::new();
        for hit in &hits {
            if !found.contains(&hit.path.as_str()) {
                found.push(&hit.path);
            }
        }
        let rank = found.iter().position(|path| *path == link.page);
        for (count, most) in pages.iter_mut().zip([1, 5, 10]) {
            *count += usize::from(rank.is_some_and(|rank| rank < most));
        }
        // Some pages name places that are no headings.
        let names = |section: &&String| {
            units(&link.page, &documents[&link.page])
                .iter()
                .any(|unit| anchor(&unit.heading) == **section)
        };
        if let Some(section) = link.section.as_ref().filter(names) {
            wanted += 1;
            let is_it = |hit: &&&cloudcrew_ports::knowledge::Hit| {
                hit.path == link.page && anchor(&hit.unit.heading) == *section
            };
            sections += usize::from(hits.iter().take(10).any(|hit| is_it(&hit)));
        }
    }
    let share = |count: usize, of: usize| count as f64 / of.max(1) as f64;
    times.sort();
    let at = |share: f64| {
        let place = (times.len().saturating_sub(1) as f64 * share) as usize;
        times.get(place).copied().unwrap_or(Duration::ZERO)
    };
    println!(
        "{parts} parts of {} documents in {indexed:.1?}; {} links: page R@1 {:.3}, R@5 {:.3}, \
         R@10 {:.3}; section R@10 {:.3} of {wanted}; p50 {:.1?}, p99 {:.1?}",
        documents.len(),
        links.len(),
        share(pages[0], links.len()),
        share(pages[1], links.len()),
        share(pages[2], links.len()),
        share(sections, wanted),
        at(0.5),
        at(0.99),
    );
    assert!(links.len() >= 20, "{} links are too few", links.len());
    assert!(share(pages[1], links.len()) >= 0.85, "{pages:?} of {}", links.len());
}
