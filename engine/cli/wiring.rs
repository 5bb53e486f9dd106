//! The only place that chooses adapters.

#[cfg(feature = "aws")]
pub mod aws;
mod ground;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use cloudcrew_definition::crew::{Definition, Live, Model as Defined};
use cloudcrew_definition::syntax::Provider;
use cloudcrew_local::cassette::{Player, Recorder};
use cloudcrew_local::clock::{RehearsalClock, SystemClock};
use cloudcrew_local::knowledge::Index;
use cloudcrew_local::openai::{MaxTokensKey, OpenAiModel, OpenAiSettings};
use cloudcrew_local::program::{self, Sandbox};
use cloudcrew_local::rehearsal::RehearsalModel;
use cloudcrew_local::repo::{MissingRepo, RemoteUrl};
use cloudcrew_local::server::McpServers;
use cloudcrew_local::store::Store;
use cloudcrew_local::vault::Environment;
use cloudcrew_ports::clock::Clock;
use cloudcrew_ports::model::{Billing, Model, ModelFault, ModelReply, ModelRequest};
use cloudcrew_ports::program::{NoPrograms, Programs};
use cloudcrew_ports::repo::Repo;
use cloudcrew_ports::secret;
use cloudcrew_ports::server::NoServers;
use cloudcrew_runtime::engagement::{Engagement, RunMode};
use cloudcrew_runtime::ports::Ports;
use cloudcrew_runtime::watch::Watch;
use cloudcrew_tools::Toolbox;

/// What this machine offers, for the rest of the command line: it names no adapter.
pub use cloudcrew_local::program::inside;
pub use cloudcrew_local::{clock, folder, holder, passes, repo, store, vault};

use crate::exit::Failure;
use crate::home;
use crate::models::cast;

/// The ports of an engagement, in the mode it was started in.
pub async fn ports(
    store: &Store,
    engagement: &Engagement,
    watch: Arc<dyn Watch>,
) -> Result<Ports, Failure> {
    let started = &engagement.state.started;
    let ended_anyway = engagement.state.cancel.is_some();
    let repo: Arc<dyn Repo> = match home::repo(store, engagement) {
        Ok(repo) => Arc::new(repo),
        // A cancelled engagement neither reads nor writes files.
        Err(why) if ended_anyway => {
            Arc::new(MissingRepo::new(&started.repo, &started.branch, &why))
        }
        Err(why) => {
            let project = &engagement.project;
            return Err(Failure::world(format!(
                "cannot open the repository of `{project}`: {why}\nrestore it, or cancel the \
                 engagement with `cloudcrew cancel {project}`"
            )));
        }
    };
    // Without live models, waits take no real time.
    let hurried = || -> Arc<dyn Clock> {
        let clock = RehearsalClock::default();
        clock.not_before(engagement.state.times.1);
        Arc::new(clock)
    };
    let (model, clock): (Arc<dyn Model>, Arc<dyn Clock>) = if ended_anyway {
        (Arc::new(Nobody), hurried())
    } else {
        let model = voice(
            &started.voice,
            &engagement.definition,
            started.rehearsal.as_deref(),
            &used(engagement),
        )
        .await?;
        (
            model,
            if matches!(started.voice, RunMode::Live { .. }) {
                Arc::new(SystemClock::default())
            } else {
                hurried()
            },
        )
    };
    let mut ports = over(store, &engagement.definition, repo, model, clock, watch);
    // What a program prints differs from run to run, and a replay is strict.
    if matches!(started.voice, RunMode::Replay { .. } | RunMode::Live { record: Some(_) }) {
        let why = "none runs while a cassette is recorded or replayed: it has no place for results";
        ports.programs = Arc::new(NoPrograms(why.to_owned()));
        ports.servers = Arc::new(NoServers(why.to_owned()));
    }
    Ok(ports)
}

/// The ports to answer messages of an engagement, beside its driver. What is said in a conversation
/// is not recorded in a cassette.
pub async fn talk_ports(
    store: &Store,
    engagement: &Engagement,
    watch: Arc<dyn Watch>,
) -> Result<Ports, Failure> {
    let started = &engagement.state.started;
    let repo: Arc<dyn Repo> = match home::repo(store, engagement) {
        Ok(repo) => Arc::new(repo),
        Err(why) => Arc::new(MissingRepo::new(&started.repo, &started.branch, &why)),
    };
    let (definition, models) = (&engagement.definition, used(engagement));
    let mode = match &started.voice {
        RunMode::Live { .. } => RunMode::Live { record: None },
        // A cassette has no answers to new questions.
        RunMode::Rehearsal | RunMode::Replay { .. } => RunMode::Rehearsal,
    };
    let model = voice(&mode, definition, started.rehearsal.as_deref(), &models).await?;
    let clock = Arc::new(SystemClock::default());
    Ok(over(store, definition, repo, model, clock, watch))
}

/// Ports over a store, which serves most of them.
fn over(
    store: &Store,
    definition: &Definition,
    repo: Arc<dyn Repo>,
    model: Arc<dyn Model>,
    clock: Arc<dyn Clock>,
    watch: Arc<dyn Watch>,
) -> Ports {
    Ports {
        journal: Arc::new(store.clone()),
        leases: Arc::new(store.clone()),
        blobs: Arc::new(store.clone()),
        ledger: Arc::new(store.clone()),
        repo,
        model,
        knowledge: Arc::new(Index::default()),
        memory: Arc::new(store.clone()),
        metrics: Arc::new(store.clone()),
        patterns: Arc::new(store.clone()),
        programs: programs(),
        servers: Arc::new(servers()),
        tools: Arc::new(Toolbox::built_in().with_servers(&definition.servers)),
        clock,
        watch,
    }
}

/// Variable that names a file with the keys of SSH servers, in the format of `known_hosts`.
const KNOWN_HOSTS: &str = "CLOUDCREW_KNOWN_HOSTS";

/// A Git server, with the secret for its host and the host keys that this machine knows.
pub fn git_server(url: RemoteUrl, base: Option<String>) -> repo::Server {
    let secret = Environment.find(&url.secret());
    let known_hosts = std::env::var_os(KNOWN_HOSTS).filter(|file| !file.is_empty());
    repo::Server { url, secret, known_hosts: known_hosts.map(PathBuf::from), base }
}

/// Variable that names folders with programs for the sandbox, behind colons.
const PROGRAMS: &str = "CLOUDCREW_PROGRAMS";
/// Variable that turns programs off.
const SANDBOX: &str = "CLOUDCREW_SANDBOX";

/// The sandbox of this machine, or why there is none. A process looks once at what is here.
fn place() -> &'static Result<Sandbox, String> {
    static PLACE: LazyLock<Result<Sandbox, String>> = LazyLock::new(|| {
        if std::env::var(SANDBOX).is_ok_and(|value| value == "off") {
            return Err(format!("{SANDBOX} is `off`"));
        }
        let named = std::env::var(PROGRAMS).unwrap_or_default();
        let folders = program::folders(&named).map_err(|why| format!("{PROGRAMS}: {why}"))?;
        let helper = std::env::current_exe().map_err(|error| error.to_string())?;
        Ok(Sandbox::new(folders, helper))
    });
    &PLACE
}

/// The sandbox, if programs may run here.
pub fn sandbox() -> Option<&'static Sandbox> {
    place().as_ref().ok()
}

/// The MCP servers that this machine reaches.
pub fn servers() -> McpServers {
    McpServers::new(place().clone(), Arc::new(Environment))
}

/// Where programs run.
pub fn programs() -> Arc<dyn Programs> {
    match place() {
        Ok(sandbox) => Arc::new(sandbox.clone()),
        Err(why) => Arc::new(NoPrograms(why.clone())),
    }
}

/// The model port of a run mode. `models` are those in use, as they are called now.
pub async fn voice(
    voice: &RunMode,
    definition: &Arc<Definition>,
    rehearsal: Option<&str>,
    models: &[Defined],
) -> Result<Arc<dyn Model>, Failure> {
    Ok(match voice {
        RunMode::Rehearsal => {
            let rehearsal = rehearsal.and_then(|name| definition.rehearsal(name)).cloned();
            Arc::new(RehearsalModel::new(definition.clone(), rehearsal))
        }
        RunMode::Replay { cassette } => Arc::new(
            Player::open(Path::new(cassette), secrets(models))
                .map_err(|e| Failure::world(e.to_string()))?,
        ),
        RunMode::Live { record } => {
            secrets(models);
            let live: Arc<dyn Model> = Arc::new(Models::of(models).await?);
            match record {
                None => live,
                Some(file) => {
                    let recorder = Recorder::new(live, Path::new(file), secrets(models));
                    Arc::new(recorder.map_err(|e| Failure::world(e.to_string()))?)
                }
            }
        }
    })
}

/// The models that the agents of an engagement use.
fn used(engagement: &Engagement) -> Vec<Defined> {
    let (definition, started) = (&engagement.definition, &engagement.state.started);
    let Some(workflow) = definition.workflow(&started.workflow) else { return Vec::new() };
    let mut names: Vec<String> =
        cast(definition, workflow).iter().map(|agent| started.model_of(agent)).collect();
    names.sort();
    names.dedup();
    names.iter().filter_map(|name| engagement.model(name)).collect()
}

/// Models that the workspace now calls differently from the engagement. The crew stays pinned, but
/// provider, endpoint and price follow `agents.yaml`, so that they can be corrected there.
pub fn rerouted(engagement: &Engagement, workspace: &Definition) -> Vec<Defined> {
    let differs = |old: &Defined| {
        let new = workspace.model(&old.name).filter(|new| new.live.is_some())?;
        (old.live.is_some() && (new.live != old.live || new.price != old.price))
            .then(|| new.clone())
    };
    used(engagement).iter().filter_map(differs).collect()
}

/// The model port of a cancelled engagement: every call fails.
struct Nobody;

#[async_trait]
impl Model for Nobody {
    async fn complete(&self, _: ModelRequest<'_>) -> Result<ModelReply, ModelFault> {
        Err(ModelFault::denied("Cancelled", "the engagement ends"))
    }

    fn billing(&self) -> Billing {
        Billing::Free
    }
}

/// The engagement that a cassette recorded, and its date.
pub fn recorded(cassette: &Path) -> Result<Option<(String, String)>, Failure> {
    let player = Player::open(cassette, Vec::new()).map_err(|e| Failure::usage(e.to_string()))?;
    Ok(player.recorded())
}

/// The live models of a crew, by name.
struct Models(HashMap<String, Arc<dyn Model>>);

impl Models {
    async fn of(models: &[Defined]) -> Result<Models, Failure> {
        let mut connections = Connections::default();
        let mut found = HashMap::new();
        for model in models {
            if let Some(live) = &model.live {
                found.insert(model.name.clone(), connections.model(model, live).await?);
            }
        }
        Ok(Models(found))
    }
}

#[async_trait]
impl Model for Models {
    async fn complete(&self, request: ModelRequest<'_>) -> Result<ModelReply, ModelFault> {
        match self.0.get(request.model) {
            Some(model) => model.complete(request).await,
            None => Err(ModelFault::denied(
                "NoProvider",
                format!("nobody serves the model `{}`", request.model),
            )),
        }
    }

    fn billing(&self) -> Billing {
        Billing::Paid
    }
}

/// One live model, to be called on its own.
pub async fn model(defined: &Defined, live: &Live) -> Result<Arc<dyn Model>, Failure> {
    Connections::default().model(defined, live).await
}

/// Connections that models share, one per place.
#[derive(Default)]
struct Connections {
    #[cfg(feature = "aws")]
    bedrock: HashMap<cloudcrew_aws::bedrock::Place, cloudcrew_aws::bedrock::Service>,
}

impl Connections {
    async fn model(&mut self, model: &Defined, live: &Live) -> Result<Arc<dyn Model>, Failure> {
        match live.provider {
            Provider::Openai => {
                let base_url = live.endpoint.clone().unwrap_or_default();
                let settings = OpenAiSettings {
                    id: live.id.clone(),
                    max_tokens_key: MaxTokensKey::at(&base_url),
                    base_url,
                    key: live
                        .key_env
                        .as_ref()
                        .and_then(|name| std::env::var(name).ok())
                        .filter(|key| !key.is_empty()),
                    key_name: live.key_env.clone(),
                    streaming: live.streaming,
                    silence: live.silence,
                };
                Ok(Arc::new(OpenAiModel::new(settings)))
            }
            Provider::Bedrock => self.bedrock(model, live).await,
        }
    }

    #[cfg(feature = "aws")]
    async fn bedrock(&mut self, _: &Defined, live: &Live) -> Result<Arc<dyn Model>, Failure> {
        use cloudcrew_aws::bedrock::{BedrockModel, Guardrail, Place, Service, Settings};
        let region = live
            .region
            .clone()
            .or_else(|| std::env::var("BEDROCK_REGION").ok().filter(|region| !region.is_empty()));
        let place = Place { region, endpoint: live.endpoint.clone() };
        let service = match self.bedrock.get(&place) {
            Some(service) => service.clone(),
            None => {
                let service = Service::new(&place).await;
                self.bedrock.insert(place, service.clone());
                service
            }
        };
        let settings = Settings {
            id: live.id.clone(),
            cache_minimum: live.cache_minimum,
            reasoning: live.reasoning,
            guardrail: live.guardrail.clone().map(|(id, version)| Guardrail { id, version }),
            silence: live.silence,
        };
        Ok(Arc::new(BedrockModel::new(service, settings)))
    }

    #[cfg(not(feature = "aws"))]
    async fn bedrock(&mut self, model: &Defined, _: &Live) -> Result<Arc<dyn Model>, Failure> {
        Err(Failure::usage(format!(
            "the model `{}` needs Bedrock, which this build does not include; build with `cargo \
             build --release --features aws`",
            model.name
        )))
    }
}

/// Secrets that a cassette must not contain: the keys of the crew's models.
fn secrets(models: &[Defined]) -> Vec<String> {
    let names = models.iter().filter_map(|m| m.live.as_ref()?.key_env.as_ref());
    let own = names.filter_map(|name| std::env::var(name).ok());
    let aws = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok());
    let all: Vec<String> = own.chain(aws).filter(|secret| secret.len() >= 8).collect();
    // Under whatever name the key is.
    all.iter().for_each(|value| secret::remember(value));
    all
}
