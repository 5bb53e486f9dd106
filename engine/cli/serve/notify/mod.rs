//! Who is notified, and how: a file of the operator.

mod mail;
mod post;
mod public;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cloudcrew_api::notices::{Channel, Daily, Kind, Quiet, Reader, Sends};
use jiff::civil::Time as Clock;
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::exit::Failure;
use crate::wiring::folder::Folder;
use crate::wiring::vault::Environment;
use mail::{Mail, Server};
use post::{How, Post, Web};

/// Maximum bytes of the file.
const MOST: u64 = 1024 * 1024;

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// Programs and chats, by name.
    #[serde(default)]
    channels: BTreeMap<String, Target>,
    /// The server that sends mail.
    #[serde(default)]
    mail: Option<Server>,
    /// People who get mail, by name.
    #[serde(default)]
    people: BTreeMap<String, Person>,
    /// Hosts in private networks that may be reached: names or addresses.
    #[serde(default)]
    private_hosts: Vec<String>,
}

/// A program or a chat.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    /// Address of a webhook.
    #[serde(default)]
    webhook: Option<String>,
    /// Environment variable with its secret: `whsec_` and base64.
    #[serde(default)]
    secret_env: Option<String>,
    /// Address of an incoming webhook of Slack or Teams.
    #[serde(default)]
    chat: Option<String>,
    #[serde(default)]
    on: Vec<Kind>,
}

/// A person who gets mail.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    mail: String,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    on: Vec<Kind>,
    /// Such as `Europe/Berlin`.
    #[serde(default)]
    zone: Option<String>,
    /// Start and end of the hours without mail: `["20:00", "07:00"]`.
    #[serde(default)]
    quiet: Option<(Clock, Clock)>,
    /// When to send everything of a day together: `"09:00"`.
    #[serde(default)]
    digest: Option<Clock>,
}

/// Reads the file.
pub async fn channels(file: &Path) -> Result<Vec<Channel>, Failure> {
    let refused = |why: String| Failure::usage(format!("{}: {why}", file.display()));
    let real = std::fs::canonicalize(file).map_err(|e| refused(e.to_string()))?;
    let name = real.file_name().map(Path::new).unwrap_or(&real);
    let folder = Folder::open(real.parent().unwrap_or(&real))?;
    let bytes = folder.read(name, MOST).map_err(|e| refused(e.to_string()))?;
    read(&bytes).await.map_err(refused)
}

/// Reads the content of the file.
pub async fn read(bytes: &[u8]) -> Result<Vec<Channel>, String> {
    let written: Written = serde_json::from_slice(bytes).map_err(|e| super::not_read(&e))?;
    let web = Arc::new(Web::new(written.private_hosts)?);
    let mut channels = Vec::new();
    for (name, target) in written.channels {
        let sends = target.sends(&web).map_err(|why| format!("`{name}`: {why}"))?;
        channels.push(Channel { name, on: target.on, reader: None, sends });
    }
    let transport = match &written.mail {
        Some(server) => Some((server, server.transport().await?)),
        None => None,
    };
    for (name, person) in written.people {
        let refused = |why: String| format!("`{name}`: {why}");
        let (server, transport) = transport
            .as_ref()
            .ok_or_else(|| refused("the file names no `mail` server".to_owned()))?;
        let sends = Box::new(Mail::new(server, transport, &person.mail).map_err(refused)?);
        let zone = match &person.zone {
            None => TimeZone::UTC,
            Some(zone) => TimeZone::get(zone).map_err(|e| refused(e.to_string()))?,
        };
        let reader = Reader {
            name: name.clone(),
            groups: person.groups,
            zone,
            quiet: person.quiet.map(|(from, to)| Quiet { from, to }),
            digest: person.digest.map(Daily),
        };
        let name = format!("mail:{name}");
        channels.push(Channel { name, on: person.on, reader: Some(reader), sends });
    }
    Ok(channels)
}

/// The value of a variable that the file names, or of the secret of this name.
fn value(name: &String) -> Result<String, String> {
    let variable = std::env::var(name).ok();
    let value = variable.or_else(|| Environment.find(name));
    value.ok_or_else(|| format!("`{name}` is not set"))
}

impl Target {
    fn sends(&self, web: &Arc<Web>) -> Result<Box<dyn Sends>, String> {
        let (url, how) = match (&self.webhook, &self.chat) {
            (Some(url), None) => (url, How::Signed(self.secret()?)),
            (None, Some(url)) => (url, How::Chat),
            _ => return Err("needs either `webhook` or `chat`".to_owned()),
        };
        Ok(Box::new(Post::new(Arc::clone(web), url, how)?))
    }

    fn secret(&self) -> Result<Vec<u8>, String> {
        let name = self.secret_env.as_ref().ok_or("a webhook needs `secret_env`")?;
        let secret = value(name)?;
        let encoded = secret.strip_prefix("whsec_").unwrap_or(&secret);
        let bytes = STANDARD.decode(encoded).map_err(|_| format!("`{name}` is not base64"))?;
        if !(24..=64).contains(&bytes.len()) {
            return Err(format!("`{name}` must decode to 24 to 64 bytes"));
        }
        Ok(bytes)
    }
}
