//! Addresses of repositories on a server.

use std::fmt;

use url::{Host, Url};

/// Maximum length of an address, in bytes.
const LONGEST: usize = 2_000;

/// The address of a repository on a server, without a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteUrl(Url);

impl RemoteUrl {
    /// Whether a text means a repository on a server, not a path: it has a scheme, or the form
    /// `user@host:path`.
    pub fn is_meant(text: &str) -> bool {
        text.contains("://") || short_form(text).is_some()
    }

    /// The host, and the port unless it is the default.
    pub fn place(&self) -> String {
        match self.0.port() {
            Some(port) => format!("{}:{port}", self.host()).to_lowercase(),
            None => self.host().to_lowercase(),
        }
    }

    /// Reads an address: `https://HOST/PATH`, `ssh://USER@HOST/PATH` or `USER@HOST:PATH`. Plain
    /// `http` is accepted for this machine alone.
    ///
    /// # Errors
    /// Says what is wrong with it, without repeating it: it may contain a password.
    pub fn parse(text: &str) -> Result<RemoteUrl, String> {
        if text.len() > LONGEST || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err("the URL of the repository is too long, or contains spaces".to_owned());
        }
        let full = short_form(text).map(|(user, host, path)| {
            format!("ssh://{user}@{host}/{}", path.trim_start_matches('/'))
        });
        let url = Url::parse(full.as_deref().unwrap_or(text))
            .map_err(|error| format!("the URL of the repository is not valid: {error}"))?;
        if url.password().is_some() {
            return Err("the URL of the repository contains a password; remove it, and set a \
                        secret or a Git credential helper (see docs/existing-code.md)"
                .to_owned());
        }
        if !url.username().is_empty() && url.scheme() != "ssh" {
            return Err(
                "the URL of the repository contains a user, which could be a token; remove \
                        it, and set a secret or a Git credential helper (see \
                        docs/existing-code.md)"
                    .to_owned(),
            );
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("the repository URL must not contain `?` or `#`".to_owned());
        }
        let Some(host) = url.host().filter(|_| url.path().len() > 1) else {
            return Err("the URL of a repository needs a host and a path".to_owned());
        };
        // `ssh` would take them for options.
        if host.to_string().starts_with('-') || url.username().starts_with('-') {
            return Err("the host and the user must not start with `-`".to_owned());
        }
        match url.scheme() {
            "https" | "ssh" => {}
            "http" if is_this_machine(&host) => {}
            "http" => {
                return Err("use `https`; `http` would send passwords in the clear".to_owned());
            }
            _ => {
                return Err("the repository URL must start with `https://` or `ssh://`".to_owned());
            }
        }
        Ok(RemoteUrl(url))
    }

    /// Its host, in lower case and without the port.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The user that it names.
    pub(super) fn user(&self) -> Option<&str> {
        Some(self.0.username()).filter(|user| !user.is_empty())
    }

    /// Its port, unless it is the default.
    pub(super) fn port(&self) -> Option<u16> {
        self.0.port()
    }

    /// `user@host`, or the host alone, for `ssh`.
    pub(super) fn destination(&self) -> String {
        let host = self.host().trim_matches(['[', ']']);
        self.user().map_or_else(|| host.to_owned(), |user| format!("{user}@{host}"))
    }

    /// The path on the server, for `ssh`: below the user's home when it starts with `~`.
    pub(super) fn remote_path(&self) -> String {
        let path = percent_encoding::percent_decode_str(self.0.path()).decode_utf8_lossy();
        path.strip_prefix("/~").map_or_else(|| path.to_string(), |rest| format!("~{rest}"))
    }

    /// The name of the secret for its host: `git-` and the host, with `-` for every character that
    /// is neither a letter nor a digit, and `--` for a `-`, so that no two hosts share one.
    pub fn secret(&self) -> String {
        let mut name = "git-".to_owned();
        for c in self.host().to_lowercase().chars() {
            match c {
                '-' => name.push_str("--"),
                c if c.is_ascii_alphanumeric() => name.push(c),
                _ => name.push('-'),
            }
        }
        name
    }

    /// The address as Git takes it.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

/// The parts of `user@host:path`.
fn short_form(text: &str) -> Option<(&str, &str, &str)> {
    let (user, rest) = text.split_once('@')?;
    let (host, path) = rest.split_once(':')?;
    let plain = |part: &str| !part.is_empty() && !part.contains(['/', ':', '@']);
    (plain(user) && plain(host) && !path.is_empty() && !path.starts_with("//"))
        .then_some((user, host, path))
}

fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::RemoteUrl;

    #[test]
    fn addresses_of_servers_are_read() {
        for (text, address, host, secret) in [
            (
                "https://git.acme.com/o/r.git",
                "https://git.acme.com/o/r.git",
                "git.acme.com",
                "git-git-acme-com",
            ),
            (
                "git@GitHub.com:o/r.git",
                "ssh://git@GitHub.com/o/r.git",
                "GitHub.com",
                "git-github-com",
            ),
            ("ssh://me@host:2222/~/r", "ssh://me@host:2222/~/r", "host", "git-host"),
            (
                "http://127.0.0.1:4570/p.git",
                "http://127.0.0.1:4570/p.git",
                "127.0.0.1",
                "git-127-0-0-1",
            ),
        ] {
            assert!(RemoteUrl::is_meant(text), "{text}");
            let url = RemoteUrl::parse(text).expect("a valid address");
            assert_eq!((url.as_str(), url.host(), url.secret().as_str()), (address, host, secret));
        }
        for path in ["../code", "/srv/a@b", "C:\\code", "a:b", "user@host/path"] {
            assert!(!RemoteUrl::is_meant(path), "{path}");
        }
    }

    #[test]
    fn other_addresses_are_refused_with_the_reason() {
        for (text, why) in [
            ("https://me:hunter2@host/r", "contains a password"),
            ("https://hunter2@host/r", "contains a user"),
            ("http://host/r", "use `https`"),
            ("file:///etc", "needs a host"),
            ("ext://sh/-c", "must start with `https://`"),
            ("git://host/r", "must start with `https://`"),
            ("https://host/", "needs a host and a path"),
            ("ssh://-oProxyCommand=x/r", "must not start with `-`"),
            ("https://host/r?x=1", "must not contain `?`"),
            ("https://ho st/r", "contains spaces"),
        ] {
            let said = RemoteUrl::parse(text).expect_err(text);
            assert!(said.contains(why) && !said.contains("hunter2"), "{text}: {said}");
        }
    }
}
