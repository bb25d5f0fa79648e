//! From whatever Slurm has to whatever is wanted, once; what a hand made stays.

#![allow(clippy::unwrap_used)]
use dialect::cluster::tree;
use proptest::prelude::*;

use super::*;

fn captured() -> Actual {
    let text = |name: &str| match name {
        "assoc" => include_str!("../../../../dialect/tests/it/slurm-22.05.8/assoc.txt"),
        "qos" => include_str!("../../../../dialect/tests/it/slurm-22.05.8/qos.txt"),
        _ => include_str!("../../../../dialect/tests/it/slurm-22.05.8/users.txt"),
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
    assert_eq!(said(&desired, &actual).0[0], "modify account where Name=flood Cluster=test set GrpTRESMins=cpu=120");
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
fn what_is_left_is_no_hurry_but_nothing_left_is() {
    let with = |budget| {
        let mut desired = agreed();
        desired.accounts.get_mut("flood").unwrap().budget = budget;
        desired
    };
    let check =
        |one, other, expected| assert_eq!(with(one).is_but_minutes(&with(other)), expected, "{one:?} {other:?}");
    check(Budget::Minutes(9), Budget::Minutes(8), true);
    check(Budget::Minutes(1), Budget::Spent, false);
    check(Budget::Spent, Budget::Minutes(600), false);
    check(Budget::Free, Budget::Minutes(600), false);
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
