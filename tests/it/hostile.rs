//! Hostile files: `check` terminates on any content, reports a place, and does not exhaust the
//! machine.
//!
//! Each file is generated from a seed, which a failure prints. `CLOUDCREW_SEED` sets the seed,
//! `CLOUDCREW_HOSTILE` the number of files.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cloudcrew_definition::diagnostic::{Diagnostic, Format, Severity, render};
use cloudcrew_definition::kept::Kept;
use cloudcrew_definition::source::Sources;
use cloudcrew_definition::syntax::FileKind;
use cloudcrew_plan::checks::judge;
use cloudcrew_runtime::catalogue::catalogue;

use crate::support::chance::{Chance, number};
use crate::support::{edited, root, sources};

type Make = fn(&mut Chance, &[u8], &[u8]) -> Vec<u8>;

/// Families of hostile files, with the number of files of each.
const FAMILIES: [(&str, Make); 27] = [
    ("bytes flipped", flipped),
    ("cut off", |chance, one, _| one[..chance.below(one.len())].to_vec()),
    ("two files spliced", |chance, one, other| {
        [&one[..chance.below(one.len())], &other[chance.below(other.len())..]].concat()
    }),
    ("lines shuffled", shuffled),
    ("marks put in", marked),
    ("nested in brackets", |chance, one, _| {
        [one, b"\nx: ", "[".repeat(1 + size(chance, 10_000)).as_bytes()].concat()
    }),
    ("nested in blocks", |chance, _, _| {
        (0..size(chance, 1_200))
            .map(|deep| " ".repeat(deep) + "a:\n")
            .collect::<String>()
            .into_bytes()
    }),
    ("nested in keys", |chance, _, _| {
        format!("{}a", "? ".repeat(size(chance, 10_000))).into_bytes()
    }),
    ("nested in entries", |chance, _, _| "- ".repeat(size(chance, 10_000)).into_bytes()),
    ("aliases that multiply", |chance, _, _| bomb(2 + chance.below(12), 2 + chance.below(10))),
    ("aliases that nest", |chance, _, _| nested(2 + size(chance, 3_000), chance.below(60))),
    ("a list of many names", |chance, _, _| {
        let names: String = (0..size(chance, 90_000)).map(|n| format!("a{n}, ")).collect();
        format!(
            "version: 1\nphase: build\nswarm: {{ entry: pm, agents: [{names}] }}\ntask: \
            prompts/tasks/build.md\n"
        )
        .into_bytes()
    }),
    ("globs that fit in more ways than one waits for", |chance, _, _| {
        let name = (*chance.one(&["*a", "a", "[a-z]*"])).repeat(*chance.one(&[3, 100, 60_000]));
        let glob = vec![name; *chance.one(&[1, 30])].join("/**/");
        let glob = glob.get(..200_000).unwrap_or(&glob);
        let agent = |name: &str, end: &str| {
            format!(
                "  {name}: {{ description: x, model: m, prompt: prompts/{name}.md, tools: \
                 [repo_write], writes: [\"{glob}{end}\"] }}\n"
            )
        };
        let agents = [agent("pm", "b"), agent("dev", "c")].concat();
        format!("version: 1\nmodels: {{ m: {{ max_tokens: 16000 }} }}\nagents:\n{agents}")
            .into_bytes()
    }),
    ("an anchor inside itself", |_, one, _| [one, b"\nx: &x { y: &y [*x, *y] }\n"].concat()),
    ("a huge word", |chance, one, _| {
        [one, b"\nx: ", "a".repeat(size(chance, 900_000)).as_bytes()].concat()
    }),
    ("many documents", |chance, one, _| {
        [one, "---\na: 1\n".repeat(1 + size(chance, 3_000)).as_bytes()].concat()
    }),
    ("characters of control", |chance, one, _| {
        put_in(chance, one, &["\u{1}", "\u{7}", "\u{1b}[31m", "\u{7f}", "\u{85}", "\u{2028}", "\r"])
    }),
    ("no UTF-8", |chance, one, _| {
        put_in_bytes(
            chance,
            one,
            &[b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf8\x88", b"\0", b"\xfe\xff\0a"],
        )
    }),
    ("odd letters", |chance, one, _| {
        put_in(
            chance,
            one,
            &[
                "\u{202e}",
                "e\u{301}\u{301}\u{301}",
                "\u{1f469}\u{200d}\u{1f680}",
                "\u{feff}",
                "\u{200b}",
                "\u{10ffff}",
                "ﬁ",
                "İ",
            ],
        )
    }),
    ("a very long line", |chance, _, _| {
        format!("a: [{}]", "b, ".repeat(size(chance, 60_000))).into_bytes()
    }),
    ("giant numbers", |chance, one, _| {
        put_in(
            chance,
            one,
            &[
                "9".repeat(400).as_str(),
                "1e999",
                "-0",
                "0x7fffffffffffffffffff",
                "0o777777777777777777777777",
                ".1e-999",
            ],
        )
    }),
    ("many keys", |chance, one, _| {
        [
            one,
            (0..size(chance, 6_000)).map(|n| format!("k{n}: {n}\n")).collect::<String>().as_bytes(),
        ]
        .concat()
    }),
    ("the same key again", |chance, one, _| {
        [one, "version: 1\n".repeat(size(chance, 2_000)).as_bytes()].concat()
    }),
    ("merge keys", |_, one, _| {
        [b"x: &x { version: 1 }\n<<: *x\n<<: [*x, *x]\n".as_slice(), one].concat()
    }),
    ("tags and directives", |chance, one, _| {
        [
            *chance.one(&[
                b"%YAML 1.1\n---\n".as_slice(),
                b"%TAG ! !x\n---\n",
                b"%FOO bar\n---\n",
                b"%YAML 9.9\n---\n",
                b"!!python/object:os.system\n",
            ]),
            put_in(
                chance,
                one,
                &[
                    " !!binary aGk=",
                    " !!python/object:os.system [x]",
                    " !<tag:x> ",
                    " !",
                    " !!set {a}",
                ],
            )
            .as_slice(),
        ]
        .concat()
    }),
    ("keys that are not words", |chance, one, _| {
        [
            one,
            *chance.one(&[
                b"\n? [a, b]\n: c\n".as_slice(),
                b"\n? { a: b }\n: c\n",
                b"\n? |\n  a\n: c\n",
                b"\n[a]: b\n",
                b"\nnull: b\n~: c\n",
                b"\n? \n",
                b"\n: x\n",
            ]),
        ]
        .concat()
    }),
    ("texts that open and never close", |chance, one, _| {
        [
            one,
            chance
                .one(&[
                    "{{ ",
                    "{% if x %}",
                    "{% for a in b %}",
                    "{# ",
                    "{% raw %}",
                    "<!-- fill(",
                    "{{ a[",
                    "{{ a|b(",
                ])
                .repeat(1 + size(chance, 700))
                .as_bytes(),
        ]
        .concat()
    }),
];

/// A size that is usually small and sometimes the maximum.
fn size(chance: &mut Chance, most: usize) -> usize {
    let most = if chance.below(16) == 0 { most } else { most / 16 };
    chance.below(most)
}

fn flipped(chance: &mut Chance, one: &[u8], _: &[u8]) -> Vec<u8> {
    let mut bytes = one.to_vec();
    for _ in 0..=chance.below(8) {
        let at = chance.below(bytes.len());
        bytes[at] ^= 1 << chance.below(8);
    }
    bytes
}

fn shuffled(chance: &mut Chance, one: &[u8], _: &[u8]) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = one.split_inclusive(|b| *b == b'\n').collect();
    chance.shuffle(&mut lines);
    lines.concat()
}

/// Inserts marks of YAML and MiniJinja in unexpected places.
fn marked(chance: &mut Chance, one: &[u8], _: &[u8]) -> Vec<u8> {
    put_in(
        chance,
        one,
        &[
            "[", "]", "{", "}", "\"", "'", ":", ": ", "- ", "#", " #", "&a ", "*a ", "!", "|\n",
            ">-\n", "%", "@", "`", "\t", "?", "? ", ",", "---\n", "...\n", "{{", "%}", "{%",
        ],
    )
}

fn put_in(chance: &mut Chance, one: &[u8], marks: &[&str]) -> Vec<u8> {
    let marks: Vec<&[u8]> = marks.iter().map(|mark| mark.as_bytes()).collect();
    put_in_bytes(chance, one, &marks)
}

fn put_in_bytes(chance: &mut Chance, one: &[u8], marks: &[&[u8]]) -> Vec<u8> {
    let mut bytes = one.to_vec();
    for _ in 0..=chance.below(4) {
        let mut at = chance.below(bytes.len());
        // Between characters: inside one, every mark would cause the same error.
        while at > 0 && bytes[at] & 0xc0 == 0x80 {
            at -= 1;
        }
        bytes.splice(at..at, chance.one(marks).iter().copied());
    }
    bytes
}

fn bomb(levels: usize, wide: usize) -> Vec<u8> {
    let mut text = format!("a0: &a0 [{}]\n", vec!["x"; wide].join(", "));
    for level in 1..levels {
        text.push_str(&format!(
            "a{level}: &a{level} [{}]\n",
            vec![format!("*a{}", level - 1); wide].join(", ")
        ));
    }
    text.into_bytes()
}

/// Each anchor contains the previous one, nested in more brackets.
fn nested(levels: usize, deep: usize) -> Vec<u8> {
    let (open, close) = ("[".repeat(deep + 1), "]".repeat(deep + 1));
    let mut text = "a0: &a0 x\n".to_owned();
    for level in 1..levels {
        text.push_str(&format!("a{level}: &a{level} {open}*a{}{close}\n", level - 1));
    }
    text.into_bytes()
}

/// What is wrong with the findings for a file, if anything.
fn fault(sources: &Sources, path: &str, found: &[Diagnostic], read: bool) -> Option<String> {
    let file = sources.find(path).expect("the file");
    let text = sources.text(file);
    let here = |d: &&Diagnostic| d.at.as_ref().is_some_and(|l| l.span.file == file);
    if !read && !found.iter().any(|d| d.severity == Severity::Error && here(&d)) {
        return Some("unreadable, but nothing is reported".to_owned());
    }
    for d in found {
        let Some(at) = &d.at else {
            return Some(format!("reported without a place: [{}] {}", d.code, d.message));
        };
        for label in d.related.iter().chain([at]) {
            let text = sources.text(label.span.file);
            let (start, end) = (label.span.start, label.span.end);
            if start > end
                || end > text.len()
                || !text.is_char_boundary(start)
                || !text.is_char_boundary(end)
            {
                return Some(format!(
                    "[{}] {start}..{end} is not a range in a text of {} bytes",
                    d.code,
                    text.len()
                ));
            }
        }
        let (line, column) = sources.position(at.span.file, at.span.start);
        if at.span.file == file
            && sources.fault(file).is_none()
            && (line > text.lines().count() + 1 || column > text.len() + 1)
        {
            return Some(format!(
                "[{}] line {line} and column {column} are not in the file",
                d.code
            ));
        }
    }
    None
}

#[test]
fn check_reports_a_place_for_any_hostile_file() {
    // The bytes come from shipped files, in a small workspace so that the other files are cheap.
    let shipped = sources(&root());
    let small = sources(&root().join("tests/cases/check/_workspace"));
    let (catalogue, mut kept) = (catalogue(), Kept::new());
    let of = |sources: &Sources| {
        sources
            .iter()
            .map(|(_, path)| path.to_owned())
            .filter(|p| !p.starts_with("examples/"))
            .collect()
    };
    let (texts, paths): (Vec<String>, Vec<String>) = (of(&shipped), of(&small));
    let (seed, count) = (number("CLOUDCREW_SEED", 7), number("CLOUDCREW_HOSTILE", 5_000));
    for made in 0..count {
        let mut chance = Chance::of(seed.wrapping_mul(1_000_003).wrapping_add(made));
        let (family, make) = FAMILIES[made as usize % FAMILIES.len()];
        let path = chance.one(&paths).clone();
        let mut text = || shipped.text(shipped.find(chance.one(&texts).as_str()).expect("a file"));
        let (one, other) = (text(), text());
        let bytes = make(&mut chance, one.as_bytes(), other.as_bytes());
        let mut sources = small.clone();
        sources.replace(sources.find(&path).expect("a file"), Ok(&bytes));
        let judged = catch_unwind(AssertUnwindSafe(|| {
            let loaded = judge(kept.load(&sources, &catalogue), &sources);
            let file = sources.find(&path).expect("a file");
            let workspace = &loaded.workspace;
            let read = match FileKind::of(&path) {
                Some(FileKind::Agents) => workspace.agents.is_some(),
                Some(FileKind::Phase) => workspace.phases.iter().any(|(id, _)| *id == file),
                Some(FileKind::Workflow) => workspace.workflows.iter().any(|(id, _)| *id == file),
                Some(FileKind::Rehearsal) => workspace.rehearsals.iter().any(|(id, _)| *id == file),
                Some(FileKind::Knowledge) => workspace.knowledge.iter().any(|(id, _)| *id == file),
                Some(FileKind::Pattern) => workspace.patterns.iter().any(|(id, _)| *id == file),
                None => sources.fault(file).is_none(),
            };
            let found = loaded.report.diagnostics();
            // Every output format renders the findings.
            for format in [
                Format::Human { colour: false },
                Format::Json,
                Format::Sarif { page: cloudcrew_plan::checks::explain },
                Format::Github,
            ] {
                render(&sources, &found[..found.len().min(3)], format);
            }
            fault(&sources, &path, found, read)
        }));
        match judged {
            Ok(None) => {}
            Ok(Some(why)) => panic!("{family} in {path}, file {made} of seed {seed}: {why}"),
            Err(_) => panic!("{family} in {path}, file {made} of seed {seed}: it panics"),
        }
    }
}

/// Prints the time and memory that the worst file of each family needs: `cargo test --release
/// --test it worst -- --ignored --nocapture`; `CLOUDCREW_BINARY` selects another binary.
#[test]
#[ignore = "a measurement, not a promise: what it takes depends on the machine"]
fn the_worst_file_of_each_family_in_the_binary() {
    let crew = edited();
    let (phase, agents) = ("phases/discovery.yaml", "agents.yaml");
    let (one, other) = (crew.read(phase).into_bytes(), crew.read(agents).into_bytes());
    let binary = std::env::var("CLOUDCREW_BINARY")
        .unwrap_or_else(|_| env!("CARGO_BIN_EXE_cloudcrew").to_owned());
    println!("{:48} {:>8} {:>9} {:>9}", "", "bytes", "ms", "MiB");
    for (family, make) in FAMILIES {
        let path = if family.starts_with("globs") { agents } else { phase };
        let (mut slowest, mut largest, mut size) = (0.0_f64, 0.0_f64, 0);
        for round in 0..24 {
            let bytes = make(&mut Chance::of(round), &one, &other);
            std::fs::write(crew.workspace().join(path), &bytes).expect("written");
            let begin = std::time::Instant::now();
            let timed = std::process::Command::new("/usr/bin/time")
                .args(["-f", "%M"])
                .arg(&binary)
                .arg("-C")
                .arg(crew.workspace())
                .arg("check")
                .output();
            let timed = timed.expect("GNU time is there");
            let took = begin.elapsed().as_secs_f64() * 1000.0;
            let said = String::from_utf8_lossy(&timed.stderr).into_owned();
            let kib: f64 =
                said.lines().last().and_then(|l| l.trim().parse().ok()).unwrap_or(f64::NAN);
            assert!(matches!(timed.status.code(), Some(0 | 1)), "{family}: {said}");
            if took > slowest {
                (slowest, size) = (took, bytes.len());
            }
            largest = largest.max(kib / 1024.0);
        }
        std::fs::write(crew.workspace().join(path), if path == agents { &other } else { &one })
            .expect("written");
        println!("{family:48} {size:>8} {slowest:>9.1} {largest:>9.1}");
    }
}
