//! Half-written files, with `|` as the cursor.

use super::{At, Step, find};

/// The path, what may be written there, the word, and its siblings.
fn seen(marked: &str) -> String {
    let offset = marked.find('|').expect("a cursor");
    let text = marked.replacen('|', "", 1);
    let Some(cursor) = find(&text, offset) else { return "nothing".to_owned() };
    let way: Vec<&str> =
        cursor.way.iter().map(|s| if let Step::Key(key) = s { key } else { "-" }).collect();
    let at = match cursor.at {
        At::Key => "key",
        At::Value => "value",
        At::Either => "either",
    };
    format!("{} {at} `{}` {:?}", way.join("."), &text[cursor.word], cursor.beside).replace('"', "")
}

#[test]
fn the_value_after_a_key() {
    assert_eq!(seen("swarm:\n  entry: |\n  agents: [pm]\n"), "swarm.entry value `` []");
    assert_eq!(seen("swarm:\n  entry: p|\n"), "swarm.entry value `p` []");
    assert_eq!(seen("swarm:\n  entry:|\n"), "swarm.entry value `` []");
    assert_eq!(seen("swarm:\n  entry: \"p|m\" # first\n"), "swarm.entry value `pm` []");
    assert_eq!(seen("swarm:\n  entry: pm # fi|rst\n"), "nothing");
}

#[test]
fn an_entry_of_a_list() {
    assert_eq!(seen("swarm:\n  agents:\n    - pm\n    - |\n"), "swarm.agents.- either `` [pm]");
    assert_eq!(
        seen("swarm:\n  agents:\n  - pm\n  - s|\ntask: x\n"),
        "swarm.agents.- either `s` [pm]"
    );
    assert_eq!(seen("swarm:\n  agents: [pm, |]\n"), "swarm.agents.- value `` [pm]");
    assert_eq!(seen("swarm:\n  agents: [pm, |\n  entry: pm\n"), "swarm.agents.- value `` [pm]");
    assert_eq!(seen("swarm:\n  agents: [|"), "swarm.agents.- value `` []");
    assert_eq!(
        seen("swarm:\n  agents: [\n    pm,\n    s|\n  ]\n"),
        "swarm.agents.- value `s` [pm]"
    );
}

#[test]
fn a_key_of_a_map() {
    assert_eq!(seen("version: 1\nph|\nswarm:\n  entry: pm\n"), " either `ph` [version, swarm]");
    assert_eq!(seen("swarm:\n  entry: pm\n  |\n"), "swarm either `` [entry]");
    assert_eq!(
        seen("swarm:\n  entry: pm\n  |\n  agents: [pm]\n"),
        "swarm either `` [entry, agents]"
    );
    assert_eq!(seen("swarm:\n  en|try: pm\n"), "swarm key `entry` []");
    assert_eq!(seen("review: { agent: pm, | }\n"), "review key `` [agent]");
    assert_eq!(seen("review: { agent: pm, d|"), "review key `d` [agent]");
    assert_eq!(seen("review: { agent: | }\n"), "review.agent value `` []");
    assert_eq!(seen("deliverables:\n  - path: a\n    |\n"), "deliverables.- either `` [path]");
    assert_eq!(seen("deliverables:\n  - path: a\n  - |\n"), "deliverables.- either `` []");
    assert_eq!(
        seen("deliverables:\n  - { path: a, owner: |, template: t }\n"),
        "deliverables.-.owner value `` []"
    );
    assert_eq!(seen("swarm:\n  | # why\n  entry: pm\n"), "swarm either `` [entry]");
    assert_eq!(seen("version: 1\n|"), " either `` [version]");
    assert_eq!(seen("|"), " either `` []");
}

#[test]
fn errors_elsewhere_are_skipped() {
    assert_eq!(seen("version: 1\nswarm:\n  agents: [pm\n  entry: |\n"), "swarm.entry value `` []");
    assert_eq!(seen("a: |-\n  x: |\nb: 1\n".replacen("|-", ">-", 1).as_str()), "nothing");
    assert_eq!(seen("\ta: 1\n b: {\nswarm:\n  entry: |"), "swarm.entry value `` []");
    assert_eq!(seen("a: \"open\nswarm:\r\n  entry: |\r\n  x: 1"), "swarm.entry value `` []");
}

#[test]
fn every_text_and_offset_terminates() {
    let text = "a: [{b: 'c\n- - ? x: |-\n ü: \"😀\\\"\n}]: &a *b !t\n\t# \
        c\r\n--- \n[[[[{{{{,,,,::::\n- -\n  -\n";
    for offset in 0..=text.len() + 3 {
        for cut in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
            let found = find(&text[..cut], offset);
            assert!(found.is_none_or(|c| text.get(c.word.clone()).is_some()), "{offset} of {cut}");
        }
    }
}
