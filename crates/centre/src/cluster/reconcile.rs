//! Slurm's associations follow projects, members and budgets: asked for by an operator, and, where the configuration says
//! so, by itself whenever something of that changed. Must not know what the differences are: [`super::accounts`] does.

use api::{ClusterReply, ClusterRequest, Refusal, RefusalCode, Reply};
use dialect::cluster::tree;
use drivers::slurm::{Slurm, SlurmError};
use model::{Span, Time};

use super::{
    Said,
    accounts::{Account, Actual, Budget, Desired, plan},
};
use crate::{
    complain::complain,
    connection::{ConnId, Peer},
    core::{Centre, refuse},
};

/// What is wanted is looked at this often: who has used up a budget is held soon after.
const LOOK: Span = Span::seconds(5);
/// What is left of budgets changes with each job that ends: Slurm is told no more often than this.
const MINUTES: Span = Span::seconds(20);
/// What is, is looked at at least so often.
const AGAIN: Span = Span::minutes(15);

/// Who has none asks for it.
pub(super) const NO_SLURM: &str = "no Slurm runs the jobs here: see [cluster] in config.toml";

/// What was last made so by itself.
#[derive(Default)]
pub(super) struct Kept {
    desired: Option<Desired>,
    looked: Time0,
    made: Time0,
    /// One is under way.
    busy: bool,
}

/// A time that begins long ago.
struct Time0(Time);

impl Default for Time0 {
    fn default() -> Self {
        Self(Time(0))
    }
}

impl Centre {
    /// An operator asks.
    pub(crate) fn cluster_order(&mut self, conn: ConnId, peer: Peer, request: &ClusterRequest) -> Result<(), Refusal> {
        self.operators_only(peer)?;
        let ClusterRequest::Reconcile { dry_run } = *request else {
            let state = self.cluster_state()?;
            self.reply(conn, &Reply::ClusterState(Box::new(state)));
            return Ok(());
        };
        let desired = self.desired();
        let Some(cluster) = &self.cluster else {
            return Err(refuse(RefusalCode::Other, NO_SLURM));
        };
        let (slurm, say) = (cluster.slurm.clone(), cluster.say.clone());
        let ask = move || {
            let reply = match reconcile(&slurm, &desired, dry_run) {
                Ok(reply) => Reply::Cluster(Box::new(reply)),
                Err(fault) => Reply::Refused(refuse(RefusalCode::Other, fault.to_string())),
            };
            say.say(Said::Answer(conn, Box::new(reply)));
        };
        std::thread::Builder::new()
            .name("associations".to_owned())
            .spawn(ask)
            .map_err(|fault| refuse(RefusalCode::Other, fault.to_string()))?;
        Ok(())
    }

    /// Now and then: what is wanted changed, or may have been changed in Slurm.
    pub(super) fn keep_associations(&mut self) {
        let now = self.now;
        let is_due = self.file.cluster.associations
            && self.degraded.is_none()
            && self.cluster.as_ref().is_some_and(|cluster| {
                !cluster.park.name.is_empty() && !cluster.kept.busy && now - cluster.kept.looked.0 >= LOOK
            });
        if !is_due {
            return;
        }
        let desired = self.desired();
        let Some(cluster) = &mut self.cluster else { return };
        cluster.kept.looked = Time0(now);
        let pause = match &cluster.kept.desired {
            Some(made) if *made == desired => AGAIN,
            Some(made) if made.is_but_minutes(&desired) => MINUTES,
            _ => Span::ZERO,
        };
        if now - cluster.kept.made.0 < pause {
            return;
        }
        (cluster.kept.busy, cluster.kept.made) = (true, Time0(now));
        cluster.kept.desired = Some(desired.clone());
        let (slurm, say) = (cluster.slurm.clone(), cluster.say.clone());
        let make = move || {
            let said = match reconcile(&slurm, &desired, false) {
                Ok(reply) => reply,
                Err(fault) => ClusterReply { fault: Some(fault.to_string()), ..ClusterReply::default() },
            };
            say.say(Said::Reconciled(said));
        };
        if std::thread::Builder::new().name("associations".to_owned()).spawn(make).is_err() {
            cluster.kept.busy = false;
        }
    }

    /// It was made so, or not; then it is tried again at the next look.
    pub(super) fn reconciled(&mut self, reply: &ClusterReply) {
        for change in reply.changes.iter().take(reply.done as usize) {
            complain!("sacctmgr {change}");
        }
        let Some(cluster) = &mut self.cluster else { return };
        cluster.kept.busy = false;
        if let Some(fault) = &reply.fault {
            complain!("Slurm's associations are not what they should be: {fault}");
            cluster.kept.desired = None;
        }
    }

    /// Projects, members and budgets as Slurm should have them.
    fn desired(&mut self) -> Desired {
        let threads = self.cluster.as_ref().map_or(1, |cluster| cluster.threads.values().copied().max().unwrap_or(1));
        let open: Vec<store::Project> =
            self.people.projects.iter().filter(|project| !project.closed).cloned().collect();
        let accounts = open.into_iter().map(|project| {
            let of_it = self.people.members.iter().filter(|member| member.project == project.name);
            let budget = match self.core_ms_left(&project.name) {
                None => Budget::Free,
                // What is less than a minute is nothing that Slurm could count.
                Some(left) if left < 60_000 => Budget::Spent,
                Some(left) => Budget::Minutes(left.unsigned_abs() / 60_000 * u64::from(threads)),
            };
            let account = Account {
                description: match project.description.as_str() {
                    "" => project.name.clone(),
                    text => text.to_owned(),
                },
                shares: project.shares,
                members: of_it.map(|member| (member.user.clone(), member.default)).collect(),
                budget,
            };
            (project.name.to_lowercase(), account)
        });
        let accounts = accounts.collect();
        Desired {
            cluster: self.cluster.as_ref().map_or(String::new(), |cluster| cluster.park.name.clone()),
            accounts,
            qos: vec!["normal".to_owned(), "low".to_owned()],
            operators_qos: vec!["urgent".to_owned()],
            operators: self.people.operators().into_iter().map(|(name, _)| name).collect(),
        }
    }
}

/// Looks at what is, and makes it what it should be.
fn reconcile(slurm: &Slurm, desired: &Desired, dry_run: bool) -> Result<ClusterReply, SlurmError> {
    let plan = plan(desired, &actual(slurm)?);
    let changes: Vec<String> = plan.changes.iter().map(|words| shown(words)).collect();
    let mut reply = ClusterReply { changes, reports: plan.reports, done: 0, fault: None };
    if dry_run {
        return Ok(reply);
    }
    for words in &plan.changes {
        let mut arguments = vec!["-i".to_owned()];
        arguments.extend(words.iter().cloned());
        if let Err(fault) = slurm.ask("sacctmgr", &arguments, &[]) {
            reply.fault = Some(fault.to_string());
            break;
        }
        reply.done += 1;
    }
    Ok(reply)
}

fn actual(slurm: &Slurm) -> Result<Actual, SlurmError> {
    let show = |what: &str, columns: &str| {
        let said = slurm.ask("sacctmgr", &["-P", "-n", "show", what, &format!("format={columns}")], &[])?;
        Ok::<_, SlurmError>(String::from_utf8_lossy(&said).into_owned())
    };
    // What Slurm counts as used is its own to say; where it says nothing, nothing is.
    let used = slurm.ask("sshare", &["-a", "-P", "-h", "-o", "Account,User,GrpTRESRaw"], &[]).unwrap_or_default();
    Ok(Actual {
        associations: tree::associations(&show("assoc", tree::ASSOC)?),
        qos: tree::qos(&show("qos", tree::QOS)?),
        users: tree::users(&show("user", tree::USERS)?).into_iter().collect(),
        used_minutes: tree::used_minutes(&String::from_utf8_lossy(&used)).into_iter().collect(),
    })
}

/// A command as somebody would type it.
fn shown(words: &[String]) -> String {
    let quoted = |word: &String| if word.contains([' ', '\'', '"']) { format!("{word:?}") } else { word.clone() };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}
