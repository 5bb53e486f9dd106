//! HTML as Markdown. The tokens of the page are written as they come, so that no nesting, however
//! deep, needs memory or stack.

use std::cell::RefCell;

use cloudcrew_sow::decode_up_to;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use super::markdown::Markdown;
use super::{DocumentFault, MAX_BYTES};

/// Maximum nesting of lists that is shown.
const DEEPEST: usize = 8;

/// Elements whose content is not text.
const SKIPPED: &[&str] = &[
    "script", "style", "head", "noscript", "template", "svg", "math", "iframe", "object", "select",
];

/// The page as Markdown.
pub(crate) fn markdown(bytes: &[u8], notes: &mut Vec<String>) -> Result<String, DocumentFault> {
    // Markup is larger than the text in it, so the limit applies to the text.
    let read = decode_up_to(bytes, MAX_BYTES)?;
    if let Some(encoding) = read.encoding {
        notes.push(format!("it is not UTF-8 and was read as {encoding}; check its accents"));
    }
    let (text, hidden) = of_text(&read.text)?;
    if hidden > 0 {
        notes.push(format!("hidden text in {hidden} places was left out"));
    }
    Ok(text)
}

/// The page as Markdown, and in how many places hidden text was left out.
///
/// # Errors
/// When there is too much text.
pub(crate) fn of_text(page: &str) -> Result<(String, usize), DocumentFault> {
    let sink = Sink { page: RefCell::default() };
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(page.into());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let page = tokenizer.sink.page.into_inner();
    Ok((page.out.finish()?, page.hidden))
}

struct Sink {
    page: RefCell<Page>,
}

#[derive(Default)]
struct Page {
    out: Markdown,
    /// The skipped element around, and how many of its name are open.
    skipped: Option<(String, usize)>,
    hidden: usize,
    /// The lists around: the number of the next item, or none for bullets.
    lists: Vec<Option<usize>>,
    /// How many lists beyond the deepest are open.
    deeper: usize,
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        let mut page = self.page.borrow_mut();
        if page.out.is_full() {
            return TokenSinkResult::Continue;
        }
        match token {
            Token::CharacterTokens(text) if page.skipped.is_none() => page.out.words(&text),
            Token::TagToken(tag) => return page.tag(&tag),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl Page {
    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        let opens = tag.kind == TagKind::StartTag;
        if self.skipped.as_ref().is_some_and(|(skipped, _)| ends(skipped, name, opens)) {
            // Its end tag was left out.
            self.skipped = None;
        } else if let Some((skipped, open)) = &mut self.skipped {
            if skipped == name && !tag.self_closing {
                match opens {
                    true => *open += 1,
                    false => *open -= 1,
                }
                if *open == 0 {
                    self.skipped = None;
                }
            }
            return TokenSinkResult::Continue;
        }
        let hidden = opens && is_hidden(tag);
        if opens && !tag.self_closing && !is_void(name) && (hidden || SKIPPED.contains(&name)) {
            self.hidden += usize::from(hidden);
            self.skipped = Some((name.to_owned(), 1));
            use html5ever::tokenizer::states::RawKind::{Rawtext, ScriptData};
            return match name {
                "script" => TokenSinkResult::RawData(ScriptData),
                "style" | "noscript" | "iframe" => TokenSinkResult::RawData(Rawtext),
                _ => TokenSinkResult::Continue,
            };
        }
        match (name, opens) {
            ("h1" | "h2" | "h3" | "h4" | "h5" | "h6", true) => {
                let level = usize::from(name.as_bytes()[1] - b'0');
                self.out.begin(&format!("{} ", "#".repeat(level)));
            }
            ("b" | "strong", _) => self.out.emphasis(),
            ("br", true) => self.out.words(" "),
            ("ul" | "ol" | "menu", true) => {
                self.out.end();
                match self.lists.len() < DEEPEST {
                    true => self.lists.push((name == "ol").then(|| first_number(tag))),
                    false => self.deeper += 1,
                }
            }
            ("ul" | "ol" | "menu", false) => {
                self.out.end();
                match self.deeper {
                    0 => drop(self.lists.pop()),
                    _ => self.deeper -= 1,
                }
            }
            ("li", true) => {
                let indent = "  ".repeat(self.lists.len().saturating_sub(1));
                let mark = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{indent}{}. ", *number - 1)
                    }
                    _ => format!("{indent}- "),
                };
                self.out.begin(&mark);
            }
            // A paragraph in an item is its text.
            ("p" | "div", true) if !self.lists.is_empty() => self.out.words(" "),
            ("table", true) => self.out.begin_table(),
            ("table", false) => self.out.end_table(),
            ("tr", true) => self.out.begin_row(),
            ("tr", false) => self.out.end_row(),
            ("td", true) => self.out.begin_cell(),
            ("th", true) => {
                self.out.begin_cell();
                self.out.head();
            }
            (name, _) if is_block(name) => self.out.end(),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// Whether a tag ends a skipped element whose end tag may be left out.
fn ends(skipped: &str, name: &str, opens: bool) -> bool {
    const OF_HEAD: &[&str] =
        &["title", "meta", "link", "style", "script", "base", "noscript", "template"];
    const ITEMS: &[&str] = &["li", "dt", "dd", "td", "th", "tr", "p", "option"];
    match skipped {
        "head" => opens && name != "head" && !OF_HEAD.contains(&name),
        item if ITEMS.contains(&item) => {
            let around = matches!(name, "ul" | "ol" | "dl" | "table" | "tr" | "select" | "body");
            (opens && name == item) || (!opens && around)
        }
        _ => false,
    }
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "section"
            | "article"
            | "header"
            | "footer"
            | "main"
            | "nav"
            | "aside"
            | "blockquote"
            | "pre"
            | "hr"
            | "dl"
            | "dt"
            | "dd"
            | "li"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "body"
            | "html"
            | "td"
            | "th"
            | "form"
            | "fieldset"
            | "figure"
            | "figcaption"
            | "caption"
            | "address"
            | "details"
            | "summary"
    )
}

fn is_void(name: &str) -> bool {
    matches!(name, "br" | "hr" | "img" | "input" | "meta" | "link" | "col" | "wbr" | "source")
}

fn attribute<'t>(tag: &'t Tag, name: &str) -> Option<&'t str> {
    tag.attrs.iter().find(|a| &*a.name.local == name).map(|a| &*a.value)
}

fn first_number(tag: &Tag) -> usize {
    attribute(tag, "start").and_then(|start| start.parse().ok()).unwrap_or(1).min(1_000_000)
}

/// Text that a person does not see would be read by a model.
fn is_hidden(tag: &Tag) -> bool {
    let style = attribute(tag, "style").unwrap_or_default().to_ascii_lowercase();
    let style: String = style.chars().filter(|c| !c.is_whitespace()).collect();
    attribute(tag, "hidden").is_some()
        || ["display:none", "visibility:hidden", "font-size:0", "opacity:0;", "mso-hide:all"]
            .iter()
            .any(|rule| style.contains(rule) || format!("{style};").contains(rule))
}
