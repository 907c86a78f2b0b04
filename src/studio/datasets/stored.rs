//! The datasets of the workspace: their list, and changes to it.

use super::Datasets;
use crate::data::store::{Store, Stored};
use crate::studio::Studio;
use crate::studio::message::Message;

impl Studio {
    /// Updates the list of stored datasets.
    pub(in crate::studio) fn list_stored(&mut self) {
        self.change_store("listing the datasets".to_owned(), |_| Ok(()));
    }

    /// Takes the list of stored datasets after a change, or says why it could not be made.
    pub(in crate::studio) fn receive_stored(
        &mut self,
        changed: Result<(), String>,
        listed: Result<[Vec<Stored>; 2], String>,
    ) {
        self.notices.check(changed);
        self.datasets.take_stored(listed);
    }

    pub(super) fn rename_stored(&mut self, name: String, new: String) {
        self.change_store(format!("renaming {name}"), move |store| {
            store.rename(&name, &new)
        });
    }

    pub(super) fn remove_stored(&mut self, name: String) {
        self.change_store(format!("deleting {name}"), move |store| {
            store.remove(&name).map(|_| ())
        });
    }

    pub(super) fn restore_stored(&mut self, name: String) {
        self.change_store(format!("restoring {name}"), move |store| {
            store.restore(&name)
        });
    }

    pub(super) fn empty_data_trash(&mut self) {
        self.change_store("emptying the trash".to_owned(), |store| {
            store.empty_trash().map(|_| ())
        });
    }

    fn change_store(
        &mut self,
        activity: String,
        change: impl FnOnce(&Store) -> Result<(), crate::data::DataError> + Send + 'static,
    ) {
        let Some(store) = self.store() else {
            return;
        };
        self.files.run(activity, move || {
            let changed = change(&store).map_err(|error| error.to_string());
            let listed = store.list().and_then(|all| Ok([all, store.deleted()?]));
            Message::Stored(changed, listed.map_err(|error| error.to_string()))
        });
    }
}

impl Datasets {
    /// Takes the lists of stored and deleted datasets; those that cannot be read stay as they were.
    fn take_stored(&mut self, listed: Result<[Vec<Stored>; 2], String>) {
        if let Ok([stored, deleted]) = listed {
            self.stored = stored.into();
            self.deleted = deleted.into();
        }
    }
}
