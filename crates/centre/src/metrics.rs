//! `/metrics`: what programs that watch centres collect, as Prometheus text under the names that the field's dashboards
//! know (exporters of Slurm, CEEMS, Scaphandre), and under our own where there is no such name. It shows the machine,
//! nobody's jobs.

use std::{fmt::Write, sync::Arc};

use drivers::meters::MeterConfig;
use energy::{Energy, Power, reconcile::Accounts};
use model::Time;

use crate::{core::Centre, electricity::Electricity};

/// All of it.
#[derive(Clone, Default)]
pub(crate) struct Shown {
    pub(crate) gauges: Gauges,
    pub(crate) electricity: Option<Arc<Electricity>>,
}

/// What the loop knows at any time.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Gauges {
    /// Name of the centre,
    pub(crate) name: String,
    /// and of its machine.
    pub(crate) node: String,
    pub(crate) running: u32,
    pub(crate) suspended: u32,
    pub(crate) pending: u64,
    pub(crate) cpus: u32,
    pub(crate) cpus_allocated: u32,
    pub(crate) gpus: u32,
    pub(crate) gpus_allocated: u32,
    pub(crate) memory_mib: u64,
    pub(crate) memory_allocated_mib: u64,
    pub(crate) is_up: bool,
    pub(crate) is_drained: bool,
    pub(crate) submitted: u64,
    pub(crate) completed: u64,
    pub(crate) failed: u64,
    pub(crate) cancelled: u64,
    pub(crate) last_pass_us: u64,
    pub(crate) started: Time,
    /// Kind of the meter that answers, and the power of its last interval.
    pub(crate) power: Option<(&'static str, Power)>,
    pub(crate) idle: Option<Power>,
    /// What was measured and shared since the centre was started.
    pub(crate) accounts: Accounts,
}

impl Centre {
    /// What was shared is on disk: now it is shown, too.
    pub(crate) fn show_energy(&mut self, settled: &store::Settled) {
        for part in settled.samples.iter().flat_map(|sample| &sample.parts) {
            self.accounts_shown += part.accounts;
        }
    }

    /// Kind of the meter that answers, and the power of its last interval.
    fn power_now(&self) -> Option<(&'static str, Power)> {
        let metering = self.metering.as_ref()?;
        let latest = metering.latest.filter(|interval| interval.flag.is_measured() && interval.span().0 > 0)?;
        // Cards are read by themselves and have no place in the order.
        let mut whole = self.file.meter.iter().map(MeterConfig::kind).filter(|kind| *kind != "nvml");
        Some((whole.nth(usize::from(latest.source))?, latest.energy.mean(latest.span())))
    }

    /// What programs that watch the centre are shown.
    pub(crate) fn shown(&self) -> Shown {
        Shown { gauges: self.gauges(), electricity: Some(self.electricity.clone()) }
    }

    fn gauges(&self) -> Gauges {
        let (load, machine, counters) = (self.state.machine_use(), &self.state.config().machine, &self.counters);
        let (completed, failed, cancelled) = counters.endings();
        Gauges {
            name: self.name.clone(),
            node: self.node.to_string(),
            running: load.running as u32,
            suspended: load.suspended as u32,
            pending: self.waiting(),
            cpus: machine.cpus(),
            cpus_allocated: load.cpus_allocated,
            gpus: machine.gpus.len() as u32,
            gpus_allocated: load.gpus_allocated,
            memory_mib: machine.memory_mib,
            memory_allocated_mib: load.memory_allocated_mib,
            is_up: self.hello.is_some(),
            is_drained: load.drained.is_some(),
            submitted: counters.submitted(),
            completed,
            failed,
            cancelled,
            last_pass_us: counters.last_pass_us(),
            started: self.started,
            power: self.power_now(),
            idle: self.metering.as_ref().map(|metering| metering.idle()),
            accounts: self.accounts_shown,
        }
    }
}

/// The text at an instant. `rss_kib` is the memory of the centre.
pub(crate) fn text(shown: &Shown, now: Time, rss_kib: u64) -> String {
    let gauges = &shown.gauges;
    let mut page = Page::default();
    slurm(&mut page, gauges);
    let host = [("hostname", gauges.node.as_str())];
    if let Some((kind, power)) = gauges.power {
        let watts = decimal(power.0, 1000);
        match kind {
            "ipmi" => page.gauge("ceems_ipmi_dcmi_current_watts", "Power of the machine by its board.", &host, &watts),
            "redfish" => page.gauge("ceems_redfish_current_watts", "Power of the machine by its board.", &host, &watts),
            _ => {}
        }
        let microwatts = power.0.saturating_mul(1000).to_string();
        page.gauge("scaph_host_power_microwatts", "Power of the machine, by whichever meter.", &[], &microwatts);
        let labels = [("machine", gauges.node.as_str()), ("meter", kind)];
        page.gauge("algoric_machine_power_watts", "Power of the machine.", &labels, &watts);
    }
    if let Some(idle) = gauges.idle {
        let labels = [("machine", gauges.node.as_str())];
        page.gauge("algoric_machine_idle_watts", "Idle power that is reckoned with.", &labels, &decimal(idle.0, 1000));
        energies(&mut page, gauges);
    }
    let units = gauges.running + gauges.suspended;
    page.gauge("ceems_compute_units", "Runs on the machine.", &[("manager", "slurm")], &units.to_string());
    if let Some(electricity) = &shown.electricity {
        tariffs(&mut page, electricity, now);
    }
    centre(&mut page, gauges, rss_kib);
    page.text
}

/// Names of prometheus-slurm-exporter.
fn slurm(page: &mut Page, gauges: &Gauges) {
    let idle = |all: u32, held: u32| all.saturating_sub(held);
    let is_out = !gauges.is_up || gauges.is_drained;
    let free = idle(gauges.cpus, gauges.cpus_allocated);
    let (free, other) = if is_out { (0, free) } else { (free, 0) };
    let in_use = gauges.cpus_allocated > 0;
    let full = gauges.cpus_allocated >= gauges.cpus;
    let count = |is: bool| u64::from(is);
    let list: [(&str, &str, u64); 17] = [
        ("slurm_cpus_alloc", "CPUs that jobs have.", gauges.cpus_allocated.into()),
        ("slurm_cpus_idle", "CPUs that are free.", free.into()),
        ("slurm_cpus_other", "CPUs that are out of service.", other.into()),
        ("slurm_cpus_total", "CPUs.", gauges.cpus.into()),
        ("slurm_gpus_alloc", "GPUs that jobs have.", gauges.gpus_allocated.into()),
        ("slurm_gpus_idle", "GPUs that are free.", idle(gauges.gpus, gauges.gpus_allocated).into()),
        ("slurm_gpus_total", "GPUs.", gauges.gpus.into()),
        ("slurm_nodes_alloc", "Machines that are full.", count(!is_out && full)),
        ("slurm_nodes_mix", "Machines in part use.", count(!is_out && in_use && !full)),
        ("slurm_nodes_idle", "Machines without jobs.", count(!is_out && !in_use)),
        ("slurm_nodes_drain", "Machines that take no new jobs.", count(gauges.is_up && gauges.is_drained)),
        ("slurm_nodes_down", "Machines that do not answer.", count(!gauges.is_up)),
        ("slurm_queue_pending", "Jobs that wait, each task counted.", gauges.pending),
        ("slurm_queue_running", "Jobs that run.", gauges.running.into()),
        ("slurm_queue_suspended", "Jobs that are suspended.", gauges.suspended.into()),
        ("slurm_scheduler_last_cycle", "The last pass over the queue, in microseconds.", gauges.last_pass_us),
        ("slurm_scheduler_queue_size", "Jobs that the scheduler has.", gauges.pending + u64::from(gauges.running)),
    ];
    for (name, help, value) in list {
        page.gauge(name, help, &[], &value.to_string());
    }
}

/// Energy since the centre was started, as it was shared: the four sum to the meter.
fn energies(page: &mut Page, gauges: &Gauges) {
    let name = "algoric_machine_energy_joules_total";
    page.head(name, "Energy since the centre was started, by account.", "counter");
    let Accounts { jobs, system, unallocated, unmeasured } = gauges.accounts;
    let accounts = [("jobs", jobs), ("system", system), ("unallocated", unallocated), ("unmeasured", unmeasured)];
    for (account, Energy(uj)) in accounts {
        page.sample(name, &[("machine", gauges.node.as_str()), ("account", account)], &decimal(uj, 1_000_000));
    }
}

fn tariffs(page: &mut Page, electricity: &Electricity, now: Time) {
    let rate = electricity.book.at(now).rate;
    let labels = [("contract", rate.contract.name.as_str()), ("rate", rate.name)];
    let price = decimal(rate.microeur_per_kwh, 1_000_000);
    page.gauge("algoric_electricity_price_eur_per_kwh", "What a kilowatt-hour costs now.", &labels, &price);
    let (production, lifecycle, is_by_grid) = electricity.factors.at(now);
    let provider = if is_by_grid { ("rte", "RTE éCO2mix") } else { ("average", "yearly average") };
    let labels =
        [("provider", provider.0), ("provider_name", provider.1), ("country_code", "FR"), ("country", "France")];
    let help = "CO2e of a kilowatt-hour produced now, in grams.";
    page.gauge("ceems_emissions_gCo2_kWh", help, &labels, &decimal(production, 1000));
    let help = "CO2e of a kilowatt-hour consumed, with its life cycle, in grams.";
    page.gauge("algoric_emissions_lifecycle_gco2_kwh", help, &[], &decimal(lifecycle, 1000));
}

/// The centre's own process and work.
fn centre(page: &mut Page, gauges: &Gauges, rss_kib: u64) {
    let name = "algoric_jobs_total";
    page.head(name, "Jobs since the centre was started.", "counter");
    let list = [
        ("submitted", gauges.submitted),
        ("completed", gauges.completed),
        ("failed", gauges.failed),
        ("cancelled", gauges.cancelled),
    ];
    for (event, count) in list {
        page.sample(name, &[("event", event)], &count.to_string());
    }
    let memory = |mib: u64| mib.saturating_mul(1 << 20).to_string();
    let help = "Memory that jobs can have.";
    page.gauge("algoric_memory_bytes", help, &[], &memory(gauges.memory_mib));
    let help = "Memory that jobs have.";
    page.gauge("algoric_memory_allocated_bytes", help, &[], &memory(gauges.memory_allocated_mib));
    let labels = [("centre", gauges.name.as_str()), ("version", env!("CARGO_PKG_VERSION"))];
    page.gauge("algoric_info", "The program.", &labels, "1");
    let rss = rss_kib.saturating_mul(1024).to_string();
    page.gauge("process_resident_memory_bytes", "Memory of the centre.", &[], &rss);
    let started = decimal(gauges.started.0, 1000);
    page.gauge("process_start_time_seconds", "When the centre was started.", &[], &started);
}

/// A whole number in its unit, which is a power of ten, as a decimal one.
fn decimal(number: i64, unit: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    let (whole, part) = (number.unsigned_abs() / unit.unsigned_abs(), number.unsigned_abs() % unit.unsigned_abs());
    let digits = unit.ilog10() as usize;
    format!("{sign}{whole}.{part:0digits$}")
}

/// Prometheus text, format 0.0.4.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn head(&mut self, name: &str, help: &str, kind: &str) {
        // Writing to a String cannot fail.
        write!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}\n").unwrap_or_default();
    }

    fn gauge(&mut self, name: &str, help: &str, labels: &[(&str, &str)], value: &str) {
        self.head(name, help, "gauge");
        self.sample(name, labels, value);
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: &str) {
        self.text.push_str(name);
        for (at, (label, value)) in labels.iter().enumerate() {
            self.text.push(if at == 0 { '{' } else { ',' });
            let value = value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
            write!(self.text, "{label}=\"{value}\"").unwrap_or_default();
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        writeln!(self.text, " {value}").unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::{config::File, electricity::Calendars};

    fn shown() -> Shown {
        let electricity = Electricity::load("config.toml".as_ref(), &File::default(), &Calendars::default()).unwrap();
        let gauges = Gauges {
            name: "Maison \"des\\ calculs\"\n2".to_owned(),
            node: "smp1".to_owned(),
            running: 3,
            suspended: 1,
            pending: 7,
            cpus: 32,
            cpus_allocated: 8,
            is_up: true,
            power: Some(("ipmi", Power(182_500))),
            idle: Some(Power(101_000)),
            accounts: Accounts { jobs: Energy(1_500_000), system: Energy(7), ..Accounts::default() },
            ..Gauges::default()
        };
        Shown { gauges, electricity: Some(Arc::new(electricity)) }
    }

    fn is_name(name: &str) -> bool {
        let ok = |(at, letter): (usize, char)| {
            letter.is_ascii_alphabetic() || "_:".contains(letter) || (at > 0 && letter.is_ascii_digit())
        };
        !name.is_empty() && name.chars().enumerate().all(ok)
    }

    /// The labels between braces, with what is escaped in them; and what follows.
    fn labels(text: &str) -> (BTreeMap<String, String>, &str) {
        let (mut found, mut rest) = (BTreeMap::new(), text);
        while !rest.starts_with('}') {
            let (name, value) = rest.split_once("=\"").unwrap();
            assert!(is_name(name), "{name}");
            let (mut text, mut letters) = (String::new(), value.char_indices());
            let end = loop {
                match letters.next().unwrap() {
                    (at, '"') => break at,
                    (_, '\\') => text.push(match letters.next().unwrap().1 {
                        'n' => '\n',
                        letter => {
                            assert!("\\\"".contains(letter), "\\{letter}");
                            letter
                        }
                    }),
                    (_, letter) => text.push(letter),
                }
            };
            assert!(found.insert(name.to_owned(), text).is_none(), "{name} stands twice");
            rest = &value[end + 1..];
            rest = rest.strip_prefix(',').unwrap_or(rest);
        }
        (found, &rest[1..])
    }

    /// Reads the text as strictly as the format is written down: every family has one HELP and one TYPE before its
    /// samples, which stand together; no sample comes twice; a value is a number.
    fn parse(text: &str) -> BTreeMap<(String, BTreeMap<String, String>), f64> {
        assert!(text.ends_with('\n'));
        let (mut families, mut samples) = (BTreeSet::new(), BTreeMap::new());
        let (mut helped, mut current) = (String::new(), String::new());
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                helped = rest.split_once(' ').unwrap().0.to_owned();
                assert!(families.insert(helped.clone()), "{helped} comes twice");
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert!(name == helped && ["counter", "gauge"].contains(&kind), "{line}");
                assert!(kind != "counter" || name.ends_with("_total"), "{line}");
                current = name.to_owned();
            } else {
                let end = line.find(['{', ' ']).unwrap();
                let (name, rest) = line.split_at(end);
                assert!(is_name(name) && name == current, "{line}");
                let (labels, rest) = rest.strip_prefix('{').map_or((BTreeMap::new(), rest), labels);
                let value: f64 = rest.strip_prefix(' ').unwrap().parse().unwrap();
                assert!(value.is_finite());
                assert!(samples.insert((name.to_owned(), labels), value).is_none(), "{line} comes twice");
            }
        }
        samples
    }

    #[test]
    fn the_text_is_what_prometheus_reads() {
        let samples = parse(&text(&shown(), Time(1_790_000_000_000), 30_000));
        let check = |name: &str, labels: &[(&str, &str)], expected: f64| {
            let labels: BTreeMap<String, String> =
                labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let found = samples.get(&(name.to_owned(), labels.clone())).copied();
            assert_eq!(found, Some(expected), "{name} {labels:?}");
        };
        check("slurm_cpus_idle", &[], 24.0);
        check("slurm_nodes_mix", &[], 1.0);
        check("slurm_queue_pending", &[], 7.0);
        check("ceems_ipmi_dcmi_current_watts", &[("hostname", "smp1")], 182.5);
        check("scaph_host_power_microwatts", &[], 182_500_000.0);
        check("ceems_compute_units", &[("manager", "slurm")], 4.0);
        check("algoric_machine_energy_joules_total", &[("machine", "smp1"), ("account", "jobs")], 1.5);
        let version = ("version", env!("CARGO_PKG_VERSION"));
        check("algoric_info", &[("centre", "Maison \"des\\ calculs\"\n2"), version], 1.0);
        check("process_resident_memory_bytes", &[], 30_720_000.0);
        let carbon = samples.iter().find(|((name, _), _)| name == "ceems_emissions_gCo2_kWh").unwrap();
        assert_eq!((carbon.0.1["country_code"].as_str(), *carbon.1), ("FR", 19.6));
    }

    #[test]
    fn a_machine_without_a_meter_has_no_watts() {
        let shown = Shown { gauges: Gauges { power: None, idle: None, ..shown().gauges }, electricity: None };
        let samples = parse(&text(&shown, Time(0), 0));
        assert!(!samples.keys().any(|(name, _)| name.contains("watts") || name.contains("energy")));
        let drained = Gauges { is_drained: true, ..shown.gauges.clone() };
        let samples = parse(&text(&Shown { gauges: drained, electricity: None }, Time(0), 0));
        let value = |name: &str| samples[&(name.to_owned(), BTreeMap::new())];
        assert_eq!((value("slurm_cpus_idle"), value("slurm_cpus_other"), value("slurm_nodes_drain")), (0.0, 24.0, 1.0));
    }

    #[test]
    fn decimals_are_exact() {
        let check = |number: i64, unit: i64, expected: &str| assert_eq!(decimal(number, unit), expected);
        check(182_500, 1000, "182.500");
        check(-12_500, 1_000_000, "-0.012500");
        check(7, 1_000_000, "0.000007");
    }
}
