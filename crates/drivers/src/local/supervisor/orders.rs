//! What the launcher wants done to a run: signals to its processes, and their end.

use std::time::Duration;

use nix::errno::Errno;
use nix::unistd::Pid;

use super::super::clock;
use super::super::parcel::Word;
use super::super::protocol::{Order, Scope};
use super::super::tree;
use super::Supervisor;
use super::job::Stage;
use super::parts::Parts;

/// So often processes are asked to stand still, while new ones appear, before the next step is taken all the same.
const PASSES: usize = 20;

impl Supervisor {
    /// Does as the launcher says.
    pub(super) fn obey(&mut self, order: Order) {
        let Some(job) = &self.job else { return };
        let run = job.launch.run;
        match order {
            Order::Terminate { run: which, note, kill_wait } if which == run => {
                self.terminate(note, Duration::from_millis(u64::try_from(kill_wait.0).unwrap_or(0)));
            }
            Order::Signal { run: which, signal, scope } if which == run => {
                if let Stage::Running { batch } = job.stage {
                    self.signal(i32::from(signal), scope, batch);
                }
            }
            Order::Join { run: which, command, env } if which == run => {
                if matches!(job.stage, Stage::Running { .. })
                    && let Err(error) = self.join(&command, env)
                {
                    self.say(&[Word::Fault { text: format!("a process did not join run {run}: {error}") }]);
                }
            }
            Order::Suspend { run: which } if which == run => {
                self.stand_still(true);
                self.say(&[Word::Suspended { run }]);
            }
            Order::Resume { run: which } if which == run => {
                // Who stopped of its own accord is not ours to continue.
                if job.suspended {
                    self.stand_still(false);
                }
                self.say(&[Word::Resumed { run }]);
            }
            _ => {}
        }
    }

    fn terminate(&mut self, note: Option<String>, kill_wait: Duration) {
        let Some(job) = &mut self.job else { return };
        // What is over already ends by itself.
        if !matches!(job.stage, Stage::Running { .. } | Stage::Prolog { .. }) {
            return;
        }
        job.ordered = true;
        let kill_at = clock::since_boot() + kill_wait;
        job.kill_at = Some(job.kill_at.map_or(kill_at, |earlier| earlier.min(kill_at)));
        let running = matches!(job.stage, Stage::Running { .. });
        if let Some(line) = note.filter(|_| running) {
            self.write_note(&line);
        }
        self.signal_all(libc::SIGTERM);
        // Last, so that a process which stood still meets the signal as soon as it goes on.
        self.stand_still(false);
        self.signal_all(libc::SIGCONT);
    }

    fn signal(&self, signal: i32, scope: Scope, batch: Pid) {
        for (process, in_step) in Parts::below(self.pid).each() {
            let meant = match scope {
                Scope::Batch => process.pid == batch,
                Scope::Steps => in_step,
                Scope::All => true,
            };
            if meant {
                tree::signal(process, signal).unwrap_or_default();
            }
        }
    }

    fn signal_all(&self, signal: i32) {
        for (process, _) in tree::descendants(self.pid) {
            tree::signal(process, signal).unwrap_or_default();
        }
    }

    fn stand_still(&mut self, still: bool) {
        let frozen = match &self.cage {
            Ok(Some(cage)) => cage.freeze(still),
            _ => false,
        };
        match (frozen, still) {
            (true, _) => {}
            (false, true) => self.stop_all(),
            (false, false) => self.signal_all(libc::SIGCONT),
        }
        if let Some(job) = &mut self.job {
            job.suspended = still;
        }
    }

    /// Stops everybody, also those who are being born meanwhile.
    fn stop_all(&self) {
        for _ in 0..PASSES {
            let mut moving = false;
            for (process, stat) in tree::descendants(self.pid) {
                if !matches!(stat.state, b'T' | b't' | b'Z' | b'X') {
                    moving |= tree::signal(process, libc::SIGSTOP) != Err(Errno::EPERM);
                }
            }
            if !moving {
                return;
            }
        }
    }

    /// After the script of a job that is being ended: the steps have the time that was ordered, everybody else goes with
    /// the script, as under Slurm. `false`: there is no step, or no time.
    pub(super) fn leave_steps_their_time(&mut self) -> bool {
        let Some(job) = &mut self.job else { return false };
        if !job.ordered || job.killing || job.kill_at.is_none() {
            return false;
        }
        let Some(others) = Parts::below(self.pid).beside_steps() else { return false };
        for process in others {
            tree::signal(process, libc::SIGKILL).unwrap_or_default();
        }
        job.again_soon();
        true
    }

    /// Kills everybody, once; who calls this comes back until nobody is left. Says whether anybody could be signalled.
    pub(super) fn kill_everybody(&mut self) -> bool {
        let at_once = match &self.cage {
            Ok(Some(cage)) => cage.kill(),
            _ => false,
        };
        if !at_once {
            // One by one: whoever stands still cannot fork away from the next signal.
            self.stop_all();
        }
        // Also after the group was killed: a hook is not in it, and a job of root may have left it.
        let mut reached = at_once;
        for (process, _) in tree::descendants(self.pid) {
            reached |= tree::signal(process, libc::SIGKILL) != Err(Errno::EPERM);
        }
        if let Some(job) = &mut self.job {
            job.again_soon();
        }
        reached
    }
}
