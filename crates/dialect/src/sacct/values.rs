//! What a field shows of a row. What we do not measure stays empty.

use model::{AccountRow, ArrayPlace, JobState, Memory, Reason, Span, StepId, Text, Usage};

use super::fields::FieldSpec;
use crate::text::{
    Clock, put, put_cpu_time, put_full_limit, put_full_span, put_memory, put_number, put_timestamp, put_timestamp_or,
};
use crate::tres::{Tres, put_sorted};

/// How sizes are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Units {
    /// The greatest unit that divides the number.
    Exact,
    /// As measured (`--noconvert`).
    Raw,
    /// In this unit (`--units`).
    In(u8),
}

/// What a value depends on beside the row.
pub struct View<'a> {
    pub clock: &'a Clock<'a>,
    pub cluster: &'a str,
    pub units: Units,
}

impl View<'_> {
    /// Writes one value.
    pub fn put(&self, field: &FieldSpec, row: &AccountRow, out: &mut Vec<u8>) {
        if !self.put_both(field.name, row, out) {
            if row.step.is_some() { self.put_step(field.name, row, out) } else { self.put_job(field.name, row, out) }
        }
    }

    /// Fields that jobs and steps have alike; says whether it was one.
    fn put_both(&self, name: &str, row: &AccountRow, out: &mut Vec<u8>) -> bool {
        let zone = self.clock.zone;
        match name {
            "Account" => out.extend_from_slice(row.account.as_bytes()),
            "AllocCPUS" | "NCPUS" => put_number(out, cpus(row).into()),
            "AllocNodes" | "NNodes" => put_number(out, if started(row) { row.nodes.max(1) } else { row.nodes }.into()),
            "AllocTRES" => self.put_allocated(row, out),
            "Cluster" => out.extend_from_slice(self.cluster.as_bytes()),
            "CPUTime" => put_full_span(out, Span(self.elapsed(row).0.saturating_mul(cpus(row).into()))),
            "CPUTimeRAW" => put_number(out, seconds(self.elapsed(row)).saturating_mul(cpus(row).into())),
            "Elapsed" => put_full_span(out, self.elapsed(row)),
            "ElapsedRaw" => put_number(out, seconds(self.elapsed(row))),
            "End" => put_timestamp_or(out, row.end, zone, "Unknown"),
            "ExitCode" => put(out, format_args!("{}", row.exit)),
            "JobID" => put_id(out, row, false),
            "JobIDRaw" => put_id(out, row, true),
            "JobName" => out.extend_from_slice(row.name.as_bytes()),
            "NodeList" if row.node.is_empty() => out.extend_from_slice(b"None assigned"),
            "NodeList" => out.extend_from_slice(row.node.as_bytes()),
            "Start" => {
                // A job that ended without having started never will.
                let never = if row.state.is_final() { "None" } else { "Unknown" };
                put_timestamp_or(out, row.start, zone, never);
            }
            "State" => put_state(out, row),
            // A step is submitted, and may start, when it starts.
            "Submit" => put_timestamp(out, row.start.filter(|_| row.step.is_some()).unwrap_or(row.submit), zone),
            "Eligible" => {
                let at = row.start.filter(|_| row.step.is_some()).or(row.eligible);
                put_timestamp_or(out, at, zone, "Unknown");
            }
            "AssocID" => out.push(b'0'),
            "DBIndex" => put_number(out, row.id.0.into()),
            "ReqCPUS" => put_number(out, if row.step.is_some() { row.cpus } else { row.cpus_requested }.into()),
            "ReqNodes" => put_number(out, row.nodes.max(1).into()),
            "ConsumedEnergy" if row.energy_uj.is_some() => self.put_joules(joules(row), out),
            "ConsumedEnergyRaw" if row.energy_uj.is_some() => put_number(out, joules(row)),
            "ConsumedEnergy" | "ConsumedEnergyRaw" if row.step.is_some() => out.push(b'0'),
            "Suspended" => put_full_span(out, row.suspended),
            "SystemCPU" => put_cpu_time(out, usage(row).system_us),
            "TotalCPU" => put_cpu_time(out, usage(row).user_us.saturating_add(usage(row).system_us)),
            "UserCPU" => put_cpu_time(out, usage(row).user_us),
            _ => return false,
        }
        true
    }

    fn put_job(&self, name: &str, row: &AccountRow, out: &mut Vec<u8>) {
        match name {
            "Comment" => put_text(out, row.comment.as_ref()),
            "DerivedExitCode" => put(out, format_args!("{}", row.derived_exit)),
            "Flags" if started(row) => out.extend_from_slice(b"SchedMain,StartReceived"),
            "GID" => put_number(out, row.owner.gid.0.into()),
            "Group" => out.extend_from_slice(row.owner.group.as_bytes()),
            "Partition" => out.extend_from_slice(row.partition.as_bytes()),
            "Priority" => put_number(out, row.priority.into()),
            "QOS" => out.extend_from_slice(row.qos.as_bytes()),
            "Reason" => out.extend_from_slice(reason(row.reason).as_bytes()),
            "ReqCPUFreq" | "ReqCPUFreqGov" | "ReqCPUFreqMax" | "ReqCPUFreqMin" => out.extend_from_slice(b"Unknown"),
            "ReqMem" => self.put_requested_memory(row, out),
            "ReqTRES" => put_sorted(out, &requested(row), true),
            "Reservation" => out.extend_from_slice(row.reservation.as_deref().unwrap_or_default().as_bytes()),
            "Reserved" => put_full_span(out, self.reserved(row)),
            "ResvCPU" => put_full_span(out, Span(self.reserved(row).0.saturating_mul(row.cpus_requested.into()))),
            "ResvCPURAW" => {
                put_number(out, seconds(self.reserved(row)).saturating_mul(row.cpus_requested.into()));
            }
            "SubmitLine" => out.extend_from_slice(row.submit_line.as_bytes()),
            "Timelimit" => put_full_limit(out, row.time_limit),
            "TimelimitRaw" => match row.time_limit.span() {
                Some(span) => put_number(out, seconds(span) / 60),
                None => put_full_limit(out, row.time_limit),
            },
            "UID" => put_number(out, row.owner.uid.0.into()),
            "User" => out.extend_from_slice(row.owner.user.as_bytes()),
            "QOSRAW" => out.push(b'1'),
            "WCKeyID" => out.push(b'0'),
            "WCKey" => out.extend_from_slice(row.wckey.as_deref().unwrap_or_default().as_bytes()),
            "WorkDir" => out.extend_from_slice(row.workdir.as_bytes()),
            _ => {}
        }
    }

    fn put_step(&self, name: &str, row: &AccountRow, out: &mut Vec<u8>) {
        match name {
            "NTasks" => return put_number(out, row.tasks.max(1).into()),
            "Layout" => {
                let layout = match row.step {
                    Some(StepId::Batch) => "Unknown",
                    _ => crate::environment::distribution(row.tasks),
                };
                return out.extend_from_slice(layout.as_bytes());
            }
            "AveCPUFreq" | "ReqCPUFreq" | "ReqCPUFreqGov" | "ReqCPUFreqMax" | "ReqCPUFreqMin" => return out.push(b'0'),
            _ => {}
        }
        // One machine, so the greatest, the least and the average of its tasks are one number.
        match row.usage {
            Some(usage) => self.put_usage(name, row, usage, out),
            None if matches!(name, "TRESUsageInAve" | "TRESUsageInTot" | "TRESUsageOutAve" | "TRESUsageOutTot") => {
                out.extend_from_slice(b"energy=0");
            }
            None => {}
        }
    }

    fn put_usage(&self, name: &str, row: &AccountRow, usage: Usage, out: &mut Vec<u8>) {
        let cpu = Span(i64::try_from((usage.user_us.saturating_add(usage.system_us)) / 1000).unwrap_or(i64::MAX));
        match name {
            "AveCPU" | "MinCPU" => put_full_span(out, cpu),
            "MaxRSS" | "AveRSS" => self.put_size(usage.max_rss_kib, 1, out),
            "AveDiskRead" | "MaxDiskRead" => self.put_size(usage.read_bytes, 0, out),
            "AveDiskWrite" | "MaxDiskWrite" => self.put_size(usage.write_bytes, 0, out),
            "MaxRSSNode" | "MinCPUNode" | "MaxDiskReadNode" | "MaxDiskWriteNode" => {
                out.extend_from_slice(row.node.as_bytes());
            }
            "MaxRSSTask" | "MinCPUTask" | "MaxDiskReadTask" | "MaxDiskWriteTask" => out.push(b'0'),
            "TRESUsageInAve" | "TRESUsageInMax" | "TRESUsageInMin" | "TRESUsageInTot" => {
                out.extend_from_slice(b"cpu=");
                put_full_span(out, cpu);
                put(out, format_args!(",energy=0,fs/disk={},mem={}K", usage.read_bytes, usage.max_rss_kib));
            }
            "TRESUsageInMaxNode" | "TRESUsageInMinNode" => {
                put(out, format_args!("cpu={0},energy={0},fs/disk={0},mem={0}", row.node));
            }
            "TRESUsageInMaxTask" | "TRESUsageInMinTask" => out.extend_from_slice(b"cpu=0,fs/disk=0,mem=0"),
            "TRESUsageOutAve" | "TRESUsageOutMax" | "TRESUsageOutMin" | "TRESUsageOutTot" => {
                put(out, format_args!("energy=0,fs/disk={}", usage.write_bytes));
            }
            "TRESUsageOutMaxNode" | "TRESUsageOutMinNode" => put(out, format_args!("energy={0},fs/disk={0}", row.node)),
            "TRESUsageOutMaxTask" | "TRESUsageOutMinTask" => out.extend_from_slice(b"fs/disk=0"),
            _ => {}
        }
    }

    fn put_allocated(&self, row: &AccountRow, out: &mut Vec<u8>) {
        if started(row) {
            let tres = Tres { cpus: row.cpus, memory_mib: row.memory_mib, nodes: row.nodes.max(1), gpus: row.gpus };
            put_sorted(out, &tres, row.step.is_none());
        }
    }

    fn put_requested_memory(&self, row: &AccountRow, out: &mut Vec<u8>) {
        match requested(row).memory_mib.or(row.memory_mib) {
            Some(mib) if self.units == Units::Exact => put_memory(out, mib),
            Some(mib) => self.put_size(mib, 2, out),
            None => out.push(b'0'),
        }
    }

    /// Energy with the unit in which it is less than a thousand, or the one that was asked for.
    fn put_joules(&self, number: u64, out: &mut Vec<u8>) {
        const UNITS: &[u8] = b" KMGTP";
        let target = match self.units {
            Units::Raw => 0,
            Units::In(wanted) => UNITS.iter().position(|unit| *unit == wanted).unwrap_or(0),
            Units::Exact => (0..UNITS.len() - 1).find(|unit| number <= 1000u64.pow(*unit as u32 + 1)).unwrap_or(5),
        };
        let value = number as f64 / 1000f64.powi(target as i32);
        if value.fract() == 0.0 {
            put(out, format_args!("{value:.0}"));
        } else {
            put(out, format_args!("{value:.2}"));
        }
        if target > 0 {
            out.push(UNITS[target]);
        }
    }

    /// A size; `unit` counts from 0 for bytes, 1 for KiB.
    fn put_size(&self, mut number: u64, mut unit: usize, out: &mut Vec<u8>) {
        const UNITS: &[u8] = b" KMGTP";
        match self.units {
            Units::In(wanted) => {
                let target = UNITS.iter().position(|unit| *unit == wanted).unwrap_or(unit);
                let value = number as f64 * 1024f64.powi(unit as i32 - target as i32);
                if value.fract() == 0.0 {
                    put(out, format_args!("{value:.0}"))
                } else {
                    put(out, format_args!("{value:.2}"))
                }
                unit = target;
            }
            _ => {
                while self.units == Units::Exact && number > 0 && number.is_multiple_of(1024) && unit + 1 < UNITS.len()
                {
                    number /= 1024;
                    unit += 1;
                }
                put_number(out, number);
            }
        }
        if unit > 0 && (number > 0 || self.units != Units::Exact) {
            out.push(UNITS[unit]);
        }
    }

    /// Running time so far or in all.
    fn elapsed(&self, row: &AccountRow) -> Span {
        let Some(start) = row.start.filter(|_| row.state != JobState::Pending) else { return Span::ZERO };
        let end = row.end.unwrap_or(self.clock.now);
        // Whole seconds of both ends, so that the listed times and their difference agree.
        Span::seconds((end.seconds() - start.seconds() - row.suspended.as_seconds()).max(0))
    }

    /// How long it waited after it could have started.
    fn reserved(&self, row: &AccountRow) -> Span {
        let Some(eligible) = row.eligible else { return Span::ZERO };
        let until = row.start.or(row.end).unwrap_or(self.clock.now);
        Span::seconds((until.seconds() - eligible.seconds()).max(0))
    }
}

fn put_state(out: &mut Vec<u8>, row: &AccountRow) {
    out.extend_from_slice(row.state.text().as_bytes());
    if let (JobState::Cancelled, Some(uid), None) = (row.state, row.cancelled_by, row.step) {
        put(out, format_args!(" by {uid}"));
    }
}

fn put_id(out: &mut Vec<u8>, row: &AccountRow, raw: bool) {
    match &row.array {
        _ if raw => put_number(out, row.id.0.into()),
        ArrayPlace::Single => put_number(out, row.id.0.into()),
        ArrayPlace::Task { base, index } => put(out, format_args!("{base}_{index}")),
        ArrayPlace::Pending { base, tasks, limit } => {
            put(out, format_args!("{base}_["));
            crate::values::array::put(out, tasks, *limit);
            out.push(b']');
        }
    }
    if let Some(step) = row.step {
        put(out, format_args!(".{step}"));
    }
}

fn put_text(out: &mut Vec<u8>, text: Option<&Text>) {
    out.extend_from_slice(text.map(Text::as_bytes).unwrap_or_default());
}

fn reason(reason: Reason) -> &'static str {
    crate::squeue::reason(reason)
}

fn started(row: &AccountRow) -> bool {
    row.start.is_some() && row.state != JobState::Pending
}

fn cpus(row: &AccountRow) -> u32 {
    if row.cpus > 0 { row.cpus } else { row.cpus_requested }
}

fn seconds(span: Span) -> u64 {
    span.as_seconds().max(0).unsigned_abs()
}

fn usage(row: &AccountRow) -> Usage {
    row.usage.unwrap_or_default()
}

fn requested(row: &AccountRow) -> Tres {
    let memory_mib = match row.memory {
        Memory::PerNode(mib) => Some(mib.saturating_mul(row.nodes.max(1).into())),
        Memory::PerCpu(mib) => Some(mib.saturating_mul(row.cpus_requested.max(1).into())),
        Memory::Default | Memory::Unlimited => row.memory_mib,
    };
    Tres { cpus: row.cpus_requested, memory_mib, nodes: row.nodes.max(1), gpus: row.gpus }
}

/// Whole joules, to the nearest.
pub(super) fn joules(row: &AccountRow) -> u64 {
    u64::try_from(row.energy_uj.unwrap_or(0)).unwrap_or(0).saturating_add(500_000) / 1_000_000
}
