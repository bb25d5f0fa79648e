//! Counts GPUs from files that their kernel drivers lay, below a path that is an argument. NVML is not asked: it may be
//! missing, or of another version than the driver. Must not know who uses them.

use std::fs::read_to_string;
use std::path::Path;

use model::Gpu;

/// All GPUs below `root` (`/`): NVIDIA's in the order of their PCI addresses (what `CUDA_DEVICE_ORDER=PCI_BUS_ID`
/// counts by), or AMD's in the order of the kernel's list.
pub fn find(root: &Path) -> Vec<Gpu> {
    let nvidia = nvidia(root);
    if nvidia.is_empty() { amd(root) } else { nvidia }
}

/// The driver's own list; where it has none, the device files.
fn nvidia(root: &Path) -> Vec<Gpu> {
    let mut addresses = names(&root.join("proc/driver/nvidia/gpus"));
    addresses.sort_unstable();
    let listed: Vec<Gpu> = addresses
        .iter()
        .enumerate()
        .map(|(index, address)| {
            let information = root.join("proc/driver/nvidia/gpus").join(address).join("information");
            let text = read_to_string(information).unwrap_or_default();
            let model = text.lines().find_map(|line| line.strip_prefix("Model:")).unwrap_or_default();
            Gpu { index: index as u32, kind: kind(model), numa: numa(root, &address.to_lowercase()) }
        })
        .collect();
    if !listed.is_empty() {
        return listed;
    }
    let mut minors: Vec<u32> =
        names(&root.join("dev")).iter().filter_map(|name| name.strip_prefix("nvidia")?.parse().ok()).collect();
    minors.sort_unstable();
    (0..minors.len() as u32).map(|index| Gpu { index, kind: String::new(), numa: None }).collect()
}

/// Nodes of the compute driver (`kfd`) that have vector units; the others are processors.
fn amd(root: &Path) -> Vec<Gpu> {
    let nodes = root.join("sys/class/kfd/kfd/topology/nodes");
    let mut numbers: Vec<u32> = names(&nodes).iter().filter_map(|name| name.parse().ok()).collect();
    numbers.sort_unstable();
    let mut found = Vec::new();
    for number in numbers {
        let node = nodes.join(number.to_string());
        let text = read_to_string(node.join("properties")).unwrap_or_default();
        let property = |name: &str| -> u64 {
            text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap_or(0)
        };
        if property("simd_count ") == 0 {
            continue;
        }
        // Bus, device and function are packed as PCI packs them.
        let location = property("location_id ");
        let (bus, device, function) = (location >> 8 & 0xff, location >> 3 & 0x1f, location & 7);
        let address = format!("{:04x}:{bus:02x}:{device:02x}.{function}", property("domain "));
        let kind = kind(&read_to_string(node.join("name")).unwrap_or_default());
        found.push(Gpu { index: found.len() as u32, kind, numa: numa(root, &address) });
    }
    found
}

/// Lower case, without spaces: `tesla_k80`.
fn kind(model: &str) -> String {
    let words: Vec<String> = model.split_whitespace().map(str::to_lowercase).filter(|word| word != "nvidia").collect();
    words.join("_")
}

fn numa(root: &Path, address: &str) -> Option<u32> {
    let file = root.join("sys/bus/pci/devices").join(address).join("numa_node");
    // -1: the machine does not say.
    read_to_string(file).ok()?.trim().parse().ok()
}

fn names(directory: &Path) -> Vec<String> {
    let Ok(listing) = std::fs::read_dir(directory) else { return Vec::new() };
    listing.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect()
}
