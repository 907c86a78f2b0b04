//! The bytes of a connection, with an eye on when they come.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::activity::Activity;

/// Bytes that are received at once.
const CHUNK: usize = 16 << 10;

/// A stream that notes what the connection is doing.
pub(super) struct Stream<S> {
    inner: S,
    activity: Rc<Activity>,
}

impl<S> Stream<S> {
    pub fn new(inner: S, activity: Rc<Activity>) -> Stream<S> {
        Stream { inner, activity }
    }
}

impl<S: AsyncRead + Unpin> Stream<S> {
    /// Reads and forgets what still comes, until the client closes.
    ///
    /// A connection that is dropped with unread bytes is reset, and a client that is reset while it
    /// sends never sees the answer that refused what it sent.
    pub fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut bytes = [0; CHUNK];
        loop {
            let mut received = ReadBuf::new(&mut bytes);
            let result = ready!(Pin::new(&mut self.inner).poll_read(cx, &mut received));
            if result.is_err() || received.filled().is_empty() {
                return Poll::Ready(());
            }
        }
    }
}

impl<S: AsyncRead + Unpin> Read for Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut bytes = [0; CHUNK];
        let len = buffer.remaining().min(CHUNK);
        let mut received = ReadBuf::new(&mut bytes[..len]);
        ready!(Pin::new(&mut self.inner).poll_read(cx, &mut received))?;
        if !received.filled().is_empty() {
            self.activity.received();
            buffer.put_slice(received.filled());
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> Write for Stream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let n = ready!(Pin::new(&mut self.inner).poll_write(cx, bytes))?;
        self.activity.sent();
        Poll::Ready(Ok(n))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.inner).poll_flush(cx))?;
        self.activity.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let n = ready!(Pin::new(&mut self.inner).poll_write_vectored(cx, parts))?;
        self.activity.sent();
        Poll::Ready(Ok(n))
    }
}
