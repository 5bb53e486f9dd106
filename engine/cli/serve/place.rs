//! The home of the service.

use std::sync::Arc;

use async_trait::async_trait;
use cloudcrew_api::Repos;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::repo::Repo;
use cloudcrew_runtime::engagement::Engagement;

use crate::home;
use crate::wiring::store::Store;

/// The repositories of a home.
pub struct Place(pub Store);

#[async_trait]
impl Repos for Place {
    async fn open(&self, engagement: &Engagement) -> Result<Arc<dyn Repo>, StoreError> {
        Ok(Arc::new(home::repo(&self.0, engagement)?))
    }
}
