//! Machines that are not here, made after their published layouts: what `/sys` would say on them.

use std::fmt::Write;
use std::path::Path;

use drivers::local::{gpu, topology};
use model::{CpuSet, Gpu, Machine};

/// One hardware thread of a made machine.
struct Thread {
    cpu: u32,
    package: i32,
    core: u32,
    node: Option<u32>,
    online: bool,
}

/// `sockets` x `cores` x `threads`; `number` says which CPU number the kernel gave.
fn regular(sockets: u32, cores: u32, threads: u32, number: impl Fn(u32, u32, u32) -> u32) -> Vec<Thread> {
    let mut all = Vec::new();
    for socket in 0..sockets {
        for core in 0..cores {
            for thread in 0..threads {
                let cpu = number(socket, core, thread);
                all.push(Thread { cpu, package: socket as i32, core, node: Some(socket), online: true });
            }
        }
    }
    all
}

/// Lays the files that the kernel would show.
fn lay(sys: &Path, threads: &[Thread]) {
    let put = |path: &str, text: String| {
        let path = sys.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text + "\n").unwrap();
    };
    let list = |suits: &dyn Fn(&Thread) -> bool| {
        threads
            .iter()
            .filter(|thread| thread.online && suits(thread))
            .map(|thread| thread.cpu)
            .collect::<CpuSet>()
            .to_string()
    };
    put("devices/system/cpu/online", list(&|_| true));
    for one in threads {
        let directory = format!("devices/system/cpu/cpu{}", one.cpu);
        put(&format!("{directory}/online"), u8::from(one.online).to_string());
        if one.online {
            let siblings = list(&|other| (other.package, other.core) == (one.package, one.core));
            put(&format!("{directory}/topology/physical_package_id"), one.package.to_string());
            put(&format!("{directory}/topology/core_id"), one.core.to_string());
            put(&format!("{directory}/topology/thread_siblings_list"), siblings);
        }
    }
    let nodes: CpuSet = threads.iter().filter_map(|thread| thread.node).collect();
    if !nodes.is_empty() {
        put("devices/system/node/online", nodes.to_string());
    }
    for node in nodes.iter() {
        put(&format!("devices/system/node/node{node}/cpulist"), list(&|thread| thread.node == Some(node)));
    }
}

/// One line a socket and node: its cores, threads joined by `+`.
fn show(machine: &Machine) -> String {
    machine.check().unwrap();
    let mut text = format!("{} sockets, {} CPUs:", machine.sockets(), machine.cpus());
    let mut place = None;
    for core in &machine.cores {
        if place != Some((core.socket, core.numa)) {
            write!(text, " [{}/{}]", core.socket, core.numa).unwrap();
            place = Some((core.socket, core.numa));
        }
        let threads: Vec<String> = core.threads.iter().map(u32::to_string).collect();
        write!(text, " {}", threads.join("+")).unwrap();
    }
    text
}

fn check(name: &str, threads: &[Thread], allowed: &str, expected: &str) {
    let dir = tempfile::tempdir().unwrap();
    lay(dir.path(), threads);
    let allowed = topology::parse_list(allowed).unwrap();
    let machine = topology::machine(dir.path(), &allowed, name, 1024, Vec::new()).unwrap();
    assert_eq!(show(&machine), expected, "{name}");
}

/// Two quad-core Xeon X5570, numbered in turn over the sockets, as many BIOSes of that time do.
fn nehalem() -> Vec<Thread> {
    regular(2, 4, 2, |socket, core, thread| thread * 8 + core * 2 + socket)
}

#[test]
fn layouts() {
    check("Nehalem", &nehalem(), "0-15", "2 sockets, 16 CPUs: [0/0] 0+8 2+10 4+12 6+14 [1/1] 1+9 3+11 5+13 7+15");
    // Two eight-core E5-2670: first one thread of every core, socket by socket, then the others.
    let sandy_bridge = regular(2, 8, 2, |socket, core, thread| thread * 16 + socket * 8 + core);
    check(
        "Sandy Bridge",
        &sandy_bridge,
        "0-31",
        "2 sockets, 32 CPUs: [0/0] 0+16 1+17 2+18 3+19 4+20 5+21 6+22 7+23 \
         [1/1] 8+24 9+25 10+26 11+27 12+28 13+29 14+30 15+31",
    );
    // Four eight-core E5-4620 of the BullX R428.
    let bullx = regular(4, 8, 2, |socket, core, thread| thread * 32 + socket * 8 + core);
    check(
        "E5-4620",
        &bullx,
        "0-63",
        "4 sockets, 64 CPUs: [0/0] 0+32 1+33 2+34 3+35 4+36 5+37 6+38 7+39 \
         [1/1] 8+40 9+41 10+42 11+43 12+44 13+45 14+46 15+47 \
         [2/2] 16+48 17+49 18+50 19+51 20+52 21+53 22+54 23+55 \
         [3/3] 24+56 25+57 26+58 27+59 28+60 29+61 30+62 31+63",
    );
    // A laptop of the twelfth generation (i7-1260P): four cores with two threads, eight with one.
    let fast = (0..4).flat_map(|core| [(core * 2, core * 4), (core * 2 + 1, core * 4)]);
    let slow = (0..8).map(|core| (8 + core, 16 + core));
    let laptop: Vec<Thread> =
        fast.chain(slow).map(|(cpu, core)| Thread { cpu, package: 0, core, node: Some(0), online: true }).collect();
    check("laptop", &laptop, "0-15", "1 sockets, 16 CPUs: [0/0] 0+1 2+3 4+5 6+7 8 9 10 11 12 13 14 15");
}

#[test]
fn what_is_missing() {
    // A kernel without NUMA, on a board that does not number its only package.
    let mut small = regular(1, 4, 1, |_, core, _| core);
    for thread in &mut small {
        (thread.node, thread.package) = (None, -1);
    }
    check("no NUMA", &small, "0-3", "1 sockets, 4 CPUs: [0/0] 0 1 2 3");
    // Switched off: one thread of a core, and one core.
    let mut partly = nehalem();
    for thread in partly.iter_mut().filter(|thread| [8, 2, 10].contains(&thread.cpu)) {
        thread.online = false;
    }
    check("offline", &partly, "0-15", "2 sockets, 13 CPUs: [0/0] 0 4+12 6+14 [1/1] 1+9 3+11 5+13 7+15");
    // Only a part is ours: the second socket, and half a core of the first.
    check("allowed", &nehalem(), "8,1,3,9,11", "2 sockets, 5 CPUs: [0/0] 8 [1/1] 1+9 3+11");
    check("socket", &nehalem(), "1,3", "1 sockets, 2 CPUs: [0/1] 1 3");
    // Two nodes in one package (a processor of several dies), and a node with memory only.
    let mut dies = regular(1, 4, 1, |_, core, _| core);
    dies[2].node = Some(1);
    dies[3].node = Some(1);
    check("dies", &dies, "0-3", "1 sockets, 4 CPUs: [0/0] 0 1 [0/1] 2 3");
}

#[test]
fn errors_say_what() {
    let dir = tempfile::tempdir().unwrap();
    let all = topology::parse_list("0-3").unwrap();
    let error = |dir: &Path, allowed: &CpuSet| topology::cores(dir, allowed).unwrap_err().to_string();
    assert!(error(dir.path(), &all).ends_with("devices/system/cpu/online: No such file or directory (os error 2)"));
    lay(dir.path(), &nehalem());
    assert_eq!(
        error(dir.path(), &CpuSet::from_iter([99])),
        "no processor may be used: 0-15 are switched on, 99 are allowed"
    );
    std::fs::write(dir.path().join("devices/system/cpu/online"), "all of them").unwrap();
    assert!(error(dir.path(), &all).ends_with("`all of them` is no list of CPU numbers"));
}

#[test]
fn gpus() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let put = |path: &str, text: &str| {
        std::fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        std::fs::write(root.join(path), text).unwrap();
    };
    assert_eq!(gpu::find(root), []);
    // Device files only, as in a container; `nvidiactl` is none.
    for name in ["nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm", "null"] {
        put(&format!("dev/{name}"), "");
    }
    let bare = |index| Gpu { index, kind: String::new(), numa: None };
    assert_eq!(gpu::find(root), [bare(0), bare(1)]);
    // The driver's list, made after NVIDIA's documentation of it.
    for (address, model, node) in [("0000:84:00.0", "Tesla K80", "1"), ("0000:05:00.0", "NVIDIA Quadro 6000", "-1")] {
        put(
            &format!("proc/driver/nvidia/gpus/{address}/information"),
            &format!("Model: \t\t {model}\nIRQ:   \t\t 34\nBus Location: \t {address}\nDevice Minor: \t 0\n"),
        );
        put(&format!("sys/bus/pci/devices/{address}/numa_node"), node);
    }
    let nvidia = [
        Gpu { index: 0, kind: "quadro_6000".to_owned(), numa: None },
        Gpu { index: 1, kind: "tesla_k80".to_owned(), numa: Some(1) },
    ];
    assert_eq!(gpu::find(root), nvidia);

    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let put = |path: &str, text: &str| {
        std::fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        std::fs::write(root.join(path), text).unwrap();
    };
    // A processor, then a card at 43:00.0.
    put("sys/class/kfd/kfd/topology/nodes/0/properties", "cpu_cores_count 16\nsimd_count 0\n");
    put(
        "sys/class/kfd/kfd/topology/nodes/1/properties",
        "cpu_cores_count 0\nsimd_count 256\nlocation_id 17152\ndomain 0\n",
    );
    put("sys/class/kfd/kfd/topology/nodes/1/name", "vega20\n");
    put("sys/bus/pci/devices/0000:43:00.0/numa_node", "1\n");
    assert_eq!(gpu::find(root), [Gpu { index: 0, kind: "vega20".to_owned(), numa: Some(1) }]);
}
