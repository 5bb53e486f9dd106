//! People: who sends a request, and what a person may do in an engagement.

use std::collections::HashMap;

use cloudcrew_definition::digest::sha256;
use cloudcrew_runtime::engagement::Engagement;

/// A person, or a program that acts for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Name, as the journal records it.
    pub name: String,
    /// Whether the person may do everything in every engagement.
    pub operates: bool,
}

/// The people that the service knows, by the hash of their token.
#[derive(Debug, Default)]
pub struct People(HashMap<String, Person>);

impl People {
    /// The operator alone, with this token.
    pub fn operator(name: &str, token: &str) -> People {
        let operator = Person { name: name.to_owned(), operates: true };
        People(HashMap::from([(sha256(token.as_bytes()), operator)]))
    }

    /// Adds a person by the hex SHA-256 of the token. Returns `false` when the token is taken.
    pub fn add(&mut self, hash: &str, person: Person) -> bool {
        let free = !self.0.contains_key(hash);
        if free {
            self.0.insert(hash.to_owned(), person);
        }
        free
    }

    /// The person with a token. A token is found by its hash, so the time that this takes says
    /// nothing about other tokens.
    pub fn with_token(&self, token: &str) -> Option<&Person> {
        self.0.get(&sha256(token.as_bytes()))
    }
}

/// What a handler needs of an engagement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// To see it.
    Read,
    /// To answer its requests.
    Decide,
    /// To cancel, resume or retry it.
    Operate,
}

/// Whether a person has a right in an engagement: its owner and the operator have all.
pub fn may(person: &Person, e: &Engagement, _: Right) -> bool {
    person.operates || e.state.started.owner == person.name
}
