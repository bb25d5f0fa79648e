//! The machines of the demonstration, and Slurm's services on them, by Debian's packages: how each is killed and comes back.
//! Must not know what is shown with them.

use std::fs;
use std::ops::Deref;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::rooms::{Member, Rooms};

/// The machine with the services.
pub const HEAD: &str = "head";
/// The machines that compute.
pub const NODES: [&str; 3] = ["n1", "n2", "n3"];
/// All of them.
pub const MACHINES: &[&str] = &[HEAD, "n1", "n2", "n3"];
/// Who computes.
const MEMBERS: &[Member] = &[("alice", 7001), ("bob", 7002), ("carol", 7003)];

/// How long a service may take to answer.
const PATIENCE: Duration = Duration::from_secs(180);

/// A service: on which machine, as `service` calls it, its process, and a line of shell that says whether it answers.
pub struct Service {
    room: &'static str,
    name: &'static str,
    process: &'static str,
    question: &'static str,
}

const fn service(room: &'static str, name: &'static str, process: &'static str, question: &'static str) -> Service {
    Service { room, name, process, question }
}

/// All of them, but munge only once where it computes.
pub const SERVICES: [Service; 8] = [
    service(HEAD, "munge", "munged", "munge -n | unmunge"),
    service("n1", "munge", "munged", "munge -n | unmunge"),
    service(HEAD, "mariadb", "mariadbd", "mariadb-admin ping"),
    service(HEAD, "slurmdbd", "slurmdbd", "sacctmgr -n show cluster"),
    service(HEAD, "slurmctld", "slurmctld", "scontrol ping | grep -q UP"),
    // A machine whose daemon has just come back may still be called `idle*`.
    service("n1", "slurmd", "slurmd", "sinfo -h -n n1 -o %T | grep -qxE 'idle|mixed|allocated'"),
    service("n2", "slurmd", "slurmd", "sinfo -h -n n2 -o %T | grep -qxE 'idle|mixed|allocated'"),
    service("n3", "slurmd", "slurmd", "sinfo -h -n n3 -o %T | grep -qxE 'idle|mixed|allocated'"),
];

impl Service {
    /// What it is, and where.
    pub fn title(&self) -> String {
        format!("{} on {}", self.process, self.room)
    }
}

/// The machines, and what runs on them.
pub struct Cluster {
    pub rooms: Rooms,
}

impl Deref for Cluster {
    type Target = Rooms;

    fn deref(&self) -> &Rooms {
        &self.rooms
    }
}

impl Cluster {
    /// The machines, with files in `place`; nothing runs on them yet but ssh.
    pub fn open(place: &Path, is_kept: bool, binary: &Path) -> Result<Self> {
        let rooms = Rooms::open(place, is_kept, MACHINES, MEMBERS)?;
        fs::copy(binary, rooms.home("algoric")).context("copying the program")?;
        Ok(Self { rooms })
    }

    /// Starts a service and waits until it answers.
    pub fn bring_up(&self, service: &Service) -> Result<()> {
        // One that comes back by itself says that it is there.
        self.rooms.shell(service.room, "root", &format!("service {} start", service.name))?;
        self.rooms.until_on(service.room, service.question, PATIENCE)
    }

    /// Kills a service as nothing else would.
    pub fn kill(&self, service: &Service) -> Result<usize> {
        self.rooms.kill(service.room, service.process)
    }

    /// Until slurmctld has written down what it knows of these jobs. It does so every five seconds where something changed,
    /// and waits for the disk: what it began since is not known to the one that follows. Twice, as what is written just after
    /// the first look may have been gathered just before it.
    pub fn until_written(&self, jobs: &str) -> Result<()> {
        let change =
            format!("for id in $(squeue -h -n {jobs} -o %A); do scontrol update jobid=$id comment=written; done");
        for _ in 0..2 {
            self.rooms.must("root", "touch /run/looked")?;
            self.rooms
                .until(&format!("{change}; test /var/lib/slurm/slurmctld/job_state -nt /run/looked"), PATIENCE)?;
        }
        Ok(())
    }

    /// Ends these jobs and gives back machines that Slurm drained, so that what follows has a cluster.
    pub fn clear(&self, jobs: &str) -> Result<()> {
        let drained = "sinfo -h -N -t drain -o %N | sort -u";
        let give_back = format!("for node in $({drained}); do scontrol update nodename=$node state=resume; done");
        self.rooms.must("root", &format!("scancel -n {jobs}; {give_back}")).map(drop)
    }

    /// Until nothing waits and nothing runs.
    pub fn until_idle(&self, patience: Duration) -> Result<()> {
        self.rooms.until("queue=$(squeue -h) && test -z \"$queue\"", patience)
    }
}
