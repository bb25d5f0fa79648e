//! The table of options common to `sbatch`, `srun` and `salloc`.

use model::{Memory, NamedLimit, OpenMode};

use super::{Asked, Bad, Exclusive, Row, Standing, Value, limit, words};
use crate::errors::Refused;
use crate::getopt::Arg::{self, No, Optional, Required};
use crate::getopt::{Opt, alias, opt};
use crate::values::when::{self, Lean};
use crate::values::{self, dependency, gres, hostlist, mail, memory, signal};

/// The greatest `--nice`, either way.
const MAX_NICE: i64 = 2_147_483_645;

type Set = fn(&mut Asked, Value<'_>) -> Result<(), Bad>;

const fn honoured(long: &'static str, short: char, arg: Arg, note: &'static str, set: Set) -> Row<Asked> {
    Row { opt: opt(long, short, arg), standing: Standing::Honoured, note, set }
}

const fn accepted(long: &'static str, short: char, arg: Arg, note: &'static str) -> Row<Asked> {
    Row { opt: opt(long, short, arg), standing: Standing::Accepted, note, set: |_, _| Ok(()) }
}

const fn checked(long: &'static str, short: char, arg: Arg, note: &'static str, set: Set) -> Row<Asked> {
    Row { opt: opt(long, short, arg), standing: Standing::Accepted, note, set }
}

const fn refused(long: &'static str, short: char, arg: Arg, note: &'static str, set: Set) -> Row<Asked> {
    Row { opt: opt(long, short, arg), standing: Standing::Refused, note, set }
}

const fn synonym(opt: Opt) -> Row<Asked> {
    // Its key finds the row of the option itself, which stands before it.
    Row { opt, standing: Standing::Honoured, note: "another name", set: |_, _| Ok(()) }
}

/// The table, in the order of the manual.
pub const ROWS: &[Row<Asked>] = &[
    honoured("account", 'A', Required, "the project that answers for the job", |a, v| set(&mut a.account, v.string())),
    checked("acctg-freq", ' ', Required, "usage is sampled by the centre's own clock", |_, v| words::frequencies(v)),
    refused("bb", ' ', Required, "there are no burst buffers", |_, _| unsupported("burst buffers")),
    refused("bbf", ' ', Required, "there are no burst buffers", |_, _| unsupported("burst buffers")),
    honoured("begin", 'b', Required, "not before; all of Slurm's forms of a time", |a, v| {
        set(&mut a.begin, instant(v)?)
    }),
    honoured("chdir", 'D', Required, "working directory", |a, v| set(&mut a.chdir, v.exact())),
    accepted("cluster-constraint", ' ', Required, "there is one cluster"),
    honoured("clusters", 'M', Required, "only this cluster's own name, or `all`", |a, v| {
        a.clusters = values::list(v.text);
        Ok(())
    }),
    synonym(alias("cluster", ' ', Required, "clusters")),
    honoured("comment", ' ', Required, "kept and shown; `flexible`: a batch job may wait for cheap hours", |a, v| {
        set(&mut a.comment, v.exact())
    }),
    honoured("constraint", 'C', Required, "a feature that no machine has is refused", |a, v| {
        set(&mut a.constraint, v.string())
    }),
    refused("container", ' ', Required, "jobs run on the machine itself", |_, _| unsupported("OCI containers")),
    accepted("contiguous", ' ', No, "one machine is contiguous"),
    checked("core-spec", 'S', Required, "no cores are set aside", |_, v| v.count(0).map(drop)),
    checked("cores-per-socket", ' ', Required, "placement packs by NUMA node by itself", |_, v| v.count(1).map(drop)),
    accepted("cpu-freq", ' ', Required, "clock frequencies are left to the machine"),
    honoured("cpus-per-gpu", ' ', Required, "CPUs for each GPU", |a, v| set(&mut a.cpus_per_gpu, v.count(1)?)),
    honoured("cpus-per-task", 'c', Required, "CPUs for each task", |a, v| set(&mut a.cpus_per_task, v.count(1)?)),
    honoured("deadline", ' ', Required, "ended by then; a batch job may wait for cheap hours before", |a, v| {
        set(&mut a.deadline, instant(v)?)
    }),
    checked("delay-boot", ' ', Required, "machines are not booted for jobs", |_, v| limit(v).map(drop)),
    honoured("dependency", 'd', Required, "all forms", |a, v| {
        a.dependency = dependency::parse(v.text)?;
        Ok(())
    }),
    checked("distribution", 'm', Required, "tasks are spread over one machine", |_, v| words::distribution(v)),
    honoured("error", 'e', Required, "file name pattern", |a, v| set(&mut a.error, v.exact())),
    honoured("exclude", 'x', Required, "excluding the only machine is refused", |a, v| {
        a.exclude = hosts(v)?;
        Ok(())
    }),
    honoured("exclusive", ' ', Optional, "the whole machine; `user` and `mcs` too", |a, v| {
        a.exclusive = match v.text {
            b"" | b"exclusive" | b"user" | b"mcs" => Exclusive::Yes,
            b"no" => Exclusive::No,
            _ => return Err(Bad::Specification),
        };
        Ok(())
    }),
    honoured("export", ' ', Required, "`ALL`, `NONE`, `NIL`, names, `NAME=value`", |a, v| {
        set(&mut a.export, v.exact())
    }),
    checked("extra-node-info", 'B', Required, "placement packs by NUMA node by itself", |_, v| geometry(v)),
    refused("gid", ' ', Required, "for root only, and not supported", |_, v| only_root("gid", v)),
    accepted("gpu-bind", ' ', Required, "a job's GPUs are visible to all its tasks"),
    accepted("gpu-freq", ' ', Required, "clock frequencies are left to the machine"),
    honoured("gpus", 'G', Required, "GPUs for the job", |a, v| set(&mut a.gpus, gres::gpus(v.text)?)),
    honoured("gpus-per-node", ' ', Required, "GPUs for each machine", |a, v| {
        set(&mut a.gpus_per_node, gres::gpus(v.text)?)
    }),
    refused("gpus-per-socket", ' ', Required, "sockets are not asked for one by one", |_, _| {
        unsupported("--gpus-per-socket")
    }),
    honoured("gpus-per-task", ' ', Required, "GPUs for each task", |a, v| {
        set(&mut a.gpus_per_task, gres::gpus(v.text)?)
    }),
    honoured("gres", ' ', Required, "`gpu[:TYPE][:N]`, `none`; any other resource is refused", |a, v| {
        set(&mut a.gres, gres::gres(v.text)?)
    }),
    accepted("gres-flags", ' ', Required, "GPUs are counted, not bound to cores"),
    honoured("help", 'h', No, "", |_, _| Ok(())),
    honoured("hint", ' ', Required, "`nomultithread`; the other hints have no effect", |a, v| match v.text {
        b"nomultithread" => set(&mut a.threads_per_core, 1),
        b"multithread" | b"compute_bound" | b"memory_bound" => Ok(()),
        _ => Err(Bad::says(format!("unrecognized --hint argument \"{}\", see --hint=help", v.string()), 1)),
    }),
    honoured("hold", 'H', No, "waits until it is released", |a, _| {
        a.hold = true;
        Ok(())
    }),
    honoured("job-name", 'J', Required, "", |a, v| set(&mut a.job_name, v.exact())),
    honoured("kill-on-invalid-dep", ' ', Required, "`yes` or `no`", |a, v| {
        set(&mut a.kill_on_invalid_dep, values::yes_or_no(v.text).ok_or(Bad::Specification)?)
    }),
    refused("licenses", 'L', Required, "there are no licences", |_, _| Err(Refused::InvalidLicense.into())),
    honoured("mail-type", ' ', Required, "sent by the server of `[mail]` in `config.toml`", |a, v| {
        a.mail = mail::parse(v.text).ok_or(Bad::Specification)?;
        Ok(())
    }),
    honoured("mail-user", ' ', Required, "", |a, v| set(&mut a.mail_user, v.string())),
    accepted("mcs-label", ' ', Required, "there are no security labels"),
    honoured("mem", ' ', Required, "memory for each machine; 0 is all", |a, v| {
        set(&mut a.memory, size(v, Memory::PerNode)?)
    }),
    checked("mem-bind", ' ', Required, "memory follows the cores", |_, v| words::memory_binding(v)),
    honoured("mem-per-cpu", ' ', Required, "memory for each CPU", |a, v| set(&mut a.memory, size(v, Memory::PerCpu)?)),
    honoured("mem-per-gpu", ' ', Required, "memory for each GPU", |a, v| {
        set(&mut a.mem_per_gpu, memory::parse(v.text).ok_or(Bad::Specification)?)
    }),
    honoured("mincpus", ' ', Required, "at least so many CPUs", |a, v| set(&mut a.mincpus, v.count(1)?)),
    accepted("network", ' ', Required, "there is no network to choose"),
    honoured("nice", ' ', Optional, "100 without a value; below 0 for operators", |a, v| {
        let nice = if v.given { values::leading_integer(v.text) } else { 100 };
        if !(-MAX_NICE..=MAX_NICE).contains(&nice) {
            return Err(Bad::says(format!("Invalid --nice value, out of range (+/- {MAX_NICE})"), 255));
        }
        a.nice = i32::try_from(nice).map_err(|_| Refused::InvalidNice)?;
        Ok(())
    }),
    accepted("no-kill", 'k', Optional, "one machine that fails is all of them"),
    honoured("nodefile", 'F', Required, "a file with names of machines", |a, v| set(&mut a.nodefile, v.exact())),
    honoured("nodelist", 'w', Required, "another machine than this one is refused", |a, v| {
        a.nodelist = hosts(v)?;
        Ok(())
    }),
    honoured("nodes", 'N', Required, "more than one waits for ever, as in Slurm", |a, v| {
        set(&mut a.nodes, node_count(v)?)
    }),
    honoured("ntasks", 'n', Required, "", |a, v| set(&mut a.ntasks, v.count(1)?)),
    checked("ntasks-per-core", ' ', Required, "tasks are packed by the centre", |_, v| v.count(1).map(drop)),
    honoured("ntasks-per-gpu", ' ', Required, "tasks for each GPU", |a, v| set(&mut a.ntasks_per_gpu, v.count(1)?)),
    honoured("ntasks-per-node", ' ', Required, "", |a, v| set(&mut a.ntasks_per_node, v.count(1)?)),
    synonym(alias("tasks-per-node", ' ', Required, "ntasks-per-node")),
    checked("ntasks-per-socket", ' ', Required, "tasks are packed by the centre", |_, v| v.count(1).map(drop)),
    honoured("open-mode", ' ', Required, "`append` or `truncate`", |a, v| match v.text {
        [b'a' | b'A', ..] => set(&mut a.open_mode, OpenMode::Append),
        [b't' | b'T', ..] => set(&mut a.open_mode, OpenMode::Truncate),
        _ => Err(Bad::Specification),
    }),
    honoured("output", 'o', Required, "file name pattern", |a, v| set(&mut a.output, v.exact())),
    accepted("overcommit", 'O', No, "CPUs are counted by tasks"),
    accepted("oversubscribe", 's', No, "nothing is oversubscribed here"),
    synonym(alias("share", ' ', No, "oversubscribe")),
    honoured("partition", 'p', Required, "", |a, v| set(&mut a.partition, v.string())),
    accepted("power", ' ', Required, "power is planned by the centre"),
    refused("prefer", ' ', Required, "no machine has features", |_, _| Err(Refused::InvalidPrefer.into())),
    honoured("priority", ' ', Required, "for operators; `TOP` too", |a, v| {
        let number = if v.text.eq_ignore_ascii_case(b"TOP") {
            i64::from(u32::MAX - 1)
        } else {
            values::integer(v.text).ok_or(Bad::Specification)?
        };
        if number < 0 {
            return Err(Bad::says("Priority must be >= 0", 255));
        }
        set(
            &mut a.priority,
            u32::try_from(number).ok().filter(|priority| *priority < u32::MAX).ok_or(Bad::Specification)?,
        )
    }),
    checked("profile", ' ', Required, "every job is measured", |_, v| words::profile(v)),
    honoured("propagate", ' ', Optional, "`ALL`, `NONE`, names of limits", |a, v| {
        a.propagate = limits(v)?;
        Ok(())
    }),
    honoured("qos", 'q', Required, "", |a, v| set(&mut a.qos, v.string())),
    honoured("quiet", 'Q', No, "", |a, _| {
        a.quiet += 1;
        Ok(())
    }),
    accepted("reboot", ' ', No, "machines are not booted for jobs"),
    honoured("reservation", ' ', Required, "", |a, v| set(&mut a.reservation, v.string())),
    honoured("signal", ' ', Required, "`[B:]SIG[@SECONDS]`", |a, v| {
        set(&mut a.signal, signal::spec(v.text).ok_or(Bad::Specification)?)
    }),
    checked("sockets-per-node", ' ', Required, "placement packs by NUMA node by itself", |_, v| v.count(1).map(drop)),
    accepted("spread-job", ' ', No, "one machine"),
    accepted("switches", ' ', Required, "one machine"),
    checked("thread-spec", ' ', Required, "no threads are set aside", |_, v| v.count(0).map(drop)),
    honoured("threads-per-core", ' ', Required, "use so many hardware threads of each core", |a, v| {
        set(&mut a.threads_per_core, v.count(1)?)
    }),
    honoured("time", 't', Required, "all forms; seconds round up to a minute", |a, v| {
        set(&mut a.time_limit, limit(v)?)
    }),
    honoured("time-min", ' ', Required, "may go first with less time; not tasks of arrays", |a, v| {
        a.time_min = limit(v)?.span();
        Ok(())
    }),
    checked("tmp", ' ', Required, "temporary space is not counted", |_, v| {
        memory::parse(v.text).map(drop).ok_or(Bad::Specification)
    }),
    refused("uid", ' ', Required, "for root only, and not supported", |_, v| only_root("uid", v)),
    honoured("usage", ' ', No, "", |_, _| Ok(())),
    accepted("use-min-nodes", ' ', No, "one machine"),
    honoured("verbose", 'v', No, "", |a, _| {
        a.verbose += 1;
        Ok(())
    }),
    honoured("version", 'V', No, "", |_, _| Ok(())),
    accepted("wait-all-nodes", ' ', Required, "one machine is ready or not"),
    honoured("wckey", ' ', Required, "kept and shown", |a, v| set(&mut a.wckey, v.string())),
];

fn set<T>(place: &mut Option<T>, value: T) -> Result<(), Bad> {
    *place = Some(value);
    Ok(())
}

fn unsupported(what: &str) -> Result<(), Bad> {
    Err(Refused::NotSupported(format!("{what} are not supported here")).into())
}

fn only_root(name: &str, value: Value<'_>) -> Result<(), Bad> {
    if value.root {
        return Err(Refused::NotSupported(format!("--{name}: submit as that user instead")).into());
    }
    Err(Bad::says(format!("--{name} only permitted by root user"), 255))
}

fn instant(value: Value<'_>) -> Result<model::Time, Bad> {
    when::parse(value.text, value.clock, Lean::Future).map_err(Bad::Time)
}

fn hosts(value: Value<'_>) -> Result<Vec<String>, Bad> {
    hostlist::expand(&value.string()).ok_or(Bad::Refused(Refused::InvalidNodeName))
}

fn size(value: Value<'_>, kind: fn(u64) -> Memory) -> Result<Memory, Bad> {
    match memory::parse(value.text) {
        Some(0) => Ok(Memory::Unlimited),
        Some(mib) => Ok(kind(mib)),
        None => Err(Bad::Specification),
    }
}

fn node_count(value: Value<'_>) -> Result<(u32, u32), Bad> {
    match values::node_range(value.text) {
        Some((0, 0)) => Err(Refused::InvalidNodeCount.into()),
        // No most.
        Some((least, 0)) => Ok((least, least)),
        Some((least, most)) if most < least => {
            Err(Bad::says(format!("Maximum node count {most} is less than minimum node count {least}"), 255))
        }
        Some(range) => Ok(range),
        None => Err(Bad::says(format!("\"{}\" is not a valid node count", value.string()), 255)),
    }
}

/// `-B S[:C[:T]]`, each a number, a range or `*`.
fn geometry(value: Value<'_>) -> Result<(), Bad> {
    for (part, place) in value.text.split(|byte| *byte == b':').zip(["first", "second", "third"]) {
        if part != b"*" && values::node_count(part).is_none() {
            let part = String::from_utf8_lossy(part);
            return Err(Bad::says(format!("Invalid numeric value \"{part}\" for {place} arg of -B."), 1));
        }
    }
    Ok(())
}

fn limits(value: Value<'_>) -> Result<Option<Vec<NamedLimit>>, Bad> {
    let mut names = Vec::new();
    for word in values::list(value.text) {
        let upper = word.to_ascii_uppercase();
        names.push(match upper.strip_prefix("RLIMIT_").unwrap_or(&upper) {
            "ALL" => return Ok(None),
            "NONE" => return Ok(Some(Vec::new())),
            "AS" => NamedLimit::As,
            "CORE" => NamedLimit::Core,
            "CPU" => NamedLimit::Cpu,
            "DATA" => NamedLimit::Data,
            "FSIZE" => NamedLimit::Fsize,
            "MEMLOCK" => NamedLimit::Memlock,
            "NOFILE" => NamedLimit::Nofile,
            "NPROC" => NamedLimit::Nproc,
            "RSS" => NamedLimit::Rss,
            "STACK" => NamedLimit::Stack,
            _ => {
                let lines =
                    vec![format!("--propagate={} is not valid.", value.string()), format!("Bad rlimit name: {word}")];
                return Err(Bad::Says(lines, 1));
            }
        });
    }
    Ok(if names.is_empty() { None } else { Some(names) })
}
