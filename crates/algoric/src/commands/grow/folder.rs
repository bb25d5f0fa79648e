//! The folder of a plan: `PLAN.md` for people, `plan.json`, `files/` and `steps/` for `apply`, `state.json` for what was
//! done. Only its owner may read it. Must not know what the files say.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, DirBuilder, File, OpenOptions},
    io::{ErrorKind, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use site::{FORMAT, Plan, SCRIPTS, Secrets};

use crate::report::Fault;

/// The folder of a plan.
pub struct Folder {
    path: PathBuf,
}

/// A plan with all that belongs to it. While it is held, nobody else carries it out.
pub struct Loaded {
    /// The plan, its files with their texts.
    pub plan: Plan,
    /// The scripts by their names.
    pub scripts: BTreeMap<String, String>,
    _lock: File,
}

impl Folder {
    /// The folder at `path`, which need not be there.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// A place in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The secrets of the plan that is there, so that a new one goes on with them.
    pub fn secrets(&self) -> anyhow::Result<Option<Secrets>> {
        let read = |name: &str| match fs::read_to_string(self.path(name)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", self.path(name).display())),
        };
        let (Some(munge_key), Some(dbd)) = (read("files/munge.key")?, read("files/slurmdbd.conf")?) else {
            return Ok(None);
        };
        let password = dbd.lines().find_map(|line| line.strip_prefix("StoragePass="));
        Ok(password.map(|password| Secrets { munge_key, database_password: password.to_owned() }))
    }

    /// The number that Slurm's jobs begin with by the plan that is there.
    pub fn first_job(&self) -> Option<u32> {
        let conf = fs::read_to_string(self.path("files/slurm.conf")).ok()?;
        conf.lines().find_map(|line| line.strip_prefix("FirstJobId=")?.parse().ok())
    }

    /// Writes a plan in place of the one that is there.
    pub fn write(&self, plan: &Plan, paper: &str) -> anyhow::Result<()> {
        for folder in [self.path.clone(), self.path("files"), self.path("steps")] {
            DirBuilder::new().recursive(true).mode(0o700).create(&folder).with_context(|| cannot_write(&folder))?;
        }
        // Whoever carries the old one out is not to find half of the new one.
        let _lock = self.lock()?;
        let files = plan.files.iter().map(|file| (file.name.as_str(), file.text.as_str(), file.secret));
        self.replace("files", files)?;
        self.replace("steps", SCRIPTS.iter().map(|(name, text)| (*name, *text, false)))?;
        put(&self.path("plan.json"), &(serde_json::to_string_pretty(plan)? + "\n"), false)?;
        put(&self.path("PLAN.md"), paper, false)
    }

    /// The files of a folder: these, and no others.
    fn replace<'a>(&self, folder: &str, files: impl Iterator<Item = (&'a str, &'a str, bool)>) -> anyhow::Result<()> {
        let folder = self.path(folder);
        let mut kept = BTreeSet::new();
        for (name, text, secret) in files {
            put(&folder.join(name), text, secret)?;
            kept.insert(name.to_owned());
        }
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let entry = entry?;
            if !entry.file_name().to_str().is_some_and(|name| kept.contains(name)) {
                fs::remove_file(entry.path()).with_context(|| cannot_write(&entry.path()))?;
            }
        }
        Ok(())
    }

    /// Reads the plan that is there.
    pub fn load(&self) -> anyhow::Result<Loaded> {
        let shown = || self.path.display().to_string();
        let text = match fs::read_to_string(self.path("plan.json")) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(Fault::new("grow-no-plan", [("folder", shown())]).into());
            }
            text => text.with_context(|| self.path("plan.json").display().to_string())?,
        };
        let lock = self.lock()?;
        let format = serde_json::from_str::<serde_json::Value>(&text)?.get("format").cloned().unwrap_or_default();
        if format != FORMAT {
            return Err(Fault::new("grow-old-plan", [("folder", shown())]).into());
        }
        let mut plan: Plan =
            serde_json::from_str(&text).with_context(|| self.path("plan.json").display().to_string())?;
        let read = |folder: &str, name: &str| {
            let path = self.path(folder).join(name);
            fs::read_to_string(&path).with_context(|| path.display().to_string())
        };
        for file in &mut plan.files {
            file.text = read("files", &file.name)?;
        }
        let script = |(name, _): &(&str, &str)| Ok(((*name).to_owned(), read("steps", name)?));
        let scripts = SCRIPTS.iter().map(script).collect::<anyhow::Result<_>>()?;
        Ok(Loaded { plan, scripts, _lock: lock })
    }

    fn lock(&self) -> anyhow::Result<File> {
        let path = self.path("lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.with_context(|| cannot_write(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(fs::TryLockError::WouldBlock) => {
                Err(Fault::new("grow-busy", [("folder", self.path.display().to_string())]).into())
            }
            Err(fs::TryLockError::Error(error)) => Err(error).with_context(|| cannot_write(&path)),
        }
    }
}

/// Writes a file whole or not at all, on disk before it has its name.
pub fn put(path: &Path, text: &str, secret: bool) -> anyhow::Result<()> {
    let fresh = path.with_added_extension("new");
    let write = || -> std::io::Result<()> {
        // One that was left by a crash may be open to others.
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mode = if secret { 0o600 } else { 0o644 };
        let mut file = OpenOptions::new().create_new(true).write(true).mode(mode).open(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, path)
    };
    write().with_context(|| cannot_write(path))
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", path.display())
}
