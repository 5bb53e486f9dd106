//! `design_schema`: writes a database schema, if it is valid: SQL, or the keys of DynamoDB tables.

use std::collections::BTreeSet;

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::shown::row;
use cloudcrew_sow::SectionKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::outcome::{Outcome, ToolError};
use super::report::{counted, listed};
use super::tool::TypedTool;
use super::validate_sql::{Dialect, parsed};
use super::workplace::Workplace;

pub(super) struct DesignSchema;

/// Maximum number of mistakes to list.
const LISTED: usize = 50;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Path of the file from the repository's root: .sql for SQL, .json for DynamoDB
    #[schemars(length(min = 1, max = 4096))]
    path: String,
    /// The schema
    schema: Schema,
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Schema {
    /// Statements that create tables, constraints and indexes
    Sql {
        /// The whole file
        #[schemars(length(min = 1, max = 262_144))]
        content: String,
        /// The database that runs it
        dialect: Dialect,
    },
    /// Tables of DynamoDB with their keys, and the access patterns that these serve
    Dynamodb {
        /// The tables
        #[schemars(length(min = 1, max = 50))]
        tables: Vec<Table>,
    },
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Table {
    /// Name: letters, digits, `_`, `-` and `.`
    #[schemars(length(min = 3, max = 255))]
    name: String,
    partition_key: Key,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sort_key: Option<Key>,
    /// Secondary indexes
    #[serde(default)]
    #[schemars(length(max = 25))]
    indexes: Vec<Index>,
    /// Attribute with the time at which an item expires, in seconds since 1970
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time_to_live: Option<String>,
    /// Every way in which the application reads or writes the table
    #[schemars(length(min = 1, max = 100))]
    access_patterns: Vec<AccessPattern>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Key {
    /// Name of the attribute
    #[schemars(length(min = 1, max = 255))]
    attribute: String,
    /// Its type
    #[serde(rename = "type")]
    kind: KeyType,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum KeyType {
    String,
    Number,
    Binary,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Index {
    #[schemars(length(min = 3, max = 255))]
    name: String,
    partition_key: Key,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sort_key: Option<Key>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct AccessPattern {
    /// What is asked, such as "slots of a clinic on a day"
    #[schemars(length(min = 1, max = 300))]
    what: String,
    /// Id of the requirement that it serves, such as R4
    #[schemars(length(min = 1, max = 30))]
    requirement: String,
    /// Name of the index that serves it; without one, the keys of the table do
    #[serde(default, skip_serializing_if = "Option::is_none")]
    index: Option<String>,
}

#[async_trait]
impl TypedTool for DesignSchema {
    type Arguments = Arguments;
    const NAME: &'static str = "design_schema";
    const DESCRIPTION: &'static str = "Writes a database schema if it is valid: SQL that parses in \
                                       the dialect, or DynamoDB tables that name a key or an \
                                       index for every access pattern. Otherwise says what is \
                                       wrong and writes nothing.";
    const CAPABILITY: Capability = Capability::WriteRepo;
    const EFFECT: Effect = Effect::CompareAndSwap;
    const IN_REVIEW: bool = false;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let path = at.admit(&a.path)?;
        let refused =
            |why: &str| ToolError::Refused(format!("Not written, because it is not valid: {why}"));
        let (content, size, ending) = match a.schema {
            Schema::Sql { content, dialect } => {
                let statements = parsed(&content, dialect).map_err(|why| refused(&why))?;
                if statements.is_empty() {
                    return Err(refused("it has no statements"));
                }
                (content, counted(statements.len(), "statement"), ".sql")
            }
            Schema::Dynamodb { tables } => {
                let sow = at.sow().await;
                let items = SectionKind::ALL.into_iter().flat_map(|kind| sow.items(kind));
                let known: BTreeSet<&str> = items.map(|item| item.id.as_str()).collect();
                let found = mistakes(&tables, &known);
                if !found.is_empty() {
                    return Err(refused(&format!("\n{}", listed(&found, LISTED))));
                }
                let text = serde_json::to_string_pretty(&serde_json::json!({ "tables": tables }));
                let text = text.map_err(|error| refused(&error.to_string()))?;
                (format!("{text}\n"), counted(tables.len(), "table"), ".json")
            }
        };
        if !a.path.ends_with(ending) {
            let why = format!("{} must end in {ending}", row(&a.path));
            return Err(ToolError::Refused(why));
        }
        at.write(&path, content, &format!("Design the schema {path}")).await?;
        Outcome::text(format!("Wrote {path}: valid, {size}"))
    }
}

/// What is wrong with tables. `known` are the ids of the statement of work.
fn mistakes(tables: &[Table], known: &BTreeSet<&str>) -> Vec<String> {
    let (mut found, mut names) = (Vec::new(), BTreeSet::new());
    for table in tables {
        let name = row(&table.name).into_owned();
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if !table.name.chars().all(plain) {
            found.push(format!("{name}: a table's name has letters, digits, `_`, `-` and `.`"));
        }
        if !names.insert(&table.name) {
            found.push(format!("{name}: two tables have this name"));
        }
        let same = |partition: &Key, sort: &Option<Key>| {
            sort.as_ref().is_some_and(|sort| sort.attribute == partition.attribute)
        };
        if same(&table.partition_key, &table.sort_key) {
            found.push(format!("{name}: partition key and sort key are the same attribute"));
        }
        let mut indexes = BTreeSet::new();
        for index in &table.indexes {
            let of = format!("{name}, index {}", row(&index.name));
            if !indexes.insert(index.name.as_str()) {
                found.push(format!("{of}: two indexes have this name"));
            }
            if same(&index.partition_key, &index.sort_key) {
                found.push(format!("{of}: partition key and sort key are the same attribute"));
            }
            if !table.access_patterns.iter().any(|p| p.index.as_ref() == Some(&index.name)) {
                found.push(format!("{of}: no access pattern uses it"));
            }
        }
        for pattern in &table.access_patterns {
            let what = row(&pattern.what);
            if let Some(index) = &pattern.index
                && !indexes.contains(index.as_str())
            {
                found.push(format!("{name}: {what}: there is no index {}", row(index)));
            }
            if !known.is_empty() && !known.contains(pattern.requirement.as_str()) {
                let id = row(&pattern.requirement);
                found.push(format!("{name}: {what}: the statement of work has no {id}"));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_and_indexes_serve_the_access_patterns() {
        let key = |name: &str| json!({ "attribute": name, "type": "string" });
        let table = |more: serde_json::Value| -> Vec<Table> {
            let mut table = json!({ "name": "slots", "partition_key": key("clinic"),
                "sort_key": key("start"),
                "access_patterns": [{ "what": "slots of a day", "requirement": "R1" }] });
            let more = more.as_object().expect("an object").clone();
            table.as_object_mut().expect("an object").extend(more);
            vec![serde_json::from_value(table).expect("a table")]
        };
        let known = BTreeSet::from(["R1"]);
        assert!(mistakes(&table(json!({})), &known).is_empty());
        let index = json!([{ "name": "by_doctor", "partition_key": key("doctor") }]);
        for (wrong, why) in [
            (json!({ "sort_key": key("clinic") }), "the same attribute"),
            (json!({ "name": "no spaces" }), "letters"),
            (json!({ "indexes": index }), "no access pattern uses it"),
            (json!({ "access_patterns": [{ "what": "x", "requirement": "R9" }] }), "no R9"),
            (
                json!({ "access_patterns":
                    [{ "what": "x", "requirement": "R1", "index": "none" }] }),
                "no index none",
            ),
        ] {
            let found = mistakes(&table(wrong), &known);
            assert!(found.len() == 1 && found[0].contains(why), "{why}: {found:?}");
        }
    }
}
