//! Lines as a reader sees them: without quote marks and without parts that are not content.
//!
//! Omitted lines become blank, so that every line keeps its number. Code fences, comments, front
//! matter, mail headers and signatures are omitted.

use super::markers::{self, is_rule};
use super::words::{Name, Words};

/// One line, trimmed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// Columns of leading whitespace, minus what every line of the document has.
    pub(super) indent: u16,
    /// Number of leading quote marks.
    quotes: u16,
    /// Whether it is the `-- ` that mail programs put above a signature.
    signs: bool,
    pub(super) text: &'a str,
    /// Its number in the document, from 1. A line with several labels is read as several lines.
    pub(super) number: u32,
}

impl Line<'_> {
    pub(super) fn is_blank(&self) -> bool {
        self.text.is_empty()
    }
}

/// The lines of a document, the subject of its mail, and content found below signatures.
pub(super) struct Lines<'a> {
    pub(super) lines: Vec<Line<'a>>,
    pub(super) subject: Option<&'a str>,
    /// Index and words of the first line below each signature that cannot belong to it.
    pub(super) below_signatures: Vec<(usize, &'a str)>,
    /// Index and words of the first line of each fenced block that is not code.
    pub(super) fenced: Vec<(usize, &'a str)>,
}

/// Reads the lines of `text`.
pub(super) fn read<'a>(words: &Words, text: &'a str) -> Lines<'a> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut lines = Vec::with_capacity(1 + text.bytes().filter(|byte| *byte == b'\n').count());
    for (at, raw) in text.split('\n').enumerate() {
        let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        for (part, raw) in labelled_parts(words, raw).enumerate() {
            if part > 0 {
                // What the label names begins here, as after a blank line.
                lines.push(line("", number));
            }
            lines.push(line(raw, number));
        }
    }
    leave_out_front_matter(&mut lines);
    let fenced = leave_out_regions(words, &mut lines);
    let subject = leave_out_mail_headers(&mut lines);
    let below_signatures = leave_out_signatures(words, &mut lines);
    outdent(&mut lines);
    Lines { lines, subject, below_signatures, fenced }
}

/// Splits `**Objective:** less waiting. **Out of scope:** tickets.` before each label that names a
/// section.
fn labelled_parts<'a>(words: &Words, raw: &'a str) -> impl Iterator<Item = &'a str> {
    let mut rest = Some(raw);
    std::iter::from_fn(move || {
        let text = rest?;
        let next = text.match_indices("**").find_map(|(at, _)| {
            let label = text[at..].strip_prefix("**")?;
            let end = label.find("**")?;
            let name = label[..end].trim_end_matches(':');
            let colon = label[..end].ends_with(':') || label[end + 2..].starts_with(':');
            let names = || words.name(name).is_some_and(|named| named.exact);
            (colon && at > 0 && text[..at].ends_with(' ') && names()).then_some(at)
        });
        let (part, after) = match next {
            Some(at) => (&text[..at], Some(&text[at..])),
            None => (text, None),
        };
        rest = after;
        Some(part)
    })
}

fn line(raw: &str, number: u32) -> Line<'_> {
    let mut rest = raw.strip_suffix('\r').unwrap_or(raw);
    let mut quotes = 0_u16;
    while let Some(inner) = rest.trim_start().strip_prefix('>') {
        rest = inner.strip_prefix(' ').unwrap_or(inner);
        quotes = quotes.saturating_add(1);
    }
    let text = rest.trim_start();
    let space = &rest[..rest.len() - text.len()];
    let indent = space.chars().fold(0_u16, |at, c| {
        if c == '\t' { (at / 4 + 1).saturating_mul(4) } else { at.saturating_add(1) }
    });
    Line { indent, quotes, signs: rest == "-- ", text: text.trim_end(), number }
}

fn blank(lines: &mut [Line<'_>]) {
    for line in lines {
        line.text = "";
    }
}

fn leave_out_front_matter(lines: &mut [Line<'_>]) {
    const LONGEST: usize = 50;
    let keyed = |line: &Line<'_>| {
        let key = line.text.split(':').next().unwrap_or_default();
        let is_key = line.text.contains(':') && !key.contains(' ');
        is_key || line.indent > 0 || line.is_blank() || line.text.starts_with(['-', '#'])
    };
    if lines.first().is_none_or(|line| line.text != "---") {
        return;
    }
    let close =
        lines.iter().take(LONGEST).skip(1).position(|line| matches!(line.text, "---" | "..."));
    if let Some(close) = close.filter(|close| lines[1..=*close].iter().all(keyed)) {
        blank(&mut lines[..close + 2]);
    }
}

/// A region that begins on one line and ends on another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Region {
    Fence { mark: u8, length: usize },
    Comment,
}

impl Region {
    fn opened_by(text: &str) -> Option<Self> {
        if text.starts_with("<!--") {
            return Some(Self::Comment);
        }
        let mark = *text.as_bytes().first().filter(|mark| matches!(mark, b'`' | b'~'))?;
        let length = text.bytes().take_while(|byte| *byte == mark).count();
        // "```code``` in a sentence" is not a fence.
        let inline = mark == b'`' && text[length..].contains('`');
        (length >= 3 && !inline).then_some(Self::Fence { mark, length })
    }

    fn is_closed_by(self, text: &str) -> bool {
        match self {
            Self::Fence { mark, length } => {
                text.len() >= length && text.bytes().all(|byte| byte == mark)
            }
            Self::Comment => text.contains("-->"),
        }
    }

    /// Index of the region's type in the list of unclosed ones.
    fn family(self) -> usize {
        match self {
            Self::Fence { mark: b'`', .. } => 0,
            Self::Fence { .. } => 1,
            Self::Comment => 2,
        }
    }
}

/// An opening without an end hides only itself: a forgotten fence must not swallow the
/// requirements. After the first unclosed region of a type, no further one is searched for, which
/// keeps this linear.
fn leave_out_regions<'a>(known: &Words, lines: &mut [Line<'a>]) -> Vec<(usize, &'a str)> {
    let mut fenced = Vec::new();
    let mut endless = [false; 3];
    let mut at = 0;
    while at < lines.len() {
        let open = lines[at];
        let region = Region::opened_by(open.text).filter(|region| !endless[region.family()]);
        let Some(region) = region else {
            at += 1;
            continue;
        };
        let end = region_end(lines, at, region);
        endless[region.family()] |= end.is_none();
        let end = end.unwrap_or(at + 1);
        // A block without a language may hold what the customer wants to be read as it is.
        let plain = matches!(region, Region::Fence { mark, .. }
            if open.text.bytes().all(|byte| byte == mark)
                || ["text", "txt", "md", "markdown"]
                    .iter()
                    .any(|name| open.text.trim_start_matches(char::from(mark)).trim() == *name));
        let inside = at + 1..end.saturating_sub(1).max(at + 1);
        let plain = plain
            || (region != Region::Comment && inside.clone().any(|at| known.oblige(lines[at].text)));
        let words = (at + 1..end.saturating_sub(1)).find(|at| !lines[*at].is_blank());
        fenced.extend(words.filter(|_| plain).map(|at| (at, lines[at].text)));
        blank(&mut lines[at..end]);
        at = end;
    }
    fenced
}

/// The line after the region that `lines[at]` opens. A fence also ends with its quotation.
fn region_end(lines: &[Line<'_>], at: usize, region: Region) -> Option<usize> {
    let open = lines[at];
    if region == Region::Comment && region.is_closed_by(open.text) {
        return Some(at + 1);
    }
    let after = lines.iter().enumerate().skip(at + 1);
    after.into_iter().find_map(|(here, line)| {
        if line.quotes != open.quotes {
            return Some(here);
        }
        region.is_closed_by(line.text).then_some(here + 1)
    })
}

/// Omits runs of mail headers and the lines that mail programs add; returns the first subject.
fn leave_out_mail_headers<'a>(lines: &mut [Line<'a>]) -> Option<&'a str> {
    let mut subject = None;
    let mut at = 0;
    while at < lines.len() {
        let run = lines[at..].iter().take_while(|line| is_mail_header(line.text)).count();
        // Content may look like it: "From: 1 March", "To: 1 May".
        let of_mail = |line: &Line<'_>| line.text.contains('@') || subject_of(line.text).is_some();
        if run >= 2 && lines[at..at + run].iter().any(of_mail) {
            let found = lines[at..at + run].iter().find_map(|line| subject_of(line.text));
            subject = subject.or(found.map(without_reply_marks));
            blank(&mut lines[at..at + run]);
        } else if is_mail_furniture(lines[at].text) {
            blank(&mut lines[at..=at]);
        }
        at += run.max(1);
    }
    subject.filter(|subject| !subject.is_empty())
}

fn subject_of(text: &str) -> Option<&str> {
    const SUBJECTS: &[&str] = &[
        "Subject:",
        "Betreff:",
        "Objet:",
        "Objet :",
        "Asunto:",
        "Assunto:",
        "Oggetto:",
        "Onderwerp:",
        "Temat:",
        "Тема:",
        "件名:",
    ];
    SUBJECTS.iter().find_map(|subject| text.strip_prefix(subject))
}

fn is_mail_header(text: &str) -> bool {
    #[rustfmt::skip]
    const HEADERS: &[&str] = &[
            "From:", "To:", "Cc:", "CC:", "Bcc:", "Sent:", "Date:", "Subject:", "Reply-To:",
            "Von:", "An:", "Gesendet:", "Datum:", "Betreff:", "De:", "À:", "Envoyé:", "Envoyé :",
            "Objet:", "Objet :", "Para:", "Enviado:", "Asunto:", "Assunto:", "Da:", "A:",
            "Inviato:", "Oggetto:", "Van:", "Aan:", "Verzonden:", "Onderwerp:", "Od:", "Do:",
            "Wysłano:", "Temat:", "От:", "Кому:", "Тема:", "差出人:", "宛先:", "送信日時:", "件名:",
        ];
    HEADERS.iter().any(|header| text.starts_with(header))
}

fn is_mail_furniture(text: &str) -> bool {
    (text.starts_with("On ") && text.ends_with(" wrote:"))
        || (text.starts_with("Am ") && text.ends_with(":") && text.contains(" schrieb "))
        || (text.starts_with("Le ")
            && (text.ends_with(" a écrit :") || text.ends_with(" a écrit:")))
        || (text.starts_with("El ") && text.ends_with(" escribió:"))
        || (text.starts_with("Em ") && text.ends_with(" escreveu:"))
        || (text.starts_with("Il ") && text.ends_with(" ha scritto:"))
        || (text.starts_with("Op ") && text.contains(" schreef ") && text.ends_with(':'))
        || (text.starts_with("---")
            && text.ends_with("---")
            && text.to_ascii_lowercase().contains(" message"))
}

fn without_reply_marks(subject: &str) -> &str {
    let mut subject = subject.trim();
    while let Some(inner) = [
        "Re:", "RE:", "Fwd:", "FWD:", "Fw:", "FW:", "AW:", "Aw:", "WG:", "TR:", "RV:", "Rif:", "I:",
    ]
    .iter()
    .find_map(|mark| subject.strip_prefix(mark))
    {
        subject = inner.trim_start();
    }
    subject
}

/// A signature extends to the end of its mail: to the next level of quotation, or to a heading,
/// because some people also separate sections with `--`. Content that no signature has, such as a
/// list, a sentence or a page, is reported.
fn leave_out_signatures<'a>(words: &Words, lines: &mut [Line<'a>]) -> Vec<(usize, &'a str)> {
    let mut inside: Option<u16> = None;
    let (mut after_blank, mut long, mut reported) = (true, 0, false);
    let mut more = Vec::new();
    for (at, line) in lines.iter_mut().enumerate() {
        let goes_on = inside.is_some_and(|quotes| quotes == line.quotes || line.is_blank())
            && !resumes(words, line.text);
        if goes_on || begins_signature(line, after_blank) {
            (long, reported) = if goes_on { (long, reported) } else { (0, false) };
            long += usize::from(!line.is_blank());
            let content = is_no_signature(words, line.text);
            let too_long = long > LONGEST_SIGNATURE && !reported && !line.is_blank();
            if goes_on && (content || too_long) {
                more.push((at, line.text));
                reported |= too_long;
            }
            inside = inside.filter(|_| goes_on).or(Some(line.quotes));
            line.text = "";
        } else {
            inside = None;
        }
        after_blank = line.is_blank();
    }
    more
}

/// Maximum lines of a signature, including its mark.
const LONGEST_SIGNATURE: usize = 9;

fn is_no_signature(words: &Words, text: &str) -> bool {
    let postscript = ["PS", "P.S.", "NB"].iter().any(|mark| text.starts_with(mark));
    postscript && text.contains(' ')
        || words.oblige(text)
        || markers::item(text).is_some_and(|words| words.contains(' '))
        || text.chars().count() > 80
}

fn begins_signature(line: &Line<'_>, after_blank: bool) -> bool {
    const FAREWELLS: &[&str] = &[
        "regards",
        "best regards",
        "kind regards",
        "warm regards",
        "best",
        "best wishes",
        "thanks",
        "many thanks",
        "thank you",
        "thanks and regards",
        "sincerely",
        "yours sincerely",
        "yours faithfully",
        "cheers",
        "mit freundlichen grüßen",
        "freundliche grüße",
        "viele grüße",
        "beste grüße",
        "mfg",
        "cordialement",
        "bien cordialement",
        "saludos",
        "un saludo",
        "atentamente",
        "saludos cordiales",
        "atenciosamente",
        "cumprimentos",
        "cordiali saluti",
        "distinti saluti",
        "met vriendelijke groet",
        "met vriendelijke groeten",
        "z poważaniem",
        "pozdrawiam",
        "с уважением",
        "よろしくお願いいたします",
        "よろしくお願いします",
        "以上",
    ];
    if line.text == "--" {
        // Without the standard's space, "--" below a line of text underlines it.
        return after_blank || line.signs;
    }
    let words = line.text.split('/').next().unwrap_or_default().trim_end();
    let words = words.trim_end_matches([',', '.', '!', '。']);
    (3..=60).contains(&words.len()) && {
        let words = words.to_lowercase();
        FAREWELLS.contains(&&*words)
    }
}

fn resumes(words: &Words, text: &str) -> bool {
    let heading = text.starts_with('#') && !is_rule(text);
    heading
        || words
            .name(text)
            .is_some_and(|named| named.exact && matches!(named.name, Name::Section(_)))
}

/// Removes the indentation that all lines share.
fn outdent(lines: &mut [Line<'_>]) {
    let margin =
        lines.iter().filter(|line| !line.is_blank()).map(|line| line.indent).min().unwrap_or(0);
    for line in lines {
        line.indent = line.indent.saturating_sub(margin);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> Vec<&str> {
        read(Words::built_in(), text).lines.iter().map(|line| line.text).collect()
    }

    #[test]
    fn quote_marks_are_removed_and_indentation_is_kept() {
        let read = read(Words::built_in(), "> a\n>> b\n> >   c\n>");
        let seen: Vec<_> = read.lines.iter().map(|line| (line.indent, line.text)).collect();
        assert_eq!(seen, [(0, "a"), (0, "b"), (2, "c"), (0, "")]);
    }

    #[test]
    fn fences_and_comments_are_omitted() {
        assert_eq!(
            seen("a\n```yaml\n- x\n```\nb\n~~~\n```\n~~~\nc"),
            ["a", "", "", "", "b", "", "", "", "c"]
        );
        assert_eq!(seen("<!-- one -->\na\n<!--\ntwo\n-->\nb"), ["", "a", "", "", "", "b"]);
        assert_eq!(seen("---\nowner: x\n---\na"), ["", "", "", "a"]);
    }

    #[test]
    fn a_fence_without_an_end_hides_only_itself() {
        assert_eq!(seen("a\n```\n- b\n- c"), ["a", "", "- b", "- c"]);
        assert_eq!(seen("> ```\n> x\nb"), ["", "", "b"]);
    }

    #[test]
    fn a_signature_ends_where_its_mail_does() {
        assert_eq!(seen("a\n-- \nAnna\nRetail\n> b\n> --\n> c"), ["a", "", "", "", "b", "--", "c"]);
        assert_eq!(seen("a\n\nKind regards,\nAnna"), ["a", "", "", ""]);
        assert_eq!(
            seen("a\n\n--\n\nRequirements:\n- b"),
            ["a", "", "", "", "Requirements:", "- b"]
        );
    }

    #[test]
    fn mail_headers_are_removed_and_the_subject_is_kept() {
        let read =
            read(Words::built_in(), "From: a\nSubject: Re: Fwd: Orders\n\nhello\n\nDate: 1 March");
        assert_eq!(read.subject, Some("Orders"));
        let seen: Vec<_> = read.lines.iter().map(|line| line.text).collect();
        assert_eq!(seen, ["", "", "", "hello", "", "Date: 1 March"]);
    }
}
