//! Which repositories callers may name.

use std::path::PathBuf;

use cloudcrew_api::app::NewRepo;
use cloudcrew_api::problem::{Kind, Problem};

use crate::args::Serve;
use crate::exit::Failure;
use crate::home;
use crate::start::Source;
use crate::wiring::repo::RemoteUrl;

/// Placeholder for the customer in the URL of the service.
const CUSTOMER: &str = "{customer}";

/// What the operator allows.
pub struct Allowed {
    /// Directories below which callers may name repositories.
    roots: Vec<PathBuf>,
    /// Hosts on which they may, in lower case, with a port that is not the default.
    hosts: Vec<String>,
    /// The repository of engagements that name none.
    url: Option<String>,
}

impl Allowed {
    /// Reads what the operator gave.
    pub fn new(serve: &Serve) -> Result<Allowed, Failure> {
        let real = |root: &PathBuf| {
            let named = |error| Failure::usage(format!("{}: {error}", root.display()));
            std::fs::canonicalize(root).map_err(named)
        };
        let roots = serve.repo_roots.iter().map(real).collect::<Result<_, _>>()?;
        let hosts = serve.repo_hosts.iter().map(|host| host.to_lowercase()).collect();
        let url = serve.repo_url.clone().filter(|url| !url.is_empty());
        if let Some(url) = &url {
            RemoteUrl::parse(&url.replace(CUSTOMER, "customer")).map_err(Failure::usage)?;
        }
        Ok(Allowed { roots, hosts, url })
    }

    /// The repository of a new engagement; `None` for a new one in the home.
    pub fn source(
        &self,
        repo: Option<&NewRepo>,
        customer: Option<&str>,
    ) -> Result<Option<Source>, Problem> {
        let invalid = |why: String| Problem::new(Kind::Invalid, why);
        let has_place = self.url.as_ref().is_some_and(|url| url.contains(CUSTOMER));
        if customer.is_some() && (repo.is_some() || !has_place) {
            let why = "`customer` is only accepted when `--repo-url` contains `{customer}` and the \
                       request has no `repo`";
            return Err(invalid(why.to_owned()));
        }
        let Some(NewRepo { path, url, .. }) = repo else { return self.default(customer) };
        match (path, url) {
            (Some(path), None) => {
                let refused =
                    || Problem::new(Kind::Forbidden, "the operator does not allow this path");
                let real = std::fs::canonicalize(path).map_err(|_| refused())?;
                let allowed = self.roots.iter().any(|root| real.starts_with(root));
                if allowed { Ok(Some(Source::Path(real))) } else { Err(refused()) }
            }
            (None, Some(url)) => {
                let url = RemoteUrl::parse(url).map_err(invalid)?;
                if self.hosts.contains(&url.place()) {
                    return Ok(Some(Source::Server(url)));
                }
                Err(Problem::new(Kind::Forbidden, "the operator does not allow this host"))
            }
            (None, None) if repo.is_some_and(|repo| repo.base.is_some()) => self.default(customer),
            _ => Err(invalid("`repo` needs either `path` or `url`".to_owned())),
        }
    }

    fn default(&self, customer: Option<&str>) -> Result<Option<Source>, Problem> {
        let Some(url) = &self.url else { return Ok(None) };
        let url = match customer {
            Some(customer) => url.replace(CUSTOMER, plain(customer)?),
            None if url.contains(CUSTOMER) => {
                let why = "name the `customer`: it selects the repository";
                return Err(Problem::new(Kind::Invalid, why));
            }
            None => url.clone(),
        };
        let url = RemoteUrl::parse(&url).map_err(|why| Problem::new(Kind::Invalid, why))?;
        Ok(Some(Source::Server(url)))
    }
}

/// A customer's name, which must not lead out of its place in the URL.
fn plain(customer: &str) -> Result<&str, Problem> {
    let why = "`customer` must be 1 to 63 lowercase letters, digits or `-`, and must not start or \
               end with `-`";
    let valid = home::valid_project(customer).map(|()| customer);
    valid.map_err(|_| Problem::new(Kind::Invalid, why))
}
