//! A Markdown document as typed blocks. A page shows them without HTML: nothing that an agent wrote
//! is ever markup.

use cloudcrew_definition::shown::block;
use pulldown_cmark::{Alignment, CodeBlockKind, CowStr, Event, Options, Parser, Tag};
use serde::Serialize;
use utoipa::ToSchema;

/// Maximum nesting of blocks; what is deeper is shown as text.
const DEEPEST: usize = 24;
/// Maximum number of blocks and spans of a document.
const MOST: usize = 50_000;

/// A document.
#[derive(Debug, Serialize, ToSchema)]
pub struct Document {
    /// Its path in the repository.
    pub path: String,
    /// Its object id.
    pub oid: String,
    /// Its blocks, in order.
    pub blocks: Vec<Block>,
    /// Whether it was too large to be shown whole.
    pub cut: bool,
    /// Number of the journal entry that this shows.
    pub as_of: u64,
}

/// A block.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "block", rename_all = "snake_case")]
pub enum Block {
    /// A heading.
    Heading {
        /// Its level, from 1 to 6.
        level: u8,
        /// Its text.
        spans: Vec<Span>,
    },
    /// A paragraph.
    Paragraph {
        /// Its text.
        spans: Vec<Span>,
    },
    /// A list.
    List {
        /// Number of its first item; absent for bullets.
        #[serde(skip_serializing_if = "Option::is_none")]
        start: Option<u64>,
        /// Its items.
        items: Vec<Item>,
    },
    /// A quotation.
    Quote {
        /// Its blocks.
        #[schema(no_recursion)]
        blocks: Vec<Block>,
    },
    /// Code, or HTML, which is shown as it is written.
    Code {
        /// Its language, or empty.
        language: String,
        /// Its text.
        text: String,
    },
    /// A table.
    Table {
        /// How its columns are aligned: `left`, `right`, `center` or `none`.
        align: Vec<String>,
        /// Its rows; the first is the head.
        rows: Vec<Vec<Vec<Span>>>,
    },
    /// A line across.
    Rule,
}

/// An item of a list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Item {
    /// Whether it is done; absent when it is not a task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done: Option<bool>,
    /// Its blocks.
    #[schema(no_recursion)]
    pub blocks: Vec<Block>,
}

/// A piece of text in one style.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Span {
    /// Its text.
    pub text: String,
    /// Whether it is strong.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub strong: bool,
    /// Whether it is emphasized.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub emphasis: bool,
    /// Whether it is struck out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub strike: bool,
    /// Whether it is code.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub code: bool,
    /// Where it links to: an address on the web, or a path in the repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

impl Span {
    /// Whether it is shown as another one, whatever their texts are.
    fn has_style(&self, other: &Span) -> bool {
        let Span { text: _, strong, emphasis, strike, code, link } = self;
        (strong, emphasis, strike, code, link)
            == (&other.strong, &other.emphasis, &other.strike, &other.code, &other.link)
    }
}

/// What is open while a document is read.
enum Open {
    Blocks(Vec<Block>, Kind),
    Items(Vec<Item>, Option<u64>),
    Spans(Kind),
    Table(Vec<String>, Vec<Vec<Vec<Span>>>),
    Row(Vec<Vec<Span>>),
    Code(String, String),
}

/// The block that ends when something open does.
#[derive(Clone, Copy)]
enum Kind {
    Document,
    Quote,
    Item(Option<bool>),
    Heading(u8),
    Paragraph,
    Cell,
}

/// Reads a document; the second value says whether it was cut.
pub fn blocks(text: &str) -> (Vec<Block>, bool) {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut reader = Reader {
        open: vec![Open::Blocks(Vec::new(), Kind::Document)],
        spans: Vec::new(),
        style: Span::default(),
        styles: Vec::new(),
        left: MOST,
        skipped: 0,
    };
    for event in Parser::new_ext(text, options) {
        if reader.left == 0 {
            break;
        }
        reader.read(event);
    }
    let cut = reader.left == 0;
    (reader.end(), cut)
}

/// The text of a Markdown document without its markup, one line a block.
pub fn prose(text: &str) -> String {
    let mut lines = Vec::new();
    blocks(text).0.iter().for_each(|block| said(block, &mut lines));
    lines.join("\n")
}

fn said(block: &Block, lines: &mut Vec<String>) {
    let words = |spans: &[Span]| spans.iter().map(|span| span.text.as_str()).collect();
    match block {
        Block::Heading { spans, .. } | Block::Paragraph { spans } => lines.push(words(spans)),
        Block::List { items, .. } => {
            items.iter().flat_map(|item| &item.blocks).for_each(|block| said(block, lines));
        }
        Block::Quote { blocks } => blocks.iter().for_each(|block| said(block, lines)),
        Block::Code { text, .. } => lines.push(text.clone()),
        Block::Table { rows, .. } => {
            lines.extend(rows.iter().flatten().map(|cell| words(cell)));
        }
        Block::Rule => {}
    }
}

struct Reader {
    open: Vec<Open>,
    /// Text that has no block yet.
    spans: Vec<Span>,
    style: Span,
    /// The styles around the current one.
    styles: Vec<Span>,
    left: usize,
    /// Number of open blocks that are too deep to be shown.
    skipped: usize,
}

impl Reader {
    fn read(&mut self, event: Event<'_>) {
        self.left = self.left.saturating_sub(1);
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(_) => self.close(),
            Event::Text(text) => self.text(&text),
            Event::Code(text) => {
                let span = Span { text: plain(&text), code: true, ..self.style.clone() };
                self.spans.push(span);
            }
            Event::InlineHtml(text) | Event::InlineMath(text) => {
                let span = Span { text: plain(&text), code: true, ..self.style.clone() };
                self.spans.push(span);
            }
            Event::Html(text) | Event::DisplayMath(text) => self.text(&text),
            Event::SoftBreak => self.text(" "),
            Event::HardBreak => self.text("\n"),
            Event::Rule => {
                self.flush();
                self.push(Block::Rule);
            }
            Event::TaskListMarker(done) => {
                let last = self.open.iter_mut().rev().find_map(|open| match open {
                    Open::Blocks(_, Kind::Item(done)) => Some(done),
                    _ => None,
                });
                if let Some(mark) = last {
                    *mark = Some(done);
                }
            }
            Event::FootnoteReference(name) => self.text(&format!("[{name}]")),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        let is_block = !matches!(
            tag,
            Tag::Emphasis
                | Tag::Strong
                | Tag::Strikethrough
                | Tag::Superscript
                | Tag::Subscript
                | Tag::Link { .. }
                | Tag::Image { .. }
        );
        if is_block && (self.skipped > 0 || self.open.len() >= DEEPEST) {
            self.skipped += 1;
            return;
        }
        if is_block {
            // The text of a tight item stands before a list in it.
            self.flush();
        }
        let open = match tag {
            Tag::Heading { level, .. } => Open::Spans(Kind::Heading(level as u8)),
            Tag::BlockQuote(_) => Open::Blocks(Vec::new(), Kind::Quote),
            Tag::CodeBlock(kind) => {
                let language = match kind {
                    CodeBlockKind::Fenced(words) => {
                        words.split([' ', ',']).next().map(plain).unwrap_or_default()
                    }
                    CodeBlockKind::Indented => String::new(),
                };
                Open::Code(language, String::new())
            }
            Tag::HtmlBlock => Open::Code("html".to_owned(), String::new()),
            Tag::List(start) => Open::Items(Vec::new(), start),
            Tag::Item => Open::Blocks(Vec::new(), Kind::Item(None)),
            Tag::Table(alignments) => {
                let name = |alignment: &Alignment| match alignment {
                    Alignment::None => "none",
                    Alignment::Left => "left",
                    Alignment::Center => "center",
                    Alignment::Right => "right",
                };
                let align = alignments.iter().map(|a| name(a).to_owned()).collect();
                Open::Table(align, Vec::new())
            }
            Tag::TableHead | Tag::TableRow => Open::Row(Vec::new()),
            Tag::TableCell => Open::Spans(Kind::Cell),
            Tag::Emphasis => return self.styled(|style| style.emphasis = true),
            Tag::Strong => return self.styled(|style| style.strong = true),
            Tag::Strikethrough => return self.styled(|style| style.strike = true),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                let link = safe(&dest_url);
                return self.styled(|style| style.link = link);
            }
            Tag::Superscript | Tag::Subscript => return self.styled(|_| {}),
            _ => Open::Spans(Kind::Paragraph),
        };
        self.open.push(open);
    }

    /// Begins a style inside the current one.
    fn styled(&mut self, change: impl FnOnce(&mut Span)) {
        self.styles.push(self.style.clone());
        change(&mut self.style);
    }

    fn close(&mut self) {
        if let Some(style) = self.styles.pop() {
            self.style = style;
            return;
        }
        if self.skipped > 0 {
            self.skipped -= 1;
            return;
        }
        if self.open.len() > 1 {
            self.close_block();
        }
    }

    fn close_block(&mut self) {
        if matches!(self.open.last(), Some(Open::Blocks(..))) {
            self.flush();
        }
        let Some(open) = self.open.pop() else { return };
        let spans = match open {
            Open::Spans(_) => std::mem::take(&mut self.spans),
            _ => Vec::new(),
        };
        match open {
            Open::Spans(Kind::Heading(level)) => self.push(Block::Heading { level, spans }),
            Open::Spans(Kind::Cell) => match self.open.last_mut() {
                Some(Open::Row(cells)) => cells.push(spans),
                _ => self.push(Block::Paragraph { spans }),
            },
            Open::Spans(_) => self.push(Block::Paragraph { spans }),
            Open::Blocks(blocks, Kind::Item(done)) => match self.open.last_mut() {
                Some(Open::Items(items, _)) => items.push(Item { done, blocks }),
                _ => self.push(Block::Quote { blocks }),
            },
            Open::Blocks(blocks, _) => self.push(Block::Quote { blocks }),
            Open::Items(items, start) => self.push(Block::List { start, items }),
            Open::Row(cells) => {
                if let Some(Open::Table(_, rows)) = self.open.last_mut() {
                    rows.push(cells);
                }
            }
            Open::Table(align, rows) => self.push(Block::Table { align, rows }),
            Open::Code(language, text) => self.push(Block::Code { language, text }),
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(Open::Code(_, code)) = self.open.last_mut() {
            code.push_str(&plain(text));
            return;
        }
        let span = Span { text: plain(text), ..self.style.clone() };
        match self.spans.last_mut() {
            Some(last) if last.has_style(&self.style) => {
                last.text.push_str(&span.text);
            }
            _ => self.spans.push(span),
        }
    }

    /// Text without a block of its own becomes a paragraph.
    fn flush(&mut self) {
        if !self.spans.is_empty() && matches!(self.open.last(), Some(Open::Blocks(..))) {
            let spans = std::mem::take(&mut self.spans);
            self.push(Block::Paragraph { spans });
        }
    }

    fn push(&mut self, block: Block) {
        let inner = self.open.iter_mut().rev().find_map(|open| match open {
            Open::Blocks(blocks, _) => Some(blocks),
            _ => None,
        });
        if let Some(blocks) = inner {
            blocks.push(block);
        }
    }

    fn end(mut self) -> Vec<Block> {
        while self.open.len() > 1 {
            self.close_block();
        }
        self.flush();
        match self.open.pop() {
            Some(Open::Blocks(blocks, _)) => blocks,
            _ => Vec::new(),
        }
    }
}

/// Text whose hidden characters are shown as code points.
fn plain(text: impl AsRef<str>) -> String {
    block(&text.as_ref().replace('\r', "")).into_owned()
}

/// An address that a page may link to.
fn safe(url: &CowStr<'_>) -> Option<String> {
    let is_plain = url.chars().all(|c| c.is_ascii_graphic()) && url.len() <= 2048;
    let lower = url.to_ascii_lowercase();
    let known = ["https://", "http://", "mailto:"].iter().any(|scheme| lower.starts_with(scheme));
    let before = lower.split(['/', '?', '#']).next().unwrap_or_default();
    let is_relative = !before.contains(':') && !lower.starts_with("//") && !lower.contains('\\');
    (is_plain && !url.is_empty() && (known || is_relative)).then(|| url.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        serde_json::to_string(&blocks(text).0).expect("JSON")
    }

    #[test]
    fn a_document_is_a_tree_of_blocks() {
        let text = "# Plan\n\nWe **do** [this](https://x.example/a) and `that`.\n\n\
                    - [x] one\n- two\n\
                    \x20 1. deep\n\n| a | b |\n|---|:-:|\n| 1 | *2* |\n\n\
                    ```rust\nfn f() {}\n```\n\n> said\n\n---\n";
        let expected = concat!(
            r#"[{"block":"heading","level":1,"spans":[{"text":"Plan"}]},"#,
            r#"{"block":"paragraph","spans":[{"text":"We "},{"text":"do","strong":true},"#,
            r#"{"text":" "},{"text":"this","link":"https://x.example/a"},{"text":" and "},"#,
            r#"{"text":"that","code":true},{"text":"."}]},"#,
            r#"{"block":"list","items":[{"done":true,"blocks":[{"block":"paragraph","#,
            r#""spans":[{"text":"one"}]}]},{"blocks":[{"block":"paragraph","spans":"#,
            r#"[{"text":"two"}]},{"block":"list","start":1,"items":[{"blocks":[{"block":"#,
            r#""paragraph","spans":[{"text":"deep"}]}]}]}]}]},"#,
            r#"{"block":"table","align":["none","center"],"rows":[[[{"text":"a"}],"#,
            r#"[{"text":"b"}]],[[{"text":"1"}],[{"text":"2","emphasis":true}]]]},"#,
            r#"{"block":"code","language":"rust","text":"fn f() {}\n"},"#,
            r#"{"block":"quote","blocks":[{"block":"paragraph","spans":[{"text":"said"}]}]},"#,
            r#"{"block":"rule"}]"#,
        );
        assert_eq!(json(text), expected);
    }

    #[test]
    fn nothing_becomes_markup_and_links_go_only_to_the_web_or_the_repository() {
        for text in ["<script>alert(1)</script>", "a <b onclick=x> c", "<!-- hidden -->"] {
            let read = json(text);
            assert!(read.contains("\"code\""), "{read}");
        }
        for url in ["javascript:alert(1)", "data:text/html,x", "//evil.example", "JAVASCRIPT:x"] {
            let read = json(&format!("[x]({url})"));
            assert!(!read.contains("link"), "{read}");
        }
        assert!(json("[x](docs/a.md#b)").contains(r#""link":"docs/a.md#b""#));
        assert!(!json("a\u{202e}b\u{200b}c").contains('\u{202e}'));
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let deep = "> ".repeat(10_000) + "x";
        assert!(json(&deep).len() < 10_000);
        let (read, cut) = blocks(&"a **b** ".repeat(100_000));
        assert!(cut && !read.is_empty());
        let lists = (0..500).map(|n| format!("{}- x\n", "  ".repeat(n))).collect::<String>();
        assert!(!json(&lists).is_empty());
    }
}
