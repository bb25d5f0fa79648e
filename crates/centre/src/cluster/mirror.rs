//! The thread that looks at Slurm's queue and machines. It looks seldom enough that slurmctld does not notice: what a look
//! costs grows with the queue, and so does the pause after it. Must not know who asks for what.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

use dialect::cluster::{accounting::ENVIRONMENT, nodes, queue, tree};
use drivers::slurm::{self, Slurm, SlurmError};

use super::{Park, Said, Say};
use crate::service::clock;

/// The thread's body.
pub(super) struct Mirror {
    pub(super) slurm: Slurm,
    pub(super) pause: Duration,
    /// Somebody had something done: what came of it is looked at soon.
    pub(super) nudges: Receiver<()>,
    pub(super) say: Say,
}

/// Machines change seldom.
const PARK_EVERY: Duration = Duration::from_secs(30);
/// A look costs slurmctld about so much for each job in the queue (measured at 10 000 pending, `docs/cluster.md`)...
const COST_EACH: Duration = Duration::from_micros(6);
/// ...of which it is to spend no more than one part in so many of its time.
const SHARE: u32 = 200;
/// Two looks are no closer to each other.
const LEAST_PAUSE: Duration = Duration::from_millis(200);
/// Nobody waits longer than this for the queue.
const MOST_PAUSE: Duration = Duration::from_secs(20);

/// How long to pause after a look at so many jobs.
fn pause_after(jobs: usize, least: Duration) -> Duration {
    let jobs = u32::try_from(jobs).unwrap_or(u32::MAX);
    (COST_EACH * SHARE).saturating_mul(jobs).clamp(least, MOST_PAUSE.max(least))
}

impl Mirror {
    pub(super) fn serve(self) {
        let mut park_seen: Option<Instant> = None;
        loop {
            let mut jobs = 0;
            if park_seen.is_none_or(|at| at.elapsed() >= PARK_EVERY) {
                match self.park() {
                    Ok(park) => {
                        park_seen = Some(Instant::now());
                        self.say.say(Said::Park(Box::new(park)));
                    }
                    Err(fault) => self.say.say(Said::QueueFault(fault)),
                }
            }
            match self.queue() {
                Ok((at, rows)) => {
                    jobs = rows.len();
                    self.say.say(Said::Queue(at, rows));
                }
                Err(fault) => self.say.say(Said::QueueFault(fault)),
            }
            if !self.rest(jobs) {
                return;
            }
        }
    }

    /// Until the next look is due; `false`: the centre ends.
    fn rest(&self, jobs: usize) -> bool {
        match self.nudges.recv_timeout(pause_after(jobs, self.pause)) {
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
            Ok(()) => {}
        }
        // All that is ordered until then is seen by one look.
        std::thread::sleep(pause_after(jobs, LEAST_PAUSE));
        while self.nudges.try_recv().is_ok() {}
        true
    }

    fn queue(&self) -> Result<(model::Time, Vec<queue::Queued>), String> {
        let separator = slurm::separator().map_err(|fault| fault.to_string())?;
        let at = clock();
        let said = self.slurm.ask("squeue", &queue::arguments(&separator), &ENVIRONMENT).map_err(text)?;
        Ok((at, queue::read(&said, &separator).map_err(|fault| format!("squeue: {fault}"))?))
    }

    fn park(&self) -> Result<Park, String> {
        let ask = |program: &str, words: &[&str]| {
            let said = self.slurm.ask(program, words, &ENVIRONMENT).map_err(text)?;
            Ok::<_, String>(String::from_utf8_lossy(&said).into_owned())
        };
        let config = ask("scontrol", &["show", "config"])?;
        let setting = |name| nodes::setting(&config, name).unwrap_or("").to_owned();
        // An accounting that is away takes no machine away.
        let qos = ask("sacctmgr", &["-P", "-n", "show", "qos", &format!("format={}", tree::QOS)]).unwrap_or_default();
        Ok(Park {
            name: setting("ClusterName"),
            version: setting("SLURM_VERSION"),
            nodes: nodes::nodes(&ask("scontrol", &["-o", "show", "node"])?),
            partitions: nodes::partitions(&ask("scontrol", &["-o", "show", "partition"])?),
            qos: tree::qos(&qos),
            always_on: dialect::values::hostlist::expand(&setting("SuspendExcNodes")).unwrap_or_default(),
        })
    }
}

fn text(fault: SlurmError) -> String {
    fault.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_grows_with_the_queue() {
        let least = Duration::from_secs(3);
        assert_eq!(pause_after(0, least), least);
        assert_eq!(pause_after(10_000, least), Duration::from_secs(12));
        assert_eq!(pause_after(1_000_000, least), MOST_PAUSE);
        assert_eq!(pause_after(5, Duration::from_secs(60)), Duration::from_secs(60));
    }
}
