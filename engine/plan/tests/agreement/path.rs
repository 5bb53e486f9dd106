//! Reference paths and intrinsic functions, as far as a machine may use them.

use serde_json::{Map, Value, json};

/// The steps of `$.counters['a-b'].retries`.
fn steps(path: &str) -> Vec<String> {
    let mut rest = path.strip_prefix('$').unwrap_or_else(|| panic!("`{path}` is not a path"));
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let (step, more) = if let Some(quoted) = rest.strip_prefix("['") {
            quoted.split_once("']").unwrap_or_else(|| panic!("`{path}` is not closed"))
        } else {
            let plain = rest.strip_prefix('.').unwrap_or_else(|| panic!("`{path}` is not a path"));
            plain.split_at(plain.find(['.', '[']).unwrap_or(plain.len()))
        };
        let plain = rest.starts_with('.');
        let good = |c: char| c.is_ascii_alphanumeric() || c == '_' || (!plain && c == '-');
        assert!(
            !step.is_empty() && step.chars().all(good),
            "`{step}` of `{path}` is not an allowed name"
        );
        steps.push(step.to_owned());
        rest = more;
    }
    steps
}

/// The value at a path, if any.
pub fn find<'a>(data: &'a Value, path: &str) -> Option<&'a Value> {
    steps(path).iter().try_fold(data, |value, step| value.get(step))
}

/// The value that must be at a path.
pub fn get<'a>(data: &'a Value, path: &str) -> &'a Value {
    find(data, path).unwrap_or_else(|| panic!("nothing at `{path}` of {data}"))
}

/// Writes a result at its `ResultPath`.
pub fn put(data: &mut Value, path: &str, result: Value) {
    let mut place = data;
    for step in steps(path) {
        place = place
            .as_object_mut()
            .unwrap_or_else(|| panic!("`{path}` leads through a plain value"))
            .entry(step)
            .or_insert(Value::Null);
        if place.is_null() {
            *place = json!({});
        }
    }
    *place = result;
}

/// Evaluates `Parameters` and `ResultSelector`: each key that ends in `.$` is computed.
pub fn computed(template: &Value, data: &Value, context: &Value) -> Value {
    match template {
        Value::Object(entries) => {
            let mut all = Map::new();
            for (key, value) in entries {
                match key.strip_suffix(".$") {
                    Some(key) => all.insert(
                        key.to_owned(),
                        expression(value.as_str().expect("an expression"), data, context),
                    ),
                    None => all.insert(key.clone(), computed(value, data, context)),
                };
            }
            Value::Object(all)
        }
        Value::Array(values) => values.iter().map(|value| computed(value, data, context)).collect(),
        plain => plain.clone(),
    }
}

fn expression(text: &str, data: &Value, context: &Value) -> Value {
    if let Some((name, arguments)) = text.strip_suffix(')').and_then(|call| call.split_once('(')) {
        let (first, second) = arguments.split_once(", ").expect("two arguments");
        let argument = |text: &str| match text.strip_prefix('\'').and_then(|t| t.strip_suffix('\''))
        {
            Some(plain) => json!(plain),
            None => text
                .parse::<i64>()
                .map_or_else(|_| expression(text, data, context), |number| json!(number)),
        };
        let (first, second) = (argument(first), argument(second));
        return match name {
            "States.MathAdd" => {
                json!(first.as_i64().expect("a number") + second.as_i64().expect("a number"))
            }
            "States.StringSplit" => {
                first.as_str().expect("a text").split(second.as_str().expect("a text")).collect()
            }
            _ => panic!("no function `{name}`"),
        };
    }
    match text.strip_prefix("$$") {
        Some(path) => get(context, &format!("${path}")).clone(),
        None => get(data, text).clone(),
    }
}
