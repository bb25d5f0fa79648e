//! Patience with the other end of a connection: whoever takes no byte of an answer for a minute, or sends none of a body for
//! half a minute, is hung up on. What moves may be as slow as it likes. Must not know what is sent.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// Nothing is taken for so long.
pub(crate) const TAKING: Duration = Duration::from_secs(60);
/// Nothing of a body comes for so long.
pub(crate) const SENDING: Duration = Duration::from_secs(30);

/// A clock that runs while one waits.
struct Clock {
    most: Duration,
    until: Option<Pin<Box<Sleep>>>,
}

impl Clock {
    fn new(most: Duration) -> Self {
        Self { most, until: None }
    }

    /// Passes on what came; has nothing come, and for too long, this is an error.
    fn watch<T>(&mut self, context: &mut Context<'_>, came: Poll<T>) -> Poll<Result<T, io::Error>> {
        if let Poll::Ready(value) = came {
            self.until = None;
            return Poll::Ready(Ok(value));
        }
        let most = self.most;
        ready!(self.until.get_or_insert_with(|| Box::pin(sleep(most))).as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

/// A connection on which what we say must be taken.
pub(crate) struct Listener<T> {
    inner: T,
    clock: Clock,
}

impl<T> Listener<T> {
    pub(crate) fn new(inner: T, most: Duration) -> Self {
        Self { inner, clock: Clock::new(most) }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Listener<T> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_read(context, into)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Listener<T> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let own = self.get_mut();
        let wrote = Pin::new(&mut own.inner).poll_write(context, bytes);
        own.clock.watch(context, wrote).map(|wrote| wrote?)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let own = self.get_mut();
        let wrote = Pin::new(&mut own.inner).poll_write_vectored(context, parts);
        own.clock.watch(context, wrote).map(|wrote| wrote?)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let own = self.get_mut();
        let flushed = Pin::new(&mut own.inner).poll_flush(context);
        own.clock.watch(context, flushed).map(|flushed| flushed?)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let own = self.get_mut();
        let shut = Pin::new(&mut own.inner).poll_shutdown(context);
        own.clock.watch(context, shut).map(|shut| shut?)
    }
}

/// A body of which something must come.
pub(crate) struct Sender {
    inner: Body,
    clock: Clock,
}

impl Sender {
    pub(crate) fn new(inner: Body, most: Duration) -> Self {
        Self { inner, clock: Clock::new(most) }
    }
}

impl HttpBody for Sender {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let own = self.get_mut();
        let frame = Pin::new(&mut own.inner).poll_frame(context);
        own.clock.watch(context, frame).map(|came| came.unwrap_or_else(|late| Some(Err(axum::Error::new(late)))))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    fn run(test: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(test);
    }

    #[test]
    fn whoever_takes_nothing_is_hung_up_on_and_whoever_is_slow_is_not() {
        run(async {
            let (ours, theirs) = duplex(8);
            let fault = Listener::new(ours, Duration::from_millis(50)).write_all(&[0; 100]).await.unwrap_err();
            assert_eq!(fault.kind(), io::ErrorKind::TimedOut);
            drop(theirs);
            let (ours, mut theirs) = duplex(8);
            let slow = tokio::spawn(async move {
                let mut byte = [0; 4];
                for _ in 0..25 {
                    sleep(Duration::from_millis(10)).await;
                    theirs.read_exact(&mut byte).await.unwrap();
                }
            });
            Listener::new(ours, Duration::from_millis(100)).write_all(&[0; 100]).await.unwrap();
            slow.await.unwrap();
        });
    }

    #[test]
    fn a_body_of_which_nothing_comes_breaks_off() {
        struct Never;
        impl HttpBody for Never {
            type Data = Bytes;
            type Error = axum::Error;
            fn poll_frame(
                self: Pin<&mut Self>,
                _: &mut Context<'_>,
            ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
                Poll::Pending
            }
        }
        run(async {
            let body = Body::new(Sender::new(Body::new(Never), Duration::from_millis(50)));
            assert!(axum::body::to_bytes(body, 100).await.is_err());
            let body = Body::new(Sender::new(Body::from("all of it"), Duration::from_millis(50)));
            assert_eq!(axum::body::to_bytes(body, 100).await.unwrap(), "all of it");
        });
    }
}
