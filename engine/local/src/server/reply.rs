//! The result of a tool, as text of a bounded size.

use cloudcrew_ports::bounds::both_ends;
use cloudcrew_ports::server::{MAX_TEXT, Served};
use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};

/// Reads a result. What is not text is named.
pub(super) fn read(result: CallToolResult) -> Served {
    let mut text = String::new();
    for block in &result.content {
        if !text.is_empty() {
            text.push('\n');
        }
        match block {
            ContentBlock::Text(said) => text.push_str(&said.text),
            ContentBlock::Resource(resource) => match &resource.resource {
                ResourceContents::TextResourceContents { uri, text: said, .. } => {
                    text.push_str(&format!("{uri}:\n{said}"));
                }
                other => text.push_str(&format!("[not shown: {}]", address(other))),
            },
            ContentBlock::ResourceLink(link) => text.push_str(&format!("[link: {}]", link.uri)),
            ContentBlock::Image(image) => {
                text.push_str(&format!("[not shown: {}]", image.mime_type));
            }
            ContentBlock::Audio(audio) => {
                text.push_str(&format!("[not shown: {}]", audio.mime_type));
            }
            _ => text.push_str("[not shown]"),
        }
    }
    // Servers say the same twice: as text, and as data for programs.
    if let Some(data) = result.structured_content.filter(|_| text.trim().is_empty()) {
        text = data.to_string();
    }
    let text = both_ends(text, MAX_TEXT);
    match result.is_error == Some(true) {
        true => Served::Failed(text),
        false => Served::Said(text),
    }
}

fn address(resource: &ResourceContents) -> &str {
    match resource {
        ResourceContents::TextResourceContents { uri, .. }
        | ResourceContents::BlobResourceContents { uri, .. } => uri,
        _ => "a resource",
    }
}
