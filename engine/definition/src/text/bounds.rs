//! What a text may ask of the parser. MiniJinja bounds how deep brackets and blocks may lie in each
//! other, and not how long an expression goes on: each operator, filter and `elif` is one level of
//! the tree too, and a tree of some thousand levels ends the stack of whoever walks, renders or
//! drops it.

use std::ops::Range;

use minijinja::machinery::{Token, tokenize};
use minijinja::syntax::SyntaxConfig;

/// Bytes from a `{{` or `{%` to its end.
const TAG: usize = 1000;
/// `elif` in one text.
const CHOICES: usize = 100;

/// How often in a row a text may make a value out of one that it made before: each time it may be
/// as many times larger.
const LEVELS: usize = 3;
/// Names that one such value may be made of.
const PARTS: usize = 8;

/// The first tag that is more than may be asked, and why. Tags are those of the parser: it reads
/// quotes, comments and `raw` as they are meant, and no further than the first word that is none.
pub fn excess(text: &str) -> Option<(Range<usize>, String)> {
    longer(text).or_else(|| growth::excess(text))
}

fn longer(text: &str) -> Option<(Range<usize>, String)> {
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
                    return Some((
                        tag.clone(),
                        format!("it is longer than {TAG} bytes, the most of one tag"),
                    ));
                }
                choices += usize::from(begins && matches!(token, Token::Ident("elif")));
                if choices > CHOICES {
                    return Some((
                        here,
                        format!("it is one `elif` more than {CHOICES}, the most of one text"),
                    ));
                }
            }
        }
        begins = matches!(token, Token::BlockStart);
    }
    None
}

/// Values that grow with each tag: a list doubled fifty times has more members than anything can
/// print, compare or slice.
mod growth {
    use std::collections::HashMap;

    use super::{LEVELS, PARTS, Range, SyntaxConfig, Token, tokenize};

    pub(super) fn excess(text: &str) -> Option<(Range<usize>, String)> {
        let mut levels: HashMap<String, usize> = HashMap::new();
        let mut tag: Vec<(Token<'_>, Range<usize>)> = Vec::new();
        let mut block = false;
        for (token, span) in tokenize(text, false, SyntaxConfig::default()).map_while(Result::ok) {
            let here = span.start_offset as usize..span.end_offset as usize;
            match token {
                Token::VariableStart | Token::BlockStart => {
                    block = matches!(token, Token::BlockStart);
                    tag.clear();
                }
                Token::VariableEnd | Token::BlockEnd => {
                    if let Some(found) = judged(&tag, block, &mut levels) {
                        return Some(found);
                    }
                    tag.clear();
                }
                Token::TemplateData(_) => {}
                _ => tag.push((token, here)),
            }
        }
        None
    }

    fn judged(
        tag: &[(Token<'_>, Range<usize>)],
        block: bool,
        levels: &mut HashMap<String, usize>,
    ) -> Option<(Range<usize>, String)> {
        let tokens = || tag.iter().map(|(token, _)| token);
        for (token, here) in tag {
            if matches!(token, Token::Mul | Token::Pow) {
                return Some((
                    here.clone(),
                    "a text does not multiply: the product of a word and a number has no bound"
                        .to_owned(),
                ));
            }
        }
        let Some((Token::Ident(word @ ("set" | "for" | "with")), _)) =
            tag.first().filter(|_| block)
        else {
            return None;
        };
        let assigns = tokens().position(|token| match token {
            Token::Assign => true,
            Token::Ident("in") => *word == "for",
            _ => false,
        });
        let (names, made) =
            tag[1..].split_at(assigns.unwrap_or(tag.len()).saturating_sub(1).min(tag.len() - 1));
        let grows = |token: &Token<'_>| {
            matches!(
                token,
                Token::Plus
                    | Token::Tilde
                    | Token::Comma
                    | Token::BracketOpen
                    | Token::BraceOpen
                    | Token::Pipe
                    | Token::ParenOpen
            )
        };
        // A block that is kept as a value may hold any others.
        let kept = assigns.is_none();
        let of = made.iter().filter_map(|(token, _)| match token {
            Token::Ident(name) => levels.get(*name).copied(),
            _ => None,
        });
        let (parts, highest) = of.fold((0, 0), |(parts, highest): (usize, usize), level| {
            (parts + 1, highest.max(level))
        });
        let highest = if kept { levels.values().copied().max().unwrap_or(0) } else { highest };
        let level = highest + usize::from(kept || made.iter().any(|(token, _)| grows(token)));
        let (_, first) = tag.first()?;
        if level > LEVELS {
            let why = format!(
                "it makes a value out of one that was made so before, more than {LEVELS} times in \
                 a row"
            );
            return Some((first.clone(), why));
        }
        if parts > PARTS {
            return Some((
                first.clone(),
                format!("it makes a value out of more than {PARTS} that were made before"),
            ));
        }
        for (token, _) in names {
            if let Token::Ident(name) = token {
                let known = levels.entry((*name).to_owned()).or_default();
                *known = level.max(*known);
            }
        }
        None
    }
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
        for begin in ["{{ 1", "{{ \"}}\"", "{{ '}}'", "{% raw %}{#{% endraw %}{{ 1", "{# {{ #}{{ 1"]
        {
            assert_eq!(
                told(&sum(begin)),
                "`{{` it is longer than 1000 bytes, the most of one tag",
                "{begin}"
            );
        }
        let without_end = sum("{{ 1");
        assert_eq!(
            told(&without_end[..1010]),
            "`{{` it is longer than 1000 bytes, the most of one tag"
        );
        let choices = |n: usize| format!("{{% if a %}}{}{{% endif %}}", "{%- elif a %}".repeat(n));
        assert_eq!(
            told(&choices(101)),
            "`elif` it is one `elif` more than 100, the most of one text"
        );
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

    #[test]
    fn no_value_grows_with_every_tag() {
        let doubled = |form: &str| format!("{{% set a = [1] %}}{}{{{{ a }}}}", form.repeat(50));
        for form in [
            "{% set a = a + a %}",
            "{% set a = [a, a] %}",
            "{% set a = a ~ a %}",
            "{% set a %}{{ a }}{{ a }}{% endset %}",
            "{% set a = a|list %}",
        ] {
            assert!(
                told(&doubled(form)).contains("more than 3 times in a row"),
                "{form}: {}",
                told(&doubled(form))
            );
        }
        for form in ["{% with a = a ~ a %}", "{% for a in [a, a] %}"] {
            assert!(told(&doubled(form)).contains("more than 3 times in a row"), "{form}");
        }
        assert!(told("{{ \"a\" * 1000000000 }}").contains("does not multiply"));
        let plain = "{% set mine = deliverables|selectattr('owner', 'eq', agent.name)|list %}{% \
            for d in mine %}{{ d.path ~ '!' }}{% endfor %}";
        assert_eq!(told(plain), "");
    }
}
