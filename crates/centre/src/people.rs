//! Who is who: names for user ids, operators, projects and their members.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use model::{Gid, Owner, Uid};
use nix::unistd::{Group, User};
use store::{Db, Member, Project, StoreError};

/// The people of the centre. Names come from the system and are remembered; the lists come from the data file.
pub(crate) struct People {
    /// Operators named in the configuration.
    fixed: Vec<String>,
    operators: Vec<String>,
    /// Accounts of those who are operators by the pages.
    pub(crate) granted: Vec<String>,
    /// All projects, also closed ones.
    pub(crate) projects: Vec<Project>,
    /// All memberships.
    pub(crate) members: Vec<Member>,
    /// The user who runs a centre of their own; of root's centre, the one that serves has no say.
    own: Option<Uid>,
    uids: RefCell<HashMap<String, Uid>>,
    owners: HashMap<(Uid, Gid), Arc<Owner>>,
}

impl People {
    pub(crate) fn load(db: &Db, fixed: Vec<String>, own: Uid) -> Result<Self, StoreError> {
        let mut people = Self {
            fixed,
            own: Some(own),
            uids: RefCell::default(),
            operators: Vec::new(),
            granted: Vec::new(),
            projects: Vec::new(),
            members: Vec::new(),
            owners: HashMap::new(),
        };
        people.reload(db)?;
        Ok(people)
    }

    /// Reads the lists again after a change.
    pub(crate) fn reload(&mut self, db: &Db) -> Result<(), StoreError> {
        self.projects = db.projects()?;
        self.members = db.members()?;
        self.operators = db.operators()?;
        Ok(())
    }

    /// Owner of what this process submits. Users without an entry are called by their number, as `ls` does.
    pub(crate) fn owner(&mut self, uid: Uid, gid: Gid) -> Arc<Owner> {
        // Accounts change rarely; a centre that must learn of a renamed user is restarted.
        self.owners
            .entry((uid, gid))
            .or_insert_with(|| {
                let user = User::from_uid(nix::unistd::Uid::from_raw(uid.0)).ok().flatten();
                let group = Group::from_gid(nix::unistd::Gid::from_raw(gid.0)).ok().flatten();
                Arc::new(Owner {
                    uid,
                    gid,
                    user: user.map_or_else(|| uid.to_string(), |user| user.name),
                    group: group.map_or_else(|| gid.to_string(), |group| group.name),
                })
            })
            .clone()
    }

    /// Login name of a user.
    pub(crate) fn name(&mut self, uid: Uid) -> String {
        self.owner(uid, Gid(uid.0)).user.clone()
    }

    /// User of a login name, or of a number.
    pub(crate) fn uid(&self, name: &str) -> Option<Uid> {
        if let Some(known) = self.uids.borrow().get(name) {
            return Some(*known);
        }
        match User::from_name(name).ok().flatten() {
            Some(user) => {
                let uid = Uid(user.uid.as_raw());
                // Only names that there are, so that nobody fills this up.
                self.uids.borrow_mut().insert(name.to_owned(), uid);
                Some(uid)
            }
            None => name.parse().ok().map(Uid),
        }
    }

    /// Root, who runs the centre, and those that are named.
    pub(crate) fn is_operator(&mut self, uid: Uid) -> bool {
        if uid == Uid::ROOT || Some(uid) == self.own {
            return true;
        }
        let name = self.name(uid);
        [&self.fixed, &self.operators, &self.granted].into_iter().any(|list| list.contains(&name))
    }

    /// The launcher is root's: whoever serves is nobody in particular.
    pub(crate) fn serve_root(&mut self) {
        self.own = None;
    }

    /// Whether this is the user who runs a centre of their own.
    pub(crate) fn is_own(&self, uid: Uid) -> bool {
        Some(uid) == self.own
    }

    /// Operators by name, and whether the configuration names them.
    pub(crate) fn operators(&self) -> Vec<(String, bool)> {
        let by_hand = self.operators.iter().chain(&self.granted);
        let mut list: BTreeMap<&String, bool> = by_hand.map(|name| (name, false)).collect();
        list.extend(self.fixed.iter().map(|name| (name, true)));
        list.into_iter().map(|(name, fixed)| (name.clone(), fixed)).collect()
    }

    /// The project that answers for a submission: the one named, else the member's default.
    ///
    /// Memberships are enforced as soon as the centre has a project; before that every name is taken, as Slurm does
    /// without enforcement.
    ///
    /// # Errors
    /// The name at fault.
    pub(crate) fn account(&self, user: &str, asked: &str, is_operator: bool) -> Result<String, String> {
        let open = |name: &str| self.projects.iter().any(|project| project.name == name && !project.closed);
        if !self.projects.iter().any(|project| !project.closed) {
            return Ok(if asked.is_empty() { "default".to_owned() } else { asked.to_owned() });
        }
        let mut own = self.members.iter().filter(|member| member.user == user && open(&member.project));
        if asked.is_empty() {
            let chosen = own.clone().find(|member| member.default).or_else(|| own.next());
            return match chosen {
                Some(member) => Ok(member.project.clone()),
                None if is_operator => Ok("default".to_owned()),
                None => Err(String::new()),
            };
        }
        if own.any(|member| member.project == asked) || (is_operator && open(asked)) {
            Ok(asked.to_owned())
        } else {
            Err(asked.to_owned())
        }
    }

    /// Shares by project.
    pub(crate) fn shares(&self) -> BTreeMap<String, u32> {
        self.projects.iter().map(|project| (project.name.clone(), project.shares)).collect()
    }
}
