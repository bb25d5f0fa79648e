//! Graphics cards against a library of ours that has NVML's names.

use std::process::Command;

use super::super::nvml::Nvml;
use super::said;

/// Two cards, the second one in the first slot; the older one has no counter.
const LIBRARY: &str = r#"
typedef struct { char old[16]; unsigned domain, bus, device, id, subsystem; char name[32]; } pci_t;
int nvmlInit_v2(void) { return 0; }
int nvmlShutdown(void) { return 0; }
const char *nvmlErrorString(int code) { return code == 15 ? "GPU is lost" : "Unknown Error"; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = COUNT; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) { *device = (void *)(long)(index + 1); return 0; }
int nvmlDeviceGetPciInfo_v3(void *device, pci_t *pci) { pci->domain = 0; pci->bus = device == (void *)1 ? 0x82 : 0x04; pci->device = 0; return 0; }
int nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts) { if (LOST) return 15; *milliwatts = device == (void *)1 ? 251300 : 31000; return 0; }
int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *millijoules) {
  if (LOST) return 15;
  if (device != (void *)1) return 3;
  *millijoules = 5000000000000ULL;
  return 0;
}
"#;

/// What the library with these definitions says, or why it does not open. `None` without a C compiler.
fn check(definitions: &[&str]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let (source, library) = (folder.path().join("nvml.c"), folder.path().join("libnvidia-ml.so.1"));
    std::fs::write(&source, LIBRARY).unwrap();
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).args([&library, &source]).args(definitions);
    if !compiler.output().is_ok_and(|output| output.status.success()) {
        eprintln!("not run: there is no C compiler");
        return None;
    }
    Some(match Nvml::open(library.to_str().unwrap()) {
        Ok(mut meter) => said(&mut meter),
        Err(error) => error.to_string(),
    })
}

#[test]
fn cards_are_read_in_the_order_of_their_slots() {
    let Some(found) = check(&["-DCOUNT=2", "-DLOST=0"]) else { return };
    assert_eq!(found, "31000/- -/5000000000000000");
}

#[test]
fn lost_and_missing_cards_are_said() {
    let Some(lost) = check(&["-DCOUNT=1", "-DLOST=1"]) else { return };
    assert_eq!(lost, "NVIDIA's driver refuses: GPU is lost");
    assert_eq!(check(&["-DCOUNT=0", "-DLOST=0"]).unwrap(), "NVIDIA's driver knows no card");
    let error = Nvml::open("libnvidia-ml-of-nobody.so.1").err().unwrap().to_string();
    assert_eq!(error, "NVIDIA's driver is not installed (libnvidia-ml-of-nobody.so.1)");
}
