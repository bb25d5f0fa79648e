//! The fields of `sacct`, as `--helpformat` lists them, with the widths that Slurm gives them.

/// One field.
#[derive(Debug)]
pub struct FieldSpec {
    /// Its name, as headings show it.
    pub name: &'static str,
    /// Width in bytes; negative: to the left.
    pub width: i32,
}

const fn field(name: &'static str, width: i32) -> FieldSpec {
    FieldSpec { name, width }
}

/// All of them, in order: a prefix means the first that has it.
pub const FIELDS: &[FieldSpec] = &[
    field("Account", 10),
    field("AdminComment", 15),
    field("AllocCPUS", 10),
    field("AllocNodes", 10),
    field("AllocTRES", 10),
    field("AssocID", 7),
    field("AveCPU", 10),
    field("AveCPUFreq", 10),
    field("AveDiskRead", 14),
    field("AveDiskWrite", 14),
    field("AvePages", 10),
    field("AveRSS", 10),
    field("AveVMSize", 10),
    field("BlockID", 16),
    field("Cluster", 10),
    field("Comment", 14),
    field("Constraints", 19),
    field("ConsumedEnergy", 14),
    field("ConsumedEnergyRaw", 17),
    field("Container", 19),
    field("CPUTime", 10),
    field("CPUTimeRAW", 10),
    field("DBIndex", 10),
    field("DerivedExitCode", 15),
    field("Elapsed", 10),
    field("ElapsedRaw", 10),
    field("Eligible", 19),
    field("End", 19),
    field("ExitCode", 8),
    field("Flags", 19),
    field("GID", 6),
    field("Group", 9),
    field("JobID", -12),
    field("JobIDRaw", -12),
    field("JobName", 10),
    field("Layout", 9),
    field("MaxDiskRead", 12),
    field("MaxDiskReadNode", 15),
    field("MaxDiskReadTask", 15),
    field("MaxDiskWrite", 12),
    field("MaxDiskWriteNode", 16),
    field("MaxDiskWriteTask", 16),
    field("MaxPages", 8),
    field("MaxPagesNode", 12),
    field("MaxPagesTask", 14),
    field("MaxRSS", 10),
    field("MaxRSSNode", 10),
    field("MaxRSSTask", 10),
    field("MaxVMSize", 10),
    field("MaxVMSizeNode", 14),
    field("MaxVMSizeTask", 14),
    field("McsLabel", 12),
    field("MinCPU", 10),
    field("MinCPUNode", 10),
    field("MinCPUTask", 10),
    field("NCPUS", 10),
    field("NNodes", 8),
    field("NodeList", 15),
    field("NTasks", 8),
    field("Partition", 10),
    field("Priority", 10),
    field("QOS", 10),
    field("QOSRAW", 6),
    field("Reason", 22),
    field("ReqCPUFreq", 10),
    field("ReqCPUFreqGov", 13),
    field("ReqCPUFreqMax", 13),
    field("ReqCPUFreqMin", 13),
    field("ReqCPUS", 8),
    field("ReqMem", 10),
    field("ReqNodes", 8),
    field("ReqTRES", 10),
    field("Reservation", 20),
    field("ReservationId", 8),
    field("Reserved", 10),
    field("ResvCPU", 10),
    field("ResvCPURAW", 10),
    field("Start", 19),
    field("State", 10),
    field("Submit", 19),
    field("SubmitLine", 20),
    field("Suspended", 10),
    field("SystemComment", 15),
    field("SystemCPU", 10),
    field("Timelimit", 10),
    field("TimelimitRaw", 10),
    field("TotalCPU", 10),
    field("TRESUsageInAve", 14),
    field("TRESUsageInMax", 14),
    field("TRESUsageInMaxNode", 18),
    field("TRESUsageInMaxTask", 18),
    field("TRESUsageInMin", 14),
    field("TRESUsageInMinNode", 18),
    field("TRESUsageInMinTask", 18),
    field("TRESUsageInTot", 14),
    field("TRESUsageOutAve", 15),
    field("TRESUsageOutMax", 15),
    field("TRESUsageOutMaxNode", 19),
    field("TRESUsageOutMaxTask", 19),
    field("TRESUsageOutMin", 15),
    field("TRESUsageOutMinNode", 19),
    field("TRESUsageOutMinTask", 19),
    field("TRESUsageOutTot", 15),
    field("UID", 6),
    field("User", 9),
    field("UserCPU", 10),
    field("WCKey", 10),
    field("WCKeyID", 10),
    field("WorkDir", 20),
];

/// Without `-o`.
pub const DEFAULT: &str = "jobid,jobname,partition,account,alloccpus,state,exitcode";
/// `-b`.
pub const BRIEF: &str = "jobid,state,exitcode";
/// `-l`.
pub const LONG: &str = "jobid,jobidraw,jobname,partition,maxvmsize,maxvmsizenode,maxvmsizetask,avevmsize,maxrss,\
    maxrssnode,maxrsstask,averss,maxpages,maxpagesnode,maxpagestask,avepages,mincpu,mincpunode,mincputask,avecpu,\
    ntasks,alloccpus,elapsed,state,exitcode,avecpufreq,reqcpufreqmin,reqcpufreqmax,reqcpufreqgov,reqmem,\
    consumedenergy,maxdiskread,maxdiskreadnode,maxdiskreadtask,avediskread,maxdiskwrite,maxdiskwritenode,\
    maxdiskwritetask,avediskwrite,reqtres,alloctres,tresusageinave,tresusageinmax,tresusageinmaxnode,\
    tresusageinmaxtask,tresusageinmin,tresusageinminnode,tresusageinmintask,tresusageintot,tresusageoutmax,\
    tresusageoutmaxnode,tresusageoutmaxtask,tresusageoutave,tresusageouttot";

/// The field that a name or the start of one means, in any case.
pub fn named(name: &str) -> Option<&'static FieldSpec> {
    let starts =
        |field: &&FieldSpec| field.name.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    if name.is_empty() { None } else { FIELDS.iter().find(starts) }
}
