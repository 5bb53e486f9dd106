//! What a text may ask of the parser. MiniJinja bounds how deep brackets and blocks may lie in each other, and not how long an
//! expression goes on: each operator, filter and `elif` is one level of the tree too, and a tree of some thousand levels ends the
//! stack of whoever walks, renders or drops it.

use std::ops::Range;

use minijinja::machinery::{Token, tokenize};
use minijinja::syntax::SyntaxConfig;

/// Bytes from a `{{` or `{%` to its end.
const TAG: usize = 1000;
/// `elif` in one text.
const CHOICES: usize = 100;

/// The first tag that is more than may be asked, and why. Tags are those of the parser: it reads quotes, comments and `raw` as they are
/// meant, and no further than the first word that is none.
pub fn excess(text: &str) -> Option<(Range<usize>, String)> {
    let mut tag: Option<Range<usize>> = None;
    let (mut begins, mut choices) = (false, 0);
    for (token, span) in tokenize(text, false, SyntaxConfig::default()).map_while(Result::ok) {
        let here = span.start_offset as usize..span.end_offset as usize;
        match token {
            Token::TemplateData(_) => {}
            Token::VariableStart | Token::BlockStart => tag = Some(here),
            _ => {
                let Some(tag) = &tag else { continue };
                if here.end - tag.start > TAG {
                    return Some((tag.clone(), format!("it is longer than {TAG} bytes, the most of one tag")));
                }
                choices += usize::from(begins && matches!(token, Token::Ident("elif")));
                if choices > CHOICES {
                    return Some((here, format!("it is one `elif` more than {CHOICES}, the most of one text")));
                }
            }
        }
        begins = matches!(token, Token::BlockStart);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        excess(text).map(|(range, why)| format!("`{}` {why}", &text[range])).unwrap_or_default()
    }

    #[test]
    fn a_tag_ends_and_so_do_choices() {
        let sum = |begin: &str| format!("x {begin}{} }}}} y", "+1".repeat(500));
        for begin in ["{{ 1", "{{ \"}}\"", "{{ '}}'", "{% raw %}{#{% endraw %}{{ 1", "{# {{ #}{{ 1"] {
            assert_eq!(told(&sum(begin)), "`{{` it is longer than 1000 bytes, the most of one tag", "{begin}");
        }
        let without_end = sum("{{ 1");
        assert_eq!(told(&without_end[..1010]), "`{{` it is longer than 1000 bytes, the most of one tag");
        let choices = |n: usize| format!("{{% if a %}}{}{{% endif %}}", "{%- elif a %}".repeat(n));
        assert_eq!(told(&choices(101)), "`elif` it is one `elif` more than 100, the most of one text");
        assert_eq!(told(&choices(100)), "");
    }

    #[test]
    fn words_may_be_long_and_what_looks_like_a_tag_is_none() {
        let prose = "The service stores orders. ".repeat(100);
        for text in [
            format!("{{{{ agent.name }}}} {prose}"),
            format!("{{% raw %}}{{{{ {prose}{{% endraw %}}"),
            format!("{{# {{{{ {prose} #}}"),
            format!("{{ {prose} }}"),
        ] {
            assert_eq!(told(&text), "");
        }
    }
}
