//! Who may use the service.

use cloudcrew_api::people::People;

use crate::home;
use crate::wiring::holder::identity;

/// Environment variable with the operator's token.
const VARIABLE: &str = "CLOUDCREW_TOKEN";

/// The people, and the operator's token to print when it was made up here.
pub fn people() -> (People, Option<String>) {
    let given = std::env::var(VARIABLE).ok().filter(|token| !token.is_empty());
    let printed = given.is_none().then(identity);
    let token = given.or_else(|| printed.clone()).unwrap_or_default();
    (People::operator(&home::actor(), &token), printed)
}
