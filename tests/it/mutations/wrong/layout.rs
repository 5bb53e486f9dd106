//! Invalid or misleading YAML: tabs, indentation, brackets, quotes, aliases.

use super::super::shipped::{Is, Place};
use super::Maker;

const SYNTAX: &[&str] = &["yaml-syntax", "wrong-type"];

pub fn make(maker: &mut Maker<'_>) {
    for place in maker.places() {
        brackets(maker, &place);
        quotes(maker, &place);
        colons(maker, &place);
        aliases(maker, &place);
    }
    let files: Vec<String> = maker.shipped.files.iter().map(|(path, _)| path.clone()).collect();
    for file in files {
        lines(maker, &file);
    }
}

/// The line around a byte, without its line ending.
fn line(text: &str, at: usize) -> std::ops::Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    start..text[at..].find('\n').map_or(text.len(), |i| at + i)
}

fn brackets(maker: &mut Maker<'_>, place: &Place) {
    let text = maker.shipped.text(&place.file).to_owned();
    let (open, close) = (text.as_bytes()[place.value.start], place.value.end - 1);
    if !matches!(place.is, Is::List | Is::Map) || !matches!(open, b'[' | b'{') {
        return;
    }
    // Either the open bracket or the end of the line, where it is missing.
    let whole = place.value.start..line(&text, place.value.start).end - 1;
    maker.change("a bracket not closed", &place.file, close..close + 1, "", whole.clone(), SYNTAX);
    maker.change(
        "a bracket not opened",
        &place.file,
        place.value.start..place.value.start + 1,
        "",
        line(&text, place.value.start),
        &[],
    );
    let other = if open == b'[' { "}" } else { "]" };
    maker.change(
        "a bracket of another kind",
        &place.file,
        close..close + 1,
        other,
        whole.start..close + 1,
        SYNTAX,
    );
    maker.change(
        "a bracket closed twice",
        &place.file,
        close..close,
        &text[close..close + 1],
        whole.start..line(&text, close).end + 1,
        SYNTAX,
    );
    // Between braces, a missing comma joins two entries; between square brackets, two words become
    // one name.
    let inside = |i: &usize| !text[place.value.start..place.value.start + i].contains('[');
    let comma = text[place.value.clone()].find(", ").filter(|_| open == b'{').filter(inside);
    if let Some(comma) = comma.map(|i| place.value.start + i) {
        let range = whole.start..line(&text, place.value.start).end;
        maker.change("a comma missing", &place.file, comma..comma + 1, "", range, SYNTAX);
    }
}

fn quotes(maker: &mut Maker<'_>, place: &Place) {
    let text = maker.shipped.text(&place.file);
    if place.is != Is::Word || place.text.is_empty() || place.value.len() < 2 {
        return;
    }
    let quoted = text[place.value.clone()].starts_with('"');
    let whole = place.value.start..line(text, place.value.start).end;
    if quoted {
        let end = place.value.end - 1;
        let at = whole.start..whole.end - 1;
        maker.change("a quote not closed", &place.file, end..end + 1, "", at, SYNTAX);
    } else {
        let quote = *maker.chance.one(&["\"", "'"]);
        maker.change(
            "a quote not closed",
            &place.file,
            place.value.start..place.value.start,
            quote,
            whole.start..whole.end + 1,
            SYNTAX,
        );
        // Quotes around a part only: the rest is not allowed there.
        if place.text.contains(' ') && place.text.find(' ').is_some_and(|i| i > 0) {
            let space = place.value.start + place.text.find(' ').expect("a space");
            let words = format!("\"{}\"", &text[place.value.start..space]);
            maker.change(
                "words after a quote",
                &place.file,
                place.value.start..space,
                &words,
                whole.start..whole.end + 2,
                SYNTAX,
            );
        }
    }
}

fn colons(maker: &mut Maker<'_>, place: &Place) {
    let Some(key) = place.key.clone() else { return };
    let text = maker.shipped.text(&place.file);
    let whole = line(text, key.start);
    let value_follows = !text[key.end..whole.end].trim_start_matches(':').trim().is_empty();
    // Without the space or the colon, key and value are one word.
    if value_follows && place.is != Is::Map && place.is != Is::List {
        maker.change(
            "no space after a colon",
            &place.file,
            key.end + 1..key.end + 2,
            "",
            key.start..whole.end - 1,
            &[],
        );
    }
    maker.change(
        "a colon missing",
        &place.file,
        key.end..key.end + 1,
        "",
        key.start..whole.end - 1,
        &[],
    );
    // A second colon in plain text makes it a key.
    if place.is == Is::Word
        && value_follows
        && !text[place.value.clone()].starts_with('"')
        && place.text.contains(' ')
    {
        let space = place.value.start + place.text.find(' ').expect("a space");
        maker.change(
            "a colon inside a text",
            &place.file,
            space..space,
            ":",
            whole.start..whole.end + 1,
            &[],
        );
    }
}

fn aliases(maker: &mut Maker<'_>, place: &Place) {
    if matches!(place.is, Is::Word | Is::Number) && !place.value.is_empty() {
        maker.write(
            "an alias to nothing",
            &place.file,
            place.value.clone(),
            "*nothing",
            &["yaml-syntax"],
        );
        let tag = *maker.chance.one(&[
            "!!binary aGk=",
            "!local word",
            "!app/tests/**",
            "!!python/object:os.system x",
        ]);
        maker.write("a tag", &place.file, place.value.clone(), tag, &[]);
    }
    if matches!(place.is, Is::List | Is::Map)
        && place.key.is_some()
        && !maker.shipped.text(&place.file)[place.value.clone()].contains('\n')
    {
        maker.write(
            "an alias inside its own anchor",
            &place.file,
            place.value.clone(),
            "&me [*me]",
            &["yaml-syntax"],
        );
    }
}

fn lines(maker: &mut Maker<'_>, file: &str) {
    let text = maker.shipped.text(file).to_owned();
    let all: Vec<(usize, &str)> = text
        .split_inclusive('\n')
        .scan(0, |at, line| {
            let start = *at;
            *at += line.len();
            Some((start, line))
        })
        .collect();
    let said = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let indent = |line: &str| line.len() - line.trim_start().len();
    for (at, (start, line)) in all.iter().enumerate().filter(|(_, (_, line))| said(line)) {
        let deep = indent(line);
        let range = *start..*start + deep;
        let end = |words: &str| *start + words.len() + line.trim().len();
        // A tab before the first line is allowed, because it indents nothing.
        if at > 2 {
            maker.change("a tab", file, range.clone(), "\t", *start..end("\t"), &["yaml-syntax"]);
        }
        // The only line of a block may have any indentation; one of several may not. If the first
        // line moves, the next one may be reported instead, or the line above that it now seems to
        // belong to.
        let before = all[..at].iter().rev().map(|(_, l)| *l).find(|l| said(l));
        let after = all[at + 1..].iter().map(|(_, l)| *l).find(|l| said(l));
        let alone =
            before.is_none_or(|l| indent(l) != deep) && after.is_none_or(|l| indent(l) != deep);
        let in_list = line.trim_start().starts_with("- ")
            || before.is_some_and(|l| l.trim_start().starts_with("- ") && indent(l) + 2 == deep)
            || after.is_some_and(|l| l.trim_start().starts_with("- "));
        if alone || in_list {
            continue;
        }
        let next = all[at + 1..]
            .iter()
            .find(|(_, l)| said(l))
            .map_or(end(""), |(s, l)| s + l.trim_end().len());
        let last_of_block = after.is_none_or(|l| indent(l) < deep);
        for (words, kind) in
            [(deep + 1, "one space too many"), (deep.saturating_sub(1), "one space too few")]
        {
            if words == deep
                || (last_of_block
                    && words > deep
                    && before.is_some_and(|l| l.trim_end().ends_with(':')))
            {
                continue;
            }
            let spaces = " ".repeat(words);
            let until = next + words - deep;
            maker
                .change(kind, file, range.clone(), &spaces, *start..until.max(end(&spaces)), &[])
                .or_related();
        }
    }
    let end = text.len();
    maker.change(
        "a second document",
        file,
        end..end,
        "---\nversion: 1\n",
        end..end + 3,
        &["yaml-syntax"],
    );
    maker.change("a bracket after the end", file, end..end, "]\n", end..end + 1, &["yaml-syntax"]);
    maker.change(
        "a character of control",
        file,
        end..end,
        "# \u{1}\n",
        end..end + 3,
        &["yaml-syntax"],
    );
}
