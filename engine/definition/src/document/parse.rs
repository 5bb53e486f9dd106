//! The only module that uses the YAML parser. Its events become a tree, and its errors become
//! findings.

use std::collections::HashMap;

use granit_parser::{Event, Options, Parser, ScalarStyle, Span as YamlSpan, Tag};

use super::{Document, Kind, Node, NodeId, fault};
use crate::diagnostic::{Report, Severity};
use crate::source::{FileId, Sources, Span};

/// Maximum nesting depth.
pub const MAX_DEPTH: usize = 64;
/// Maximum number of nodes in a file, with aliases expanded.
pub const MAX_NODES: usize = 250_000;
/// Maximum number of bytes that the aliases of a file expand to.
pub const MAX_ALIASED: usize = 8 * 1024 * 1024;

/// A collection that is being read.
struct Open {
    node: NodeId,
    key: Option<NodeId>,
    anchor: usize,
    /// Nodes and bytes from aliases before it started.
    expanded: usize,
    aliased: usize,
    /// Levels below it, with aliases expanded.
    deep: usize,
    /// The keys of a map so far.
    keys: HashMap<String, Span>,
}

/// The value that an alias refers to.
#[derive(Clone, Copy)]
struct Anchor {
    node: NodeId,
    /// Its number of nodes and levels, with aliases expanded.
    size: usize,
    deep: usize,
    /// Its number of bytes, with aliases expanded.
    bytes: usize,
}

struct Builder<'a> {
    file: FileId,
    text: &'a str,
    nodes: Vec<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Anchor>,
    root: Option<NodeId>,
    expanded: usize,
    /// Bytes from aliases so far.
    aliased: usize,
}

/// Parses a file. Returns `None` if it has no valid document; `report` then says why.
pub fn parse(sources: &Sources, file: FileId, report: &mut Report) -> Option<Document> {
    if let Some(why) = sources.fault(file) {
        report.error("unreadable-file", why.to_owned()).at(Span::new(file, 0..0), "");
        return None;
    }
    let text = sources.text(file);
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder::new(file, text);
    let mut options = Options::default();
    options.strict_indentation = true;
    options.emit_unresolved_aliases = true;
    options.set_emit_comments(false);
    let mut documents = 0;
    for event in Parser::new_from_str_with_options(body, options) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                syntax_error(file, text, &error, text.len() - body.len(), report);
                return None;
            }
        };
        let span = builder.span(&span, text.len() - body.len());
        if matches!(event, Event::DocumentStart(..)) {
            documents += 1;
            if documents > 1 {
                report
                    .error(
                        "yaml-syntax",
                        "a second document starts here; a definition file holds only one",
                    )
                    .at(span, "")
                    .help("remove the `---`, or move the second document to its own file");
                return None;
            }
        }
        if !builder.take(event, span, report) {
            return None;
        }
    }
    let Some(root) = builder.root else {
        report
            .error("yaml-syntax", "the file is empty")
            .at(Span::new(file, 0..0), "")
            .help("see `cloudcrew explain yaml-syntax`");
        return None;
    };
    Some(Document { file, nodes: builder.nodes, root })
}

fn syntax_error(
    file: FileId,
    text: &str,
    error: &granit_parser::ScanError,
    shift: usize,
    report: &mut Report,
) {
    let at = error.marker().byte_offset().unwrap_or(0) + shift;
    let start = text.floor_char_boundary(at);
    if let Some(fault) = fault::better(text, start) {
        let found = report.error("yaml-syntax", format!("this is not valid YAML: {}", fault.what));
        found.at(Span::new(file, fault.range), "");
        if let Some((range, word)) = fault.also {
            found.also(Span::new(file, range), word);
        }
        if let Some(help) = fault.help {
            found.help(help);
        }
        return;
    }
    let end = text[start..].chars().next().map_or(start, |c| start + c.len_utf8());
    let line = &text[text[..start].rfind('\n').map_or(0, |i| i + 1)..start];
    let message = error.kind().to_string();
    let found = report.error(
        "yaml-syntax",
        format!("this is not valid YAML: {}", message.trim_end_matches('.').to_lowercase()),
    );
    found.at(Span::new(file, start..end), "");
    if line.contains('\t') || text[start..].starts_with('\t') {
        found.help("indent with spaces: YAML does not allow tabs");
    }
}

impl<'a> Builder<'a> {
    fn new(file: FileId, text: &'a str) -> Self {
        Builder {
            file,
            text,
            nodes: Vec::new(),
            open: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            expanded: 0,
            aliased: 0,
        }
    }

    fn span(&self, span: &YamlSpan, shift: usize) -> Span {
        let range = span.byte_range().unwrap_or(0..0);
        Span::new(self.file, range.start + shift..range.end + shift)
    }

    /// Handles an event. Returns `false` if parsing must stop.
    fn take(&mut self, event: Event<'_>, span: Span, report: &mut Report) -> bool {
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                if tag.is_none() && style == ScalarStyle::Plain {
                    self.surprise(&value, span, report);
                }
                let core = tag.as_ref().map(|tag| self.core_tag(tag, span, report));
                let kind = match core {
                    None if style == ScalarStyle::Plain => plain(&value),
                    Some(Some("int" | "float" | "bool" | "null")) => plain(&value),
                    // What it was meant to be is not known, and nothing follows from it.
                    Some(None) if tag.is_some_and(|tag| tag.handle() != "!") => Kind::Null,
                    _ => Kind::Text(value.into_owned()),
                };
                let node = self.push(kind, span);
                self.name(anchor, Anchor { node, size: 1, deep: 0, bytes: span.end - span.start });
                self.place(node, 0, report)
            }
            Event::SequenceStart(_, anchor, tag) => {
                tag.iter().for_each(|tag| _ = self.core_tag(tag, span, report));
                self.begin(Kind::List(Vec::new()), span, anchor, report)
            }
            Event::MappingStart(_, anchor, tag) => {
                tag.iter().for_each(|tag| _ = self.core_tag(tag, span, report));
                self.begin(Kind::Map(Vec::new()), span, anchor, report)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span, report),
            Event::Alias(anchor) => self.alias(anchor, span, report),
            Event::UnresolvedAlias(name) => {
                report
                    .error("yaml-syntax", format!("no anchor named `{name}` before this alias"))
                    .at(span, "");
                let node = self.push(Kind::Null, span);
                self.place(node, 0, report)
            }
            _ => true,
        }
    }

    /// The type named by one of YAML's core tags. Any other tag is an error; most often it is text
    /// with a `!` that lacks quotes.
    fn core_tag(&self, tag: &Tag, span: Span, report: &mut Report) -> Option<&'static str> {
        let core = ["str", "int", "float", "bool", "null", "seq", "map"]
            .into_iter()
            .find(|core| tag.suffix() == *core);
        if tag.handle() == "tag:yaml.org,2002:" && core.is_some() {
            return core;
        }
        // A tag comes before the value, on the same line.
        let head = self.text.get(..span.start).unwrap_or_default();
        let before = head.rfind('!').map_or(span.start, |i| {
            head[..i]
                .rfind(|c: char| c.is_whitespace() || "[{,".contains(c))
                .map_or(0, |i| i + head[i..].chars().next().map_or(1, char::len_utf8))
        });
        let start = if self.text[span.start..].starts_with('!') { span.start } else { before };
        let end = self.text[start..]
            .find(|c: char| c.is_whitespace() || ",]}".contains(c))
            .map_or(self.text.len(), |i| start + i);
        let word = &self.text[start..end];
        let found = report.error(
            "yaml-syntax",
            format!("YAML reads `{word}` as a tag, and definition files do not use tags"),
        );
        found.at(Span::new(self.file, start..end.max(span.end)), "");
        if tag.handle() == "!" {
            found.help(format!("quote text that starts with `!`: `\"{word}\"`"));
        }
        None
    }

    /// Warns about values that YAML 1.1, which many editors and older tools use, reads differently.
    fn surprise(&self, value: &str, span: Span, report: &mut Report) {
        let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
        let word = ["yes", "no", "on", "off", "y", "n"].contains(&value.to_lowercase().as_str());
        let octal = digits.len() > 1
            && digits.starts_with('0')
            && digits.bytes().all(|b| b.is_ascii_digit());
        let clock = digits.split(':').count() > 1
            && digits.split(':').all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
        let (here, there, instead) = if word {
            ("text", "a boolean", format!("\"{value}\""))
        } else if octal {
            let (sign, plain) =
                (if value.starts_with('-') { "-" } else { "" }, digits.trim_start_matches('0'));
            let number = format!("{sign}{}", if plain.is_empty() { "0" } else { plain });
            ("a decimal number", "an octal number", number)
        } else if clock {
            ("text", "a base 60 number", format!("\"{value}\""))
        } else {
            return;
        };
        let message = format!("`{value}` is {here} here, but {there} in YAML 1.1");
        report
            .add("yaml-1-1", Severity::Warning, message)
            .at(span, "")
            .instead(instead, !value.starts_with('-'));
    }

    /// Records the value of an anchor; 0 means no anchor.
    fn name(&mut self, anchor: usize, what: Anchor) {
        if anchor != 0 {
            self.anchors.insert(anchor, what);
        }
    }

    fn push(&mut self, kind: Kind, span: Span) -> NodeId {
        self.nodes.push(Node { kind, span });
        NodeId(self.nodes.len() as u32 - 1)
    }

    fn begin(&mut self, kind: Kind, span: Span, anchor: usize, report: &mut Report) -> bool {
        if self.open.len() >= MAX_DEPTH {
            return too_deep(span, report);
        }
        let node = self.push(kind, span);
        self.open.push(Open {
            node,
            key: None,
            anchor,
            expanded: self.expanded,
            aliased: self.aliased,
            deep: 0,
            keys: HashMap::new(),
        });
        true
    }

    fn end(&mut self, span: Span, report: &mut Report) -> bool {
        let Some(done) = self.open.pop() else { return true };
        let node = &mut self.nodes[done.node.0 as usize];
        node.span.end = span.end.max(node.span.start);
        let trimmed =
            self.text.get(node.span.start..node.span.end).unwrap_or_default().trim_end().len();
        node.span.end = node.span.start + trimmed;
        // The anchor is registered only now, so an alias inside it cannot refer to it.
        let size = self.nodes.len() - done.node.0 as usize + (self.expanded - done.expanded);
        let written = self.nodes[done.node.0 as usize].span;
        let bytes = (written.end - written.start).saturating_add(self.aliased - done.aliased);
        self.name(done.anchor, Anchor { node: done.node, size, deep: done.deep + 1, bytes });
        self.place(done.node, done.deep + 1, report)
    }

    fn alias(&mut self, anchor: usize, span: Span, report: &mut Report) -> bool {
        let Some(Anchor { node, size, deep, bytes }) = self.anchors.get(&anchor).copied() else {
            report
                .error("yaml-syntax", "this alias is inside the anchor that it refers to")
                .at(span, "");
            return false;
        };
        self.expanded = self.expanded.saturating_add(size);
        if self.expanded > MAX_NODES {
            report
                .error("yaml-syntax", format!("aliases expand to more than {MAX_NODES} nodes"))
                .at(span, "");
            return false;
        }
        self.aliased = self.aliased.saturating_add(bytes);
        if self.aliased > MAX_ALIASED {
            let most = MAX_ALIASED / 1024 / 1024;
            report
                .error("yaml-syntax", format!("aliases expand to more than {most} MiB of text"))
                .at(span, "");
            return false;
        }
        if self.open.len() + deep > MAX_DEPTH {
            return too_deep(span, report);
        }
        self.place(node, deep, report)
    }

    /// Adds a finished node to its parent.
    fn place(&mut self, node: NodeId, deep: usize, report: &mut Report) -> bool {
        if self.nodes.len() + self.expanded > MAX_NODES {
            report
                .error("yaml-syntax", format!("more than {MAX_NODES} nodes"))
                .at(self.nodes[node.0 as usize].span, "");
            return false;
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return true;
        };
        open.deep = open.deep.max(deep);
        let parent = open.node;
        match (&self.nodes[parent.0 as usize].kind, open.key.take()) {
            (Kind::Map(_), None) => {
                open.key = Some(node);
                return true;
            }
            (Kind::Map(_), Some(key)) => self.insert(parent, key, node, report),
            _ => {
                if let Kind::List(items) = &mut self.nodes[parent.0 as usize].kind {
                    items.push(node);
                }
            }
        }
        true
    }

    fn insert(&mut self, map: NodeId, key: NodeId, value: NodeId, report: &mut Report) {
        let span = self.nodes[key.0 as usize].span;
        let name = match &self.nodes[key.0 as usize].kind {
            Kind::Text(text) => text.clone(),
            Kind::List(_) | Kind::Map(_) => {
                report.error("yaml-syntax", "a key cannot be a list or a map").at(span, "");
                return;
            }
            _ => self.text.get(span.start..span.end).unwrap_or_default().to_owned(),
        };
        let Some(open) = self.open.last_mut() else { return };
        if let Some(first) = open.keys.get(&name).copied() {
            report
                .error("duplicate-key", format!("the key `{name}` appears twice"))
                .at(span, "set again")
                .also(first, "first set here")
                .help("keep one of them");
            return;
        }
        open.keys.insert(name.clone(), span);
        // A number as a key becomes text. The node is not changed in place, because an alias may
        // use it elsewhere as a number.
        let key = if matches!(self.nodes[key.0 as usize].kind, Kind::Text(_)) {
            key
        } else {
            self.push(Kind::Text(name), span)
        };
        if let Kind::Map(entries) = &mut self.nodes[map.0 as usize].kind {
            entries.push((key, value));
        }
    }
}

fn too_deep(span: Span, report: &mut Report) -> bool {
    report.error("yaml-syntax", format!("nested deeper than {MAX_DEPTH} levels")).at(span, "");
    false
}

/// Resolves a plain scalar by the core schema of YAML 1.2.
fn plain(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Kind::Null,
        "true" | "True" | "TRUE" => return Kind::Bool(true),
        "false" | "False" | "FALSE" => return Kind::Bool(false),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    for (prefix, base) in [("0x", 16), ("0o", 8)] {
        if let Some(int) = text
            .strip_prefix(prefix)
            .and_then(|d| i64::from_str_radix(d, base).ok())
            .filter(|i| *i >= 0)
        {
            return Kind::Int(int);
        }
    }
    if digits.starts_with(|c: char| c.is_ascii_digit()) || digits.starts_with('.') {
        if let Ok(int) = text.strip_prefix('+').unwrap_or(text).parse::<i64>() {
            return Kind::Int(int);
        }
        let numeric =
            digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
        if let (true, Ok(float)) = (numeric, text.parse::<f64>()) {
            // `10.0` is the whole number ten, as in JSON Schema.
            let whole = float.fract() == 0.0 && float.abs() < 9e15;
            return if whole { Kind::Int(float as i64) } else { Kind::Float(float) };
        }
    }
    Kind::Text(text.to_owned())
}
