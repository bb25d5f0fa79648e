//! What `sacctmgr` can list, the fields of each list, and which of them are shown where none are named.

use crate::columns::{Spec, headed, spec};

/// A list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Entity {
    Account,
    Association,
    Cluster,
    Configuration,
    Event,
    Federation,
    Problem,
    Qos,
    Reservation,
    Resource,
    RunawayJobs,
    Stats,
    Transaction,
    Tres,
    User,
    Wckey,
}

/// Names of the lists and how many letters of each are enough.
const NAMES: &[(&str, usize, Entity)] = &[
    ("accounts", 2, Entity::Account),
    ("associations", 2, Entity::Association),
    ("clusters", 2, Entity::Cluster),
    ("configuration", 2, Entity::Configuration),
    ("events", 1, Entity::Event),
    ("federations", 1, Entity::Federation),
    ("problems", 1, Entity::Problem),
    ("qos", 1, Entity::Qos),
    ("reservations", 4, Entity::Reservation),
    ("resources", 4, Entity::Resource),
    ("runawayjobs", 2, Entity::RunawayJobs),
    ("stats", 2, Entity::Stats),
    ("transactions", 3, Entity::Transaction),
    ("txn", 2, Entity::Transaction),
    ("tres", 3, Entity::Tres),
    ("users", 1, Entity::User),
    ("wckeys", 1, Entity::Wckey),
];

impl Entity {
    /// By name, or the start of one.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let found = NAMES.iter().find(|(full, least, _)| name.len() >= *least && full.starts_with(&name));
        found.map(|(_, _, entity)| *entity)
    }

    /// Its fields.
    pub fn fields(self) -> &'static [Spec] {
        match self {
            Entity::Qos => QOS,
            Entity::Tres => TRES,
            Entity::Event => EVENT,
            Entity::Transaction => TRANSACTION,
            Entity::Federation => FEDERATION,
            Entity::Resource => RESOURCE,
            Entity::Reservation => RESERVATION,
            Entity::Wckey => WCKEY,
            Entity::Problem => PROBLEM,
            _ => PEOPLE,
        }
    }

    /// What is shown where nothing is named.
    pub fn default_format(self, with_assoc: bool) -> &'static str {
        match (self, with_assoc) {
            (Entity::User, false) => "user,defaultaccount,adminlevel",
            (Entity::User, true) => {
                "user,defaultaccount,adminlevel,cluster,account,partition,share,priority,maxjobs,maxnodes,maxcpus,\
                 maxsubmit,maxwall,maxcpumins,qos,defaultqos"
            }
            (Entity::Account, false) => "account,description,organization",
            (Entity::Account, true) => {
                "account,description,organization,cluster,parentname,user,share,priority,grpjobs,grpnodes,grpcpus,grpmem,\
                 grpsubmit,grpwall,grpcpumins,maxjobs,maxnodes,maxcpus,maxsubmit,maxwall,maxcpumins,qos,defaultqos"
            }
            (Entity::Association, _) => {
                "cluster,account,user,partition,share,priority,grpjobs,grptres,grpsubmit,grpwall,grptresmins,maxjobs,\
                 maxtres,maxtrespernode,maxsubmit,maxwall,maxtresmins,qos,defaultqos,grptresrunmins"
            }
            (Entity::Cluster, _) => {
                "cluster,controlhost,controlport,rpc,share,grpjobs,grptres,grpsubmit,maxjobs,maxtres,maxsubmit,maxwall,\
                 qos,defaultqos"
            }
            (Entity::Qos, _) => {
                "name,priority,gracetime,preempt,preemptexempttime,preemptmode,flags,usagethres,usagefactor,grptres,\
                 grptresmins,grptresrunmins,grpjobs,grpsubmit,grpwall,maxtres,maxtrespernode,maxtresmins,maxwall,\
                 maxtrespu,maxjobspu,maxsubmitpu,maxtrespa,maxjobspa,maxsubmitpa,mintres"
            }
            (Entity::Tres, _) => "type,name,id",
            (Entity::Event, _) => "cluster,nodename,timestart,timeend,state,reason,user",
            (Entity::Transaction, _) => "time,action,actor,where,info",
            (Entity::Federation, _) => "federation,cluster,id,features,fedstate",
            (Entity::Resource, _) => "name,server,type,count,allocated,servertype",
            (Entity::Reservation, _) => "cluster,name,tres,timestart,timeend,unusedwall",
            (Entity::Wckey, _) => "wckey,cluster,user",
            (Entity::Problem, _) => "cluster,account,user,problem",
            (Entity::Configuration | Entity::RunawayJobs | Entity::Stats, _) => "",
        }
    }
}

/// Of users, accounts, associations and the cluster, which share their limits.
const PEOPLE: &[Spec] = &[
    spec("User", 10),
    spec("Account", 10),
    headed("AdminLevel", "Admin", 9),
    spec("Cluster", 10),
    spec("ControlHost", 15),
    spec("ControlPort", 12),
    headed("Coordinators", "Coord Accounts", 20),
    headed("DefaultAccount", "Def Acct", 10),
    headed("DefaultQOS", "Def QOS", 9),
    headed("DefaultWCKey", "Def WCKey", 10),
    headed("Description", "Descr", 20),
    headed("Fairshare", "Share", 9),
    spec("GrpCPUMins", 11),
    spec("GrpCPUs", 8),
    spec("GrpJobs", 7),
    spec("GrpMem", 7),
    spec("GrpNodes", 8),
    spec("GrpSubmit", 9),
    spec("GrpTRES", 13),
    spec("GrpTRESMins", 13),
    spec("GrpTRESRunMins", 13),
    spec("GrpWall", 11),
    spec("ID", 6),
    spec("LFT", 6),
    spec("MaxCPUMins", 11),
    spec("MaxCPUs", 8),
    spec("MaxJobs", 7),
    spec("MaxNodes", 8),
    spec("MaxSubmit", 9),
    spec("MaxTRES", 13),
    spec("MaxTRESMins", 13),
    spec("MaxTRESPerNode", 14),
    spec("MaxWall", 11),
    spec("Name", 10),
    headed("Organization", "Org", 20),
    spec("ParentID", 6),
    spec("ParentName", 10),
    spec("Partition", 10),
    spec("Priority", 10),
    spec("QOS", 20),
    spec("RGT", 6),
    spec("RPC", 5),
    spec("Share", 9),
    spec("TRES", 20),
    headed("WithRawQOS", "QOS_RAW", 10),
];

const QOS: &[Spec] = &[
    spec("Name", 10),
    headed("Description", "Descr", 20),
    spec("Flags", 40),
    spec("GraceTime", 10),
    spec("GrpJobs", 7),
    spec("GrpSubmit", 9),
    spec("GrpTRES", 13),
    spec("GrpTRESMins", 13),
    spec("GrpTRESRunMins", 13),
    spec("GrpWall", 11),
    spec("ID", 6),
    spec("MaxJobsPA", 9),
    spec("MaxJobsPU", 9),
    spec("MaxSubmitPA", 11),
    spec("MaxSubmitPU", 11),
    spec("MaxTRES", 13),
    spec("MaxTRESMins", 13),
    spec("MaxTRESPA", 13),
    spec("MaxTRESPU", 13),
    spec("MaxTRESPerNode", 14),
    spec("MaxWall", 11),
    spec("MinTRES", 13),
    spec("Preempt", 10),
    spec("PreemptExemptTime", 19),
    spec("PreemptMode", 11),
    spec("Priority", 10),
    spec("UsageFactor", 11),
    spec("UsageThres", 10),
];

const TRES: &[Spec] = &[spec("Type", 8), spec("Name", 15), spec("ID", 6)];

const EVENT: &[Spec] = &[
    spec("Cluster", 10),
    spec("NodeName", -15),
    spec("TimeStart", 19),
    spec("TimeEnd", 19),
    spec("State", 6),
    spec("Reason", 30),
    spec("User", 10),
    spec("Duration", 13),
    spec("Event", 7),
    spec("TRES", 20),
];

const TRANSACTION: &[Spec] =
    &[spec("Time", 19), spec("Action", 20), spec("Actor", 10), spec("Where", 20), spec("Info", 20)];

const FEDERATION: &[Spec] =
    &[spec("Federation", 10), spec("Cluster", 10), spec("ID", 2), spec("Features", 20), spec("FedState", 12)];

const RESOURCE: &[Spec] = &[
    spec("Name", 10),
    spec("Server", 10),
    spec("Type", 8),
    spec("Count", 6),
    headed("Allocated", "% Allocated", 11),
    spec("ServerType", 10),
];

const RESERVATION: &[Spec] = &[
    spec("Cluster", 10),
    spec("Name", 15),
    spec("TRES", 30),
    spec("TimeStart", 19),
    spec("TimeEnd", 19),
    spec("UnusedWall", 10),
];

const WCKEY: &[Spec] = &[spec("WCKey", 10), spec("Cluster", 10), spec("User", 10), spec("ID", 6)];

const PROBLEM: &[Spec] = &[spec("Cluster", 10), spec("Account", 10), spec("User", 10), spec("Problem", 40)];
