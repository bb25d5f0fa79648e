//! The process that serves the pages: beside the centre, without any privilege, started again when it fails. It ends with
//! the centre.

use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use centre::PortalSection;
use nix::{
    sys::{
        prctl::set_pdeathsig,
        signal::Signal,
        wait::{WaitStatus, waitpid},
    },
    unistd::{ForkResult, fork, getpid, getppid},
};

use crate::console;

/// The address for browsers, opened but not served yet.
pub struct Web {
    listener: TcpListener,
    /// As people type it.
    pub url: String,
    certificate: Option<portal::Certificate>,
    /// Folders with templates of jobs.
    apps: Vec<PathBuf>,
}

impl Web {
    /// Takes the address and reads the key; while there is privilege, so that the one may be below 1024 and the other
    /// root's.
    pub fn open(listen: SocketAddr, section: &PortalSection, config: &Path) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(listen).with_context(|| format!("listening on {listen}"))?;
        let read = |name: &PathBuf| {
            let path = config.parent().unwrap_or(Path::new("/")).join(name);
            std::fs::read(&path).with_context(|| format!("[portal] in config.toml: reading {}", path.display()))
        };
        let certificate = match (&section.certificate, &section.key) {
            (Some(chain), Some(key)) => Some(portal::Certificate { chain: read(chain)?, key: read(key)? }),
            _ => None,
        };
        if let Some(certificate) = &certificate {
            certificate.check().context("[portal] in config.toml")?;
        }
        let scheme = if certificate.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}/", listener.local_addr()?);
        let beside = config.parent().unwrap_or(Path::new("/"));
        let apps = std::iter::once(beside.join("apps")).chain(section.apps.iter().map(|folder| beside.join(folder)));
        Ok(Self { listener, url, certificate, apps: apps.collect() })
    }

    /// Serves with the centre that answers at `socket`, and never returns; to be called in a process of its own.
    /// Days and hours are those of `zone`, if there is one.
    pub fn keep(self, socket: &Path, section: &PortalSection, zone: Option<String>) -> ! {
        let code = match self.keep_serving(socket, section, zone) {
            Ok(()) => 0,
            Err(fault) => {
                console::complain(format!("algoric: the pages are not served: {fault:#}\n"));
                1
            }
        };
        std::process::exit(code)
    }

    fn keep_serving(self, socket: &Path, section: &PortalSection, zone: Option<String>) -> anyhow::Result<()> {
        keep_child("the pages", || {
            let url = section.public_url.as_ref().unwrap_or(&self.url);
            let way = portal::Way { secure: url.starts_with("https://"), proxy: section.trusted_proxy, zone };
            let (listener, certificate, apps) = (self.listener, self.certificate, self.apps);
            let options = portal::Options { listener, socket: socket.to_owned(), way, certificate, apps };
            portal::serve(options).context("the pages")
        })
    }
}

/// Has a child of this process serve, and begins another one whenever that ends; returns in the child.
pub fn keep_child(what: &str, serve: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    end_with_parent()?;
    loop {
        // SAFETY: this process has one thread, so the child may go on as if it had been started.
        match unsafe { fork() }.with_context(|| format!("starting the process for {what}"))? {
            ForkResult::Child => {
                end_with_parent()?;
                return serve();
            }
            ForkResult::Parent { child } => {
                let how = match waitpid(child, None) {
                    Ok(WaitStatus::Exited(_, code)) => format!("with code {code}"),
                    Ok(WaitStatus::Signaled(_, signal, _)) => format!("by {signal}"),
                    _ => "somehow".to_owned(),
                };
                console::complain(format!("algoric: the process for {what} ended {how}; it is started again\n"));
            }
        }
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// The kernel ends this process when its parent ends, however that happens.
fn end_with_parent() -> anyhow::Result<()> {
    set_pdeathsig(Signal::SIGTERM).context("asking to end with the centre")?;
    // It may have ended before we asked; then we are somebody else's child.
    if getppid().as_raw() <= 1 && getpid().as_raw() != 1 {
        std::process::exit(0);
    }
    Ok(())
}
