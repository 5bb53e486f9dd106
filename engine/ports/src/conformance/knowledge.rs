//! The contract of [`Knowledge`].

use super::done;
use crate::knowledge::{Knowledge, Source, Unit};

/// Runs all tests.
pub async fn run_all(knowledge: &dyn Knowledge) {
    what_was_added_is_found_at_once(knowledge).await;
    only_the_named_files_are_searched(knowledge).await;
    any_text_is_a_query(knowledge).await;
    headings_and_paths_weigh_more_than_text(knowledge).await;
}

fn source(path: &str, oid: &str) -> Source {
    Source { path: path.to_owned(), oid: oid.to_owned() }
}

fn unit(heading: &str, text: &str) -> Unit {
    Unit { heading: heading.to_owned(), line: 3, text: text.to_owned() }
}

async fn paths(knowledge: &dyn Knowledge, files: &[Source], words: &str) -> Vec<String> {
    let found = done("a search", knowledge.search(files, words, 10).await);
    found.into_iter().map(|hit| hit.path).collect()
}

/// Also by another form of a word, and by parts of an identifier.
pub async fn what_was_added_is_found_at_once(knowledge: &dyn Knowledge) {
    let file = source("a/first.md", "oid-1");
    let files = [file.clone()];
    assert_eq!(done("a question", knowledge.unknown(&files).await), files);
    let units = vec![unit("Opening hours", "Gates open at dawn; see openGateSlowly() there.")];
    done("an addition", knowledge.add(&file, units.clone()).await);
    done("a second addition", knowledge.add(&file, vec![unit("Other", "never seen")]).await);
    assert!(done("a question", knowledge.unknown(&files).await).is_empty());
    for words in ["gates", "gate", "GATE opening", "slowly", "dawn and dusk"] {
        let found = done("a search", knowledge.search(&files, words, 10).await);
        assert_eq!(found.len(), 1, "{words}");
        assert_eq!(found[0].unit, units[0], "{words}");
    }
    assert!(paths(knowledge, &files, "elephant").await.is_empty());
}

/// Neither another version of a file nor a file of someone else is found.
pub async fn only_the_named_files_are_searched(knowledge: &dyn Knowledge) {
    let (old, new) = (source("b.md", "oid-old"), source("b.md", "oid-new"));
    let other = source("c.md", "oid-other");
    for (file, text) in [(&old, "zebra one"), (&new, "zebra two"), (&other, "zebra three")] {
        done("an addition", knowledge.add(file, vec![unit("Animals", text)]).await);
    }
    let found = done("a search", knowledge.search(std::slice::from_ref(&new), "zebra", 10).await);
    let texts: Vec<&str> = found.iter().map(|hit| hit.unit.text.as_str()).collect();
    assert_eq!(texts, ["zebra two"]);
    assert!(paths(knowledge, &[], "zebra").await.is_empty());
    done("an addition", knowledge.add(&source("x.md", "x"), vec![unit("X", "zebra")]).await);
    assert!(paths(knowledge, &[], "zebra").await.is_empty());
    assert_eq!(paths(knowledge, &[old, other], "zebra").await.len(), 2);
}

/// Operators, quotes and control characters are words like others, or none.
pub async fn any_text_is_a_query(knowledge: &dyn Knowledge) {
    let files = [source("d.md", "oid-d")];
    done("an addition", knowledge.add(&files[0], vec![unit("Multi-agent", "near miss")]).await);
    for words in [
        "multi-agent",
        "\"",
        "'",
        "*",
        "heading:x",
        "NEAR(a b)",
        "a AND",
        "OR",
        "NOT x",
        "(",
        ")",
        "^x",
        "{a b}: c",
        "-",
        "",
        " ",
        "\0",
        "ü ß 漢字",
        "a\"b\"c",
        "--",
        "/* */",
        ";DROP TABLE x",
    ] {
        done(words, knowledge.search(&files, words, 10).await);
    }
    assert_eq!(paths(knowledge, &files, "multi-agent").await, ["d.md"]);
    let long = "word ".repeat(20_000);
    done("a long query", knowledge.search(&files, &long, 10).await);
}

/// A unit that is about something comes before one that mentions it.
pub async fn headings_and_paths_weigh_more_than_text(knowledge: &dyn Knowledge) {
    let (about, mentions) = (source("e1.md", "oid-e1"), source("e2.md", "oid-e2"));
    let text = "The recovery of data is not part of this; recovery is elsewhere.";
    done("an addition", knowledge.add(&mentions, vec![unit("Scope", text)]).await);
    done("an addition", knowledge.add(&about, vec![unit("Recovery", "How it works.")]).await);
    assert_eq!(paths(knowledge, &[mentions, about], "recovery").await, ["e1.md", "e2.md"]);
}
