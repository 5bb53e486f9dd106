//! What a text may ask of the parser. MiniJinja bounds how deep brackets and blocks may lie in each other, and not how long an
//! expression goes on: each operator, filter and `elif` is one level of the tree too, and a tree of some thousand levels ends the
//! stack of whoever walks, renders or drops it.

use std::ops::Range;

/// Bytes between `{{` and `}}`, or `{%` and `%}`.
const TAG: usize = 1000;
/// `elif` in one text.
const CHOICES: usize = 100;

/// The first tag that is more than may be asked, and why.
pub fn excess(text: &str) -> Option<(Range<usize>, String)> {
    let mut choices = 0;
    let mut from = 0;
    while let Some(at) = text[from..].find('{').map(|i| i + from) {
        let close = match text.as_bytes().get(at + 1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(b'#') => "#}",
            _ => {
                from = at + 1;
                continue;
            }
        };
        let inside = at + 2;
        let end = text[inside..].find(close).map_or(text.len(), |i| i + inside);
        let tag = &text[inside..end];
        from = (end + close.len()).min(text.len());
        if close == "#}" {
            continue;
        }
        if tag.len() > TAG {
            return Some((at..inside, format!("it goes on for {} bytes, and {TAG} are the most of one tag", tag.len())));
        }
        let word = tag.trim_start_matches(['-', '+', ' ', '\t', '\n', '\r']).split(|c: char| !c.is_alphanumeric()).next();
        choices += usize::from(close == "%}" && word == Some("elif"));
        if choices > CHOICES {
            return Some((at..from, format!("it is one `elif` more than {CHOICES}, the most of one text")));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_ends_and_so_do_choices() {
        let usual = "{{ agent.name }} {% if a %}{% elif b %}{% endif %} {# {{ a note } #} { {";
        assert_eq!(excess(usual), None);
        let told =
            |text: &str| excess(text).map(|(range, why)| format!("{}..{}: {why}", range.start, range.end)).unwrap_or_default();
        let long = format!("x {{{{ 1{} }}}}", "+1".repeat(500));
        assert_eq!(told(&long), "2..4: it goes on for 1003 bytes, and 1000 are the most of one tag");
        assert_eq!(told(&long[..1008]), "2..4: it goes on for 1004 bytes, and 1000 are the most of one tag");
        let choices = format!("{{% if a %}}{}{{% endif %}}", "{%- elif a %}".repeat(101));
        assert_eq!(told(&choices), "1310..1323: it is one `elif` more than 100, the most of one text");
        assert_eq!(excess(&format!("{{% if a %}}{}{{% endif %}}", "{%- elif a %}".repeat(100))), None);
    }
}
