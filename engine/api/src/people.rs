//! People: who sends a request, and what a person may do in an engagement.

use std::collections::HashMap;

use cloudcrew_definition::digest::sha256;
use cloudcrew_runtime::engagement::{Engagement, Role};
use serde::{Deserialize, Serialize};

/// A person, or a program that acts for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Name, as the journal records it.
    pub name: String,
    /// Groups of approvers that the person belongs to.
    pub groups: Vec<String>,
    /// Whether the person may do everything in every engagement.
    pub operates: bool,
    /// The operator who acts for this person.
    pub by: Option<String>,
    /// Whether an identity provider vouches for the person; otherwise, a token of this service.
    pub vouched: bool,
    /// E-mail address, if whoever vouches for the person has verified it.
    pub email: Option<String>,
}

impl Person {
    /// Someone of this name in these groups.
    pub fn named(name: &str, groups: Vec<String>) -> Person {
        Person {
            name: name.to_owned(),
            groups,
            operates: false,
            by: None,
            vouched: false,
            email: None,
        }
    }
}

/// The people that the service knows, by the hash of their token.
#[derive(Debug, Default)]
pub struct People(HashMap<String, Person>);

impl People {
    /// The operator alone, with this token.
    pub fn operator(name: &str, token: &str) -> People {
        let operator = Person { operates: true, ..Person::named(name, Vec::new()) };
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

    /// Whether a person with a token has this name.
    pub fn has(&self, name: &str) -> bool {
        self.0.values().any(|person| person.name == name)
    }

    /// The person of this name, with the groups that the service knows.
    pub fn named(&self, name: &str) -> Person {
        let known = self.0.values().find(|person| person.name == name && !person.operates);
        known.cloned().unwrap_or_else(|| Person::named(name, Vec::new()))
    }
}

/// What a handler needs of an engagement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// To see it.
    Read,
    /// To answer its requests.
    Decide,
    /// To write to its contact.
    Talk,
    /// To cancel, resume or retry it.
    Operate,
    /// To give roles to others.
    Own,
}

/// Whether a person has a right in an engagement. Its owner and the operator have all; others have
/// those of their role, and whoever belongs to a group that one of its gates names may decide.
pub fn may(person: &Person, e: &Engagement, right: Right) -> bool {
    by_role(person, e, right)
        || (matches!(right, Right::Read | Right::Decide | Right::Talk)
            && person.groups.iter().any(|group| decides(e, group)))
}

/// Whether a person has a right without belonging to a group that a gate names. Whoever has it by a
/// group alone may decide only what asks that group.
pub fn by_role(person: &Person, e: &Engagement, right: Right) -> bool {
    if person.operates || e.state.started.owner == person.name {
        return true;
    }
    let role = e.state.members.get(&person.name).map(|member| member.role);
    matches!(
        (role, right),
        (Some(Role::Owner), _)
            | (Some(_), Right::Read)
            | (Some(Role::Operator), Right::Operate | Right::Talk)
            | (Some(Role::Approver), Right::Decide | Right::Talk)
    )
}

/// Whether a person may see an engagement, by a summary of it: as [`may`], except that a group
/// counts while a request asks it.
pub(crate) fn sees(
    person: &Person,
    owner: &str,
    members: &[String],
    asked: impl IntoIterator<Item = impl AsRef<str>>,
) -> bool {
    person.operates
        || owner == person.name
        || members.contains(&person.name)
        || asked.into_iter().any(|group| person.groups.iter().any(|own| own == group.as_ref()))
}

/// Whether a gate of the engagement names a group.
fn decides(e: &Engagement, group: &String) -> bool {
    let phases = e.state.plan().entries.iter().filter_map(|(name, _)| e.definition.phase(name));
    phases.filter_map(|phase| phase.gate.as_ref()).any(|gate| {
        let named = gate.approvers.iter().flat_map(|approvers| &approvers.groups);
        named.chain(&gate.escalate_to).any(|named| named == group)
    })
}
