//! The thread that listens.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::thread::JoinHandle;
use std::time::Instant;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::timeout;

use super::access::Access;
use super::activity::Activity;
use super::body::Budget;
use super::connections::{Connections, Place};
use super::error::ServeError;
use super::inference::Inference;
use super::limits::{DRAIN, LINGER, MAX_HEAD_BYTES, TICK};
use super::log::{Log, Tell};
use super::metrics::Metrics;
use super::models::{ModelSource, Repository, Watcher};
use super::options::Options;
use super::queue::Queue;
use super::service::Service;
use super::stream::Stream;
use super::traffic::Traffic;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1_024;

/// Bytes of a connection that are read ahead.
const READ_BUFFER: usize = 64 << 10;

/// Threads for what takes longer than a request may hold up others: large bodies, pictures, files.
const N_HELPERS: usize = 2;

/// A running service; it stops when this is dropped.
pub struct Server {
    address: SocketAddr,
    scheme: &'static str,
    traffic: Arc<Traffic>,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
}

/// Stops a service, from any thread.
#[derive(Clone)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Stop {
    /// No further connection is taken; the service ends once the requests in progress are answered,
    /// but not later than after five seconds.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Server {
    /// Loads the models and starts to listen. `tell` gets a line for everything the operator should
    /// know, on a thread of its own.
    ///
    /// # Errors
    /// When a model cannot be served, the address is not free, or others can reach it without a
    /// token.
    pub fn start(
        sources: &[ModelSource],
        options: Options,
        tell: Tell,
    ) -> Result<Server, ServeError> {
        options.check()?;
        let models = Arc::new(Repository::open(sources)?);
        let mut runtime = Builder::new_current_thread();
        let runtime = runtime
            .enable_io()
            .enable_time()
            .max_blocking_threads(N_HELPERS)
            .build()?;
        let (listen, scheme) = (options.listen, options.scheme());
        let failed = |reason| ServeError::Listen {
            address: listen,
            reason,
        };
        let listener = bind(&runtime, listen).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let parts = Parts::spawn(models, options, tell)?;
        let traffic = parts.traffic.clone();
        let (sender, stopped) = watch::channel(false);
        let thread = std::thread::Builder::new().name("service".to_owned());
        let thread = thread.spawn(move || {
            LocalSet::new().block_on(&runtime, parts.run(listener, stopped));
            // Whoever still holds a helper thread does not keep the service from ending.
            runtime.shutdown_background();
        })?;
        Ok(Server {
            address,
            scheme,
            traffic,
            stop: Stop(Arc::new(sender)),
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The beginning of its addresses, such as `http://127.0.0.1:8000`.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// What it is doing.
    pub fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    /// What stops it.
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Waits until it has ended.
    pub fn wait(mut self) {
        self.join();
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // Panics of requests are caught; another one has ended the service already.
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.stop();
        self.join();
    }
}

fn bind(runtime: &Runtime, address: SocketAddr) -> io::Result<TcpListener> {
    // The listener belongs to the runtime.
    let _guard = runtime.enter();
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // On Unix, the port of a service that has just ended is free. On Windows it would be taken from
    // one that is still running.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// What the thread owns, in the order in which it ends.
struct Parts {
    watcher: Watcher,
    inference: Inference,
    access: Access,
    models: Arc<Repository>,
    queue: Arc<Queue>,
    metrics: Arc<Metrics>,
    traffic: Arc<Traffic>,
    log: Arc<Log>,
}

impl Parts {
    fn spawn(models: Arc<Repository>, options: Options, tell: Tell) -> io::Result<Parts> {
        let log = Arc::new(Log::spawn(tell, options.log_requests)?);
        let (queue, metrics) = (Arc::new(Queue::default()), Arc::new(Metrics::new()));
        Ok(Parts {
            watcher: Watcher::spawn(models.clone(), log.clone())?,
            inference: Inference::spawn(queue.clone(), metrics.clone(), options.n_threads)?,
            access: Access::new(options),
            models,
            queue,
            metrics,
            traffic: Arc::new(Traffic::new()),
            log,
        })
    }

    /// Serves until it is stopped, and then until the requests in progress are answered.
    async fn run(self, listener: TcpListener, mut stopped: watch::Receiver<bool>) {
        let Parts {
            watcher,
            inference,
            access,
            models,
            queue,
            metrics,
            traffic,
            log,
        } = self;
        let connections = Rc::new(Connections::default());
        let service = Rc::new(Service {
            access,
            models,
            queue,
            metrics,
            traffic,
            log,
            connections: connections.clone(),
            bodies: Budget::default(),
        });
        let accept = spawn_local(accept(listener, service, stopped.clone()));
        let deadlines = spawn_local(watch_deadlines(connections.clone()));
        // An error means that nobody can stop it any more, which is the same.
        let _ = stopped.wait_for(|is_stopped| *is_stopped).await;
        accept.abort();
        connections.wait_for_end(DRAIN).await;
        deadlines.abort();
        connections.close_all();
        connections.wait_for_end(TICK).await;
        drop((watcher, inference));
    }
}

async fn watch_deadlines(connections: Rc<Connections>) {
    let mut ticks = tokio::time::interval(TICK);
    loop {
        ticks.tick().await;
        connections.close_overdue(Instant::now());
    }
}

async fn accept(listener: TcpListener, service: Rc<Service>, stopped: watch::Receiver<bool>) {
    let connections = service.connections.clone();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Too many open files, or a client that has left: the next one may be luckier.
            tokio::time::sleep(TICK).await;
            continue;
        };
        connections.make_room().await;
        // Without it, an answer may wait for the client to confirm the one before.
        let _ = stream.set_nodelay(true);
        let activity = Rc::new(Activity::new());
        let place = connections.enter(activity.clone());
        let id = place.id();
        let client = Client {
            service: service.clone(),
            activity,
            _place: place,
            stopped: stopped.clone(),
        };
        let task = spawn_local(client.serve(stream));
        connections.set_task(id, task.abort_handle());
    }
}

/// A connection, and what serves it.
struct Client {
    service: Rc<Service>,
    activity: Rc<Activity>,
    _place: Place,
    stopped: watch::Receiver<bool>,
}

impl Client {
    /// Serves the connection until it ends, or until the service stops and it is idle.
    async fn serve(self, stream: TcpStream) {
        #[cfg(feature = "tls")]
        if let Some(tls) = self.service.access.tls().cloned() {
            if let Some(stream) = tls.accept(stream).await {
                self.talk(stream).await;
            }
            return;
        }
        self.talk(stream).await;
    }

    async fn talk(mut self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let (service, activity) = (self.service, self.activity);
        let mut stream = Stream::new(stream, activity.clone());
        let respond = service_fn(move |request| service.clone().respond(request, activity.clone()));
        let mut http = http1::Builder::new();
        http.header_read_timeout(None)
            .max_header_size(MAX_HEAD_BYTES)
            .max_buf_size(READ_BUFFER);
        let mut stop = std::pin::pin!(self.stopped.wait_for(|is_stopped| *is_stopped));
        let mut is_stopping = false;
        {
            let mut connection = std::pin::pin!(http.serve_connection(&mut stream, respond));
            std::future::poll_fn(|cx| {
                if !is_stopping && stop.as_mut().poll(cx).is_ready() {
                    is_stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
                // What went wrong is between the client and its network.
                connection.as_mut().poll(cx).map(|_result| ())
            })
            .await;
        }
        if is_stopping {
            return;
        }
        let until_it_closes = std::future::poll_fn(|cx| match stop.as_mut().poll(cx) {
            Poll::Ready(_) => Poll::Ready(()),
            Poll::Pending => stream.poll_drain(cx),
        });
        // Whoever stays longer has had time to see the answer.
        let _ = timeout(LINGER, until_it_closes).await;
    }
}
