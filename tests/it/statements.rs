//! Statements of work, as customers write and send them.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use cloudcrew_sow::{Item, SectionKind, decode, parse};
use serde_json::Value;

use crate::support::chance::{Chance, number};
use crate::support::documents::{archive, pdf, word};
use crate::support::{Crew, Done, crew, edited, root};

/// What is read from a text: a line for each item with its section's letter, the customer's
/// number if there is one, and its line.
fn listed(text: &str) -> String {
    let read = parse("sow.md", text).expect("a statement of work");
    let mut out = String::new();
    if let Some(title) = &read.title {
        let _ = writeln!(out, "title: {title}");
    }
    for line in read.summary.lines().filter(|line| !line.is_empty()) {
        let _ = writeln!(out, "summary: {line}");
    }
    let items = SectionKind::ALL.iter().flat_map(|kind| read.items(*kind));
    let noted = read.unread.iter().chain(&read.open_points).chain(&read.contradictions);
    let mut line = |item: &Item| {
        let number = item.number.as_ref().map(|n| format!(" [{n}]")).unwrap_or_default();
        let _ = writeln!(out, "{}{number} line {}: {}", item.id, item.line, item.text);
    };
    items.chain(noted).for_each(&mut line);
    out
}

/// Each file in `tests/cases/sow` is read as the file beside it says. `UPDATE_CASES=1` writes what
/// is read; look at the difference.
#[test]
fn statements_are_read_as_the_cases_say() {
    let update = std::env::var_os("UPDATE_CASES").is_some();
    let (mut wrong, mut count) = (String::new(), 0);
    for entry in std::fs::read_dir(root().join("tests/cases/sow")).expect("the cases") {
        let path = entry.expect("a case").path();
        if path.extension().is_none_or(|end| end != "md") {
            continue;
        }
        count += 1;
        let bytes = std::fs::read(&path).expect("a file");
        let read = listed(&decode(&bytes).expect("text").text);
        let beside = path.with_extension("read");
        let expected = std::fs::read_to_string(&beside).unwrap_or_default();
        if read != expected && update {
            std::fs::write(&beside, &read).expect("writable");
        } else if read != expected {
            let _ = writeln!(wrong, "{}\n--- expected\n{expected}--- read\n{read}", path.display());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count > 40, "only {count} cases were found");
}

fn put(crew: &Crew, name: &str, bytes: &[u8]) -> PathBuf {
    let path = crew.folder.path().join(name);
    std::fs::write(&path, bytes).expect("writable");
    path
}

fn read(crew: &Crew, name: &str, bytes: &[u8]) -> Value {
    let path = put(crew, name, bytes);
    crew.run(&["sow", &path.display().to_string(), "--format", "json"]).exits(0).json()
}

/// Runs a command that may use the sandbox, where there is one.
fn in_sandbox(mut command: Command) -> Done {
    command.env_remove("CLOUDCREW_SANDBOX").output().expect("the binary starts").into()
}

fn texts(read: &Value, section: &str) -> Vec<String> {
    let items = read[section].as_array().expect("items").iter();
    items.map(|item| item["text"].as_str().expect("text").to_owned()).collect()
}

const BLOCKS: [(&str, &str); 7] = [
    ("", "Requirements"),
    ("- ", "Gates must open within 2 seconds."),
    ("- ", "Gates keep a log for a year."),
    ("", "Out of scope"),
    ("- ", "Number plates"),
    ("", "Timeline"),
    ("- ", "First depot in May 2027"),
];

#[test]
fn one_statement_in_six_formats_gives_the_same_items() {
    let crew = crew();
    let written = |heading: &str, between: &str| {
        let line = |(mark, text): &(&str, &str)| match *mark {
            "" => format!("{between}{heading}{text}\n"),
            mark => format!("{mark}{text}\n"),
        };
        BLOCKS.iter().map(line).collect::<String>()
    };
    let (markdown, text) = (written("## ", "\n"), written("", "\n"));
    let html = BLOCKS.iter().map(|(mark, text)| match *mark {
        "" => format!("<h2>{text}</h2>"),
        _ => format!("<ul><li>{text}</li></ul>"),
    });
    let html = format!("<!doctype html><html><body>{}</body></html>", html.collect::<String>());
    let mail = format!(
        "From: a@b.example\r\nSubject: Gates\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain\r\n\r\n{}",
        text.replace('\n', "\r\n")
    );
    let lines: Vec<String> = BLOCKS.iter().map(|(mark, text)| format!("{mark}{text}")).collect();
    let formats = [
        ("sow.md", markdown.into_bytes()),
        ("sow.txt", text.into_bytes()),
        ("sow.html", html.into_bytes()),
        ("sow.eml", mail.into_bytes()),
        ("sow.docx", word(&BLOCKS)),
        ("sow.pdf", pdf(&lines)),
    ];
    for (name, bytes) in formats {
        let path = put(&crew, name, &bytes).display().to_string();
        let command = crew.command(&["sow", &path, "--format", "json"]);
        let read = in_sandbox(command).exits(0).json();
        assert_eq!(read, self::read(&crew, name, &bytes), "{name}: the sandbox changes nothing");
        assert_eq!(texts(&read, "requirements"), [BLOCKS[1].1, BLOCKS[2].1], "{name}");
        assert_eq!(texts(&read, "constraints"), ["Out of scope: Number plates"], "{name}");
        assert_eq!(texts(&read, "timeline"), [BLOCKS[6].1], "{name}");
    }
}

#[test]
fn an_engagement_starts_with_a_word_document() {
    let crew = crew();
    let path = put(&crew, "gates.docx", &word(&BLOCKS)).display().to_string();
    crew.run(&["run", "--sow", &path, "--project", "gates"])
        .exits(10)
        .says("gates.docx: the Word document was read as Markdown");
    let kept = crew.run(&["artifacts", "gates", "docs/sow/gates.md"]).exits(0);
    assert!(kept.out.contains("- Gates must open within 2 seconds."), "{}", kept.out);
}

#[test]
fn a_pdf_without_text_is_refused() {
    let crew = crew();
    let path = put(&crew, "scan.pdf", &pdf(&[])).display().to_string();
    crew.run(&["sow", &path]).exits(2).says("the PDF has no text; if it is scanned");
}

#[test]
fn an_older_encoding_is_read_with_a_notice() {
    let crew = crew();
    let path = put(&crew, "old.txt", b"Anforderungen:\n- Die T\xfcr muss schlie\xdfen.\n");
    let done = crew.run(&["sow", &path.display().to_string()]).exits(0);
    done.says("Die Tür muss schließen.").says("it is not UTF-8 and was read as windows-1252");
}

#[test]
fn a_workflow_adds_headings_of_its_own() {
    let crew = edited();
    let headings = "sow_headings:\n  requirements: [Was die Tore können]\nphases: [";
    crew.edit("workflows/delivery.yaml", "phases: [", headings);
    let read = read(&crew, "sow.md", "## Was die Tore können\n- öffnen\n".as_bytes());
    assert_eq!(texts(&read, "requirements"), ["öffnen"]);
}

#[test]
fn a_long_statement_gives_ten_notices_and_says_where_the_others_are() {
    let crew = crew();
    let mut text = "## Requirements\n- Gates open\n".to_owned();
    for part in 0..160 {
        let _ = write!(text, "\n## Annex {part}\nSomething about {part}.\n");
    }
    let path = put(&crew, "long.md", text.as_bytes()).display().to_string();
    let done = crew.run(&["run", "--sow", &path, "--project", "long"]).exits(10);
    let done = done.says("151 more notices about long.md; see all with cloudcrew sow ");
    assert_eq!(done.err.matches("belongs to no section").count(), 9, "{}", done.err);
}

/// Damaged and malicious documents: each ends soon with a documented exit code and a message, and
/// nothing is written.
#[test]
fn hostile_documents_are_refused_or_read() {
    let crew = crew();
    let good = [
        ("a.docx", word(&BLOCKS)),
        ("a.pdf", pdf(&["Requirements".to_owned()])),
        ("a.html", b"<!doctype html><h1>Requirements</h1><ul><li>a</ul>".to_vec()),
        (
            "a.eml",
            b"From: a\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
              --b\r\n\r\na\r\n--b--\r\n"
                .to_vec(),
        ),
    ];
    let mut documents: Vec<(&str, Vec<u8>)> = vec![
        ("bomb.docx", archive(&[("word/document.xml", &"<w:p>".repeat(300_000))])),
        ("zeros.docx", archive(&[("word/document.xml", &"\0".repeat(40_000_000))])),
        (
            "entities.docx",
            archive(&[(
                "word/document.xml",
                "<!DOCTYPE d [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><w:document><w:p><w:r>\
                 <w:t>x&a;</w:t></w:r></w:p></w:document>",
            )]),
        ),
        ("deep.html", format!("<html>{}", "<div>".repeat(400_000)).into_bytes()),
        ("loop.pdf", b"%PDF-1.4\n1 0 obj\n<< /Type /Pages /Kids [1 0 R] >>\nendobj\n".to_vec()),
        ("both.pdf", [&b"%PDF-1.7\n"[..], &word(&BLOCKS)].concat()),
    ];
    let mut chance = Chance::of(number("CLOUDCREW_SEED", 7));
    for _ in 0..number("CLOUDCREW_DOCUMENTS", 24) {
        let (name, bytes) = chance.one(&good);
        let mut bytes = bytes.clone();
        for _ in 0..1 + chance.below(8) {
            let at = chance.below(bytes.len());
            match chance.below(3) {
                0 => bytes[at] = chance.next().to_le_bytes()[0],
                1 => bytes.truncate(at + 1),
                _ => bytes.splice(at..at, [0xFF; 9]).for_each(drop),
            }
        }
        documents.push((name, bytes));
    }
    for (n, (name, bytes)) in documents.into_iter().enumerate() {
        let path = put(&crew, name, &bytes).display().to_string();
        let command = crew.command(&["sow", &path]);
        // In the sandbox, and in a limited process as where there is none.
        let done = if n % 2 == 0 { in_sandbox(command) } else { crew.run(&["sow", &path]) };
        assert!(matches!(done.exit, 0 | 2), "{name}: {} {}", done.exit, done.err);
        assert!(!done.out.contains("root:") && !done.err.contains("panicked"), "{name}");
        assert!(done.exit == 0 || done.err.contains(name), "{name}: {}", done.err);
    }
}
