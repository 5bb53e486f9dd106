//! Splits files into the units that a search finds: Markdown by section, HCL by block, code by
//! item, and anything else by lines.

use std::sync::LazyLock;

use cloudcrew_ports::knowledge::Unit;
use regex::Regex;

/// Lines after which a unit is split.
const LONGEST: usize = 120;
/// Maximum bytes of a heading.
const HEADING: usize = 200;
/// Maximum number of units of a file.
const MOST: usize = 5_000;

/// The first line of a block of HCL.
static BLOCK: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"^[A-Za-z_][\w-]*(?:\s+"[^"]*")*\s*\{"#).ok());
/// The first line of an item of code, in the languages that crews write.
static ITEM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let before = "(?:pub(?:\\([a-z ]+\\))?|export|default|async|static|abstract|final|public|\
                  private|protected|unsafe|open|data|sealed|override)\\s+";
    let item = "fn|def|class|struct|enum|trait|impl|interface|function|func|type|const|let|var|\
                module|mod|namespace|object|record|create|alter|insert|drop";
    Regex::new(&format!(r"(?i)^(?:{before})*(?:{item})\b")).ok()
});

/// The units of a file, in order.
pub fn units(path: &str, text: &str) -> Vec<Unit> {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending).to_lowercase();
    match ending.as_str() {
        "md" | "markdown" => sections(text),
        "tf" | "hcl" | "tfvars" => items(text, BLOCK.as_ref()),
        "py" | "rs" | "js" | "jsx" | "ts" | "tsx" | "go" | "java" | "kt" | "rb" | "c" | "h"
        | "cpp" | "cs" | "php" | "scala" | "swift" | "sql" => items(text, ITEM.as_ref()),
        _ => items(text, None),
    }
}

/// A unit that is being read.
struct Open {
    heading: String,
    line: usize,
    lines: Vec<String>,
}

impl Open {
    fn new(heading: String, line: usize) -> Open {
        Open { heading, line, lines: Vec::new() }
    }

    fn close(self, units: &mut Vec<Unit>) {
        let text = self.lines.join("\n");
        if text.trim().is_empty() {
            return;
        }
        let line = u32::try_from(self.line).unwrap_or(u32::MAX);
        units.push(Unit { heading: self.heading, line, text });
    }
}

/// The start of a name: a line may be as long as its file.
fn short(name: &str) -> String {
    let mut end = name.len().min(HEADING);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name[..end].to_owned()
}

fn sections(text: &str) -> Vec<Unit> {
    let (mut units, mut trail, mut fenced) = (Vec::new(), Vec::<(usize, String)>::new(), false);
    let mut open = Open::new(String::new(), 1);
    for (number, line) in text.lines().enumerate() {
        let is_fence = line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~");
        fenced ^= is_fence;
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        let is_heading = !fenced && (1..=6).contains(&level) && line[level..].starts_with(' ');
        if is_heading || open.lines.len() == LONGEST {
            if is_heading {
                trail.retain(|(above, _)| *above < level);
                let name = line[level..].trim().trim_end_matches('#').trim();
                trail.push((level, short(name)));
            }
            let names: Vec<&str> = trail.iter().map(|(_, name)| name.as_str()).collect();
            let next = Open::new(short(&names.join(" > ")), number + 1);
            std::mem::replace(&mut open, next).close(&mut units);
            if units.len() == MOST {
                return units;
            }
        }
        open.lines.push(line.to_owned());
    }
    open.close(&mut units);
    units
}

/// Units that begin at lines that fit a pattern.
fn items(text: &str, first: Option<&Regex>) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut open = Open::new(String::new(), 1);
    for (number, line) in text.lines().enumerate() {
        let begins = first.is_some_and(|first| first.is_match(line));
        if begins || open.lines.len() == LONGEST {
            let name = || short(line.trim_end_matches(['{', ':', ' ']));
            let heading = if begins { name() } else { open.heading.clone() };
            let next = Open::new(heading, number + 1);
            std::mem::replace(&mut open, next).close(&mut units);
            if units.len() == MOST {
                return units;
            }
        }
        open.lines.push(line.to_owned());
    }
    open.close(&mut units);
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(path: &str, text: &str) -> Vec<(String, u32)> {
        units(path, text).into_iter().map(|unit| (unit.heading, unit.line)).collect()
    }

    #[test]
    fn markdown_is_split_at_headings_outside_of_code() {
        let text = "intro\n# A\n\nx\n## B ##\ny\n```\n# no heading\n```\n# C\nz\n";
        let wanted = [("", 1), ("A", 2), ("A > B", 5), ("C", 10)];
        assert_eq!(named("a.md", text), wanted.map(|(name, line)| (name.to_owned(), line)));
    }

    #[test]
    fn terraform_is_split_at_blocks_and_code_at_items() {
        let text = "# notes\nresource \"a\" \"b\" {\n  x = {\n  }\n}\nvariable \"c\" {}\n";
        let wanted = [("", 1), ("resource \"a\" \"b\"", 2), ("variable \"c\" {}", 6)];
        assert_eq!(named("m.tf", text), wanted.map(|(name, line)| (name.to_owned(), line)));
        let text = "import os\n\n\ndef a():\n    def inner(): pass\n\nasync def b(x):\n    pass\n";
        let wanted = [("", 1), ("def a()", 4), ("async def b(x)", 7)];
        assert_eq!(named("m.py", text), wanted.map(|(name, line)| (name.to_owned(), line)));
        assert_eq!(named("s.sql", "CREATE TABLE a (\n  id INT\n);\n").len(), 1);
    }

    #[test]
    fn names_and_numbers_of_units_are_bounded() {
        let text = format!("# {}\n{}", "x".repeat(500_000), "## a\n".repeat(100_000));
        let units = units("a.md", &text);
        assert_eq!(units.len(), MOST);
        assert!(units.iter().all(|unit| unit.heading.capacity() <= HEADING));
    }

    #[test]
    fn a_long_part_is_split_and_an_empty_file_has_no_unit() {
        let text = "line\n".repeat(300);
        let lines: Vec<u32> = units("a.txt", &text).iter().map(|unit| unit.line).collect();
        assert_eq!(lines, [1, 121, 241]);
        assert!(units("a.md", "\n\n").is_empty());
    }
}
