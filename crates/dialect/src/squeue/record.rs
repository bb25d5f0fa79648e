//! `squeue --json` and `--yaml`: every job with all that Slurm 22.05 tells of one, in its order, by its names.
//!
//! What one machine does not have (federations, boards, licences) has the value that Slurm gives where there is none.

use model::{ArrayPlace, JobState, Memory, QueueRecord, QueueRow, Reason, Time, TimeLimit};

use super::Filter;
use crate::text::shown;
use crate::tree::{self, Notation, Tree};
use crate::tres::{self, Tres};

/// Slurm's number for "no limit".
const INFINITE: u32 = u32::MAX;

/// A listing for programs, job by job: it may be written out and cleared in between, so that it never grows large.
#[derive(Debug)]
pub struct Listing<'a> {
    tree: Tree,
    filter: &'a Filter,
    cluster: &'a str,
}

impl<'a> Listing<'a> {
    /// Begins one. `cluster` is this cluster's name.
    pub fn new(notation: Notation, filter: &'a Filter, cluster: &'a str) -> Self {
        let mut tree = tree::start(notation, tree::QUEUE_PLUGIN);
        tree.open_list("jobs");
        Self { tree, filter, cluster }
    }

    /// Adds a job, if the filter lets it through.
    pub fn add(&mut self, record: &QueueRecord) {
        let reserved = record.wishes.reservation.as_deref();
        let wanted = |names: &Vec<String>| reserved.is_some_and(|name| names.iter().any(|wanted| wanted == name));
        if self.filter.selects_known(&record.row) && self.filter.reservations.as_ref().is_none_or(wanted) {
            let cluster = self.cluster;
            self.tree.item(|tree| put_job(tree, record, cluster));
        }
    }

    /// What was written since the last [`Listing::clear`].
    pub fn written(&self) -> &[u8] {
        self.tree.written()
    }

    /// That is done with; its place is used again.
    pub fn clear(&mut self) {
        self.tree.clear();
    }

    /// The rest of it.
    pub fn finish(self) -> Vec<u8> {
        self.tree.finish()
    }
}

fn put_job(tree: &mut Tree, record: &QueueRecord, cluster: &str) {
    put_identity(tree, record, cluster);
    put_times_and_ends(tree, record);
    put_place(tree, record);
    put_numbers(tree, record);
    put_rest(tree, record);
}

fn put_identity(tree: &mut Tree, record: &QueueRecord, cluster: &str) {
    let (row, wishes) = (&record.row, &record.wishes);
    tree.text("account", row.account.as_bytes());
    tree.number("accrue_time", seconds(row.eligible));
    tree.text_or_none("admin_comment", "");
    let (base, task, limit, tasks) = match &row.array {
        ArrayPlace::Single => (0, None, None, String::new()),
        ArrayPlace::Task { base, index } => (base.0, Some(*index), None, String::new()),
        ArrayPlace::Pending { base, tasks, limit } => {
            (base.0, None, *limit, shown(|out| crate::values::array::put(out, tasks, *limit)))
        }
    };
    tree.number("array_job_id", base);
    tree.number_or_null("array_task_id", task);
    tree.number("array_max_tasks", limit.unwrap_or(0));
    tree.text_or_none("array_task_string", tasks);
    tree.number("association_id", 0);
    tree.text_or_none("batch_features", "");
    tree.flag("batch_flag", wishes.batch);
    tree.text_or_none("batch_host", if wishes.batch { row.node.as_bytes() } else { b"" });
    tree.list("flags", |tree| {
        let started = !row.node.is_empty();
        let known = [
            (wishes.kill_on_invalid_dep == Some(true), "KILL_INVALID_DEPENDENCY"),
            (started, "JOB_CPUS_SET"),
            (started, "JOB_WAS_RUNNING"),
            (matches!(row.memory, Memory::PerNode(_)), "JOB_MEM_SET"),
        ];
        known.into_iter().filter(|(set, _)| *set).for_each(|(_, word)| tree.word(word));
    });
    tree.text_or_none("burst_buffer", "");
    tree.text_or_none("burst_buffer_state", "");
    tree.text("cluster", cluster);
    tree.text_or_none("cluster_features", "");
    let command = wishes.command.as_ref();
    tree.text_or_none(
        "command",
        command.map(|command| shown_bytes(|out| super::put_command(out, command, &wishes.args))).unwrap_or_default(),
    );
    tree.text_or_none("comment", wishes.comment.as_ref().map(model::Text::as_bytes).unwrap_or_default());
    tree.text_or_none("container", "");
    tree.flag("contiguous", false);
    for key in ["core_spec", "thread_spec", "cores_per_socket"] {
        tree.null(key);
    }
    match row.node.is_empty() {
        true => tree.null("billable_tres"),
        false => tree.float("billable_tres", row.cpus.into()),
    }
    tree.number_or_null("cpus_per_task", Some(row.cpus_per_task).filter(|cpus| *cpus > 1));
    for key in ["cpu_frequency_minimum", "cpu_frequency_maximum", "cpu_frequency_governor"] {
        tree.null(key);
    }
    tree.text_or_none("cpus_per_tres", "");
}

fn put_times_and_ends(tree: &mut Tree, record: &QueueRecord) {
    let (row, wishes) = (&record.row, &record.wishes);
    tree.number("deadline", seconds(wishes.deadline));
    tree.number("delay_boot", 0);
    tree.text_or_none("dependency", &row.dependency);
    tree.number("derived_exit_code", 0);
    tree.number("eligible_time", seconds(row.eligible));
    tree.number("end_time", seconds(row.end));
    tree.text_or_none("excluded_nodes", "");
    // As wait(2) has it.
    tree.number("exit_code", u32::from(row.exit.code) << 8 | u32::from(row.exit.signal));
    tree.text_or_none("features", wishes.features.as_deref().unwrap_or_default());
    for key in ["federation_origin", "federation_siblings_active", "federation_siblings_viable"] {
        tree.text_or_none(key, "");
    }
    tree.list("gres_detail", |tree| {
        if row.gpus > 0 && !row.node.is_empty() {
            tree.word(&format!("gpu:{}", row.gpus));
        }
    });
    tree.number("group_id", row.owner.gid.0);
    tree.text("group_name", &row.owner.group);
    tree.number("job_id", row.id.0);
}

fn put_place(tree: &mut Tree, record: &QueueRecord) {
    let row = &record.row;
    if !row.node.is_empty() {
        tree.map("job_resources", |tree| {
            tree.text("nodes", row.node.as_bytes());
            tree.number("allocated_cores", record.cores.len().max(1) as i64);
            tree.number("allocated_hosts", 1);
            tree.list("allocated_nodes", |tree| tree.item(|tree| put_machine(tree, record)));
        });
    }
    tree.text("job_state", row.state.text());
    tree.number("last_sched_evaluation", seconds(row.start.or(row.eligible).or(Some(row.submit))));
    tree.text_or_none("licenses", "");
    tree.number("max_cpus", 0);
    let most = record.wishes.request.nodes.map_or(0, |(least, most)| if most > least { most } else { 0 });
    tree.number("max_nodes", most);
    tree.text_or_none("mcs_label", "");
    tree.text_or_none("memory_per_tres", "");
    tree.text("name", row.name.as_bytes());
    tree.text_or_none("nodes", row.node.as_bytes());
}

fn put_machine(tree: &mut Tree, record: &QueueRecord) {
    let row = &record.row;
    tree.map("sockets", |tree| {
        let mut cores = record.cores.iter().peekable();
        while let Some((socket, first)) = cores.next() {
            let mut own = vec![*first];
            while let Some((_, core)) = cores.next_if(|(other, _)| other == socket) {
                own.push(*core);
            }
            tree.map(&socket.to_string(), |tree| {
                tree.map("cores", |tree| own.iter().for_each(|core| tree.text(&core.to_string(), "allocated")));
            });
        }
    });
    tree.text("nodename", row.node.as_bytes());
    let runs = !row.state.is_final();
    let memory = memory_mib(row).unwrap_or(0) as i64;
    tree.number("cpus_used", if runs { row.cpus } else { 0 });
    tree.number("memory_used", if runs { memory } else { 0 });
    tree.number("memory_allocated", memory);
}

fn put_numbers(tree: &mut Tree, record: &QueueRecord) {
    let (row, wishes) = (&record.row, &record.wishes);
    tree.number_or_null("nice", Some(row.nice).filter(|nice| *nice != 0));
    tree.null("tasks_per_core");
    tree.number("tasks_per_node", wishes.request.tasks_per_node.unwrap_or(0));
    tree.null("tasks_per_socket");
    tree.number("tasks_per_board", 0);
    tree.number("cpus", row.cpus);
    tree.number("node_count", row.nodes);
    tree.number("tasks", row.tasks);
    tree.number("het_job_id", 0);
    tree.text_or_none("het_job_id_set", "");
    tree.number("het_job_offset", 0);
    tree.text("partition", row.partition.as_bytes());
    tree.text_or_none("prefer", "");
    let (node, cpu) = match row.memory {
        Memory::PerNode(mib) => (Some(mib), None),
        Memory::PerCpu(mib) => (None, Some(mib)),
        Memory::Default | Memory::Unlimited => (Some(0), None),
    };
    tree.number_or_null("memory_per_node", node.map(|mib| mib as i64));
    tree.number_or_null("memory_per_cpu", cpu.map(|mib| mib as i64));
    tree.number("minimum_cpus_per_node", row.cpus_per_task.saturating_mul(wishes.request.tasks_per_node.unwrap_or(1)));
    tree.number("minimum_tmp_disk_per_node", 0);
    tree.number("preempt_time", 0);
    tree.number("pre_sus_time", 0);
    tree.number("priority", row.priority);
    tree.null("profile");
    tree.text("qos", row.qos.as_bytes());
    tree.flag("reboot", false);
    tree.text_or_none("required_nodes", "");
    tree.flag("requeue", wishes.requeue);
    tree.number("resize_time", 0);
    tree.number("restart_cnt", row.restarts);
    tree.text_or_none("resv_name", wishes.reservation.as_deref().unwrap_or_default());
    match wishes.request.exclusive {
        true => tree.text("shared", "none"),
        false => tree.null("shared"),
    }
    tree.list("show_flags", |tree| ["SHOW_ALL", "SHOW_DETAIL", "SHOW_LOCAL"].iter().for_each(|word| tree.word(word)));
    tree.number("sockets_per_board", 0);
    tree.null("sockets_per_node");
}

fn put_rest(tree: &mut Tree, record: &QueueRecord) {
    let (row, wishes) = (&record.row, &record.wishes);
    tree.number("start_time", seconds(row.start));
    tree.text_or_none("state_description", "");
    let reason = if row.state == JobState::Running { Reason::None } else { row.reason };
    tree.text("state_reason", reason.text());
    let file = |file: &Option<model::Text>| file.as_ref().map(|file| file.as_bytes().to_vec()).unwrap_or_default();
    tree.text_or_none("standard_error", file(&wishes.stderr));
    let input = wishes.stdin.as_ref().map_or(b"/dev/null".to_vec(), |file| file.as_bytes().to_vec());
    tree.text_or_none("standard_input", input);
    tree.text_or_none("standard_output", file(&wishes.stdout));
    tree.number("submit_time", row.submit.seconds());
    tree.number("suspend_time", 0);
    tree.text_or_none("system_comment", "");
    tree.number(
        "time_limit",
        match row.time_limit {
            TimeLimit::Span(span) => span.as_seconds() / 60,
            TimeLimit::Default | TimeLimit::Unlimited => INFINITE.into(),
        },
    );
    tree.number("time_minimum", wishes.time_min.map_or(0, |span| span.as_seconds() / 60));
    tree.number_or_null("threads_per_core", wishes.request.threads_per_core);
    for key in ["tres_bind", "tres_freq", "tres_per_job"] {
        tree.text_or_none(key, "");
    }
    let gpus = if row.gpus > 0 { format!("gres:gpu:{}", row.gpus) } else { String::new() };
    tree.text_or_none("tres_per_node", gpus);
    tree.text_or_none("tres_per_socket", "");
    tree.text_or_none("tres_per_task", "");
    let tres = Tres { cpus: row.cpus, memory_mib: memory_mib(row), nodes: row.nodes, gpus: row.gpus };
    let tres = shown_bytes(|out| tres::put(out, &tres));
    tree.text("tres_req_str", &tres);
    tree.text_or_none("tres_alloc_str", if row.node.is_empty() { b"".as_slice() } else { &tres });
    tree.number("user_id", row.owner.uid.0);
    tree.text("user_name", &row.owner.user);
    tree.text_or_none("wckey", wishes.wckey.as_deref().unwrap_or_default());
    tree.text("current_working_directory", wishes.workdir.as_bytes());
}

fn shown_bytes(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}

/// Seconds since 1970, 0 where there is no time.
fn seconds(time: Option<Time>) -> i64 {
    time.map_or(0, Time::seconds)
}

/// Memory for the whole job.
fn memory_mib(row: &QueueRow) -> Option<u64> {
    match row.memory {
        Memory::PerNode(mib) => Some(mib.saturating_mul(row.nodes.max(1).into())),
        Memory::PerCpu(mib) => Some(mib.saturating_mul(row.cpus.into())),
        Memory::Default | Memory::Unlimited => None,
    }
}
