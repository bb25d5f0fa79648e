//! Who may do what: one table, one function. Every request names the action that it is (`action_of` in this folder's
//! files), and is asked about here before anything else happens to it; no handler decides.
//!
//! To add an action: one line in the table below, and one in the golden table of the test, which walks every action with
//! every role. Then say in your area's `action` function which requests are that action. Where an action is about one
//! project, ask [`Caller::leads`] besides: the table says that leads may, not of which project they are.
//!
//! Must not know who holds which role ([`super::caller`]), nor what the actions do.

use api::Role;

/// What a token must be good for, so that it may do something. Sessions are good for everything.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Scope {
    /// No token does this: only somebody at a page, or a command.
    Never,
    /// Looking.
    Read,
    /// Submitting jobs, and steering one's own.
    Submit,
    /// Reading and writing one's files.
    Files,
    /// Everything else that the roles of its owner allow.
    Manage,
}

impl Scope {
    /// Those that a token can have.
    pub(crate) const ALL: [Scope; 4] = [Scope::Read, Scope::Submit, Scope::Files, Scope::Manage];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Scope::Never => "never",
            Scope::Read => "read",
            Scope::Submit => "submit",
            Scope::Files => "files",
            Scope::Manage => "manage",
        }
    }
}

macro_rules! table {
    ($($(#[$about:meta])* $action:ident: $scope:ident, $($role:ident)+;)+) => {
        /// What can be asked for.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum Action {
            $($(#[$about])* $action,)+
        }

        impl Action {
            /// All.
            #[cfg(test)]
            const ALL: &'static [Action] = &[$(Action::$action),+];

            /// The roles of which one is needed, and what a token must be good for.
            fn row(self) -> (Scope, &'static [Role]) {
                match self {
                    $(Action::$action => (Scope::$scope, &[$(Role::$role),+]),)+
                }
            }
        }
    };
}

table! {
    /// What everybody may see: the front page, prices, who one is.
    SeePublic: Read, Visitor;
    /// Log in, use a link, ask for a new password.
    ComeIn: Never, Visitor;
    /// End one's own session.
    Leave: Never, Member;
    /// See one's own profile, sessions and tokens.
    SeeOneself: Never, Member;
    /// Change one's profile and password, end sessions, make and end tokens.
    ChangeOneself: Never, Member;
    /// See who the members are, and what invitations there are.
    SeeMembers: Manage, Operator;
    /// Invite to the centre.
    Invite: Manage, Operator;
    /// Invite to a project: who leads it.
    InviteToProject: Manage, Lead Operator;
    /// Give roles, link and make accounts, keep people out, take links back.
    ChangeMembers: Never, Operator;
    /// See what was changed, by whom and from where.
    SeeTrail: Manage, Operator;
    /// See what the machines say of themselves: probes, meters, why one takes no jobs.
    SeeInside: Manage, Operator;
    /// Ask for a new link that makes an operator.
    MakeOperator: Never, Operator;
    /// See jobs, prices, energy: one's own, and what the centre's privacy allows of others.
    Look: Read, Member;
    /// Submit jobs, hold, release and cancel them.
    Compute: Submit, Member;
    /// Read and write one's own files.
    UseFiles: Files, Member;
    /// See projects: one's own, or all of them for who runs the centre or sees to its money.
    SeeProjects: Read, Member;
    /// See invoices of projects that one answers for.
    SeeBills: Read, Lead Treasurer Operator;
    /// Say who is in a project that one answers for, and what it is.
    LeadProject: Manage, Lead Operator;
    /// What commands allow to operators and treasurers only, and ask about again themselves.
    RunCentre: Manage, Operator Treasurer;
}

/// Whether somebody with these roles may do that.
pub(crate) fn may(roles: &[Role], action: Action) -> bool {
    let (_, needed) = action.row();
    needed.contains(&Role::Visitor) || needed.iter().any(|role| roles.contains(role))
}

/// Whether a token that is good for these may do that, if its owner may. What is open to visitors is open to it.
pub(crate) fn token_may(scopes: &[Scope], action: Action) -> bool {
    let (scope, needed) = action.row();
    scope != Scope::Never && (needed.contains(&Role::Visitor) || scopes.contains(&scope))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every action with every role that somebody could have alone, in the order of [`Role::ALL`]: `x` may, `.` may not.
    /// Then what a token must be good for.
    const GOLDEN: &str = "
        SeePublic    xxxxxx read
        ComeIn       xxxxxx never
        Leave        .x.... never
        SeeOneself   .x.... never
        ChangeOneself .x.... never
        SeeMembers   .....x manage
        Invite       .....x manage
        InviteToProject ..x..x manage
        ChangeMembers .....x never
        SeeTrail     .....x manage
        SeeInside    .....x manage
        MakeOperator .....x never
        Look         .x.... read
        Compute      .x.... submit
        UseFiles     .x.... files
        SeeProjects  .x.... read
        SeeBills     ..xx.x read
        LeadProject  ..x..x manage
        RunCentre    ...x.x manage
    ";

    #[test]
    fn the_whole_table() {
        let mut shown = String::from("\n");
        for action in Action::ALL {
            let marks: String = Role::ALL.iter().map(|role| if may(&[*role], *action) { 'x' } else { '.' }).collect();
            let scope = action.row().0.name();
            shown += &format!("        {:<12} {marks} {scope}\n", format!("{action:?}"));
        }
        shown += "    ";
        assert_eq!(shown, GOLDEN, "the table of roles and actions changed: is that meant?");
    }

    #[test]
    fn roles_add_up_and_tokens_take_away() {
        for action in Action::ALL {
            let all = may(&Role::ALL, *action);
            assert!(all, "{action:?} is for somebody");
            for one in Role::ALL {
                for other in Role::ALL {
                    let (alone, both) = (may(&[one], *action) || may(&[other], *action), may(&[one, other], *action));
                    assert_eq!(alone, both, "{action:?} {one:?} {other:?}");
                }
            }
            let (scope, needed) = action.row();
            let is_open = needed.contains(&Role::Visitor) && scope != Scope::Never;
            assert_eq!(token_may(&[], *action), is_open, "a token without scope does what visitors do");
            let every = token_may(&Scope::ALL, *action);
            assert_eq!(every, action.row().0 != Scope::Never, "{action:?}");
        }
    }
}
