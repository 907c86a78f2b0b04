//! The model on the canvas as a service.

mod running;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub(in crate::studio) use running::Running;

use crate::model::Classifier;
use crate::runs::{Metric, Status};
use crate::serve::Traffic;
use crate::studio::message::Message;
use crate::studio::thread::Wake;
use crate::studio::{BesideModel, Studio};

/// Lines of the log that are kept.
const MAX_LINES: usize = 200;

/// Time between two exchanges of the weights that are served while a run trains.
const EXCHANGE_EVERY: Duration = Duration::from_secs(2);

/// What a service is to offer, and to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceForm {
    /// Where it listens; 0 takes a free port.
    pub port: u16,
    /// Whether other machines can reach it, with a token.
    pub is_open: bool,
    /// Which models it offers.
    pub offer: Offer,
}

impl Default for ServiceForm {
    /// The model on the canvas at port 8000, for this machine.
    fn default() -> ServiceForm {
        ServiceForm {
            port: 8000,
            is_open: false,
            offer: Offer::Canvas,
        }
    }
}

/// Which models a service offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// The model on the canvas.
    Canvas,
    /// The model on the canvas, and those that stand beside it in Evaluate.
    WithBeside,
    /// The finished run with the highest validation accuracy.
    BestRun,
}

/// What the service is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceState {
    /// There is none.
    Off,
    /// It starts, or ends.
    Changing,
    /// It answers.
    On,
}

/// What is served, and its name.
struct Subject {
    name: String,
    model: ServedModel,
}

enum ServedModel {
    Here(Arc<Classifier>),
    File(PathBuf),
}

/// The service, and its log.
pub struct Services {
    wake: Wake,
    form: ServiceForm,
    running: Option<Running>,
    is_changing: bool,
    lines: Arc<Mutex<VecDeque<String>>>,
    follows: bool,
    /// The weights that were exchanged last, and when.
    exchanged: Option<(Instant, Arc<Classifier>)>,
}

impl Services {
    pub(in crate::studio) fn new(wake: Wake) -> Services {
        Services {
            wake,
            form: ServiceForm::default(),
            running: None,
            is_changing: false,
            lines: Arc::default(),
            follows: false,
            exchanged: None,
        }
    }

    /// What it is doing.
    pub fn state(&self) -> ServiceState {
        match (&self.running, self.is_changing) {
            (_, true) => ServiceState::Changing,
            (Some(_), false) => ServiceState::On,
            (None, false) => ServiceState::Off,
        }
    }

    /// What the next one is to offer, and to whom.
    pub fn form(&self) -> ServiceForm {
        self.form
    }

    pub(in crate::studio) fn set_form(&mut self, form: ServiceForm) {
        self.form = form;
    }

    /// Where it answers, such as `http://127.0.0.1:8000`.
    pub fn url(&self) -> Option<&str> {
        self.running.as_ref().map(|running| running.url.as_str())
    }

    /// The names of the models in addresses, that on the canvas first.
    pub fn models(&self) -> &[String] {
        self.running.as_ref().map_or(&[], |running| &running.names)
    }

    /// The name of the first of them.
    pub fn model(&self) -> Option<&str> {
        self.models().first().map(String::as_str)
    }

    /// What others have to show, if it is open to them.
    pub fn token(&self) -> Option<&str> {
        self.running.as_ref()?.token.as_deref()
    }

    /// What it is doing, second by second.
    pub fn traffic(&self) -> Option<&Arc<Traffic>> {
        self.running.as_ref()?.traffic()
    }

    /// Whether it serves the newest weights of the run in training.
    pub fn follows(&self) -> bool {
        self.follows
    }

    /// The last lines of its log, the newest first: time, address, status, duration of each
    /// request, never what it held.
    pub fn lines(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().rev().cloned().collect()
    }

    pub(super) fn follow(&mut self, follows: bool) {
        self.follows = follows;
        self.exchanged = None;
    }

    /// Takes a service that was started, ended, or could not be started.
    fn receive(&mut self, running: Option<Running>) {
        self.running = running;
        self.is_changing = false;
        self.exchanged = None;
    }
}

impl Studio {
    /// The service.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// The models beside the one on the canvas that a service can offer. An int8 twin is none: a model
    /// file does not hold its bytes.
    pub fn beside_to_serve(&self) -> impl Iterator<Item = &BesideModel> {
        let beside = self.evaluator().beside().iter();
        beside.filter(|model| model.classifier.network.int8().is_none())
    }

    pub(super) fn serve(&mut self, form: ServiceForm) {
        self.services.form = form;
        let subjects = match form.offer {
            Offer::Canvas => self.model_on_canvas().map(|model| vec![model]),
            Offer::WithBeside => self.model_on_canvas().map(|model| {
                let beside = self.beside_to_serve().map(|model| Subject {
                    name: model.name.clone(),
                    model: ServedModel::Here(model.classifier.clone()),
                });
                [model].into_iter().chain(beside).collect()
            }),
            Offer::BestRun => self.best_run().map(|run| vec![run]),
        };
        let subjects: Vec<Subject> = match subjects {
            Ok(subjects) => subjects,
            Err(text) => return self.notices.error(text.to_owned()),
        };
        if self.services.state() != ServiceState::Off {
            return;
        }
        let services = &mut self.services;
        services.is_changing = true;
        let (lines, wake) = (services.lines.clone(), services.wake.clone());
        self.files.run("starting the service".to_owned(), move || {
            let tell = move |line: &str| {
                let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                if lines.len() == MAX_LINES {
                    lines.pop_front();
                }
                lines.push_back(line.to_owned());
                drop(lines);
                wake();
            };
            Message::Service(Running::start(&subjects, form, Arc::new(tell)).map(Some))
        });
    }

    fn model_on_canvas(&self) -> Result<Subject, &'static str> {
        let (Some(classifier), Some(name)) = (self.classifier(), self.model_name()) else {
            return Err("There is no model to serve yet: train one or open a file");
        };
        Ok(Subject {
            name,
            model: ServedModel::Here(classifier.clone()),
        })
    }

    /// The finished run with the highest validation accuracy.
    fn best_run(&self) -> Result<Subject, &'static str> {
        let finished = self
            .runs()
            .iter()
            .filter(|run| matches!(run.state.status, Status::Finished(_)));
        let scored = finished.filter_map(|run| {
            let best = run.record.metrics.get(&Metric::ValAccuracy)?.max;
            best.is_finite().then_some((best, run))
        });
        let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b));
        let found = best.and_then(|(_, run)| {
            Some(Subject {
                name: run.state.name.clone(),
                model: ServedModel::File(self.model_file(&run.id)?),
            })
        });
        found.ok_or("No run has finished with a validation accuracy yet")
    }

    pub(super) fn keep_served_pictures(&self, keeps: bool) {
        if let Some(traffic) = self.services.traffic() {
            traffic.keep_pictures(keeps);
        }
    }

    pub(super) fn stop_service(&mut self) {
        if let Some(running) = self.services.running.take() {
            self.services.is_changing = true;
            self.files.run("ending the service".to_owned(), move || {
                drop(running);
                Message::Service(Ok(None))
            });
        }
    }

    /// Takes a service that was started, or ended, or says why it could not be started.
    pub(in crate::studio) fn receive_service(&mut self, changed: Result<Option<Running>, String>) {
        let running = self.notices.check(changed).flatten();
        self.services.receive(running);
    }

    /// Exchanges the weights that are served for the newest ones, now and then.
    pub(in crate::studio) fn exchange_served(&mut self) {
        let (Some(classifier), Some(running), true) = (
            self.canvas.trained(),
            &self.services.running,
            self.services.follows,
        ) else {
            return;
        };
        let is_early = |(at, served): &(Instant, Arc<Classifier>)| {
            at.elapsed() < EXCHANGE_EVERY || Arc::ptr_eq(served, classifier)
        };
        if self.services.exchanged.as_ref().is_some_and(is_early) {
            return;
        }
        let (classifier, file) = (classifier.clone(), running.model_file());
        self.services.exchanged = Some((Instant::now(), classifier.clone()));
        self.files.run("serving newer weights".to_owned(), move || {
            // The service reads the file again once it is whole.
            let saved = classifier.save(&file);
            Message::Exchanged(saved.map_err(|error| format!("{error:#}")))
        });
    }
}
