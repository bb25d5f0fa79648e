//! Commands that a page gives for a member, under the account that is linked to them. Must not know what they do.

use api::{Admin, AgentsRequest, EnergyBy, EnergyRequest, MoneyRequest, Refusal, RefusalCode, Request};
use model::{Gid, Uid};
use nix::unistd::{User, getegid};

use super::{caller::Caller, roles::Action};
use crate::{
    connection::{ConnId, Peer},
    core::{Centre, refuse},
    service::answer,
};

/// Which action a command is; `None`: none that a page gives. Commands ask again themselves, by account: what is said here
/// is what a token must be good for, and what is written down.
pub(super) fn action(request: &Request) -> Option<Action> {
    Some(match request {
        Request::Ping
        | Request::Status
        | Request::Wait(_)
        | Request::Queue(_)
        | Request::Details(_)
        | Request::Steps(_)
        | Request::Accounts(_)
        | Request::Nodes
        | Request::Agents(AgentsRequest::List)
        | Request::Partitions
        | Request::Settings
        | Request::Why(_)
        | Request::History(_)
        | Request::Reservations
        | Request::Records(_)
        | Request::Papers(_)
        | Request::Priorities(_)
        | Request::Shares
        | Request::Diagnostics
        | Request::Qos
        | Request::Quote(_)
        | Request::Admin(Admin::List(_)) => Action::Look,
        Request::Submit(_)
        | Request::Cancel(_)
        | Request::Hold(_)
        | Request::Release(_)
        | Request::Requeue { .. }
        | Request::Update { .. }
        | Request::Top(_) => Action::Compute,
        Request::Suspend(_)
        | Request::Resume(_)
        | Request::Partition { .. }
        | Request::Urgent { .. }
        | Request::Drain(_)
        | Request::Reserve(_)
        | Request::Unreserve(_)
        | Request::Admin(_)
        | Request::Cluster(_)
        | Request::Agents(AgentsRequest::Invite { .. } | AgentsRequest::Forget(_))
        | Request::Stop { .. } => Action::RunCentre,
        Request::Energy(energy) => of_energy(energy),
        Request::Money(money) => match **money {
            MoneyRequest::Purses | MoneyRequest::Job(_) | MoneyRequest::Export(_) => Action::Look,
            _ => Action::RunCentre,
        },
        Request::StepBegin(_)
        | Request::StepEnd(_)
        | Request::Allocate(_)
        | Request::Attend { .. }
        | Request::Relinquish(_)
        | Request::Attach { .. }
        | Request::Agents(_)
        | Request::Portal(_)
        | Request::People(_) => return None,
    })
}

/// The same of what is asked of energy.
fn of_energy(request: &EnergyRequest) -> Action {
    match request {
        EnergyRequest::Used { .. }
        | EnergyRequest::Month { .. }
        | EnergyRequest::Runs(_)
        | EnergyRequest::Sum(_)
        | EnergyRequest::Contract { .. }
        | EnergyRequest::Indexes
        | EnergyRequest::Calibrations
        | EnergyRequest::Zone => Action::Look,
        EnergyRequest::Import { .. }
        | EnergyRequest::AddIndexes(_)
        | EnergyRequest::RemoveIndex(_)
        | EnergyRequest::Calibrate(_) => Action::RunCentre,
    }
}

/// Who asks without an account of the machine: nobody's jobs are theirs.
const NOBODY: Uid = Uid(65_534);

/// What is told to every member, whoever they compute as: the centre, its energy and prices, never anybody's jobs.
fn is_of_all(request: &Request) -> bool {
    match request {
        Request::Ping | Request::Status | Request::Nodes | Request::Partitions | Request::Settings => true,
        Request::Energy(EnergyRequest::Used { by, .. }) => !matches!(by, EnergyBy::Project | EnergyBy::Job),
        Request::Energy(EnergyRequest::Contract { .. } | EnergyRequest::Zone) => true,
        _ => false,
    }
}

/// A command that changes something, in a line of the trail.
fn told(request: &Request) -> String {
    match request {
        Request::Submit(_) => "submit".to_owned(),
        Request::Cancel(filter) => format!("cancel {filter:?}"),
        Request::Hold(target) => format!("hold {target:?}"),
        Request::Release(target) => format!("release {target:?}"),
        Request::Requeue { target, .. } => format!("requeue {target:?}"),
        Request::Update { target, changes } => format!("update {target:?}: {changes:?}"),
        Request::Urgent { target, why } => format!("urgent {target:?}: {why}"),
        Request::Drain(Some(why)) => format!("drain: {why}"),
        Request::Admin(admin) => format!("{admin:?}"),
        other => crate::counters::kind(other).to_owned(),
    }
}

impl Centre {
    /// What a member asks as they would by a command.
    pub(super) fn as_member(&mut self, conn: ConnId, caller: &Caller, request: Request) -> Result<(), Refusal> {
        let none = || refuse(RefusalCode::AccessDenied, "this is nothing that a page asks");
        let action = action(&request).ok_or_else(none)?;
        caller.must(action)?;
        let peer = match self.peer_of(caller) {
            Err(_) if is_of_all(&request) => Peer { uid: NOBODY, gid: Gid(NOBODY.0), pid: 0 },
            peer => peer?,
        };
        let told = (action != Action::Look).then(|| told(&request));
        answer(self, conn, peer, request)?;
        if let Some(told) = told {
            self.trace(caller, "command", told);
        }
        Ok(())
    }

    /// The account that somebody computes as.
    ///
    /// # Errors
    /// None is linked to them.
    pub(crate) fn peer_of(&mut self, caller: &Caller) -> Result<Peer, Refusal> {
        let none = || refuse(RefusalCode::AccessDenied, "no account of this machine is linked to this member");
        let uid = caller.account.ok_or_else(none)?;
        // The user who runs a centre of their own may have no name.
        if uid == self.service_uid && !self.every_user {
            return Ok(Peer { uid, gid: Gid(getegid().as_raw()), pid: 0 });
        }
        let user = User::from_uid(nix::unistd::Uid::from_raw(uid.0)).ok().flatten().ok_or_else(none)?;
        Ok(Peer { uid, gid: Gid(user.gid.as_raw()), pid: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_something_is_no_looking() {
        let changing = EnergyRequest::Import { calendar: String::new(), lines: Vec::new() };
        for (request, expected) in [
            (Request::Status, Some(Action::Look)),
            (Request::Stop { drain: false }, Some(Action::RunCentre)),
            (Request::Energy(EnergyRequest::Zone), Some(Action::Look)),
            (Request::Energy(changing), Some(Action::RunCentre)),
            (Request::Money(Box::new(MoneyRequest::Purses)), Some(Action::Look)),
            (Request::Money(Box::new(MoneyRequest::Erase(String::new()))), Some(Action::RunCentre)),
            (Request::Admin(Admin::AddOperator(String::new())), Some(Action::RunCentre)),
            (Request::Relinquish(model::JobId(1)), None),
        ] {
            assert_eq!(action(&request), expected, "{request:?}");
        }
    }
}
