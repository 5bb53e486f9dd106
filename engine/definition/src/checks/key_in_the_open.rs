//! An API key is sent where others could read or misuse it.
//!
//! Over plain `http://`, anyone on the network can read the key and the conversation. A cloud
//! account key grants access to far more than a model. It must never reach an unrelated server,
//! because the operator of that server could use it. A secret of an MCP server is never written
//! in this file, but as `secret://NAME`.
//!
//! Wrong:
//!
//! ```yaml
//! models:
//!   llama: { provider: openai, id: llama3, endpoint: "http://models.example.com/v1", key_env: AWS_SECRET_ACCESS_KEY, max_tokens: 4000 }
//! ```
//!
//! Right:
//!
//! ```yaml
//! models:
//!   llama: { provider: openai, id: llama3, endpoint: "https://models.example.com/v1", key_env: MODELS_KEY, max_tokens: 4000 }
//! ```

use std::net::IpAddr;

use super::unknown_budget::part;
use super::{Check, Context};
use crate::diagnostic::{Report, Severity};
use crate::syntax::SECRET;

pub(super) const CHECK: Check = Check { code: "key-in-the-open", run: Some(run) };

/// Environment variables that hold account credentials, with the domains that may receive them
/// (subdomains included). A name that ends in `_` is a prefix. The first matching row applies.
const ACCOUNT_KEYS: &[(&str, &[&str])] = &[
    ("AWS_BEARER_TOKEN_BEDROCK", &["amazonaws.com", "api.aws"]),
    ("AWS_", &[]),
    ("AZURE_OPENAI_API_KEY", &["azure.com", "microsoft.com"]),
    ("AZURE_API_KEY", &["azure.com", "microsoft.com"]),
    ("AZURE_", &[]),
    ("ARM_", &[]),
    ("GOOGLE_API_KEY", &["googleapis.com"]),
    ("GOOGLE_", &[]),
    ("GITHUB_TOKEN", &["github.ai", "githubcopilot.com", "azure.com"]),
    ("GH_TOKEN", &["github.ai", "githubcopilot.com", "azure.com"]),
    ("GITHUB_", &[]),
    ("GITLAB_", &[]),
    ("CI_JOB_TOKEN", &[]),
    ("NPM_TOKEN", &[]),
    ("CARGO_REGISTRY_TOKEN", &[]),
    ("VAULT_TOKEN", &[]),
    ("KUBECONFIG", &[]),
    ("SSH_", &[]),
    ("DATABASE_URL", &[]),
];

fn run(context: &Context<'_>, report: &mut Report) {
    servers(context, report);
    let models = context.crew().and_then(|crew| crew.models.get());
    for (name, _, model) in models.into_iter().flat_map(|models| models.iter()) {
        let (Some(key), Some(endpoint)) = (&model.key_env, &model.endpoint) else { continue };
        let (Some(variable), Some(url)) = (part(&model.key_env), part(&model.endpoint)) else {
            continue;
        };
        let host = host(url);
        if let Some(hosts) =
            account_key(variable).filter(|hosts| !hosts.iter().any(|own| is_below(&host, own)))
        {
            let allowed = match hosts {
                [] => String::new(),
                hosts => format!("; only {} may receive it", hosts.join(", ")),
            };
            report
                .error(
                    CHECK.code,
                    format!(
                        "model `{name}` sends the account credential `{variable}` to \
                         `{host}`{allowed}"
                    ),
                )
                .at(key.span, "the key")
                .also(endpoint.span, "the destination")
                .help("use a separate key for this server, in its own variable");
        } else if url.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"))
            && !is_here(&host)
        {
            let message = format!("model `{name}` sends `{variable}` to `{host}` unencrypted");
            report
                .add(CHECK.code, Severity::Warning, message)
                .at(endpoint.span, "not encrypted")
                .also(key.span, "the key")
                .help(
                    "use `https://`, or reach the server through an encrypted tunnel that ends on \
                     this machine",
                );
        }
    }
}

/// Secrets of servers are kept elsewhere and sent encrypted.
fn servers(context: &Context<'_>, report: &mut Report) {
    let servers = context.crew().and_then(|crew| part(&crew.servers));
    for (name, _, server) in servers.into_iter().flat_map(|servers| servers.iter()) {
        let headers = part(&server.headers).into_iter().flat_map(|all| all.0.0.iter());
        let variables = part(&server.environment).into_iter().flat_map(|all| all.0.0.iter());
        for (key, value) in headers.clone().chain(variables) {
            let (Some(key), Some(text)) = (key.get(), value.get()) else { continue };
            if is_secret(key) && !text.is_empty() && !text.contains(SECRET) {
                report
                    .error(CHECK.code, format!("server `{name}` has a secret in `{key}`"))
                    .at(value.span, "everyone who reads this file can use it")
                    .help(format!("write `{SECRET}NAME`, and set the secret where the crew runs"));
            }
        }
        let Some((at, url)) = server.url.as_ref().and_then(|url| Some((url.span, url.get()?)))
        else {
            continue;
        };
        let sent = headers
            .clone()
            .find(|(_, value)| value.get().is_some_and(|text| text.contains(SECRET)));
        let host = host(url);
        if let Some((_, value)) = sent
            && url.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"))
            && !is_here(&host)
        {
            report
                .add(
                    CHECK.code,
                    Severity::Warning,
                    format!("server `{name}` gets a secret at `{host}` unencrypted"),
                )
                .at(at, "not encrypted")
                .also(value.span, "the secret")
                .help("use `https://`");
        }
    }
}

/// Whether a header or variable of this name holds a secret.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let parts = [
        "authorization",
        "token",
        "secret",
        "password",
        "passwd",
        "cookie",
        "api-key",
        "api_key",
        "apikey",
        "access_key",
        "access-key",
    ];
    parts.iter().any(|part| name.contains(part))
}

fn account_key(variable: &str) -> Option<&'static [&'static str]> {
    let variable = variable.to_ascii_uppercase();
    let fits = |name: &str| variable == name || name.ends_with('_') && variable.starts_with(name);
    ACCOUNT_KEYS.iter().find(|(name, _)| fits(name)).map(|(_, hosts)| *hosts)
}

/// The host of a URL that the schema has already validated, in lower case and without the port.
fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => authority.split(':').next().unwrap_or_default(),
    };
    host.trim_end_matches('.').to_ascii_lowercase()
}

fn is_here(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_parsed_as_clients_parse_them() {
        let hosts =
            ["http://A.example:80/v1", "https://[::1]:9/v1", "http://127.0.0.1", "https://a.b./x"]
                .map(host);
        assert_eq!(hosts, ["a.example", "::1", "127.0.0.1", "a.b"]);
        assert!(
            is_here("127.8.8.8")
                && is_here("::1")
                && !is_here("10.0.0.1")
                && !is_here("localhost.example")
        );
        assert!(
            is_below("x.amazonaws.com", "amazonaws.com")
                && !is_below("evilamazonaws.com", "amazonaws.com")
        );
    }

    #[test]
    fn account_keys_are_recognised_by_name() {
        let known = |name| account_key(name).is_some();
        assert!(
            known("AWS_SECRET_ACCESS_KEY")
                && known("aws_session_token")
                && known("GITHUB_TOKEN")
                && known("KUBECONFIG")
        );
        assert!(!known("OPENAI_API_KEY") && !known("MY_KEY") && !known("AWSOME_KEY"));
    }
}
