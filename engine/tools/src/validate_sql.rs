//! `validate_sql`: parses a file of SQL.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use schemars::JsonSchema;
use serde::Deserialize;
use sqlparser::dialect::{
    AnsiDialect, BigQueryDialect, Dialect as Parsed, DuckDbDialect, MsSqlDialect, MySqlDialect,
    PostgreSqlDialect, RedshiftSqlDialect, SQLiteDialect, SnowflakeDialect,
};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::aside::aside;
use super::outcome::{Outcome, ToolError};
use super::report::{listed, text_of};
use super::tool::TypedTool;
use super::workplace::Workplace;

pub(super) struct ValidateSql;

/// Maximum size of a file to parse, in bytes.
const MOST: usize = 256 * 1024;
/// Maximum nesting of expressions.
const DEEPEST: usize = 50;
/// Maximum number of tokens in a statement, including spaces.
const LONGEST: usize = 10_000;
/// Maximum number of statements that are named.
const NAMED: usize = 30;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Path of the file from the repository's root
    #[schemars(length(min = 1, max = 4096))]
    path: String,
    /// The database that will run it
    dialect: Dialect,
}

/// The database that runs SQL.
#[derive(Deserialize, JsonSchema, Clone, Copy, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum Dialect {
    Ansi,
    Bigquery,
    Duckdb,
    Mssql,
    Mysql,
    Postgresql,
    Redshift,
    Snowflake,
    Sqlite,
}

#[async_trait]
impl TypedTool for ValidateSql {
    type Arguments = Arguments;
    const NAME: &'static str = "validate_sql";
    const DESCRIPTION: &'static str = "Parses a file of SQL statements in the dialect of a \
                                       database, and says what is wrong and where. It runs nothing \
                                       and knows no tables.";
    const CAPABILITY: Capability = Capability::ReadRepo;
    const EFFECT: Effect = Effect::Pure;
    const IN_REVIEW: bool = true;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let path = &a.path;
        let text = text_of(at, path, MOST).await?;
        Outcome::text(match parsed(&text, a.dialect) {
            Ok(statements) if statements.is_empty() => format!("{path} has no statements."),
            Ok(statements) => {
                format!("{path} is valid.\n{}", listed(&statements, NAMED))
            }
            Err(why) => format!("{path} is not valid: {why}"),
        })
    }
}

/// The beginning of each statement, or what is wrong with the first that is not one.
///
/// The parser bounds nesting, but not chains such as `1 + 1 + ...`, which it also stores as nested
/// expressions. Statements are bounded before, and parsed on a stack that suffices for them.
pub(super) fn parsed(text: &str, dialect: Dialect) -> Result<Vec<String>, String> {
    let text = text.to_owned();
    let parse = move || {
        let dialect = dialect.parsed();
        let tokens = Tokenizer::new(&*dialect, &text).tokenize_with_location();
        let tokens = tokens.map_err(|error| error.to_string())?;
        for statement in tokens.split(|token| token.token == Token::SemiColon) {
            if let (Some(first), true) = (statement.first(), statement.len() > LONGEST) {
                let line = first.span.start.line;
                return Err(format!("the statement at line {line} has more than {LONGEST} tokens"));
            }
        }
        let parser = Parser::new(&*dialect).with_recursion_limit(DEEPEST);
        let statements = parser.with_tokens_with_locations(tokens).parse_statements();
        let statements = statements.map_err(|error| error.to_string())?;
        let begins = |text: String| text.split_whitespace().take(4).collect::<Vec<_>>().join(" ");
        Ok(statements.iter().map(|statement| begins(statement.to_string())).collect())
    };
    aside(parse).unwrap_or_else(|| Err("the parser gave up".to_owned()))
}

impl Dialect {
    fn parsed(self) -> Box<dyn Parsed> {
        match self {
            Self::Ansi => Box::new(AnsiDialect {}),
            Self::Bigquery => Box::new(BigQueryDialect {}),
            Self::Duckdb => Box::new(DuckDbDialect {}),
            Self::Mssql => Box::new(MsSqlDialect {}),
            Self::Mysql => Box::new(MySqlDialect {}),
            Self::Postgresql => Box::new(PostgreSqlDialect {}),
            Self::Redshift => Box::new(RedshiftSqlDialect {}),
            Self::Snowflake => Box::new(SnowflakeDialect),
            Self::Sqlite => Box::new(SQLiteDialect {}),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_named_and_mistakes_located() {
        let schema = "CREATE TABLE a (id INTEGER PRIMARY KEY);\nCREATE INDEX b ON a (id);";
        let named = parsed(schema, Dialect::Sqlite).expect("valid");
        assert_eq!(named, ["CREATE TABLE a (id", "CREATE INDEX b ON"]);
        let wrong = parsed("CREATE TABLE a (\n  id INTEGER,,\n);", Dialect::Postgresql);
        assert!(wrong.expect_err("two commas").contains("Line: 2, Column: 14"));
        assert!(parsed("-- nothing", Dialect::Ansi).expect("valid").is_empty());
        assert!(parsed("SELECT `a` FROM b", Dialect::Mysql).is_ok());
        assert!(parsed("SELECT `a` FROM b", Dialect::Postgresql).is_err());
    }

    #[test]
    fn deep_expressions_are_refused() {
        for unit in ["(", "NOT ", "- ", "CASE WHEN ", "SELECT (", "a IN ("] {
            let text = format!("SELECT {}1", unit.repeat(60_000 / unit.len()));
            assert!(parsed(&text, Dialect::Postgresql).is_err(), "{unit}");
        }
        for unit in ["1+", "a OR ", "a.b||", "SELECT 1 UNION ", "a AND NOT b OR ", "x[1]"] {
            for length in [MOST, 4 * LONGEST, LONGEST / 2] {
                let long = format!("SELECT {}1", unit.repeat(length / unit.len()));
                let _ = parsed(&long, Dialect::Postgresql);
            }
        }
    }
}
