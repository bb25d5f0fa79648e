//! `scontrol show step`.

use model::{StepId, StepRow};

use super::Style;
use super::job::Layout;
use crate::squeue::put_place;
use crate::text::{Clock, put, put_timestamp};

/// Writes one step. `memory_mib`: what its CPUs have, where the job's memory is limited.
pub fn put_step(step: &StepRow, memory_mib: Option<u64>, style: Style, clock: &Clock<'_>, out: &mut Vec<u8>) {
    let mut layout = Layout { out, one_line: style.one_line };
    let batch = step.step == StepId::Batch;
    layout.out.extend_from_slice(b"StepId=");
    put_place(layout.out, step.job, &step.array);
    put(layout.out, format_args!(".{} UserId={} StartTime=", step.step, step.owner.uid));
    put_timestamp(layout.out, step.start, clock.zone);
    layout.out.extend_from_slice(b" TimeLimit=UNLIMITED");
    layout.line(format_args!("State=RUNNING Partition={} NodeList={}", step.partition, step.node));
    // Slurm does not count the script's own CPUs.
    let cpus = if batch { 0 } else { step.cpus };
    layout.line(format_args!("Nodes=1 CPUs={cpus} Tasks={} Name=", step.tasks));
    layout.out.extend_from_slice(step.name.as_bytes());
    layout.out.extend_from_slice(b" Network=(null)");
    if batch {
        layout.line(format_args!("TRES=(null)"));
    } else {
        layout.line(format_args!("TRES=cpu={cpus}"));
        if let Some(mib) = memory_mib {
            layout.out.extend_from_slice(b",mem=");
            crate::text::put_memory(layout.out, mib);
        }
        layout.out.extend_from_slice(b",node=1");
    }
    layout.line(format_args!("ResvPorts=(null)"));
    layout.line(format_args!("CPUFreqReq=Default"));
    if !batch {
        layout.out.extend_from_slice(b" Dist=");
        layout.out.extend_from_slice(crate::environment::distribution(step.tasks).as_bytes());
    }
    match step.pid.filter(|_| !batch) {
        Some(pid) => layout.line(format_args!("SrunHost:Pid={}:{pid}", step.node)),
        None => layout.line(format_args!("SrunHost:Pid=(null):0")),
    }
    layout.end();
}
