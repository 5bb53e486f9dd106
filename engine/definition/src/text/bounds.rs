//! Limits for prompts and templates. MiniJinja limits the nesting of brackets and blocks, but not
//! the length of an expression. Each operator, filter and `elif` adds a level to the syntax tree,
//! and a tree with a few thousand levels overflows the stack when it is walked, rendered or
//! dropped.

use std::ops::Range;

use minijinja::machinery::{Token, tokenize};
use minijinja::syntax::SyntaxConfig;

/// Maximum number of bytes in a tag, from `{{` or `{%` to its end.
const TAG: usize = 1000;
/// Maximum number of `elif` in one text.
const CHOICES: usize = 100;

/// Maximum number of levels at which values are built from previously built values. Each level may
/// multiply the size.
const LEVELS: usize = 3;
/// Maximum number of previously built values in one such value.
const PARTS: usize = 8;

/// The first tag that exceeds a limit, and why. Uses the parser's own tokens, so quotes, comments
/// and `raw` are handled correctly, and stops at the first invalid token.
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
                    return Some((tag.clone(), format!("a tag is longer than {TAG} bytes")));
                }
                choices += usize::from(begins && matches!(token, Token::Ident("elif")));
                if choices > CHOICES {
                    return Some((here, format!("there are more than {CHOICES} `elif`")));
                }
            }
        }
        begins = matches!(token, Token::BlockStart);
    }
    None
}

/// Values that grow with each tag: a list that is doubled fifty times is too large to print,
/// compare or slice.
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
                    "CloudCrew does not multiply in texts: text times a number has no size limit"
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
        // A block that is stored as a value may contain any other value.
        let stored = assigns.is_none();
        let of = made.iter().filter_map(|(token, _)| match token {
            Token::Ident(name) => levels.get(*name).copied(),
            _ => None,
        });
        let (parts, highest) = of.fold((0, 0), |(parts, highest): (usize, usize), level| {
            (parts + 1, highest.max(level))
        });
        let highest = if stored { levels.values().copied().max().unwrap_or(0) } else { highest };
        let level = highest + usize::from(stored || made.iter().any(|(token, _)| grows(token)));
        let (_, first) = tag.first()?;
        if level > LEVELS {
            let why = format!(
                "values are built from other built values more than {LEVELS} times in a row"
            );
            return Some((first.clone(), why));
        }
        if parts > PARTS {
            return Some((
                first.clone(),
                format!("a value is built from more than {PARTS} other built values"),
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

    fn reported(text: &str) -> String {
        excess(text).map(|(range, why)| format!("`{}` {why}", &text[range])).unwrap_or_default()
    }

    #[test]
    fn long_tags_and_many_choices_are_rejected() {
        let sum = |begin: &str| format!("x {begin}{} }}}} y", "+1".repeat(500));
        for begin in ["{{ 1", "{{ \"}}\"", "{{ '}}'", "{% raw %}{#{% endraw %}{{ 1", "{# {{ #}{{ 1"]
        {
            assert_eq!(reported(&sum(begin)), "`{{` a tag is longer than 1000 bytes", "{begin}");
        }
        let without_end = sum("{{ 1");
        assert_eq!(reported(&without_end[..1010]), "`{{` a tag is longer than 1000 bytes");
        let choices = |n: usize| format!("{{% if a %}}{}{{% endif %}}", "{%- elif a %}".repeat(n));
        assert_eq!(reported(&choices(101)), "`elif` there are more than 100 `elif`");
        assert_eq!(reported(&choices(100)), "");
    }

    #[test]
    fn long_text_outside_tags_is_allowed() {
        let prose = "The service stores orders. ".repeat(100);
        for text in [
            format!("{{{{ agent.name }}}} {prose}"),
            format!("{{% raw %}}{{{{ {prose}{{% endraw %}}"),
            format!("{{# {{{{ {prose} #}}"),
            format!("{{ {prose} }}"),
        ] {
            assert_eq!(reported(&text), "");
        }
    }

    #[test]
    fn values_that_grow_with_every_tag_are_rejected() {
        let doubled = |form: &str| format!("{{% set a = [1] %}}{}{{{{ a }}}}", form.repeat(50));
        for form in [
            "{% set a = a + a %}",
            "{% set a = [a, a] %}",
            "{% set a = a ~ a %}",
            "{% set a %}{{ a }}{{ a }}{% endset %}",
            "{% set a = a|list %}",
        ] {
            assert!(
                reported(&doubled(form)).contains("more than 3 times in a row"),
                "{form}: {}",
                reported(&doubled(form))
            );
        }
        for form in ["{% with a = a ~ a %}", "{% for a in [a, a] %}"] {
            assert!(reported(&doubled(form)).contains("more than 3 times in a row"), "{form}");
        }
        assert!(reported("{{ \"a\" * 1000000000 }}").contains("does not multiply"));
        let plain = "{% set mine = deliverables|selectattr('owner', 'eq', agent.name)|list %}{% \
            for d in mine %}{{ d.path ~ '!' }}{% endfor %}";
        assert_eq!(reported(plain), "");
    }
}
