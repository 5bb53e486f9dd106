//! Mails as text, with the documents attached to them.

use mail_parser::{MessageParser, MimeHeaders as _};

use super::{DocumentFault, Format, html, read_at};

/// Maximum attachments that are looked at.
const MAX_ATTACHMENTS: usize = 20;
/// Maximum depth of mails in mails.
const DEEPEST: u8 = 1;

/// The subject and text of a mail, and the text of the documents attached to it.
pub(crate) fn markdown(
    bytes: &[u8],
    depth: u8,
    notes: &mut Vec<String>,
) -> Result<String, DocumentFault> {
    let mail = MessageParser::default()
        .parse(bytes)
        .ok_or_else(|| DocumentFault::damaged(Format::Mail, "it has no headers"))?;
    let mut text = String::new();
    if let Some(subject) = mail.subject() {
        let from = mail.from().and_then(|from| from.first()).and_then(|from| from.address());
        // Two headers, as in a pasted mail, so that both are known for what they are.
        text.push_str(&format!("From: {}\n", one_line(from.unwrap_or_default())));
        text.push_str(&format!("Subject: {}\n\n", one_line(subject)));
    }
    for part in mail.text_body.iter().filter_map(|part| mail.part(*part)) {
        let written = part.text_contents().unwrap_or_default();
        if part.is_text_html() {
            let (written, hidden) = html::of_text(written)?;
            text.push_str(&written);
            if hidden > 0 {
                notes.push(format!("hidden text in {hidden} places was left out"));
            }
        } else {
            text.push_str(written);
        }
        text.push('\n');
    }
    for attachment in mail.attachments().take(MAX_ATTACHMENTS) {
        let name = one_line(attachment.attachment_name().unwrap_or("attachment"));
        let inside = attachment.contents();
        if depth >= DEEPEST || !is_document(&name) {
            notes.push(format!("the attachment {name} was not read"));
            continue;
        }
        match read_at(&name, inside, depth + 1) {
            Ok(read) => {
                text.push_str("\n\n");
                text.push_str(&read.text);
                notes.push(format!("the text of the attachment {name} was added"));
                notes.extend(read.notes);
            }
            Err(fault) => notes.push(format!("the attachment {name} was not read: {fault}")),
        }
    }
    if mail.attachments().nth(MAX_ATTACHMENTS).is_some() {
        notes.push(format!("only the first {MAX_ATTACHMENTS} attachments were looked at"));
    }
    Ok(text)
}

/// Whether a name is that of a document, not of a picture or a calendar entry.
fn is_document(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["pdf", "docx", "html", "htm", "md", "markdown", "txt", "text", "eml"]
        .iter()
        .any(|end| name.strip_suffix(end).is_some_and(|stem| stem.ends_with('.')))
}

fn one_line(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect()
}
