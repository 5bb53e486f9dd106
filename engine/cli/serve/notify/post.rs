//! Posts to webhooks and chats. Names are resolved here, and addresses of private networks are
//! refused before anything connects to them.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use cloudcrew_api::notices::{Failed, Notice, Sends, chat, webhook};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, StatusCode, Url, redirect};

use super::public::is_public;

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// The web as notifications reach it.
pub struct Web {
    client: Client,
    private: Arc<Vec<String>>,
}

impl Web {
    pub fn new(private: Vec<String>) -> Result<Web, String> {
        // Keeps a provider that is already installed. Without any, building a client panics.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let private = Arc::new(private);
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .dns_resolver(Guarded(Arc::clone(&private)))
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Web { client, private })
    }

    /// Whether an address may be reached. Names are checked when they are resolved.
    fn allows(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let plain = host.trim_start_matches('[').trim_end_matches(']');
        match plain.parse::<IpAddr>() {
            Ok(address) => is_public(address) || self.private.iter().any(|name| name == plain),
            Err(_) => true,
        }
    }
}

/// Resolves names to public addresses, except for names that the operator allows.
struct Guarded(Arc<Vec<String>>);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let private = Arc::clone(&self.0);
        Box::pin(async move {
            let name = name.as_str();
            let found = tokio::net::lookup_host((name, 0)).await?;
            let is_allowed = private.iter().any(|allowed| allowed == name);
            let good = found.filter(|address| is_allowed || is_public(address.ip()));
            let good: Vec<SocketAddr> = good.collect();
            if good.is_empty() {
                return Err("it has no public address".into());
            }
            Ok(Box::new(good.into_iter()) as Addrs)
        })
    }
}

/// What is posted.
pub enum How {
    /// A webhook, signed with this secret.
    Signed(Vec<u8>),
    /// A line for a chat.
    Chat,
}

/// Posts to one address.
pub struct Post {
    web: Arc<Web>,
    url: Url,
    how: How,
}

impl Post {
    pub fn new(web: Arc<Web>, url: &str, how: How) -> Result<Post, String> {
        let url = Url::parse(url).map_err(|error| error.to_string())?;
        let is_private = |url: &Url| {
            let host = url.host_str().unwrap_or_default();
            web.private.iter().any(|name| name == host.trim_matches(['[', ']']))
        };
        if url.scheme() != "https" && !(url.scheme() == "http" && is_private(&url)) {
            return Err("the address must begin with `https`".to_owned());
        }
        if !web.allows(&url) {
            return Err("the address is in a private network; see `private_hosts`".to_owned());
        }
        Ok(Post { web, url, how })
    }
}

#[async_trait]
impl Sends for Post {
    async fn send(&self, notices: &[Notice]) -> Result<(), Failed> {
        let Some(notice) = notices.first() else { return Ok(()) };
        let mut request = self.web.client.post(self.url.clone());
        request = request.header("content-type", "application/json");
        request = match &self.how {
            How::Chat => request.body(chat(notice)),
            How::Signed(secret) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let now = i64::try_from(now.as_secs()).unwrap_or_default();
                let (headers, body) = webhook(notice, secret, now);
                for (name, value) in headers {
                    request = request.header(name, value);
                }
                request.body(body)
            }
        };
        let answered = request.send().await.map_err(|e| Failed::Later(with_causes(&e)))?;
        match answered.status() {
            status if status.is_success() => Ok(()),
            StatusCode::GONE => Err(Failed::Never("it answered 410".to_owned())),
            status => Err(Failed::Later(format!("it answered {}", status.as_u16()))),
        }
    }
}

/// An error with its causes, without the address: that may hold a secret.
fn with_causes(error: &reqwest::Error) -> String {
    let mut text = "it cannot be reached".to_owned();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
