//! What Slurm's associations should be, and the fewest commands that make them so: desired and actual in, changes out. What
//! somebody made in Slurm by hand is reported and left alone. Must not know how a command is run, nor who may change what.

use std::collections::{BTreeMap, BTreeSet};

use dialect::cluster::tree::{Association, Qos};

/// What an account is described by, so that it is known as ours.
pub const MARK: &str = "algoric";

/// What the centre wants of Slurm.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Desired {
    /// The cluster.
    pub cluster: String,
    /// Open projects by name, in small letters.
    pub accounts: BTreeMap<String, Account>,
    /// QOS that every member may use, and the one of who asks for none.
    pub qos: Vec<String>,
    /// QOS that only operators may use.
    pub operators_qos: Vec<String>,
    /// Login names of operators.
    pub operators: BTreeSet<String>,
}

/// A project.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Account {
    /// What it is.
    pub description: String,
    /// Shares.
    pub shares: u32,
    /// Members, and whether it is their default.
    pub members: BTreeMap<String, bool>,
    /// Its budget.
    pub budget: Budget,
}

/// What a project may still use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Budget {
    /// No budget limits it.
    #[default]
    Free,
    /// So many CPU-minutes more: Slurm stops what goes beyond.
    Minutes(u64),
    /// Nothing is left: nobody submits for it.
    Spent,
}

/// What Slurm has.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Actual {
    /// The tree.
    pub associations: Vec<Association>,
    /// Its QOS.
    pub qos: Vec<Qos>,
    /// Users and their default accounts.
    pub users: BTreeMap<String, String>,
    /// CPU-minutes that accounts are known to have used, which `GrpTRESMins` counts in.
    pub used_minutes: BTreeMap<String, u64>,
}

/// A command of `sacctmgr`, without `-i`.
pub type Change = Vec<String>;

/// What is to be done, and what is not touched.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// In this order.
    pub changes: Vec<Change>,
    /// What somebody made by hand, in words.
    pub reports: Vec<String>,
}

fn words(list: &[&str]) -> Change {
    list.iter().map(|word| (*word).to_owned()).collect()
}

/// Compares.
pub fn plan(desired: &Desired, actual: &Actual) -> Plan {
    let mut plan = Plan::default();
    let here = |one: &&Association| one.cluster == desired.cluster && one.partition.is_empty();
    let accounts: BTreeMap<&str, &Association> = actual
        .associations
        .iter()
        .filter(here)
        .filter(|one| one.user.is_empty())
        .map(|one| (&*one.account, one))
        .collect();
    let users: BTreeMap<(&str, &str), &Association> = actual
        .associations
        .iter()
        .filter(here)
        .filter(|one| !one.user.is_empty())
        .map(|one| ((&*one.account, &*one.user), one))
        .collect();
    plan.qos(desired, actual);
    for (name, account) in &desired.accounts {
        plan.account(desired, name, account, accounts.get(name.as_str()).copied(), actual);
        for (user, is_default) in &account.members {
            plan.member(desired, name, user, *is_default, users.get(&(name.as_str(), user.as_str())).copied(), actual);
        }
    }
    plan.strangers(desired, &accounts, &users);
    plan.partitions(desired, actual);
    plan
}

impl Plan {
    fn change(&mut self, list: &[&str]) {
        self.changes.push(words(list));
    }

    fn qos(&mut self, desired: &Desired, actual: &Actual) {
        for name in desired.qos.iter().chain(&desired.operators_qos) {
            if !actual.qos.iter().any(|one| one.name == *name) {
                self.change(&["add", "qos", name]);
            }
        }
        let known: BTreeSet<&String> = desired.qos.iter().chain(&desired.operators_qos).collect();
        for one in actual.qos.iter().filter(|one| !known.contains(&one.name)) {
            self.reports.push(format!("QOS {} is Slurm's own: left as it is", one.name));
        }
    }

    fn account(
        &mut self,
        desired: &Desired,
        name: &str,
        account: &Account,
        now: Option<&Association>,
        actual: &Actual,
    ) {
        let shares = account.shares.to_string();
        let (minutes, submit) = limits(account.budget, actual.used_minutes.get(name).copied().unwrap_or(0));
        let Some(now) = now else {
            let description = format!("Description={}", account.description);
            let share = format!("Fairshare={shares}");
            let cluster = format!("Cluster={}", desired.cluster);
            let organization = format!("Organization={MARK}");
            let mut add = words(&["add", "account", name, &cluster, &description, &organization, &share]);
            add.extend([("GrpTRESMins", &minutes), ("GrpSubmitJobs", &submit)].into_iter().filter_map(given));
            self.changes.push(add);
            return;
        };
        let mut set = Vec::new();
        if now.shares != shares {
            set.push(format!("Fairshare={shares}"));
        }
        // A limit that is no longer wanted is taken off; what else somebody limited by hand is theirs.
        let now_minutes = now.minutes.split(',').find(|part| part.starts_with("cpu=")).unwrap_or("");
        if now_minutes != minutes {
            set.push(format!("GrpTRESMins={}", if minutes.is_empty() { "cpu=-1" } else { &minutes }));
        }
        if now.submit != submit {
            set.push(format!("GrpSubmitJobs={}", if submit.is_empty() { "-1" } else { &submit }));
        }
        if !set.is_empty() {
            let (account, cluster) = (format!("Name={name}"), format!("Cluster={}", desired.cluster));
            let mut change = words(&["modify", "account", "where", &account, &cluster, "set"]);
            change.extend(set);
            self.changes.push(change);
        }
        for other in &now.others {
            self.reports.push(format!("account {name} has the limit {other} by hand: left as it is"));
        }
    }

    fn member(
        &mut self,
        desired: &Desired,
        account: &str,
        user: &str,
        is_default: bool,
        now: Option<&Association>,
        actual: &Actual,
    ) {
        let mut qos = desired.qos.clone();
        if desired.operators.contains(user) {
            qos.extend(desired.operators_qos.iter().cloned());
        }
        qos.sort_unstable();
        let first = desired.qos.first().cloned().unwrap_or_else(|| "normal".to_owned());
        let (where_user, where_account) = (format!("Name={user}"), format!("Account={account}"));
        let cluster = format!("Cluster={}", desired.cluster);
        match now {
            None => {
                let (list, default) = (format!("QOS={}", qos.join(",")), format!("DefaultQOS={first}"));
                self.change(&["add", "user", user, &where_account, &cluster, &list, &default]);
            }
            Some(now) => {
                let missing: Vec<String> = qos.iter().filter(|name| !now.qos.contains(name)).cloned().collect();
                if !missing.is_empty() {
                    let more = format!("QOS+={}", missing.join(","));
                    self.change(&["modify", "user", "where", &where_user, &where_account, &cluster, "set", &more]);
                }
                let more: Vec<&String> = now.qos.iter().filter(|name| !qos.contains(name)).collect();
                // Who may use what only operators may, and is none, would displace others.
                let above: Vec<String> = more
                    .iter()
                    .filter(|name| desired.operators_qos.contains(**name))
                    .map(|name| (*name).clone())
                    .collect();
                if !above.is_empty() {
                    let less = format!("QOS-={}", above.join(","));
                    self.change(&["modify", "user", "where", &where_user, &where_account, &cluster, "set", &less]);
                }
                for name in more.into_iter().filter(|name| !desired.operators_qos.contains(name)) {
                    self.reports.push(format!("{user} in {account} may use QOS {name} by hand: left as it is"));
                }
                for other in &now.others {
                    self.reports.push(format!("{user} in {account} has the limit {other} by hand: left as it is"));
                }
            }
        }
        if is_default && actual.users.get(user).is_some_and(|default| default != account) {
            let default = format!("DefaultAccount={account}");
            self.change(&["modify", "user", "where", &where_user, &cluster, "set", &default]);
        }
    }

    /// Members that are no more lose their association: what they used stays. Accounts and users that the centre never
    /// knew are Slurm's own; so is whoever has an association in one of ours without being a member, said and left.
    fn strangers(
        &mut self,
        desired: &Desired,
        accounts: &BTreeMap<&str, &Association>,
        users: &BTreeMap<(&str, &str), &Association>,
    ) {
        for name in accounts.keys().filter(|name| **name != "root" && !desired.accounts.contains_key(**name)) {
            self.reports.push(format!("account {name} is no open project here: left as it is"));
        }
        for (account, user) in users.keys() {
            let Some(project) = desired.accounts.get(*account) else { continue };
            if !project.members.contains_key(*user) {
                self.reports
                    .push(format!("{user} has an association in {account} and is no member here: left as it is"));
            }
        }
    }

    fn partitions(&mut self, desired: &Desired, actual: &Actual) {
        let of = actual.associations.iter().filter(|one| one.cluster == desired.cluster && !one.partition.is_empty());
        for one in of {
            let (user, account, partition) = (&one.user, &one.account, &one.partition);
            self.reports.push(format!(
                "{user} in {account} has an association of partition {partition} by hand: left as it is"
            ));
        }
    }
}

fn given((name, value): (&str, &String)) -> Option<String> {
    (!value.is_empty()).then(|| format!("{name}={value}"))
}

/// `GrpTRESMins` and `GrpSubmitJobs`; empty: no limit. Slurm counts what was used into `GrpTRESMins`, so that the limit is
/// what was used and what is left.
fn limits(budget: Budget, used: u64) -> (String, String) {
    match budget {
        Budget::Free => (String::new(), String::new()),
        Budget::Minutes(left) => (format!("cpu={}", used.saturating_add(left)), String::new()),
        Budget::Spent => (format!("cpu={used}"), "0".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use dialect::cluster::tree;
    use proptest::prelude::*;

    use super::*;

    fn captured() -> Actual {
        let text = |name: &str| match name {
            "assoc" => include_str!("../../../dialect/tests/it/slurm-22.05.8/assoc.txt"),
            "qos" => include_str!("../../../dialect/tests/it/slurm-22.05.8/qos.txt"),
            _ => include_str!("../../../dialect/tests/it/slurm-22.05.8/users.txt"),
        };
        Actual {
            associations: tree::associations(text("assoc")),
            qos: tree::qos(text("qos")),
            users: tree::users(text("users")).into_iter().collect(),
            used_minutes: BTreeMap::new(),
        }
    }

    fn account(members: &[(&str, bool)], budget: Budget) -> Account {
        let members = members.iter().map(|(user, default)| ((*user).to_owned(), *default)).collect();
        Account { description: "d".into(), shares: 1, members, budget }
    }

    /// What the captured cluster has.
    fn agreed() -> Desired {
        Desired {
            cluster: "test".into(),
            accounts: [
                ("flood".to_owned(), account(&[("alice", true)], Budget::Free)),
                ("proj".to_owned(), account(&[("alice", false), ("bob", true)], Budget::Free)),
            ]
            .into(),
            qos: vec!["normal".into(), "low".into()],
            operators_qos: vec!["urgent".into()],
            operators: ["alice".to_owned()].into(),
        }
    }

    fn said(desired: &Desired, actual: &Actual) -> (Vec<String>, Vec<String>) {
        let plan = plan(desired, actual);
        (plan.changes.iter().map(|words| words.join(" ")).collect(), plan.reports)
    }

    #[test]
    fn what_agrees_is_left() {
        let (changes, reports) = said(&agreed(), &captured());
        // Bob was made by hand with one QOS.
        assert_eq!(changes, ["modify user where Name=bob Account=proj Cluster=test set QOS+=low"]);
        assert_eq!(reports, [""; 0]);
    }

    #[test]
    fn what_is_missing_is_added() {
        let mut desired = agreed();
        desired.qos.push("night".into());
        let mut lab = account(&[("carol", true)], Budget::Minutes(600));
        lab.shares = 3;
        desired.accounts.insert("lab".into(), lab);
        desired.accounts.get_mut("flood").unwrap().members.insert("bob".into(), false);
        let (changes, _) = said(&desired, &captured());
        assert_eq!(
            changes,
            [
                "add qos night",
                "modify user where Name=alice Account=flood Cluster=test set QOS+=night",
                "add user bob Account=flood Cluster=test QOS=low,night,normal DefaultQOS=normal",
                "add account lab Cluster=test Description=d Organization=algoric Fairshare=3 GrpTRESMins=cpu=600",
                "add user carol Account=lab Cluster=test QOS=low,night,normal DefaultQOS=normal",
                "modify user where Name=alice Account=proj Cluster=test set QOS+=night",
                "modify user where Name=bob Account=proj Cluster=test set QOS+=low,night",
            ]
        );
    }

    #[test]
    fn a_budget_is_a_limit_of_slurm_itself() {
        let mut desired = agreed();
        let mut actual = captured();
        actual.used_minutes.insert("flood".into(), 90);
        desired.accounts.get_mut("flood").unwrap().budget = Budget::Minutes(30);
        assert_eq!(
            said(&desired, &actual).0[0],
            "modify account where Name=flood Cluster=test set GrpTRESMins=cpu=120"
        );
        desired.accounts.get_mut("flood").unwrap().budget = Budget::Spent;
        assert_eq!(
            said(&desired, &actual).0[0],
            "modify account where Name=flood Cluster=test set GrpTRESMins=cpu=90 GrpSubmitJobs=0"
        );
        let flood = actual.associations.iter_mut().find(|one| one.account == "flood" && one.user.is_empty()).unwrap();
        (flood.minutes, flood.submit) = ("cpu=90".into(), "0".into());
        assert_eq!(said(&desired, &actual).0.len(), 1, "it is held already");
        desired.accounts.get_mut("flood").unwrap().budget = Budget::Free;
        assert_eq!(
            said(&desired, &actual).0[0],
            "modify account where Name=flood Cluster=test set GrpTRESMins=cpu=-1 GrpSubmitJobs=-1"
        );
    }

    #[test]
    fn what_was_made_by_hand_is_said_and_left() {
        let mut desired = agreed();
        desired.accounts.remove("proj");
        desired.operators.clear();
        let mut actual = captured();
        let flood = actual.associations.iter_mut().find(|one| one.account == "flood" && one.user.is_empty()).unwrap();
        flood.others.push("GrpJobs=4".into());
        actual.qos.push(Qos { name: "vip".into(), ..Qos::default() });
        let (changes, reports) = said(&desired, &actual);
        // Only what members must not have is taken.
        assert_eq!(changes, ["modify user where Name=alice Account=flood Cluster=test set QOS-=urgent"]);
        assert_eq!(
            reports,
            [
                "QOS vip is Slurm's own: left as it is",
                "account flood has the limit GrpJobs=4 by hand: left as it is",
                "account proj is no open project here: left as it is",
            ]
        );
    }

    /// What Slurm would have after a plan.
    fn performed(actual: &Actual, changes: &[Change], cluster: &str) -> Actual {
        let mut after = actual.clone();
        for change in changes {
            let value = |name: &str| change.iter().find_map(|word| word.strip_prefix(name)).unwrap_or("").to_owned();
            let list =
                |text: String| text.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>();
            match (change[0].as_str(), change[1].as_str()) {
                ("add", "qos") => after.qos.push(Qos { name: change[2].clone(), ..Qos::default() }),
                ("add", "account") => after.associations.push(Association {
                    cluster: cluster.into(),
                    account: change[2].clone(),
                    shares: value("Fairshare="),
                    minutes: value("GrpTRESMins="),
                    submit: value("GrpSubmitJobs="),
                    ..Association::default()
                }),
                ("add", "user") => {
                    after.users.entry(change[2].clone()).or_insert_with(|| value("Account="));
                    let mut qos = list(value("QOS="));
                    qos.sort();
                    after.associations.push(Association {
                        cluster: cluster.into(),
                        account: value("Account="),
                        user: change[2].clone(),
                        qos,
                        ..Association::default()
                    });
                }
                (_, kind) => {
                    let (name, of) = (value("Name="), value("Account="));
                    if !value("DefaultAccount=").is_empty() {
                        after.users.insert(name, value("DefaultAccount="));
                        continue;
                    }
                    let is_it = |one: &&mut Association| match kind {
                        "account" => one.account == name && one.user.is_empty(),
                        _ => one.account == of && one.user == name,
                    };
                    let one = after.associations.iter_mut().find(is_it).unwrap();
                    let off = |text: String| if text.ends_with("-1") { String::new() } else { text };
                    for word in change {
                        match word.split_once('=') {
                            Some(("Fairshare", value)) => one.shares = value.into(),
                            Some(("GrpTRESMins", value)) => one.minutes = off(value.into()),
                            Some(("GrpSubmitJobs", value)) => one.submit = off(value.into()),
                            Some(("QOS+", value)) => one.qos.extend(list(value.into())),
                            Some(("QOS-", value)) => one.qos.retain(|name| !list(value.into()).contains(name)),
                            _ => {}
                        }
                    }
                    one.qos.sort();
                }
            }
        }
        after
    }

    fn budgets() -> impl Strategy<Value = Budget> {
        prop_oneof![Just(Budget::Free), (0u64..9).prop_map(Budget::Minutes), Just(Budget::Spent)]
    }

    fn desires() -> impl Strategy<Value = Desired> {
        let members = proptest::collection::btree_map("[abc]", Just(false), 0..3);
        let one = (1u32..4, members, budgets()).prop_map(|(shares, members, budget)| Account {
            description: "d".into(),
            shares,
            members,
            budget,
        });
        let accounts = proptest::collection::btree_map("[pqr]", one, 0..3);
        (accounts, proptest::collection::btree_set("[abc]", 0..2)).prop_map(|(accounts, operators)| Desired {
            cluster: "test".into(),
            accounts,
            qos: vec!["normal".into(), "low".into()],
            operators_qos: vec!["urgent".into()],
            operators,
        })
    }

    proptest! {
        /// From whatever was wanted before to whatever is wanted now: once, and then nothing is left to do.
        #[test]
        fn a_plan_is_enough(first in desires(), then in desires()) {
            let start = performed(&Actual::default(), &plan(&first, &Actual::default()).changes, "test");
            let end = performed(&start, &plan(&then, &start).changes, "test");
            prop_assert_eq!(plan(&then, &end).changes, Vec::<Change>::new());
            prop_assert_eq!(plan(&first, &start).changes, Vec::<Change>::new());
        }
    }
}
