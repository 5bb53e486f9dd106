//! People with a role in an engagement.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use cloudcrew_runtime::engagement::{Event, Member, Role, remove_member, set_member};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::decide::json_reply;
use super::refusals::{OfReader, OfWriter};
use crate::access::{Opened, Own, Read};
use crate::app::App;
use crate::body::Body;
use crate::once::{KeyHeader, Once};
use crate::problem::{Kind, Problem};

/// Maximum bytes of a name.
const MAX_NAME: usize = 200;
/// Maximum number of groups of a person.
const MAX_GROUPS: usize = 50;

/// The people of an engagement.
#[derive(Serialize, ToSchema)]
pub(crate) struct Members {
    /// By name; the owner first.
    members: Vec<MemberRow>,
    /// Number of the journal entry that this shows.
    as_of: u64,
}

/// A person with a role.
#[derive(Serialize, ToSchema)]
pub(crate) struct MemberRow {
    /// The person.
    person: String,
    /// The role.
    role: RoleName,
    /// Groups of approvers that the person belongs to.
    groups: Vec<String>,
}

/// A role.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RoleName {
    /// May do everything, and give roles to others.
    Owner,
    /// May see it, cancel it, resume it and retry it.
    Operator,
    /// May see it and answer its requests.
    Approver,
    /// May see it.
    Viewer,
}

impl From<Role> for RoleName {
    fn from(role: Role) -> RoleName {
        match role {
            Role::Owner => RoleName::Owner,
            Role::Operator => RoleName::Operator,
            Role::Approver => RoleName::Approver,
            Role::Viewer => RoleName::Viewer,
        }
    }
}

impl From<RoleName> for Role {
    fn from(role: RoleName) -> Role {
        match role {
            RoleName::Owner => Role::Owner,
            RoleName::Operator => Role::Operator,
            RoleName::Approver => Role::Approver,
            RoleName::Viewer => Role::Viewer,
        }
    }
}

/// What a person may do.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMember {
    /// The role.
    role: RoleName,
    /// Groups of approvers that the person belongs to.
    #[serde(default)]
    #[schema(max_items = 50)]
    groups: Vec<String>,
}

/// The people of an engagement.
#[utoipa::path(get, path = "/projects/{id}/members",
    operation_id = "list_members", tag = "engagements",
    params(("id" = String, Path, description = "The engagement")),
    responses((status = 200, body = Members), OfReader))]
pub(crate) async fn list(opened: Opened<Read>) -> Json<Members> {
    let state = &opened.state;
    let owner = &state.started.owner;
    let own = state.members.get(owner).map(|member| member.groups.clone());
    let first =
        MemberRow { person: owner.clone(), role: RoleName::Owner, groups: own.unwrap_or_default() };
    let others = state.members.values().filter(|member| member.person != *owner);
    let row = |member: &Member| MemberRow {
        person: member.person.clone(),
        role: member.role.into(),
        groups: member.groups.clone(),
    };
    let members = std::iter::once(first).chain(others.map(row)).collect();
    Json(Members { members, as_of: opened.head.seq })
}

/// Gives a person a role, or another one.
#[utoipa::path(put, path = "/projects/{id}/members/{person}",
    operation_id = "set_member", tag = "engagements",
    params(
        ("id" = String, Path, description = "The engagement"),
        ("person" = String, Path, description = "The person"),
        KeyHeader),
    request_body = NewMember,
    responses((status = 200, body = MemberRow), OfWriter))]
pub(crate) async fn set(
    State(app): State<App>,
    mut opened: Opened<Own>,
    Path((_, person)): Path<(String, String)>,
    once: Once,
    Body(NewMember { role, groups }): Body<NewMember>,
) -> Result<Response, Problem> {
    let named =
        |name: &str| (1..=MAX_NAME).contains(&name.len()) && !name.chars().any(char::is_control);
    if !named(&person) || groups.len() > MAX_GROUPS || !groups.iter().all(|group| named(group)) {
        let detail = format!(
            "names have 1 to {MAX_NAME} bytes, and a person has at most {MAX_GROUPS} groups"
        );
        return Err(Problem::new(Kind::Invalid, detail));
    }
    let reply = MemberRow { person: person.clone(), role, groups: groups.clone() };
    let reply = json!(reply).to_string();
    let receipt = |_: &[Event]| once.receipt(200, &reply);
    let actor = opened.caller.name.clone();
    let member = Member { person, role: role.into(), groups, actor };
    let place = app.record().answering(&receipt);
    if let Err(error) = set_member(place, &*app.ports().clock, &mut opened, member).await {
        return Err(opened.failed(error));
    }
    app.ports().changes.grown(&opened.project);
    Ok(json_reply(reply))
}

/// Takes the role of a person away.
#[utoipa::path(delete, path = "/projects/{id}/members/{person}",
    operation_id = "remove_member", tag = "engagements",
    params(
        ("id" = String, Path, description = "The engagement"),
        ("person" = String, Path, description = "The person"),
        KeyHeader),
    responses(
        (status = 204, description = "The person has no role any more"), OfWriter))]
pub(crate) async fn remove(
    State(app): State<App>,
    mut opened: Opened<Own>,
    Path((_, person)): Path<(String, String)>,
    once: Once,
) -> Result<Response, Problem> {
    let receipt = |_: &[Event]| once.receipt(204, "");
    let actor = opened.caller.name.clone();
    let place = app.record().answering(&receipt);
    let clock = &*app.ports().clock;
    match remove_member(place, clock, &mut opened, &person, &actor).await {
        Ok(true) => app.ports().changes.grown(&opened.project),
        Ok(false) => {
            return Err(Problem::new(Kind::Unknown, format!("{person} has no role here")));
        }
        Err(error) => return Err(opened.failed(error)),
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}
