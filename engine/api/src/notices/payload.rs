//! Notifications as they are sent: a signed webhook, a line for a chat, a mail.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::json;

use super::notice::Notice;

/// A webhook as Standard Webhooks 1.0 describes it: its headers and its body. `secret` is what the
/// receiver knows too: the bytes that follow `whsec_`, decoded. `now` is in seconds since 1970 UTC.
pub fn webhook(notice: &Notice, secret: &[u8], now: i64) -> ([(&'static str, String); 3], String) {
    let kind = json!(notice.kind);
    let body = json!({
        "type": format!("cloudcrew.{}", kind.as_str().unwrap_or_default()),
        "timestamp": notice.at,
        "data": notice,
    });
    let body = body.to_string();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let signed = hmac::sign(&key, format!("{}.{now}.{body}", notice.id).as_bytes());
    let headers = [
        ("webhook-id", notice.id.clone()),
        ("webhook-timestamp", now.to_string()),
        ("webhook-signature", format!("v1,{}", STANDARD.encode(signed))),
    ];
    (headers, body)
}

/// A message that incoming webhooks of Slack and of Teams both understand. What agents wrote is
/// escaped, so that it mentions nobody and links nowhere.
pub fn chat(notice: &Notice) -> String {
    let escaped = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('@', "@\u{200b}")
    };
    let text = match notice.text.is_empty() {
        true => escaped(&notice.title),
        false => format!("{}\n{}", escaped(&notice.title), escaped(&notice.text)),
    };
    json!({ "text": text }).to_string()
}

/// Several notifications as the subject and the text of one mail.
pub fn mail(notices: &[Notice]) -> Option<(String, String)> {
    let first = notices.first()?;
    let subject = match notices {
        [one] => one.title.clone(),
        several => format!("{} notifications, first: {}", several.len(), first.title),
    };
    let each = notices.iter().map(|notice| {
        let deadline = notice.deadline.map(|at| format!("Deadline: {}\n", at.text()));
        let text = notice.text.trim_end();
        let text = if text.is_empty() { String::new() } else { format!("{text}\n") };
        let at = notice.at.text();
        format!("{}\n{at}\n{}{text}", notice.title, deadline.unwrap_or_default())
    });
    Some((subject, each.collect::<Vec<_>>().join("\n")))
}

#[cfg(test)]
mod tests {
    use cloudcrew_runtime::engagement::{End, EndReason, Event};

    use super::*;

    fn notice() -> Notice {
        let text = "all done <!channel> @here".to_owned();
        let end = End { kind: EndReason::Completed, text, key: String::new() };
        Notice::of("shop", 7, 0, &Event::Ended(end)).expect("a notice")
    }

    #[test]
    fn a_webhook_is_signed_over_its_id_its_time_and_its_body() {
        let (headers, body) = webhook(&notice(), b"a secret", 1_700_000_000);
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"a secret");
        let signature = headers[2].1.strip_prefix("v1,").expect("a version");
        let signature = STANDARD.decode(signature).expect("base64");
        let signed = format!("shop-7.1700000000.{body}");
        hmac::verify(&key, signed.as_bytes(), &signature).expect("it is signed");
        assert!(body.contains(r#""type":"cloudcrew.end""#), "{body}");
    }

    #[test]
    fn what_agents_write_mentions_nobody_in_a_chat() {
        let text = chat(&notice());
        assert!(!text.contains('<') && !text.contains("@here"), "{text}");
    }
}
