//! Members' files, as the web process and a member's servant speak of them: where something is, what can be asked, what
//! is answered, and the two forms of archive (zip, tar) byte by byte. Must not know how a file is opened, who the member
//! is, or how a page shows anything.

mod ask;
mod fault;
mod frame;
mod place;
pub mod tar;
pub mod zip;

pub use ask::{
    BinItem, ByteRange, Entry, Form, Hello, Kind, Listing, Order, Packed, Reply, Request, Room, RootInfo, Sort, Stamp,
    Unpacked, UploadKey,
};
pub use fault::Fault;
pub use frame::{CHUNK, Frame, FrameError, MAX_HEAD, decode, encode};
pub use place::{Place, Root, address, unaddress};

/// Changes whenever a message changes.
pub const VERSION: u16 = 1;

/// Bytes of the secret that a servant shows.
pub const SECRET: usize = 32;
