//! Results of programs in the formats that test runners and linters share: TAP, JUnit, SARIF.

use cloudcrew_definition::shown::row;
use cloudcrew_ports::program::Ran;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;

use super::report::{counted, listed};

/// Maximum number of failures to list.
const MOST: usize = 30;
/// Maximum bytes of a report to read.
const LARGEST: usize = 4 * 1024 * 1024;

/// What the results of a program say in all, if they are in a format that is known: what it
/// printed, or files that it wrote.
pub(super) fn results(ran: &Ran) -> Option<String> {
    let printed = String::from_utf8_lossy(&ran.output);
    if let Some(found) = of(&printed) {
        return Some(found);
    }
    ran.changed.iter().find_map(|file| {
        let content = file.content.as_ref().filter(|content| content.len() <= LARGEST)?;
        let known = [".xml", ".sarif", ".tap", ".json"].iter().any(|end| file.path.ends_with(end));
        let found = known.then(|| of(&String::from_utf8_lossy(content))).flatten()?;
        Some(format!("{}: {found}", row(&file.path)))
    })
}

fn of(text: &str) -> Option<String> {
    let begin = text.trim_start();
    match begin.as_bytes().first()? {
        b'<' => junit(begin),
        b'{' => sarif(begin),
        _ => tap(begin),
    }
}

/// Test Anything Protocol: a plan, and a line for each test.
fn tap(text: &str) -> Option<String> {
    let planned = text.lines().filter_map(|line| line.strip_prefix("1..")).next_back()?;
    let planned: usize = planned.split_whitespace().next()?.parse().ok()?;
    let (mut passed, mut failed) = (0, Vec::new());
    for line in text.lines() {
        let is_excused = line.contains("# TODO") || line.contains("# SKIP");
        if line.starts_with("ok ") || (line.starts_with("not ok ") && is_excused) {
            passed += 1;
        } else if let Some(name) = line.strip_prefix("not ok ") {
            failed.push(row(name).into_owned());
        }
    }
    let missing = planned.saturating_sub(passed + failed.len());
    let missing = if missing > 0 { format!(", {missing} did not run") } else { String::new() };
    Some(summary(passed, &failed, &missing))
}

/// JUnit's XML: suites with cases, in which failures and errors are elements.
fn junit(text: &str) -> Option<String> {
    let mut reader = Reader::from_str(text);
    let (mut is_junit, mut case, mut bad, mut skipped) = (false, None::<String>, false, 0);
    let (mut passed, mut failed) = (0, Vec::new());
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) | Event::Empty(tag)
                if matches!(tag.name().as_ref(), "testsuite" | "testsuites") =>
            {
                is_junit = true;
            }
            Event::Empty(tag) if tag.name().as_ref() == "testcase" => passed += 1,
            Event::Start(tag) if tag.name().as_ref() == "testcase" => {
                let part = |name: &str| {
                    let found = tag.try_get_attribute(name).ok().flatten();
                    found.map(|a| a.value.into_owned())
                };
                let names = [part("classname"), part("name")];
                case = Some(names.into_iter().flatten().collect::<Vec<_>>().join(" "));
                bad = false;
            }
            Event::Start(tag) | Event::Empty(tag)
                if matches!(tag.name().as_ref(), "failure" | "error") =>
            {
                bad = true;
            }
            Event::Empty(tag) | Event::Start(tag) if tag.name().as_ref() == "skipped" => {
                skipped += 1;
            }
            Event::End(tag) if tag.name().as_ref() == "testcase" => {
                match case.take().filter(|_| bad) {
                    Some(name) => failed.push(row(&name).into_owned()),
                    None => passed += 1,
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let skipped = if skipped > 0 { format!(", {skipped} of these skipped") } else { String::new() };
    is_junit.then(|| summary(passed, &failed, &skipped))
}

/// SARIF: results of analyses with their places.
fn sarif(text: &str) -> Option<String> {
    let whole: Value = serde_json::from_str(text).ok()?;
    let runs = whole["runs"].as_array().filter(|_| whole["version"].is_string())?;
    let mut lines = Vec::new();
    for result in runs.iter().filter_map(|run| run["results"].as_array()).flatten() {
        let place = &result["locations"][0]["physicalLocation"];
        let file = place["artifactLocation"]["uri"].as_str().unwrap_or("?");
        let line = place["region"]["startLine"].as_u64().unwrap_or(0);
        let level = result["level"].as_str().unwrap_or("warning");
        let rule = result["ruleId"].as_str().unwrap_or_default();
        let said = result["message"]["text"].as_str().unwrap_or_default();
        lines.push(row(&format!("{file}:{line}: {level} {rule}: {said}")).into_owned());
    }
    Some(format!("SARIF: {}\n{}", counted(lines.len(), "result"), listed(&lines, MOST)))
}

fn summary(passed: usize, failed: &[String], more: &str) -> String {
    let failures = listed(failed, MOST);
    format!("{} passed, {} failed{more}\n{failures}", counted(passed, "test"), failed.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read_in_the_formats_that_programs_share() {
        let tap =
            "TAP version 13\nok 1 - adds\nnot ok 2 - divides\nnot ok 3 - later # TODO\n1..4\n";
        let found = of(tap).expect("TAP");
        assert!(found.starts_with("2 tests passed, 1 failed, 1 did not run\n- 2 - divides"));
        let xml = r#"<?xml version="1.0"?><testsuites><testsuite name="s">
            <testcase classname="a" name="works"/>
            <testcase classname="a" name="breaks"><failure>boom</failure></testcase>
            <testcase name="waits"><skipped/></testcase></testsuite></testsuites>"#;
        let found = of(xml).expect("JUnit");
        assert!(found.starts_with("2 tests passed, 1 failed, 1 of these skipped\n- a breaks"));
        let sarif = r#"{"version":"2.1.0","runs":[{"results":[{"ruleId":"E1","level":"error",
            "message":{"text":"bad"},"locations":[{"physicalLocation":{
            "artifactLocation":{"uri":"a.py"},"region":{"startLine":3}}}]}]}]}"#;
        assert_eq!(of(sarif).expect("SARIF"), "SARIF: 1 result\n- a.py:3: error E1: bad\n");
        for other in ["", "hello", "<html></html>", "{}", "{\"version\":1}", "<testsuite", "1..x"] {
            assert!(of(other).is_none(), "{other}");
        }
    }
}
