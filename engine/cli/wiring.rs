//! The only place where adapters are chosen.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use cloudcrew_definition::crew::{Definition, Live, Model as Defined};
use cloudcrew_definition::syntax::Provider;
use cloudcrew_local::cassette::{Player, Recorder};
use cloudcrew_local::clock::{RehearsalClock, SystemClock};
use cloudcrew_local::openai::{MaxTokensKey, OpenAiModel, OpenAiSettings};
use cloudcrew_local::rehearsal::RehearsalModel;
use cloudcrew_local::repo::{GitRepo, MissingRepo};
use cloudcrew_local::store::Store;
use cloudcrew_runtime::engagement::{Engagement, Voice};
use cloudcrew_runtime::ports::Ports;
use cloudcrew_runtime::ports::clock::Clock;
use cloudcrew_runtime::ports::model::{Billing, Model, ModelFault, ModelReply, ModelRequest};
use cloudcrew_runtime::ports::repo::Repo;
use cloudcrew_runtime::ports::watch::Watch;

use crate::exit::Failure;

/// The world of an engagement: as it began, so it goes on.
pub async fn ports(store: &Store, engagement: &Engagement, watch: Arc<dyn Watch>) -> Result<Ports, Failure> {
    let started = &engagement.state.started;
    let ended_anyway = engagement.state.cancel.is_some();
    let repo: Arc<dyn Repo> = match GitRepo::open(Path::new(&started.repo), &engagement.project) {
        Ok(repo) => Arc::new(repo),
        // Nothing is read or written on the way to the end.
        Err(why) if ended_anyway => Arc::new(MissingRepo::new(&started.repo, &started.branch, &why)),
        Err(why) => {
            let project = &engagement.project;
            return Err(Failure::world(format!(
                "the repository of `{project}` cannot be opened: {why}\nbring it back, or end the engagement with `cloudcrew cancel {project}`"
            )));
        }
    };
    // Waits of an engagement that costs nothing cost no time either.
    let hurried = || -> Arc<dyn Clock> {
        let clock = RehearsalClock::default();
        clock.not_before(engagement.state.times.1);
        Arc::new(clock)
    };
    let definition = &engagement.definition;
    let (model, clock): (Arc<dyn Model>, Arc<dyn Clock>) = match &started.voice {
        Voice::Rehearsal => {
            let rehearsal = started.rehearsal.as_ref().and_then(|name| definition.rehearsal(name)).cloned();
            (Arc::new(RehearsalModel::new(definition.clone(), rehearsal)), hurried())
        }
        Voice::Replay { cassette } => {
            let player = Player::open(Path::new(cassette), secrets(definition)).map_err(|e| Failure::world(e.to_string()))?;
            (Arc::new(player), hurried())
        }
        Voice::Live { record } => {
            let models: Arc<dyn Model> = Arc::new(Models::of(definition).await?);
            let model = match record {
                None => models,
                Some(file) => {
                    let recorder = Recorder::new(models, Path::new(file), secrets(definition));
                    Arc::new(recorder.map_err(|e| Failure::world(e.to_string()))?)
                }
            };
            (model, Arc::new(SystemClock::default()))
        }
    };
    Ok(Ports {
        journal: Arc::new(store.clone()),
        blobs: Arc::new(store.clone()),
        ledger: Arc::new(store.clone()),
        repo,
        model,
        clock,
        watch,
    })
}

/// The engagement that a cassette recorded, and its day.
pub fn recorded(cassette: &Path) -> Result<Option<(String, String)>, Failure> {
    let player = Player::open(cassette, Vec::new()).map_err(|e| Failure::usage(e.to_string()))?;
    Ok(player.recorded())
}

/// The live models of a crew, by name.
struct Models(HashMap<String, Arc<dyn Model>>);

impl Models {
    async fn of(definition: &Definition) -> Result<Models, Failure> {
        let mut connections = Connections::default();
        let mut models = HashMap::new();
        for model in &definition.models {
            if let Some(live) = &model.live {
                models.insert(model.name.clone(), connections.model(model, live).await?);
            }
        }
        Ok(Models(models))
    }
}

#[async_trait]
impl Model for Models {
    async fn complete(&self, request: ModelRequest<'_>) -> Result<ModelReply, ModelFault> {
        match self.0.get(request.model) {
            Some(model) => model.complete(request).await,
            None => Err(ModelFault::denied("NoProvider", format!("nobody serves the model `{}`", request.model))),
        }
    }

    fn billing(&self) -> Billing {
        Billing::Paid
    }
}

/// One live model of a crew, to be called alone.
pub async fn model(defined: &Defined, live: &Live) -> Result<Arc<dyn Model>, Failure> {
    Connections::default().model(defined, live).await
}

/// What models share: a connection for each place.
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
                    key: live.key_env.as_ref().and_then(|name| std::env::var(name).ok()).filter(|key| !key.is_empty()),
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
        let region = live.region.clone().or_else(|| std::env::var("BEDROCK_REGION").ok().filter(|region| !region.is_empty()));
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
            "the model `{}` is on Bedrock, and this cloudcrew was built without it; build it with `cargo build --release --features aws`",
            model.name
        )))
    }
}

/// What must not be found in a cassette: the keys of the crew's models.
fn secrets(definition: &Definition) -> Vec<String> {
    let names = definition.models.iter().filter_map(|m| m.live.as_ref()?.key_env.as_ref());
    let own = names.filter_map(|name| std::env::var(name).ok());
    let aws = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].into_iter().filter_map(|name| std::env::var(name).ok());
    own.chain(aws).filter(|secret| secret.len() >= 8).collect()
}
