//! Files that name dependencies, as far as it matters how firmly they do.

use serde_json::Value;
use toml_edit::{Document, Item, TableLike};

/// Names of such files.
pub(super) const MANIFESTS: [&str; 5] =
    ["requirements*.txt", "package.json", "Cargo.toml", "go.mod", "pyproject.toml"];

/// A kind of manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manifest {
    Requirements,
    Package,
    Cargo,
    Go,
    PyProject,
}

impl Manifest {
    /// The kind of a file by its name.
    pub(super) fn of(name: &str) -> Option<Manifest> {
        match name {
            "package.json" => Some(Manifest::Package),
            "Cargo.toml" => Some(Manifest::Cargo),
            "go.mod" => Some(Manifest::Go),
            "pyproject.toml" => Some(Manifest::PyProject),
            _ if name.starts_with("requirements") && name.ends_with(".txt") => {
                Some(Manifest::Requirements)
            }
            _ => None,
        }
    }

    /// The files that pin what it leaves open.
    pub(super) fn locks(self) -> &'static [&'static str] {
        match self {
            Manifest::Requirements => &[],
            Manifest::Package => &["package-lock.json", "yarn.lock", "pnpm-lock.yaml"],
            Manifest::Cargo => &["Cargo.lock"],
            Manifest::Go => &["go.sum"],
            Manifest::PyProject => &["poetry.lock", "uv.lock", "pdm.lock"],
        }
    }
}

/// A dependency.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Dependency {
    /// Its name.
    pub(super) name: String,
    /// The line that names it, from 1.
    pub(super) line: usize,
    /// Whether only one version satisfies it.
    pub(super) pinned: bool,
    /// Whether it comes from elsewhere than a registry: a URL, a repository.
    pub(super) foreign: bool,
}

/// The dependencies that a manifest names; none if it does not parse.
pub(super) fn read(kind: Manifest, text: &str) -> Option<Vec<Dependency>> {
    match kind {
        Manifest::Requirements => Some(requirements(text)),
        Manifest::Package => package(text),
        Manifest::Cargo => cargo(text),
        Manifest::PyProject => py_project(text),
        Manifest::Go => Some(go(text)),
    }
}

fn is_foreign(text: &str) -> bool {
    ["://", "git+", "git@", "github:", "file:"].iter().any(|sign| text.contains(sign))
}

fn requirements(text: &str) -> Vec<Dependency> {
    let lines = text.lines().enumerate().map(|(n, line)| (n + 1, line.trim()));
    let named = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with(['#', '-']));
    named.map(|(line, text)| specified(text, line)).collect()
}

/// A dependency as Python writes it: `name[extra]>=1.0`.
fn specified(text: &str, line: usize) -> Dependency {
    let end = text.find(|c: char| "[<>=!~;@ ".contains(c)).unwrap_or(text.len());
    let version = text.split(['#', ';']).next().unwrap_or_default();
    Dependency {
        name: text[..end].to_owned(),
        line,
        pinned: version.contains("==") && !version.contains('*'),
        foreign: is_foreign(version),
    }
}

fn package(text: &str) -> Option<Vec<Dependency>> {
    let whole: Value = serde_json::from_str(text).ok()?;
    let groups = ["dependencies", "devDependencies", "optionalDependencies"];
    let all = groups.iter().filter_map(|group| whole[*group].as_object()).flatten();
    let mut lines = std::collections::HashMap::new();
    for (n, line) in text.lines().enumerate() {
        if let Some(name) = line.trim_start().strip_prefix('"').and_then(|l| l.split('"').next()) {
            lines.entry(name).or_insert(n + 1);
        }
    }
    let line_of = |name: &str| lines.get(name).copied().unwrap_or(1);
    let dependency = |(name, version): (&String, &Value)| {
        let version = version.as_str().unwrap_or_default();
        let exact = version.bytes().next().is_some_and(|b| b.is_ascii_digit())
            && !version.contains(['*', ' ', '|'])
            && !version.split(['.', '-']).take(3).any(|part| part == "x");
        let foreign = is_foreign(version);
        Dependency { name: name.clone(), line: line_of(name), pinned: exact, foreign }
    };
    Some(all.map(dependency).collect())
}

/// A document in TOML, and where its lines end.
struct Toml<'a> {
    document: Document<&'a str>,
    ends: Vec<usize>,
}

impl<'a> Toml<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let ends = text.match_indices('\n').map(|(at, _)| at).collect();
        Some(Self { document: Document::parse(text).ok()?, ends })
    }

    /// The table of the document at `path`, whichever way it is written.
    fn table(&self, path: &[&str]) -> Option<&dyn TableLike> {
        let root: &dyn TableLike = self.document.as_table();
        path.iter().try_fold(root, |table, name| table.get(name)?.as_table_like())
    }

    /// The line of a byte, from 1.
    fn line(&self, span: Option<std::ops::Range<usize>>) -> usize {
        let start = span.map_or(0, |span| span.start);
        1 + self.ends.partition_point(|end| *end < start)
    }

    /// The entries of a table of dependencies: a version, or a table of what is asked for.
    fn entries(&self, table: &dyn TableLike, is_exact: fn(&str) -> bool) -> Vec<Dependency> {
        let entry = |(name, item): (&str, &Item)| {
            let line = self.line(table.key(name).and_then(|key| key.span()));
            let of = |key: &str| item.as_table_like().and_then(|table| table.get(key));
            let text = |key: &str| of(key).and_then(Item::as_str);
            let version = item.as_str().or_else(|| text("version")).unwrap_or_default();
            let is_own = of("workspace").is_some() || of("path").is_some();
            let foreign = of("git").is_some() || text("url").is_some() || is_foreign(version);
            let pinned = is_own || is_exact(version);
            Dependency { name: name.to_owned(), line, pinned, foreign }
        };
        table.iter().map(entry).collect()
    }

    /// The entries of a list of dependencies as Python writes them.
    fn listed(&self, item: Option<&Item>) -> Vec<Dependency> {
        let values = item.and_then(Item::as_array).into_iter().flat_map(|list| list.iter());
        let named = values.filter_map(|value| Some((value.as_str()?, value.span())));
        named.map(|(text, span)| specified(text, self.line(span))).collect()
    }
}

/// Names of tables with dependencies in a manifest of Cargo.
const CARGO: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

fn cargo(text: &str) -> Option<Vec<Dependency>> {
    let toml = Toml::parse(text)?;
    let mut places = vec![vec![], vec!["workspace"]];
    let targets = toml.table(&["target"]).into_iter().flat_map(|table| table.iter());
    places.extend(targets.map(|(name, _)| vec!["target", name]));
    let groups = places.iter().flat_map(|place| CARGO.map(|name| [&place[..], &[name]].concat()));
    let tables = groups.filter_map(|path| toml.table(&path));
    let is_exact = |version: &str| version.starts_with('=');
    Some(tables.flat_map(|table| toml.entries(table, is_exact)).collect())
}

fn py_project(text: &str) -> Option<Vec<Dependency>> {
    let toml = Toml::parse(text)?;
    let project = toml.table(&["project"]);
    let mut all = toml.listed(project.and_then(|table| table.get("dependencies")));
    for groups in [&["project", "optional-dependencies"][..], &["dependency-groups"]] {
        let groups = toml.table(groups).into_iter().flat_map(|table| table.iter());
        all.extend(groups.flat_map(|(_, group)| toml.listed(Some(group))));
    }
    let poetry = &["tool", "poetry"];
    let groups = toml.table(&["tool", "poetry", "group"]).into_iter().flat_map(|t| t.iter());
    let mut places = vec![poetry.to_vec()];
    places.extend(groups.map(|(name, _)| vec!["tool", "poetry", "group", name]));
    // A version without an operator is exact here, unlike in Cargo.
    let is_exact = |version: &str| {
        let version = version.trim_start_matches('=');
        version.starts_with(|c: char| c.is_ascii_digit()) && !version.contains(['*', ',', '|'])
    };
    for place in places {
        for name in ["dependencies", "dev-dependencies"] {
            let table = toml.table(&[&place[..], &[name]].concat());
            all.extend(table.into_iter().flat_map(|table| toml.entries(table, is_exact)));
        }
    }
    all.retain(|dependency| dependency.name != "python");
    Some(all)
}

fn go(text: &str) -> Vec<Dependency> {
    let (mut all, mut inside) = (Vec::new(), false);
    for (n, line) in text.lines().enumerate() {
        let line = line.trim();
        match line {
            "require (" => inside = true,
            ")" => inside = false,
            _ => {
                let entry = line.strip_prefix("require ").or(inside.then_some(line));
                let mut words = entry.unwrap_or_default().split_whitespace();
                if let (Some(name), Some(version)) = (words.next(), words.next()) {
                    let pinned = version.starts_with('v');
                    let name = name.to_owned();
                    all.push(Dependency { name, line: n + 1, pinned, foreign: false });
                }
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: Manifest, text: &str) -> Vec<(String, bool, bool)> {
        let all = read(kind, text).expect("it parses").into_iter();
        all.map(|d| (d.name, d.pinned, d.foreign)).collect()
    }

    #[test]
    fn dependencies_are_read_with_how_firmly_they_are_named() {
        let of = |name: &str, pinned, foreign| (name.to_owned(), pinned, foreign);
        let text = "# comment\nflask==3.0.0\nrequests>=2\n-r other.txt\n\
                    x @ git+https://example.com/x\ny==1.*\n";
        let wanted = [
            of("flask", true, false),
            of("requests", false, false),
            of("x", false, true),
            of("y", false, false),
        ];
        assert_eq!(shown(Manifest::Requirements, text), wanted);
        let text = r#"{"dependencies": {"a": "1.2.3", "b": "^1.0.0", "c": "github:x/c"}}"#;
        let wanted = [of("a", true, false), of("b", false, false), of("c", false, true)];
        assert_eq!(shown(Manifest::Package, text), wanted);
        let text = "[package]\nname = \"x\"\n[dependencies]\nserde = \"1\"\n\
                    own = { path = \"../own\" }\n\
                    g = { git = \"https://example.com/g\" }\nt.workspace = true\n\
                    [dependencies.long]\nversion = \"=1.2.3\"\nfeatures = [\"x\"]\n\
                    [target.'cfg(unix)'.dev-dependencies]\nu = '2'\n";
        let wanted = [
            of("serde", false, false),
            of("own", true, false),
            of("g", false, true),
            of("t", true, false),
            of("long", true, false),
            of("u", false, false),
        ];
        assert_eq!(shown(Manifest::Cargo, text), wanted);
        let text = "[project]\ndependencies = [\n  \"django>=5\",\n  \"redis==5.0.1\",\n]\n\
                    [dependency-groups]\ntest = ['pytest==9.0.0']\n\
                    [tool.poetry.group.docs.dependencies]\npython = \"^3.13\"\nmk = \"^1.6\"\n\
                    ms = \"1.6.0\"\n";
        let wanted = [
            of("django", false, false),
            of("redis", true, false),
            of("pytest", true, false),
            of("mk", false, false),
            of("ms", true, false),
        ];
        assert_eq!(shown(Manifest::PyProject, text), wanted);
        let text = "module x\nrequire example.com/a v1.0.0\nrequire (\n\texample.com/b v2.1.0\n)\n";
        let wanted = [of("example.com/a", true, false), of("example.com/b", true, false)];
        assert_eq!(shown(Manifest::Go, text), wanted);
        for kind in [Manifest::Package, Manifest::Cargo, Manifest::PyProject] {
            assert_eq!(read(kind, "{"), None);
        }
        for (open, between, close) in [("x = ", "[", ""), ("[", "a.", "a]"), ("", "a.", "a = 1")] {
            let deep = format!("{open}{}{close}\n", between.repeat(100_000));
            assert_eq!(read(Manifest::Cargo, &deep), None);
        }
    }
}
