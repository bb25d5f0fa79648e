//! `sstat`: what running steps use.
//!
//! Gets what was measured; does not know how. One machine, so the greatest, the least and the average of a step's tasks
//! are one number: the step's.

use model::{ArrayPlace, JobId, Span, StepId};

use crate::columns::{self, Column, Look, Spec, headed, spec};
use crate::getopt::{self, Arg, Opt, Order, opt};
use crate::refusal::Refusal;
use crate::text::{put, put_full_span, put_number};
use crate::values::jobs::{self, JobPick};

const NAME: &str = "sstat";

const OPTS: &[Opt] = &[
    opt("allsteps", 'a', Arg::No),
    opt("format", 'o', Arg::Required),
    opt("help", 'h', Arg::No),
    opt("helpformat", 'e', Arg::No),
    opt("jobs", 'j', Arg::Required),
    opt("noconvert", ' ', Arg::No),
    opt("noheader", 'n', Arg::No),
    opt("parsable", 'p', Arg::No),
    opt("parsable2", 'P', Arg::No),
    opt("pidformat", 'i', Arg::No),
    opt("usage", ' ', Arg::No),
    opt("verbose", 'v', Arg::No),
    opt("version", 'V', Arg::No),
];

const FIELDS: &[Spec] = &[
    spec("AveCPU", 10),
    spec("AveCPUFreq", 10),
    spec("AveDiskRead", 12),
    spec("AveDiskWrite", 12),
    spec("AvePages", 10),
    spec("AveRSS", 10),
    spec("AveVMSize", 10),
    spec("ConsumedEnergy", 14),
    spec("ConsumedEnergyRaw", 17),
    spec("JobID", -12),
    spec("MaxDiskRead", 12),
    spec("MaxDiskReadNode", 15),
    spec("MaxDiskReadTask", 15),
    spec("MaxDiskWrite", 12),
    spec("MaxDiskWriteNode", 16),
    spec("MaxDiskWriteTask", 16),
    spec("MaxPages", 8),
    spec("MaxPagesNode", 12),
    spec("MaxPagesTask", 14),
    spec("MaxRSS", 10),
    spec("MaxRSSNode", 10),
    spec("MaxRSSTask", 10),
    spec("MaxVMSize", 10),
    spec("MaxVMSizeNode", 14),
    spec("MaxVMSizeTask", 14),
    spec("MinCPU", 10),
    spec("MinCPUNode", 10),
    spec("MinCPUTask", 10),
    spec("Nodelist", 20),
    spec("NTasks", 8),
    spec("Pids", 20),
    spec("ReqCPUFreq", 13),
    spec("ReqCPUFreqMin", 13),
    spec("ReqCPUFreqMax", 13),
    spec("ReqCPUFreqGov", 13),
    spec("TRESUsageInAve", 14),
    spec("TRESUsageInMax", 14),
    spec("TRESUsageInMaxNode", 18),
    spec("TRESUsageInMaxTask", 18),
    spec("TRESUsageInMin", 14),
    spec("TRESUsageInMinNode", 18),
    spec("TRESUsageInMinTask", 18),
    spec("TRESUsageInTot", 14),
    spec("TRESUsageOutAve", 15),
    spec("TRESUsageOutMax", 15),
    spec("TRESUsageOutMaxNode", 19),
    spec("TRESUsageOutMaxTask", 19),
    spec("TRESUsageOutMin", 15),
    spec("TRESUsageOutMinNode", 19),
    spec("TRESUsageOutMinTask", 19),
    spec("TRESUsageOutTot", 15),
    // An old name.
    headed("Nodes", "Nodelist", 20),
];

const DEFAULT: &str = "jobid,maxvmsize,maxvmsizenode,maxvmsizetask,avevmsize,maxrss,maxrssnode,maxrsstask,averss,maxpages,\
    maxpagesnode,maxpagestask,avepages,mincpu,mincpunode,mincputask,avecpu,ntasks,avecpufreq,reqcpufreqmin,reqcpufreqmax,\
    reqcpufreqgov,consumedenergy,maxdiskread,maxdiskreadnode,maxdiskreadtask,avediskread,maxdiskwrite,maxdiskwritenode,\
    maxdiskwritetask,avediskwrite,tresusageinave,tresusageinmax,tresusageinmaxnode,tresusageinmaxtask,tresusageinmin,\
    tresusageinminnode,tresusageinmintask,tresusageintot,tresusageoutave,tresusageoutmax,tresusageoutmaxnode,\
    tresusageoutmaxtask,tresusageoutmin,tresusageoutminnode,tresusageoutmintask,tresusageouttot";

/// A command line of `sstat`.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which jobs and steps; at least one.
    pub jobs: Vec<JobPick>,
    /// `-a`: all steps of a job that is named without one; else its first that is not the batch script.
    pub all_steps: bool,
    raw_sizes: bool,
    look: Look,
    columns: Vec<Column>,
}

/// What a running step uses just now.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Use {
    /// CPU time, microseconds.
    pub cpu_us: u64,
    /// Resident memory at its greatest, KiB.
    pub rss_kib: u64,
    /// Address space at its greatest, KiB.
    pub vm_kib: u64,
    /// Pages that had to be read in.
    pub faults: u64,
    /// Bytes read.
    pub read_bytes: u64,
    /// Bytes written.
    pub write_bytes: u64,
    /// Its processes.
    pub pids: Vec<u32>,
}

/// A running step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The job.
    pub job: JobId,
    /// Its place in an array.
    pub array: ArrayPlace,
    /// The step.
    pub step: StepId,
    /// Its tasks.
    pub tasks: u32,
    /// The machine.
    pub node: String,
    /// What it uses.
    pub usage: Use,
}

/// Reads a command line.
///
/// # Errors
/// Unknown options and fields, no job: exit code 1.
pub fn parse(args: &[Vec<u8>]) -> Result<Options, Refusal> {
    let line =
        getopt::read(NAME, &[OPTS], args, Order::Anywhere).map_err(|message| getopt::try_help(NAME, message, 1))?;
    let mut options =
        Options { jobs: Vec::new(), all_steps: false, raw_sizes: false, look: Look::default(), columns: Vec::new() };
    let mut format = DEFAULT.to_owned();
    let add = |jobs: &mut Vec<JobPick>, text: &[u8]| {
        let picks = jobs::parse_list(text)
            .map_err(|part| Refusal::error(NAME, format!("Bad job/step specified: {part}"), 1))?;
        jobs.extend(picks);
        Ok::<(), Refusal>(())
    };
    for given in &line.given {
        let value = given.value.unwrap_or_default();
        match given.key {
            "allsteps" => options.all_steps = true,
            "format" => format = String::from_utf8_lossy(value).into_owned(),
            "help" => return Err(Refusal::answer(crate::submission::help(NAME, OPTS))),
            "helpformat" => return Err(Refusal::answer(columns::help(&FIELDS[..FIELDS.len() - 1], 19))),
            "jobs" => add(&mut options.jobs, value)?,
            "noconvert" => options.raw_sizes = true,
            "noheader" => options.look.no_header = true,
            "parsable" | "parsable2" => {
                options.look.delimiter = Some(b"|".to_vec());
                options.look.trailing = given.key == "parsable";
            }
            "pidformat" => format = "jobid,nodelist,pids".to_owned(),
            "usage" => {
                let text = "Usage: sstat [options] -j <job(.stepid)>\n\tUse --help for help\n";
                return Err(Refusal::answer(text));
            }
            "version" => return Err(crate::refusal::version()),
            _ => {}
        }
    }
    for word in &line.rest {
        add(&mut options.jobs, word)?;
    }
    options.columns = columns::choose(FIELDS, &format)
        .map_err(|name| Refusal::error(NAME, format!("Invalid field requested: \"{name}\""), 1))?;
    if options.jobs.is_empty() {
        return Err(Refusal::error(NAME, "You didn't give me any jobs to stat.", 1));
    }
    Ok(options)
}

/// Writes the listing.
pub fn print(options: &Options, rows: &[Row], out: &mut Vec<u8>) {
    columns::print(&options.look, &options.columns, rows.len(), out, |at, name, out| {
        put_value(options, &rows[at], name, out);
    });
}

fn put_value(options: &Options, row: &Row, name: &str, out: &mut Vec<u8>) {
    let used = &row.usage;
    let cpu = Span(i64::try_from(used.cpu_us / 1000).unwrap_or(i64::MAX));
    let kib = |out: &mut Vec<u8>, kib: u64| match options.raw_sizes {
        true => put_number(out, kib.saturating_mul(1024)),
        false => put(out, format_args!("{kib}K")),
    };
    match name {
        "JobID" => {
            crate::squeue::put_place(out, row.job, &row.array);
            put(out, format_args!(".{}", row.step));
        }
        "AveCPU" | "MinCPU" => put_full_span(out, cpu),
        "AveRSS" | "MaxRSS" => kib(out, used.rss_kib),
        "AveVMSize" | "MaxVMSize" => kib(out, used.vm_kib),
        "AvePages" | "MaxPages" => put_number(out, used.faults),
        "AveDiskRead" | "MaxDiskRead" => put_number(out, used.read_bytes),
        "AveDiskWrite" | "MaxDiskWrite" => put_number(out, used.write_bytes),
        "NTasks" => put_number(out, row.tasks.into()),
        "Nodelist" | "Nodes" => out.extend_from_slice(row.node.as_bytes()),
        "Pids" => {
            let pids: Vec<String> = used.pids.iter().map(u32::to_string).collect();
            out.extend_from_slice(pids.join(",").as_bytes());
        }
        "AveCPUFreq" | "ConsumedEnergy" | "ConsumedEnergyRaw" => out.push(b'0'),
        "ReqCPUFreq" | "ReqCPUFreqMin" | "ReqCPUFreqMax" | "ReqCPUFreqGov" => {
            out.extend_from_slice(if row.step == StepId::Batch { b"0".as_slice() } else { b"Unknown" });
        }
        "TRESUsageInAve" | "TRESUsageInMax" | "TRESUsageInMin" | "TRESUsageInTot" => {
            out.extend_from_slice(b"cpu=");
            put_full_span(out, cpu);
            let Use { read_bytes, rss_kib, faults, vm_kib, .. } = used;
            put(out, format_args!(",energy=0,fs/disk={read_bytes},mem={rss_kib}K,pages={faults},vmem={vm_kib}K"));
        }
        "TRESUsageInMaxNode" | "TRESUsageInMinNode" => {
            put(out, format_args!("cpu={0},energy={0},fs/disk={0},mem={0},pages={0},vmem={0}", row.node));
        }
        "TRESUsageInMaxTask" | "TRESUsageInMinTask" => {
            out.extend_from_slice(b"cpu=00:00:00,fs/disk=0,mem=0,pages=0,vmem=0");
        }
        "TRESUsageOutAve" | "TRESUsageOutMax" | "TRESUsageOutMin" | "TRESUsageOutTot" => {
            put(out, format_args!("energy=0,fs/disk={}", used.write_bytes));
        }
        "TRESUsageOutMaxNode" | "TRESUsageOutMinNode" => put(out, format_args!("energy={0},fs/disk={0}", row.node)),
        "TRESUsageOutMaxTask" | "TRESUsageOutMinTask" => out.extend_from_slice(b"fs/disk=0"),
        // All the rest is where the greatest was, or in which task.
        place if place.ends_with("Node") => out.extend_from_slice(row.node.as_bytes()),
        _ => out.push(b'0'),
    }
}
