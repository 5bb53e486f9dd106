//! Files that name dependencies, as far as it matters how firmly they do.

use serde_json::Value;

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
    /// Whether it stands for one version.
    pub(super) pinned: bool,
    /// Whether it comes from elsewhere than a registry: a URL, a repository.
    pub(super) foreign: bool,
}

/// The dependencies that a manifest names.
pub(super) fn read(kind: Manifest, text: &str) -> Vec<Dependency> {
    match kind {
        Manifest::Requirements => requirements(text),
        Manifest::Package => package(text),
        Manifest::Cargo => tables(text, |table| table.ends_with("dependencies")),
        Manifest::PyProject => tables(text, |table| {
            table.starts_with("tool.poetry") && table.ends_with("dependencies")
        })
        .into_iter()
        .chain(listed(text))
        .filter(|dependency| dependency.name != "python")
        .collect(),
        Manifest::Go => go(text),
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

fn package(text: &str) -> Vec<Dependency> {
    let Ok(whole) = serde_json::from_str::<Value>(text) else { return Vec::new() };
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
    all.map(dependency).collect()
}

/// Entries of tables in TOML whose names are wanted, one a line.
fn tables(text: &str, wanted: impl Fn(&str) -> bool) -> Vec<Dependency> {
    let (mut all, mut inside) = (Vec::new(), false);
    for (n, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(table) = line.strip_prefix('[') {
            inside = wanted(table.trim_end_matches(']'));
            continue;
        }
        let Some((name, value)) = line.split_once('=').filter(|_| inside) else { continue };
        if line.starts_with('#') || name.trim().contains(['"', ' ']) {
            continue;
        }
        let inherits = name.trim().ends_with(".workspace") || value.contains("workspace");
        let is_own = inherits || value.contains("path") && value.contains('{');
        let pinned = is_own || value.contains("\"=") || value.contains("\"==");
        let foreign = value.contains("git =") || is_foreign(value);
        let name = name.trim().trim_end_matches(".workspace").to_owned();
        all.push(Dependency { name, line: n + 1, pinned, foreign });
    }
    all
}

/// The list `dependencies` of a project in Python.
fn listed(text: &str) -> Vec<Dependency> {
    let (mut all, mut inside) = (Vec::new(), false);
    for (n, line) in text.lines().enumerate() {
        let line = line.trim();
        let opens = line.starts_with("dependencies") && line.contains('[');
        inside |= opens;
        if inside {
            let quoted = line.split('"').skip(1).step_by(2).filter(|text| !text.is_empty());
            all.extend(quoted.map(|text| specified(text, n + 1)));
            inside = !line.trim_end_matches(',').ends_with(']');
        }
    }
    all
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
        let all = read(kind, text).into_iter();
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
                    g = { git = \"https://example.com/g\" }\nt.workspace = true\n";
        let wanted = [
            of("serde", false, false),
            of("own", true, false),
            of("g", false, true),
            of("t", true, false),
        ];
        assert_eq!(shown(Manifest::Cargo, text), wanted);
        let text = "[project]\ndependencies = [\n  \"django>=5\",\n  \"redis==5.0.1\",\n]\n";
        let wanted = [of("django", false, false), of("redis", true, false)];
        assert_eq!(shown(Manifest::PyProject, text), wanted);
        let text = "module x\nrequire example.com/a v1.0.0\nrequire (\n\texample.com/b v2.1.0\n)\n";
        let wanted = [of("example.com/a", true, false), of("example.com/b", true, false)];
        assert_eq!(shown(Manifest::Go, text), wanted);
        assert!(read(Manifest::Package, "{").is_empty());
    }
}
