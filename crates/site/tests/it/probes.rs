//! What machines say of themselves.

use site::probe::{self, ProbeError};
use site::{Cgroup, Identity, drift};

use crate::{NEHALEM, RECORDED, SMP, measured};

#[test]
fn machines_are_understood() {
    let recorded = probe::parse(RECORDED).unwrap();
    assert_eq!(recorded.now_s / 1_000_000, 1795);
    let vm = recorded.measured;
    assert_eq!((vm.sockets, vm.cores_per_socket, vm.threads_per_core, vm.memory_mib), (1, 2, 1, 24105));
    assert_eq!((vm.cgroup, vm.os.as_str(), vm.slurm.as_deref()), (Cgroup::V1, "debian 12", Some("22.05.8-4+deb12u3")));
    assert_eq!(vm.slurm_user, Some(Identity { uid: 64030, gid: 64030 }));
    assert!(vm.ids.contains(&103) && !vm.ids.contains(&1000) && !vm.ids.contains(&0));
    // Its disk of memory has no size, and its card no cable.
    let disks: Vec<(&str, u64)> = vm.disk.iter().map(|disk| (disk.name.as_str(), disk.gib)).collect();
    assert_eq!((disks, vm.card.len(), vm.card[0].mbit), (vec![("vda", 256)], 1, None));

    let smp = measured(SMP);
    assert_eq!((smp.sockets, smp.cores_per_socket, smp.threads_per_core, smp.cpus()), (4, 8, 2, 64));
    let gpus: Vec<(&str, &str)> =
        smp.gpu.iter().map(|gpu| (gpu.kind.as_str(), gpu.device.as_deref().unwrap())).collect();
    assert_eq!(gpus[0], ("quadro_k4000", "/dev/nvidia0"));
    assert_eq!(gpus[3], ("quadro_k2000", "/dev/nvidia3"));
    assert_eq!(
        (smp.bmc.as_deref(), smp.disk.len(), smp.home.as_deref()),
        (Some("10.0.1.11"), 1, Some("nfs4 head:/home"))
    );

    let old = measured(NEHALEM);
    assert_eq!((old.slurm, old.munge, old.slurm_user, old.bmc), (None, None, None, None));
    // A GPU without a driver is seen, the picture of the console is not one.
    assert_eq!((old.gpu.len(), old.gpu[0].kind.as_str(), old.gpu[0].device.clone()), (1, "gk210gl_tesla_k80", None));
}

#[test]
fn what_is_cut_or_wrong_is_refused() {
    let check = |text: &str, expected: ProbeError| assert_eq!(probe::parse(text).unwrap_err(), expected);
    check("", ProbeError::Cut);
    check("Welcome to this machine!\n", ProbeError::Cut);
    check(RECORDED.split("== end").next().unwrap(), ProbeError::Cut);
    check(&RECORDED.replace("24684084 kB", "much"), ProbeError::Missing("memory"));
    check("== algoric-probe\n1\n== hostname\nn1\n== cpu\n== memory\n1 kB\n== end\n", ProbeError::Missing("cpu"));
    // What a login says before it is nobody's business.
    assert!(probe::parse(&format!("Welcome!\n{RECORDED}")).is_ok());
}

#[test]
fn cores_that_are_switched_off_are_counted_one_by_one() {
    let text = RECORDED.replace("0,0,0\n1,1,0\n", "0,0,0\n1,1,0\n2,2,1\n");
    let odd = measured(&text);
    assert_eq!((odd.sockets, odd.cores_per_socket, odd.threads_per_core), (1, 3, 1));
}

#[test]
fn memory_leaves_the_system_its_part() {
    let of = |mib: u64, serves: bool| {
        let machine = site::Measured { memory_mib: mib, ..measured(RECORDED) };
        machine.memory_for_jobs(serves)
    };
    for (mib, serves, expected) in [
        (1000, false, 512),
        (1000, true, 512),
        (2000, false, 1280),
        (32_106, false, 30_976),
        (32_106, true, 29_952),
        (1_031_996, false, 1_023_744),
    ] {
        assert_eq!(of(mib, serves), expected, "{mib} {serves}");
        assert!(of(mib, serves) % 256 == 0 && of(mib, serves) < mib);
    }
}

#[test]
fn drift_is_what_the_configuration_speaks_of() {
    let was = measured(SMP);
    let check = |change: &dyn Fn(&mut site::Measured), expected: &[&str]| {
        let mut is = was.clone();
        change(&mut is);
        let found: Vec<&str> = drift::compare(&was, &is).iter().map(|drift| drift.what).collect();
        assert_eq!(found, expected);
    };
    check(&|_| {}, &[]);
    check(&|m| m.memory_mib -= 300, &[]);
    check(&|m| m.memory_mib -= 65_536, &["memory"]);
    check(&|m| m.memory_mib *= 2, &["memory"]);
    check(&|m| m.gpu.truncate(3), &["gpus"]);
    check(&|m| m.sockets = 3, &["processors"]);
    check(&|m| m.slurm = Some("23.11.4".into()), &["slurm"]);
    check(&|m| m.disk.clear(), &[]);
    check(&|m| (m.hostname, m.cgroup) = ("other".into(), Cgroup::V1), &["name", "cgroup"]);
}
