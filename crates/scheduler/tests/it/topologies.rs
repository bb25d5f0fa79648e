//! Placement on machines like those that centres have, laid out as published.
//!
//! Nehalem: 2 sockets x 4 cores x 2 threads, one NUMA node a socket, numbers interleaved between the sockets and the
//! second threads 8 further on (as a Dell R710 shows itself). Sandy Bridge: 2 x 8 x 2, numbered socket by socket.
//! E5-4620: 4 x 8 x 2, interleaved over the four sockets (Dell R820). A laptop: two fast cores with two threads and
//! eight slow ones with one. A cluster-on-die machine has two NUMA nodes in each socket.

use model::{Core, CpuSet, Gpu, JobSpec, Machine, Memory};
use scheduler::{Config, What};

use crate::make::{Centre, config, cpus, spec};

/// `socket` and `numa` of a core, and its threads, by its number.
fn machine(cores: u32, place: impl Fn(u32) -> (u32, u32), threads: impl Fn(u32) -> Vec<u32>) -> Machine {
    let core = |number| {
        let (socket, numa) = place(number);
        Core { threads: threads(number), socket, numa }
    };
    let mut cores: Vec<Core> = (0..cores).map(core).collect();
    cores.sort_by_key(|core| (core.socket, core.numa, core.threads[0]));
    Machine { name: "vm".to_owned(), cores, memory_mib: 64_000, gpus: Vec::new(), simulated: false }
}

fn nehalem() -> Machine {
    machine(8, |core| (core % 2, core % 2), |core| vec![core, core + 8])
}

fn sandy_bridge() -> Machine {
    machine(16, |core| (core / 8, core / 8), |core| vec![core, core + 16])
}

fn four_sockets() -> Machine {
    machine(32, |core| (core % 4, core % 4), |core| vec![core, core + 32])
}

fn laptop() -> Machine {
    machine(10, |_| (0, 0), |core| if core < 2 { vec![2 * core, 2 * core + 1] } else { vec![core + 2] })
}

fn cluster_on_die() -> Machine {
    machine(16, |core| (core / 8, core / 4), |core| vec![core])
}

fn centre(machine: Machine) -> Centre {
    machine.check().unwrap();
    Centre::new(Config { machine, ..config() })
}

fn threads_per_core(count: u32, spec: JobSpec) -> JobSpec {
    let mut spec = spec;
    spec.request.threads_per_core = Some(count);
    spec
}

/// Where jobs are put one after the other; `-`: it waits.
fn places(machine: Machine, specs: Vec<JobSpec>) -> Vec<String> {
    let mut centre = centre(machine);
    let ids: Vec<_> = specs.into_iter().map(|spec| centre.submit(spec)).collect();
    let place = |id| match centre.state.job(id).and_then(|job| job.placement().cloned()) {
        Some(placement) => placement.cpus.to_string(),
        None => "-".to_owned(),
    };
    ids.into_iter().map(place).collect()
}

#[test]
fn whole_cores_packed_by_numa_node() {
    let whole = || {
        let mut spec = spec();
        spec.request.exclusive = true;
        spec
    };
    let cases: Vec<(&str, Machine, Vec<JobSpec>, Vec<&str>)> = vec![
        ("two jobs never share a core", nehalem(), vec![cpus(1), cpus(1)], vec!["0,8", "2,10"]),
        (
            "the fullest node that still fits",
            nehalem(),
            vec![cpus(6), cpus(3), cpus(2)],
            vec!["0,2,4,8,10,12", "1,3,9,11", "6,14"],
        ),
        (
            "a whole node, then the other",
            nehalem(),
            vec![cpus(8), cpus(8)],
            vec!["0,2,4,6,8,10,12,14", "1,3,5,7,9,11,13,15"],
        ),
        ("more than a socket", nehalem(), vec![cpus(9)], vec!["0-2,4,6,8-10,12,14"]),
        (
            "one thread of each core",
            nehalem(),
            vec![threads_per_core(1, cpus(4)), threads_per_core(1, cpus(5))],
            vec!["0,2,4,6", "-"],
        ),
        (
            "numbered socket by socket",
            sandy_bridge(),
            vec![cpus(16), cpus(3), cpus(12)],
            vec!["0-7,16-23", "8-9,24-25", "10-15,26-31"],
        ),
        ("one thread, two sockets", sandy_bridge(), vec![threads_per_core(1, cpus(16))], vec!["0-15"]),
        (
            "the fewest of four sockets",
            four_sockets(),
            vec![cpus(10), cpus(16), cpus(24), cpus(8)],
            // A part of socket 0; all of 1; all of 2 and, as three cores are too few on 0, half of 3; the other half.
            vec![
                "0,4,8,12,16,32,36,40,44,48",
                "1,5,9,13,17,21,25,29,33,37,41,45,49,53,57,61",
                "2-3,6-7,10-11,14-15,18,22,26,30,34-35,38-39,42-43,46-47,50,54,58,62",
                "19,23,27,31,51,55,59,63",
            ],
        ),
        ("the whole machine", four_sockets(), vec![whole(), cpus(1)], vec!["0-63", "-"]),
        ("not while somebody is there", four_sockets(), vec![cpus(1), whole()], vec!["0,32", "-"]),
        ("a slow core for one CPU", laptop(), vec![cpus(1), cpus(2), cpus(2), cpus(2)], vec!["4", "0-1", "2-3", "5-6"]),
        ("fast cores first, a slow one for the rest", laptop(), vec![cpus(5), cpus(7)], vec!["0-4", "5-11"]),
        ("all of it", laptop(), vec![cpus(12)], vec!["0-11"]),
        ("both nodes of one socket", cluster_on_die(), vec![cpus(3), cpus(6), cpus(4)], vec!["0-2", "8-13", "4-7"]),
    ];
    for (name, machine, specs, expected) in cases {
        assert_eq!(places(machine, specs), expected, "{name}");
    }
}

#[test]
fn gpus_near_their_cores() {
    let mut machine = nehalem();
    let gpu = |(index, kind, numa): (u32, &str, u32)| Gpu { index, kind: kind.to_owned(), numa: Some(numa) };
    machine.gpus = [(0, "k80", 1), (1, "k80", 0), (2, "p4", 1)].map(gpu).into();
    let with_gpus = |count, kind: Option<&str>| {
        let mut spec = cpus(2);
        (spec.request.gpus, spec.request.gpu_type) = (count, kind.map(str::to_owned));
        spec
    };
    let mut centre = centre(machine);
    let mut place = |spec| {
        let id = centre.submit(spec);
        let placement = centre.state.job(id).and_then(|job| job.placement().cloned());
        placement.map(|placement| (placement.cpus.to_string(), placement.gpus))
    };
    assert_eq!(place(with_gpus(1, Some("p4"))), Some(("1,9".to_owned(), vec![2])));
    assert_eq!(place(with_gpus(1, None)), Some(("3,11".to_owned(), vec![0])), "the fuller node has one near");
    assert_eq!(place(with_gpus(1, Some("p4"))), None);
    assert_eq!(place(with_gpus(1, Some("k80"))), Some(("0,8".to_owned(), vec![1])));
    assert_eq!(place(with_gpus(1, None)), None);
}

#[test]
fn memory_is_counted() {
    let mut config = Config { machine: nehalem(), ..config() };
    config.machine.memory_mib = 1_000;
    let mut centre = Centre::new(config);
    let with_memory = |memory| {
        let mut spec = cpus(1);
        spec.request.memory = memory;
        spec
    };
    let mut place = |memory| {
        let id = centre.submit(with_memory(memory));
        let job = centre.state.job(id).unwrap();
        job.placement().map(|placement| placement.memory_mib)
    };
    // Memory by CPU counts both threads of the core.
    assert_eq!(place(Memory::PerCpu(100)), Some(Some(200)));
    assert_eq!(place(Memory::PerNode(700)), Some(Some(700)));
    assert_eq!(place(Memory::Unlimited), Some(None));
    assert_eq!(place(Memory::PerNode(101)), None);
    assert_eq!(place(Memory::PerNode(100)), Some(Some(100)), "fits beside the one that waits for more");
}

/// What a job is said to have is what it was given: both threads of its core.
#[test]
fn allocated_cpus_are_those_of_whole_cores() {
    let mut centre = centre(nehalem());
    let id = centre.submit(cpus(1));
    assert_eq!(centre.state.row(id, centre.now).unwrap().cpus, 2);
    assert_eq!(centre.state.machine_use().cpus_allocated, 2);
    let one = centre.submit(threads_per_core(1, cpus(1)));
    assert_eq!(centre.state.row(one, centre.now).unwrap().cpus, 1);
    assert_eq!(centre.state.machine_use().cpus_allocated, 4, "its core is its own all the same");
    let cpus: Vec<CpuSet> = (centre.log.iter())
        .filter_map(|event| match &event.what {
            What::Started { placement, .. } => Some(placement.cpus.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(cpus.len(), 2);
}
