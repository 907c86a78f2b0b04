//! All open connections: room for new ones, deadlines, the end.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::activity::Activity;
use super::limits::{MAX_CONNECTIONS, TICK};

/// The open connections.
#[derive(Default)]
pub(super) struct Connections {
    all: RefCell<BTreeMap<u64, Entry>>,
    next_id: Cell<u64>,
    left: Notify,
}

struct Entry {
    activity: Rc<Activity>,
    /// Ends its task, which closes it; `None` until the task runs.
    task: Option<AbortHandle>,
}

/// The place of a connection; it is free again when this is dropped.
pub(super) struct Place {
    connections: Rc<Connections>,
    id: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.all.borrow_mut().remove(&self.id);
        self.connections.left.notify_one();
    }
}

impl Connections {
    /// Number of open connections.
    pub fn len(&self) -> usize {
        self.all.borrow().len()
    }

    /// Waits for a free place. If there is none, the connection whose client has been silent for the
    /// longest time is closed; those that wait for an answer are not.
    pub async fn make_room(&self) {
        while self.len() >= MAX_CONNECTIONS {
            self.close_idlest();
            // Connections that get their answers become idle without leaving.
            let _ = timeout(TICK, self.left.notified()).await;
        }
    }

    fn close_idlest(&self) {
        let all = self.all.borrow();
        let idle = all.values().filter_map(|entry| {
            let task = entry.task.as_ref()?;
            Some((entry.activity.idle_since()?, task))
        });
        if let Some((_, task)) = idle.min_by_key(|(since, _)| *since) {
            task.abort();
        }
    }

    /// Takes a place.
    pub fn enter(self: &Rc<Self>, activity: Rc<Activity>) -> Place {
        let id = self.next_id.get();
        self.next_id.set(id + 1);
        let entry = Entry {
            activity,
            task: None,
        };
        self.all.borrow_mut().insert(id, entry);
        Place {
            connections: self.clone(),
            id,
        }
    }

    /// Notes the task that serves the connection with this place.
    pub fn set_task(&self, id: u64, task: AbortHandle) {
        if let Some(entry) = self.all.borrow_mut().get_mut(&id) {
            entry.task = Some(task);
        }
    }

    /// Closes all whose client has taken too long.
    pub fn close_overdue(&self, now: Instant) {
        let all = self.all.borrow();
        let overdue = all.values().filter(|entry| entry.activity.is_overdue(now));
        for task in overdue.filter_map(|entry| entry.task.as_ref()) {
            task.abort();
        }
    }

    /// Closes all.
    pub fn close_all(&self) {
        let all = self.all.borrow();
        all.values()
            .filter_map(|entry| entry.task.as_ref())
            .for_each(AbortHandle::abort);
    }

    /// Waits until all have ended, but not longer than `longest`.
    pub async fn wait_for_end(&self, longest: Duration) {
        let all_left = async {
            while self.len() > 0 {
                self.left.notified().await;
            }
        };
        // Who calls knows what to do with those that are still there.
        let _ = timeout(longest, all_left).await;
    }
}

impl Place {
    /// Its number.
    pub fn id(&self) -> u64 {
        self.id
    }
}
