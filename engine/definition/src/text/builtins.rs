//! The built-ins of MiniJinja with the features that we enable. A test compares the lists with
//! MiniJinja.

/// Filters: `{{ x|name }}`.
pub(crate) const FILTERS: &[&str] = &[
    "abs",
    "attr",
    "batch",
    "bool",
    "capitalize",
    "chain",
    "count",
    "d",
    "default",
    "dictsort",
    "e",
    "escape",
    "first",
    "float",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "pprint",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "trim",
    "unique",
    "upper",
    "zip",
];

/// Tests: `x is name`.
pub(crate) const TESTS: &[&str] = &[
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "equalto",
    "even",
    "false",
    "filter",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "safe",
    "sameas",
    "sequence",
    "startingwith",
    "string",
    "test",
    "true",
    "undefined",
    "upper",
];

/// Functions: `name(...)`. `namespace` is not offered, because its values can contain themselves.
pub(crate) const FUNCTIONS: &[&str] = &["debug", "dict", "range"];

#[cfg(test)]
mod tests {
    use minijinja::{Environment, ErrorKind};

    use super::*;

    fn unknown(text: &str, kind: ErrorKind) -> bool {
        let error = Environment::new().render_str(text, ());
        error.is_err_and(|e| e.kind() == kind)
    }

    #[test]
    fn every_name_on_the_lists_exists() {
        for f in FILTERS {
            assert!(
                !unknown(&format!("{{{{ [1]|{f} }}}}"), ErrorKind::UnknownFilter),
                "filter {f}"
            );
        }
        for t in TESTS {
            assert!(!unknown(&format!("{{{{ [1] is {t} }}}}"), ErrorKind::UnknownTest), "test {t}");
        }
        for f in FUNCTIONS {
            assert!(
                !unknown(&format!("{{{{ {f}() }}}}"), ErrorKind::UnknownFunction),
                "function {f}"
            );
        }
    }
}
