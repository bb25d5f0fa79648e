//! The centre's face: pages for visitors and members, rendered here from what the centre says. It runs as a process of its
//! own without any privilege and knows nothing but what the centre's socket answers on behalf of whoever asks.
//!
//! One folder for each place of the site (`public`, `jobs`, ...) with its handlers; the HTML is in `templates/`, the words
//! are in `i18n/`. Handlers are short: extract, ask the centre, render. Must not know SQL, drivers, or who may do what:
//! that is decided in the centre.

mod account;
mod api_v1;
mod chart;
mod door;
mod energy;
mod fault;
mod files;
mod guard;
mod home;
mod house;
mod jobs;
mod live;
mod operator;
mod page;
pub mod phrases;
mod project;
mod public;
mod serve;
mod squeeze;
mod stall;
mod statics;
mod visit;
mod watch;
mod words;

use std::{io, net::TcpListener, path::PathBuf, sync::Arc};

use axum::{Router, middleware};

use house::House;
pub use house::Way;
pub use serve::Certificate;

/// What the pages need to be served.
pub struct Options {
    /// Where browsers come in.
    pub listener: TcpListener,
    /// The centre's socket.
    pub socket: PathBuf,
    /// How browsers come here.
    pub way: Way,
    /// Folders with templates of jobs, besides those of the program.
    pub apps: Vec<PathBuf>,
    /// For HTTPS; without it pages are served by HTTP.
    pub certificate: Option<Certificate>,
}

/// Serves pages until the process is ended. Two threads do the work: pages are made in milliseconds.
///
/// # Errors
/// What the system says when it cannot begin.
pub fn serve(options: Options) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let Options { listener, socket, way, certificate, apps } = options;
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let house = Arc::new(House::new(&socket, way, apps)?);
        let proxy = house.way.proxy;
        serve::serve(listener, routes(house), certificate.as_ref(), proxy).await
    })
}

/// Everything that has an address.
fn routes(house: Arc<House>) -> Router {
    Router::new()
        .merge(account::routes(&house))
        .merge(home::routes())
        .merge(jobs::routes())
        .merge(api_v1::routes(&house))
        .merge(project::routes())
        .merge(files::routes())
        .merge(operator::routes())
        .merge(energy::routes())
        .merge(public::routes())
        .merge(watch::routes())
        .merge(statics::routes())
        .fallback(fault::nothing_here)
        .layer(middleware::from_fn_with_state(house.clone(), fault::put_into_words))
        .layer(middleware::from_fn(guard::own_site))
        .layer(middleware::from_fn_with_state(house.clone(), guard::headers))
        .layer(middleware::from_fn_with_state(house.clone(), guard::place))
        .layer(middleware::from_fn(squeeze::text))
        .with_state(house)
}
