//! NVIDIA's graphics cards, through the library of their driver, opened at run time: a machine without has nothing to
//! install. (`nvidia-smi` would take a tenth of a second of processor time for each look.)
//!
//! Watts from Fermi on; a counter of energy only from Volta on. Must not know who uses a card.

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_ulonglong, c_void};
use std::ptr;
use std::time::Duration;

use energy::meter::Channel;
use energy::{Energy, Power};

use super::{About, Meter, MeterError, Scope};

/// The driver's library.
pub const LIBRARY: &str = "libnvidia-ml.so.1";

/// `NVML_ERROR_NOT_SUPPORTED` of nvml.h.
const NOT_SUPPORTED: c_int = 3;
const WHAT: &str = "NVIDIA's driver";

type Device = *mut c_void;
type Simple = unsafe extern "C" fn() -> c_int;
type Count = unsafe extern "C" fn(*mut c_uint) -> c_int;
type Handle = unsafe extern "C" fn(c_uint, *mut Device) -> c_int;
type PciOf = unsafe extern "C" fn(Device, *mut Pci) -> c_int;
type PowerOf = unsafe extern "C" fn(Device, *mut c_uint) -> c_int;
type EnergyOf = unsafe extern "C" fn(Device, *mut c_ulonglong) -> c_int;
type Text = unsafe extern "C" fn(c_int) -> *const c_char;

/// `nvmlPciInfo_t` of nvml.h, as `nvmlDeviceGetPciInfo_v3` fills it.
#[repr(C)]
struct Pci {
    bus_id_legacy: [c_char; 16],
    domain: c_uint,
    bus: c_uint,
    device: c_uint,
    device_id: c_uint,
    subsystem_id: c_uint,
    bus_id: [c_char; 32],
}

/// All cards of this machine.
pub struct Nvml {
    library: *mut c_void,
    shutdown: Simple,
    power: PowerOf,
    energy: Option<EnergyOf>,
    text: Option<Text>,
    /// In the order of their PCI addresses.
    devices: Vec<Device>,
}

// SAFETY: NVML may be called from any thread (nvml.h: "the API is thread-safe"), and its handles belong to none.
unsafe impl Send for Nvml {}

/// Looks for a function of the library.
///
/// # Safety
/// `F` must be the type of that function.
unsafe fn symbol<F: Copy>(library: *mut c_void, name: &CStr) -> Option<F> {
    const { assert!(size_of::<F>() == size_of::<*mut c_void>()) };
    // SAFETY: the library is open, the name ends with a zero.
    let found = unsafe { libc::dlsym(library, name.as_ptr()) };
    // SAFETY: as the caller promises; a pointer to a function is as wide as one to data.
    (!found.is_null()).then(|| unsafe { std::mem::transmute_copy(&found) })
}

impl Nvml {
    /// Opens the library of that name and finds all cards.
    ///
    /// # Errors
    /// There is no such driver, or no card.
    pub fn open(library: &str) -> Result<Self, MeterError> {
        let missing = |what: &str| MeterError::Missing(format!("{WHAT} {what}"));
        let name = CString::new(library).map_err(|_| missing("has a name with a zero"))?;
        // SAFETY: a name that ends with a zero; what the library does when it is loaded is the driver's to answer for.
        let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        if handle.is_null() {
            return Err(missing(&format!("is not installed ({library})")));
        }
        // SAFETY: the types are those of nvml.h.
        let found = unsafe {
            let functions = (|| {
                Some((
                    symbol::<Simple>(handle, c"nvmlInit_v2")?,
                    symbol::<Simple>(handle, c"nvmlShutdown")?,
                    symbol::<PowerOf>(handle, c"nvmlDeviceGetPowerUsage")?,
                ))
            })();
            functions.map(|(init, shutdown, power)| {
                let energy = symbol(handle, c"nvmlDeviceGetTotalEnergyConsumption");
                let text = symbol(handle, c"nvmlErrorString");
                (init, Self { library: handle, shutdown, power, energy, text, devices: Vec::new() })
            })
        };
        let Some((init, mut nvml)) = found else {
            return Err(missing("is too old to tell watts"));
        };
        // SAFETY: no argument; from here on `drop` shuts down what is initialised.
        nvml.check(unsafe { init() })?;
        nvml.devices = nvml.find()?;
        if nvml.devices.is_empty() { Err(missing("knows no card")) } else { Ok(nvml) }
    }

    fn find(&self) -> Result<Vec<Device>, MeterError> {
        let missing = || MeterError::Missing(format!("{WHAT} is too old to list cards"));
        // SAFETY: the types are those of nvml.h; each call gets the place of one value of the type it writes.
        unsafe {
            let count: Count = symbol(self.library, c"nvmlDeviceGetCount_v2").ok_or_else(missing)?;
            let handle: Handle = symbol(self.library, c"nvmlDeviceGetHandleByIndex_v2").ok_or_else(missing)?;
            let pci: Option<PciOf> = symbol(self.library, c"nvmlDeviceGetPciInfo_v3");
            let mut number = 0;
            self.check(count(&mut number))?;
            let mut devices = Vec::new();
            for index in 0..number {
                let mut device = ptr::null_mut();
                self.check(handle(index, &mut device))?;
                let mut place: Pci = std::mem::zeroed();
                let is_placed = pci.is_some_and(|pci| pci(device, &mut place) == 0);
                devices.push((is_placed.then_some((place.domain, place.bus, place.device)), device));
            }
            devices.sort_by_key(|(place, _)| *place);
            Ok(devices.into_iter().map(|(_, device)| device).collect())
        }
    }

    fn check(&self, code: c_int) -> Result<(), MeterError> {
        if code == 0 {
            return Ok(());
        }
        let text = self.text.map(|text| {
            // SAFETY: the library gives a text of its own for every number.
            unsafe { CStr::from_ptr(text(code)) }.to_string_lossy().into_owned()
        });
        let answer = text.unwrap_or_else(|| format!("error {code}"));
        Err(MeterError::Refused { what: WHAT.into(), answer })
    }

    /// The counter, where the card has one: its watts of a moment say less of a second in which a kernel came and went.
    fn channel(&self, device: Device) -> Result<Channel, MeterError> {
        if let Some(energy) = self.energy {
            let mut millijoules = 0;
            // SAFETY: a handle of this library, and the place of one number.
            let code = unsafe { energy(device, &mut millijoules) };
            if code != NOT_SUPPORTED {
                self.check(code)?;
                let energy = i64::try_from(millijoules).unwrap_or(i64::MAX).saturating_mul(1000);
                return Ok(Channel::counter(Energy(energy), None, Energy(1000)));
            }
        }
        let mut milliwatts = 0;
        // SAFETY: the same.
        self.check(unsafe { (self.power)(device, &mut milliwatts) })?;
        Ok(Channel::power(Power(milliwatts.into())))
    }
}

impl Drop for Nvml {
    fn drop(&mut self) {
        // SAFETY: nothing of the library is used after this. Shutting down what was not initialised is an error code.
        unsafe {
            (self.shutdown)();
            libc::dlclose(self.library);
        }
    }
}

impl Meter for Nvml {
    fn read(&mut self) -> Result<Vec<Channel>, MeterError> {
        self.devices.iter().map(|device| self.channel(*device)).collect()
    }

    fn about(&self) -> About {
        let name = format!("{} NVIDIA cards by their driver", self.devices.len());
        About { name, scope: Scope::Gpus, uncertainty_permille: 50, pace: Duration::from_secs(1) }
    }
}
