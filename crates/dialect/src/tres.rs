//! Slurm's "trackable resources" in one word: `cpu=2,mem=200M,node=1,billing=2,gres/gpu=1`.

use crate::text::{put as write, put_memory};

/// What was asked for or given.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tres {
    /// CPUs; also the billing weight, one for each CPU.
    pub cpus: u32,
    /// Memory, where limited.
    pub memory_mib: Option<u64>,
    /// Machines.
    pub nodes: u32,
    /// GPUs.
    pub gpus: u32,
}

/// In the order of `scontrol` and `squeue`.
pub fn put(out: &mut Vec<u8>, tres: &Tres) {
    write(out, format_args!("cpu={}", tres.cpus));
    if let Some(mib) = tres.memory_mib {
        out.extend_from_slice(b",mem=");
        put_memory(out, mib);
    }
    write(out, format_args!(",node={},billing={}", tres.nodes, tres.cpus));
    if tres.gpus > 0 {
        write(out, format_args!(",gres/gpu={}", tres.gpus));
    }
}

/// In the order of `sacct`: by name. Steps have no billing weight.
pub fn put_sorted(out: &mut Vec<u8>, tres: &Tres, billing: bool) {
    if billing {
        write(out, format_args!("billing={},", tres.cpus));
    }
    write(out, format_args!("cpu={}", tres.cpus));
    if tres.gpus > 0 {
        write(out, format_args!(",gres/gpu={}", tres.gpus));
    }
    if let Some(mib) = tres.memory_mib {
        out.extend_from_slice(b",mem=");
        put_memory(out, mib);
    }
    write(out, format_args!(",node={}", tres.nodes));
}
