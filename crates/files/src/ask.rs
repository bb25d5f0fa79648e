//! What can be asked of a servant, and what it answers. One answer for each request, in their order.

use model::Text;
use serde::{Deserialize, Serialize};

use crate::{Fault, Place, Root, SECRET};

/// What a new servant is told, by who starts it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// As whom.
    pub uid: u32,
    /// Shown to the web process, once.
    pub secret: [u8; SECRET],
    /// Folders beside the member's home: absolute paths.
    pub shared: Vec<Text>,
}

impl std::fmt::Debug for Order {
    /// Never the secret: what is printed ends up in logs.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Order").field("uid", &self.uid).field("shared", &self.shared).finish_non_exhaustive()
    }
}

/// A servant's first words.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`crate::VERSION`].
    pub version: u16,
    /// As it was told.
    pub secret: [u8; SECRET],
    /// The folders that it could open.
    pub roots: Vec<RootInfo>,
}

/// A folder where paths begin.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RootInfo {
    /// Which.
    pub root: Root,
    /// Its absolute path.
    pub path: Text,
}

/// Part of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ByteRange {
    /// From where.
    pub offset: u64,
    /// How much at most; [`crate::CHUNK`] is the most that comes.
    pub length: u64,
}

/// Names an unfinished upload, so that it can go on later: whoever uploads chooses it from what the file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UploadKey(pub u64);

/// By what a folder is sorted. Folders come first in any case.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Sort {
    /// Name, as people read it.
    #[default]
    Name,
    /// Bytes.
    Size,
    /// When it was changed last.
    Modified,
}

/// A form of archive.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Form {
    /// Zip.
    Zip,
    /// Tar, compressed by gzip.
    TarGz,
}

/// A question or an order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Request {
    /// What is there? [`Reply::Entry`].
    Stat(Place),
    /// What is in this folder? [`Reply::Listing`].
    List {
        /// Which.
        place: Place,
        /// Leave out so many.
        from: u64,
        /// At most so many; 1000 are the most that come.
        count: u32,
        /// In which order.
        sort: Sort,
        /// The other way round.
        descending: bool,
        /// Also names that begin with a dot.
        hidden: bool,
        /// Only names that contain this, whatever the case of their letters.
        filter: Text,
    },
    /// Part of a file: [`Reply::Data`].
    Read {
        /// Which.
        place: Place,
        /// What of it.
        range: ByteRange,
        /// Only if it still is this file; [`Fault::Changed`] else.
        only: Option<Stamp>,
    },
    /// How much of an upload is there? [`Reply::Done`].
    UploadState {
        /// Where it goes.
        place: Place,
        /// Which.
        key: UploadKey,
    },
    /// The body is the next part of an upload: [`Reply::Done`], or [`Fault::Elsewhere`] when `offset` is not where it ends.
    Upload {
        /// Where it goes.
        place: Place,
        /// Which.
        key: UploadKey,
        /// From where in the file.
        offset: u64,
    },
    /// All is there: makes it a file, safe on disk. [`Reply::Entry`].
    UploadEnd {
        /// Where it goes.
        place: Place,
        /// Which.
        key: UploadKey,
        /// How long it must be.
        size: u64,
        /// A file that is there is replaced; else [`Fault::Exists`].
        replace: bool,
    },
    /// Forgets an upload. [`Reply::Done`].
    UploadDrop {
        /// Where it went.
        place: Place,
        /// Which.
        key: UploadKey,
    },
    /// The body is the file's whole new content: [`Reply::Entry`].
    Save {
        /// Which.
        place: Place,
        /// What it was when it was read, [`Fault::Changed`] else; `None`: nothing was there.
        was: Option<Stamp>,
    },
    /// A new folder. [`Reply::Done`].
    MakeFolder(Place),
    /// Another name, or another folder of the same disk. [`Reply::Done`].
    Rename {
        /// From.
        from: Place,
        /// To; nothing may be there.
        to: Place,
    },
    /// Moves it to the bin. [`Reply::Done`].
    Discard(Place),
    /// What is in the bins? [`Reply::Bin`].
    Bin {
        /// Leave out so many.
        from: u64,
        /// At most so many; 1000 are the most that come.
        count: u32,
    },
    /// Puts it back where it was. [`Reply::Place`].
    Restore {
        /// In whose bin.
        root: Root,
        /// As [`BinItem::id`].
        id: Text,
    },
    /// Removes it, or all that is in the bin, for good; goes on when it is asked again. [`Reply::Removed`].
    Destroy {
        /// In whose bin.
        root: Root,
        /// As [`BinItem::id`]; `None`: everything.
        id: Option<Text>,
    },
    /// Begins an archive of a folder. [`Reply::Number`].
    Pack {
        /// Which.
        place: Place,
        /// Of which form.
        form: Form,
    },
    /// The next bytes of it: [`Reply::Packed`].
    PackMore(u32),
    /// It is not wanted any more. [`Reply::Done`].
    PackDrop(u32),
    /// Begins to unpack an archive into a new folder beside it. [`Reply::Number`].
    Unpack(Place),
    /// Goes on: [`Reply::Unpacked`].
    UnpackMore(u32),
    /// How much room is there? [`Reply::Room`].
    Room(Root),
}

/// What something is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Kind {
    /// An ordinary file.
    File,
    /// A folder.
    Folder,
    /// A link that leads nowhere, or out of the root.
    Astray,
    /// A pipe, a socket, a device.
    Other,
}

/// Tells a file, and one state of it, from others.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Stamp {
    /// Device and file number.
    pub file: (u64, u64),
    /// When it was changed last, in nanoseconds since 1970. `None` where only the file itself matters.
    pub modified_ns: Option<i64>,
}

/// Something in a folder.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Its name.
    pub name: Text,
    /// What it is; for a link what it leads to.
    pub kind: Kind,
    /// It is a link.
    pub link: bool,
    /// Bytes.
    pub size: u64,
    /// When it was changed last, in nanoseconds since 1970.
    pub modified_ns: i64,
    /// Permission bits.
    pub mode: u32,
    /// Device and file number.
    pub file: (u64, u64),
}

impl Entry {
    /// The very state that this is.
    pub fn stamp(&self) -> Stamp {
        Stamp { file: self.file, modified_ns: Some(self.modified_ns) }
    }

    /// The file, whatever is written to it.
    pub fn same_file(&self) -> Stamp {
        Stamp { file: self.file, modified_ns: None }
    }
}

/// Part of a folder.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Listing {
    /// What was asked for.
    pub entries: Vec<Entry>,
    /// So many there are in all (of those that match).
    pub total: u64,
    /// So many have names that begin with a dot.
    pub hidden: u64,
    /// There are more than are counted here.
    pub cut: bool,
}

/// Something in a bin.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BinItem {
    /// In whose bin.
    pub root: Root,
    /// Names it there.
    pub id: Text,
    /// Where it was, below that root.
    pub was: Text,
    /// When it was thrown away: `YYYY-MM-DDThh:mm:ss`, local time; empty: unknown.
    pub when: String,
    /// What it is.
    pub kind: Kind,
    /// Bytes, of a file.
    pub size: u64,
}

/// What came of packing so far.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Packed {
    /// That was all.
    pub end: bool,
    /// Files and folders in it.
    pub entries: u64,
    /// So many could not be read, or are neither files, folders nor links.
    pub left_out: u64,
}

/// What came of unpacking so far.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Unpacked {
    /// That was all.
    pub end: bool,
    /// The folder, beside the archive.
    pub into: Text,
    /// Files and folders so far.
    pub entries: u64,
    /// Bytes so far.
    pub bytes: u64,
    /// So many were left out: links, devices, names that lead elsewhere.
    pub left_out: u64,
}

/// How much room there is.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Room {
    /// Bytes of the disk.
    pub disk: u64,
    /// Bytes that are free on it for a member.
    pub free: u64,
    /// Bytes that the member uses there, where the disk counts.
    pub used: Option<u64>,
    /// Bytes that the member may use, where there is a limit.
    pub limit: Option<u64>,
    /// Files that the member has and may have, where there is a limit.
    pub files: Option<(u64, u64)>,
}

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Reply {
    /// Not done.
    Fault(Fault),
    /// Done; for an upload how many bytes are there.
    Done(u64),
    /// What is there.
    Entry(Entry),
    /// What is in a folder.
    Listing(Listing),
    /// Bytes of a file, which are the body; and what it is now.
    Data(Entry),
    /// What is in the bins, and how much in all.
    Bin {
        /// The newest first.
        items: Vec<BinItem>,
        /// In all.
        total: u64,
    },
    /// Where it is now.
    Place(Place),
    /// So much was removed; `more`: not all.
    Removed {
        /// Files and folders.
        count: u64,
        /// Ask again.
        more: bool,
    },
    /// Names what was begun.
    Number(u32),
    /// Bytes of an archive, which are the body.
    Packed(Packed),
    /// How far it is.
    Unpacked(Unpacked),
    /// How much room there is.
    Room(Room),
}
