//! Native file dialogs.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Wake, Waker};
use std::thread::{JoinHandle, Thread};

use egui::Context;

use super::purpose::Purpose;
use crate::data::PICTURE_ENDINGS;
use crate::import::MODEL_ENDINGS;
use crate::studio::{Format, Saved};

impl Purpose {
    /// Creates the native dialog; must be called on the window's thread.
    fn dialog(
        self,
        name: &str,
        folder: Option<&Path>,
    ) -> Pin<Box<dyn Future<Output = Option<PathBuf>> + Send>> {
        let dialog = rfd::AsyncFileDialog::new().set_title(self.title());
        let dialog = match folder {
            Some(folder) => dialog.set_directory(folder),
            None => dialog,
        };
        let models = |endings: &[&str]| dialog.clone().add_filter("Models", endings);
        let images = || dialog.clone().add_filter("Images", &PICTURE_ENDINGS);
        let path = |file: Option<rfd::FileHandle>| file.map(|f| f.path().to_owned());
        match self {
            Purpose::SaveModel => {
                let chosen = models(&["safetensors"]).set_file_name(name).save_file();
                Box::pin(async move { path(chosen.await) })
            }
            Purpose::SaveDiagram
            | Purpose::SaveCurves
            | Purpose::SaveEvaluation(Saved::Confusion | Saved::Reliability | Saved::ClassCurves) =>
            {
                let drawings = dialog.add_filter("Drawings", &["svg", "png"]);
                let chosen = drawings.set_file_name(name).save_file();
                Box::pin(async move { path(chosen.await) })
            }
            Purpose::OpenModel => {
                let chosen = models(&MODEL_ENDINGS).pick_file();
                Box::pin(async move { path(chosen.await) })
            }
            Purpose::OpenImage => {
                let chosen = images().pick_file();
                Box::pin(async move { path(chosen.await) })
            }
            Purpose::ExportSketches
            | Purpose::Export(Format::Csv | Format::Jsonl)
            | Purpose::SaveEvaluation(Saved::Predictions | Saved::Report { .. }) => {
                let chosen = dialog.set_file_name(name).save_file();
                Box::pin(async move { path(chosen.await) })
            }
            Purpose::OpenDataFile => {
                let endings = ["zip", "tar", "gz", "tgz", "csv", "npz", "bin", "parquet"];
                let chosen = dialog.add_filter("Datasets", &endings).pick_file();
                Box::pin(async move { path(chosen.await) })
            }
            Purpose::ExportData(_) | Purpose::ExportModel(_) => {
                let chosen = dialog.set_file_name(name).save_file();
                Box::pin(async move { path(chosen.await) })
            }
            Purpose::OpenExamples
            | Purpose::OpenData
            | Purpose::OpenWorkspace
            | Purpose::Export(Format::Tensorboard) => {
                let chosen = dialog.pick_folder();
                Box::pin(async move { path(chosen.await) })
            }
        }
    }
}

/// Opens the native dialog and waits for it on its own thread. The thread is joined only when it is
/// done: an open dialog must not keep the program from ending.
pub(super) fn browse(
    ctx: &Context,
    purpose: Purpose,
    name: &str,
    folder: Option<&Path>,
) -> Option<JoinHandle<Option<PathBuf>>> {
    let dialog = purpose.dialog(name, folder);
    let ctx = ctx.clone();
    let wait = move || {
        let path = block_on(dialog);
        ctx.request_repaint_after(std::time::Duration::from_millis(30));
        path
    };
    std::thread::Builder::new()
        .name("dialog".to_owned())
        .spawn(wait)
        .ok()
}

/// Unparks the waiting thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Blocks this thread until the future is ready.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut cx = TaskContext::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_for_a_future_that_is_woken_elsewhere_ends() {
        let (sender, receiver) = std::sync::mpsc::channel::<Waker>();
        let waker = std::thread::Builder::new()
            .spawn(move || receiver.recv().map(Waker::wake))
            .unwrap();
        let mut n_polls = 0;
        let value = block_on(std::future::poll_fn(|cx| {
            n_polls += 1;
            if n_polls == 1 {
                sender.send(cx.waker().clone()).unwrap();
                Poll::Pending
            } else {
                Poll::Ready(7)
            }
        }));
        assert_eq!(value, 7);
        assert!(waker.join().unwrap().is_ok());
    }
}
