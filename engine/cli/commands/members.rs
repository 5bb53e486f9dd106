//! `members`: people with a role in an engagement.

use cloudcrew_definition::shown::row;
use cloudcrew_runtime::engagement::{Member, Record, Role, remove_member, set_member};

use crate::args::{Args, MemberChange, RoleName};
use crate::exit::{Exit, Failure};
use crate::home;
use crate::out::say;
use crate::wiring::clock::SystemClock;

pub async fn members(
    args: &Args,
    project: &str,
    change: Option<&MemberChange>,
) -> Result<Exit, Failure> {
    let (store, mut engagement) = home::engagement(args, project).await?;
    let (record, clock) = (Record::of(&store), SystemClock::default());
    match change {
        None | Some(MemberChange::List) => {}
        Some(MemberChange::Add { person, role, groups }) => {
            let role = match role {
                RoleName::Owner => Role::Owner,
                RoleName::Operator => Role::Operator,
                RoleName::Approver => Role::Approver,
                RoleName::Viewer => Role::Viewer,
            };
            let (person, groups, actor) = (person.clone(), groups.clone(), home::actor());
            let member = Member { person, role, groups, actor };
            set_member(record, &clock, &mut engagement, member).await?;
        }
        Some(MemberChange::Remove { person }) => {
            let actor = home::actor();
            if !remove_member(record, &clock, &mut engagement, person, &actor).await? {
                return Err(Failure::usage(format!("{person} has no role in `{project}`")));
            }
        }
    }
    let state = &engagement.state;
    say!("{:24} owner", row(&state.started.owner));
    for member in state.members.values() {
        let groups = member.groups.join(", ");
        say!("{:24} {:10} {}", row(&member.person), member.role.name(), row(&groups));
    }
    Ok(Exit::Done)
}
