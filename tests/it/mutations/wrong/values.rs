//! Values: wrong types, out of range, invalid durations, contradicting limits, and words that YAML
//! 1.1 reads differently.

use cloudcrew_definition::schema::{for_item, for_key, plain};
use cloudcrew_definition::syntax::FileKind;
use serde_json::Value;

use super::super::shipped::{Is, Place};
use super::super::slip::slip;
use super::Maker;

const WRONG_VALUE: &[&str] = &["wrong-type", "bad-value"];

/// What the published schema says about a value.
pub fn rule(place: &Place) -> &'static Value {
    let kind = FileKind::of(&place.file).expect("a definition file");
    place.way.split('.').filter(|step| !step.is_empty()).fold(
        plain(kind),
        |rule, step| match step {
            "*" if rule["items"].is_object() => for_item(rule),
            step => for_key(rule, step),
        },
    )
}

pub fn make(maker: &mut Maker<'_>) {
    for place in maker.places().into_iter().filter(|p| !p.way.is_empty()) {
        wrong_type(maker, &place);
        nothing(maker, &place);
        range(maker, &place);
        choices(maker, &place);
        time(maker, &place);
        limits(maker, &place);
        by_older_yaml(maker, &place);
    }
}

fn is_flow_or_line(maker: &Maker<'_>, place: &Place) -> bool {
    !maker.shipped.text(&place.file)[place.value.clone()].contains('\n')
}

fn wrong_type(maker: &mut Maker<'_>, place: &Place) {
    if !is_flow_or_line(maker, place) {
        return;
    }
    let wanted = rule(place)["type"].as_str().unwrap_or_default();
    let others: &[&str] = match wanted {
        "string" => &["[one, two]", "{ one: two }", "12", "true", "1.5"],
        "integer" => &["[1]", "{ one: 1 }", "many", "1.5", "true", "\"3\"", "1_000x"],
        "number" => &["[1]", "{ one: 1 }", "much", "true", "\"3\""],
        "array" => &["{ one: two }", "12", "true", "word"],
        "object" => &["[one, two]", "12", "true", "word"],
        _ => return,
    };
    let other = *maker.chance.one(others);
    // An unquoted number in place of a path, duration or name is reported by that rule.
    maker.write("a wrong type", &place.file, place.value.clone(), other, WRONG_VALUE);
}

fn nothing(maker: &mut Maker<'_>, place: &Place) {
    if !is_flow_or_line(maker, place) {
        return;
    }
    let word = *maker.chance.one(&["null", "~", ""]);
    if word.is_empty() {
        let Some(key) = place.key.clone() else { return };
        let at = key.start..place.value.start;
        maker.change("a key with nothing", &place.file, place.value.clone(), "", at, WRONG_VALUE);
    } else {
        maker.write("nothing, written out", &place.file, place.value.clone(), word, WRONG_VALUE);
    }
}

fn range(maker: &mut Maker<'_>, place: &Place) {
    if place.is != Is::Number {
        return;
    }
    let rule = rule(place);
    let mut beyond: Vec<String> = vec![
        "-1".into(),
        "99999999999999999999".into(),
        "-0x1".into(),
        "1e400".into(),
        ".nan".into(),
        ".inf".into(),
    ];
    beyond.extend(rule["maximum"].as_f64().map(|most| format!("{}", most as u64 + 1)));
    beyond.extend(rule["minimum"].as_f64().filter(|least| *least > 0.0).map(|_| "0".to_owned()));
    let number = maker.chance.one(&beyond).clone();
    maker.write("a number out of range", &place.file, place.value.clone(), &number, WRONG_VALUE);
}

fn choices(maker: &mut Maker<'_>, place: &Place) {
    let Some(options) = rule(place)["enum"].as_array() else { return };
    let wrong = slip(&place.text, &mut maker.chance);
    maker
        .write("a choice misspelt", &place.file, place.value.clone(), &wrong, &["bad-value"])
        .meant(&place.text);
    let other = *maker.chance.one(&["maybe", "later", "everything"]);
    assert!(!options.iter().any(|o| o == other));
    maker.write("no choice of these", &place.file, place.value.clone(), other, &["bad-value"]);
}

fn time(maker: &mut Maker<'_>, place: &Place) {
    if rule(place)["x-cloudcrew-form"] != "duration" {
        return;
    }
    let wrong = *maker.chance.one(&[
        "15",
        "fifteen",
        "15 parsecs",
        "-5m",
        "0s",
        "15mm",
        "m15",
        "30m1h",
        "1,5h",
        "5m5m",
        "15:00",
        "5'",
        "PT15M",
        "99999999d",
    ]);
    maker.write("a time without meaning", &place.file, place.value.clone(), wrong, WRONG_VALUE);
    let (wrong, right) = *maker.chance.one(&[
        ("15 minutes", "15m"),
        ("24H", "24h"),
        ("20min", "20m"),
        ("2 days", "2d"),
        ("90 sec", "90s"),
        ("1h 30m", "1h30m"),
        ("1.5h", "1h30m"),
    ]);
    maker
        .write("a time in other words", &place.file, place.value.clone(), wrong, WRONG_VALUE)
        .meant(right);
}

fn limits(maker: &mut Maker<'_>, place: &Place) {
    let contradicts: &[&str] = &["contradicting-limits"];
    let visits: &[&str] = &["contradicting-limits", "too-few-visits"];
    let words: &[(&str, &'static [&'static str])] =
        match (place.file.split('/').next().unwrap_or_default(), place.way.as_str()) {
            ("phases", "swarm.max_handoffs" | "swarm.max_iterations") => {
                &[("1", visits), ("3", visits)]
            }
            ("phases", "swarm.execution_timeout") => &[("1m", contradicts), ("10s", contradicts)],
            ("phases", "swarm.node_timeout") => &[("21m", contradicts), ("2h", contradicts)],
            ("phases", "swarm.repetitive_handoff_detection_window") => {
                &[("16", contradicts), ("900", contradicts), ("1", contradicts)]
            }
            ("phases", "swarm.repetitive_handoff_min_unique_agents") => {
                &[("9", contradicts), ("900", contradicts)]
            }
            ("phases", "gate.remind_after" | "questions.remind_after") => {
                &[("5s", contradicts), ("59s", contradicts), ("1ms", contradicts)]
            }
            ("phases", "gate.max_revisions") => &[],
            ("agents.yaml", "agents.*.budget.tokens") => {
                &[("1", &["budget-below-forecast"]), ("500", &["budget-below-forecast"])]
            }
            _ => return,
        };
    if words.is_empty() {
        return;
    }
    let (word, codes) = *maker.chance.one(words);
    maker
        .write("a limit that contradicts", &place.file, place.value.clone(), word, codes)
        .or_related();
}

/// Words that YAML 1.1 tools read as something else: reported with quotes as the fix, or as a wrong
/// type where no text is allowed.
fn by_older_yaml(maker: &mut Maker<'_>, place: &Place) {
    let word = match place.is {
        Is::Word if place.text.is_empty() => return,
        Is::Word => *maker.chance.one(&["yes", "no", "on", "Off", "Y", "12:30:45", "010"]),
        Is::Number => *maker.chance.one(&["010", "1:30", "yes", "0o17x", "+08"]),
        _ => return,
    };
    maker.write("words of older YAML", &place.file, place.value.clone(), word, &[]);
}
