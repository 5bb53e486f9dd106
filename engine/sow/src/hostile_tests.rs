//! Malicious documents: nothing panics, nothing takes long, every limit holds.

use std::time::{Duration, Instant};

use super::{
    MAX_ITEM_CHARS, MAX_SECTION_ITEMS, MAX_SOW_BYTES, SectionKind, Sow, SowFault, decode, parse,
};

/// The maximum size in a release build; less in slower builds.
const SIZE: usize = if cfg!(debug_assertions) { MAX_SOW_BYTES / 64 } else { MAX_SOW_BYTES };

/// Generous for a busy machine; a quadratic step takes minutes.
const LONGEST: Duration = Duration::from_secs(2);

fn filled(unit: &str) -> String {
    unit.repeat(SIZE / unit.len())
}

fn under(heading: &str, unit: &str) -> String {
    format!("{heading}\n{}", unit.repeat((SIZE - heading.len() - 1) / unit.len()))
}

/// Invariants of every document.
fn holds(sow: &Sow, text: &str) {
    let lines = text.split('\n').count();
    for kind in SectionKind::ALL {
        let items = sow.items(kind);
        assert_eq!(items.is_empty(), sow.missing.contains(&kind));
        assert!(items.len() <= MAX_SECTION_ITEMS);
        for (at, item) in items.iter().enumerate() {
            assert_eq!(item.id, format!("{}{}", kind.letter(), at + 1));
            assert_eq!(item.source, format!("{}:{}", sow.file, item.line));
            assert!((1..=lines).contains(&(item.line as usize)));
            assert!(!item.text.is_empty() && item.text.chars().count() <= MAX_ITEM_CHARS);
            assert!(
                !item.text.contains(['\n', '\t', '\r']) && item.text.trim() == item.text,
                "{:?}",
                item.text
            );
            assert!(items[..at].iter().rev().take(20).all(|other| other.text != item.text));
        }
    }
    assert!(sow.summary.chars().count() <= 601);
}

#[expect(clippy::disallowed_methods, reason = "the test measures time")]
fn read_quickly(name: &str, text: &str) {
    let started = Instant::now();
    let read = parse("hostile.md", text);
    let took = started.elapsed();
    if std::env::var_os("SOW_TIMES").is_some() {
        eprintln!("{took:>12.3?}  {name}");
    }
    assert!(took < LONGEST, "{name} took {took:?}");
    match read {
        Ok(sow) => holds(&sow, text),
        Err(fault) => assert_eq!(fault, SowFault::Empty, "{name}"),
    }
}

#[test]
fn two_mebibytes_of_any_pattern_are_read_quickly() {
    for unit in [
        "#",
        "-",
        "=",
        "*",
        ">",
        "|",
        "`",
        "~",
        "_",
        "a",
        "A",
        " ",
        "\t",
        "\n",
        "é",
        "\u{FEFF}",
        ":",
        ".",
        "1",
        "(",
        "[",
        "\\",
        "- ",
        "> ",
        "# ",
        "1.",
        "1. ",
        "* ",
        "| ",
        "a ",
        "a|",
        "**",
        "#\n",
        "-\n",
        "=\n",
        "*\n",
        ">\n",
        "|\n",
        "a\n",
        "A:\n",
        "timeline: a\n",
        "Timeline: a\n",
        "**Goals:** a **Scope:** b ",
        "AAA\n",
        "1.\n",
        "1. a\n",
        "```\n",
        "~~~\n",
        "<!--\n",
        "--\n",
        "-- \n",
        "a\n\n",
        "a\n--\n",
        "a\n\n--\n",
        "# a\n",
        "- a\n",
        "- a:\n",
        "**a**\n",
        "AAA\n\n",
        "| a |\n",
        "|-|\n",
        "1. a\n\n",
        "1.1 A\n\n",
        "1.1 A\n- b\n",
        "> a\n>> b\n",
        "From:\n",
        "Goals:\n",
        "# Goals\n",
        "Goals\n\n",
        "GOALS\n",
        "1. Goals\n",
        "Goals: a\n",
        "Goals\n==\n",
        "goals goals goals ",
        "goals goals goals\n",
        "need need:\n\n",
        "x|\n-|-\n",
    ] {
        read_quickly(&format!("{unit:?}"), &filled(unit));
    }
}

#[test]
fn two_mebibytes_below_a_heading_are_read_quickly() {
    let long = format!("# Must not\n- {}:\n", "é".repeat(1_900));
    let lead = format!("# Requirements\n## {} not\n", "a ".repeat(490));
    for heading in
        ["# Requirements", "Requirements:", "1. Requirements", "REQUIREMENTS", &long, &lead]
    {
        for unit in [
            "-\n",
            "- a\n",
            "- a:\n",
            "-",
            "a",
            "a\n",
            "a\n\n",
            "  - a\n",
            "  - b:\n    - c\n",
            " - a\n  - b\n",
            "| a |\n",
            "| a |\n|-|\n",
            "a | b\n-|-\n",
            "|",
            "1. a\n",
            "1. a\n\n",
            "### a\n",
            "#\n",
            "a:\n- a\n",
            "not:\n\n- a\n\n",
            "**a**\n",
            "\n",
            "> ",
            ">\n",
            "- [ ] \n",
            "```\n",
            "A\n",
        ] {
            let head: String = heading.chars().take(20).collect();
            read_quickly(&format!("{unit:?} below {head:?}"), &under(heading, unit));
        }
    }
}

#[test]
fn deep_nesting_is_read_quickly() {
    let mut deep = String::from("# Requirements\n");
    for depth in 0.. {
        let line = format!("{}- a{depth}:\n", " ".repeat(depth));
        if deep.len() + line.len() > SIZE {
            break;
        }
        deep.push_str(&line);
    }
    read_quickly("deeper and deeper", &deep);
    let block = format!("## s\n{}- b\n", "a\n\n".repeat(1_999));
    read_quickly("paragraphs under a lead", &under("# Out of scope", &block));
    let mut rows = String::from("# Requirements\n");
    for at in 0.. {
        let line = format!("- item {at}\n");
        if rows.len() + line.len() > SIZE {
            break;
        }
        rows.push_str(&line);
    }
    read_quickly("many different items", &rows);
}

#[test]
fn limits_hold() {
    let mut text = String::from("Requirements:\n");
    for at in 0..600 {
        text.push_str(&format!("- item {at}\n"));
    }
    let sow = parse("a.md", &text).expect("this is text");
    assert_eq!(sow.requirements.len(), MAX_SECTION_ITEMS);
    assert_eq!(sow.requirements.last().map(|item| item.text.as_str()), Some("item 499"));

    let sow = parse("a.md", &format!("Requirements:\n- {}\n- b", "é".repeat(3_000)))
        .expect("this is text");
    assert_eq!(sow.requirements[0].text.chars().count(), MAX_ITEM_CHARS);
    assert!(sow.requirements[0].text.ends_with('…'));
    assert_eq!(sow.requirements[1].text, "b");

    let large = "a".repeat(MAX_SOW_BYTES + 1);
    assert!(matches!(parse("a.md", &large), Err(SowFault::TooLarge { .. })));
    assert_eq!(parse("a.md", " \n\t"), Err(SowFault::Empty));
}

/// Steele, Lea and Flood's generator: small, and the same on every machine.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[(self.next() % from.len() as u64) as usize]
    }
}

#[test]
fn random_documents_keep_the_invariants() {
    const PIECES: &[&str] = &[
        "\n",
        "\n",
        "\n",
        "\n\n",
        " ",
        "  ",
        "\t",
        "#",
        "##",
        "###",
        "-",
        "- ",
        "* ",
        "• ",
        "– ",
        "+",
        "|",
        "| ",
        "---",
        "===",
        "**",
        "__",
        "_",
        "`",
        "```",
        "~~~",
        ">",
        "> ",
        "-- ",
        "--",
        ":",
        ".",
        ",",
        ")",
        "(",
        "[",
        "]",
        "[ ] ",
        "[x] ",
        "\\",
        "1",
        "1.",
        "2. ",
        "3.1 ",
        "a) ",
        "(iv) ",
        "REQ-7: ",
        "Requirements",
        "Goals",
        "must not",
        "Timeline: ",
        "DELIVERABLES",
        "Out of scope",
        "acceptance criteria",
        "when",
        "and",
        "&",
        "non",
        "é",
        "ß",
        "İ",
        "ŉ",
        "🚀",
        "\u{301}",
        "\u{200B}",
        "\u{FEFF}",
        "\u{2028}",
        "\u{a0}",
        "\u{0}",
        "\r",
        "\r\n",
        "…",
        "<!--",
        "-->",
        "From: ",
        "Subject: Re: ",
        "On a wrote:",
        "Thanks,",
        "word",
        "a longer sentence. ",
        "|---|",
        "+--+",
        "’",
        "不",
        "ﬁ",
    ];
    let mut random = SplitMix64(7);
    let rounds = if cfg!(debug_assertions) { 3_000 } else { 40_000 };
    for _ in 0..rounds {
        let length = random.next() % 60;
        let text: String = (0..length).map(|_| random.pick(PIECES)).collect();
        match parse("random.md", &text) {
            Ok(sow) => holds(&sow, &text),
            Err(fault) => assert_eq!(fault, SowFault::Empty, "{text:?}"),
        }
    }
}

#[test]
fn random_bytes_are_decoded_or_refused() {
    let mut random = SplitMix64(11);
    for _ in 0..4_000 {
        let length = random.next() % 40;
        let bytes: Vec<u8> =
            (0..length).map(|_| random.next().to_le_bytes()[0] >> (random.next() % 3)).collect();
        if let Ok(read) = decode(&bytes) {
            let text = read.text;
            assert!(!text.contains(['\r', '\0']) && !text.starts_with('\u{FEFF}'));
            holds(&parse("random.md", &text).expect("decoded text is not blank"), &text);
        }
    }
}
