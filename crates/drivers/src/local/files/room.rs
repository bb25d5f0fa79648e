//! How much room a member has: what the disk has free, and what the member's quota says where there is one.

use std::os::fd::{AsRawFd, OwnedFd};

use files::{Fault, Place, Room, Root};
use nix::sys::statvfs::fstatvfs;

use super::fault;
use super::reach::Reach;

/// The kernel's `struct if_dqblk` (quotactl(2)).
#[repr(C)]
#[derive(Default)]
struct Quota {
    block_hard: u64,
    block_soft: u64,
    bytes: u64,
    file_hard: u64,
    file_soft: u64,
    files: u64,
    block_time: u64,
    file_time: u64,
    valid: u32,
}

/// Quotas are counted in blocks of so many bytes, whatever the disk's own are.
const BLOCK: u64 = 1024;

/// The room below a root.
pub(super) fn of(reach: &Reach, uid: u32, root: Root) -> Result<Room, Fault> {
    let folder = reach.folder(&Place::top(root))?;
    let disk = fstatvfs(&folder).map_err(fault)?;
    let mut room = Room {
        disk: disk.blocks().saturating_mul(disk.fragment_size()),
        free: disk.blocks_available().saturating_mul(disk.fragment_size()),
        ..Room::default()
    };
    if let Some(quota) = quota(&folder, uid) {
        // The soft limit is the one that people live by; 0 is none.
        let least = |soft: u64, hard: u64| [soft, hard].into_iter().filter(|limit| *limit > 0).min();
        room.used = Some(quota.bytes);
        room.limit = least(quota.block_soft, quota.block_hard).map(|blocks| blocks.saturating_mul(BLOCK));
        room.files = least(quota.file_soft, quota.file_hard).map(|most| (quota.files, most));
    }
    Ok(room)
}

/// quotactl_fd(2), Linux 5.14: needs no device's name. Everybody may ask for their own.
fn quota(folder: &OwnedFd, uid: u32) -> Option<Quota> {
    const GET_USER: libc::c_uint = 0x80_0007 << 8;
    let mut quota = Quota::default();
    // SAFETY: the kernel fills one structure of this shape, which lives until the call returns.
    let answer = unsafe { libc::syscall(libc::SYS_quotactl_fd, folder.as_raw_fd(), GET_USER, uid, &raw mut quota) };
    (answer == 0).then_some(quota)
}
