//! How a run ended and what it used: the raw facts, before anybody judges them.

use serde::{Deserialize, Serialize};

use crate::Span;

/// The two numbers of Slurm's `ExitCode`: what the process returned, and the signal that ended it (0: none).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Exit {
    /// 0 to 255.
    pub code: u8,
    /// 0, or the number of a signal; 125 marks "out of memory", as Slurm has it.
    pub signal: u8,
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&format!("{}:{}", self.code, self.signal))
    }
}

/// What the supervisor saw when the batch script ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Outcome {
    /// The script ended by itself or by a signal.
    Exited(Exit),
    /// The memory limit was hit at least once; the script's own exit is kept beside it.
    OutOfMemory(Exit),
    /// The script could not be started: who is to blame is in the text (missing interpreter, directory, output file).
    LaunchFailed {
        /// What `ExitCode` shows.
        exit: Exit,
        /// What, where.
        error: String,
    },
    /// The supervisor, or the machine under it, disappeared: nobody saw how the script ended.
    Lost,
}

/// What a run or a step used, as measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Usage {
    /// CPU time in user mode, microseconds.
    pub user_us: u64,
    /// CPU time in the kernel, microseconds.
    pub system_us: u64,
    /// Greatest resident memory, KiB.
    pub max_rss_kib: u64,
    /// Bytes read from storage.
    pub read_bytes: u64,
    /// Bytes written to storage.
    pub write_bytes: u64,
}

impl Usage {
    /// Both together: times and bytes add up, the greater memory stays.
    pub fn plus(self, other: Usage) -> Usage {
        Usage {
            user_us: self.user_us.saturating_add(other.user_us),
            system_us: self.system_us.saturating_add(other.system_us),
            max_rss_kib: self.max_rss_kib.max(other.max_rss_kib),
            read_bytes: self.read_bytes.saturating_add(other.read_bytes),
            write_bytes: self.write_bytes.saturating_add(other.write_bytes),
        }
    }
}

/// CPUs that computed, on average, in thousandths. Where clocks count whole seconds, as Slurm's accounting does, a short
/// run takes no time: then of one second.
pub fn busy_milli(cpu_us: u64, elapsed: Span) -> u64 {
    let ms = if elapsed.0 > 0 { elapsed.0.cast_unsigned() } else { 1000 };
    cpu_us / ms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_no_time_keeps_no_cpus_busy() {
        for (cpu_us, ms, milli) in [(2_000_000, 1000, 2000), (300_000, 300, 1000), (7000, 0, 7), (0, 0, 0)] {
            assert_eq!(busy_milli(cpu_us, Span(ms)), milli, "{cpu_us} us in {ms} ms");
        }
    }
}
