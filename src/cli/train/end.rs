//! The end of a run: its record, its model, its result as text or JSON.

use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

use super::args::Args;
use crate::cli::interrupt::INTERRUPTED;
use crate::cli::out;
use crate::cli::progress::{Progress, describe, metrics};
use crate::model::Classifier;
use crate::runs::Summary;
use crate::train::{Finish, Job, Outcome, TrainConfig};
use crate::{files, kernels, text};

/// The result as JSON.
#[derive(Serialize)]
struct ResultLine<'a> {
    event: &'static str,
    /// `completed`, `early_stopped`, `stopped` or `diverged`.
    status: &'static str,
    preset: &'a str,
    parameters: u64,
    epochs: f64,
    test_accuracy: Option<f64>,
    test_loss: Option<f64>,
    val_accuracy: Option<f64>,
    val_loss: Option<f64>,
    /// The epoch whose weights the model has, if they are not the last ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    restored_epoch: Option<usize>,
    train_seconds: f64,
    /// Training only, without validation.
    epoch_seconds: &'a [f64],
    images_per_second: f64,
    threads: usize,
    seed: u64,
    /// The model file, if it was written.
    saved: Option<&'a Path>,
    /// The run folder, if it was written completely.
    run: Option<&'a Path>,
}

/// Saves and reports the result of a run.
pub(super) fn end(
    args: &Args,
    folder: Option<&Path>,
    job: &Job,
    outcome: Outcome,
    mut progress: Progress<'_>,
) -> anyhow::Result<ExitCode> {
    let summary = Summary::new(&outcome);
    let config = outcome.config.clone();
    let model = outcome.into_classifier(job);
    let recorded = progress.recorder.take().map(|r| r.finish(&summary, &model));
    let is_recorded = matches!(recorded, Some(Ok(())));
    let saved = args
        .save
        .as_deref()
        .map(|file| save(&model, file, is_recorded));
    let kept = Kept {
        saved: args
            .save
            .as_deref()
            .filter(|_| matches!(saved, Some(Ok(())))),
        run: folder.filter(|_| is_recorded),
        restored: progress.restored,
    };
    if args.json {
        progress.print_json(&result_line(&summary, &config, &model, &kept)?);
    } else {
        if config.early_stopping.is_on()
            && summary.finish == Finish::Stopped
            && kept.restored.is_none()
        {
            progress.print(match summary.epochs < 1.0 {
                true => "kept the last weights: no epoch has ended, so none is the best",
                false => "kept the last weights: no epoch before was better",
            });
        }
        print_result(&mut progress, &summary, &kept);
    }
    // Every error is printed; the last one decides the exit code.
    if let Some(Err(error)) = recorded {
        out::eprint(&format!("error: {error}"));
        saved.transpose()?;
        return Ok(ExitCode::FAILURE);
    }
    saved.transpose()?;
    match summary.finish {
        Finish::Diverged { step } => {
            let words = progress.divergence.as_ref().map(describe);
            let words = words.unwrap_or(format!("the loss became NaN at update {step}"));
            anyhow::bail!(
                "{words}: the last finite weights are kept; try a lower learning rate or \
                 --on-divergence rollback"
            )
        }
        Finish::Failed { message } => anyhow::bail!(message),
        Finish::Stopped if progress.print_error.is_none() => Ok(ExitCode::from(INTERRUPTED)),
        Finish::Stopped | Finish::Completed | Finish::EarlyStopped => {
            progress.print_error.map_or(Ok(ExitCode::SUCCESS), Err)
        }
    }
}

/// Where model and run were written.
struct Kept<'a> {
    saved: Option<&'a Path>,
    run: Option<&'a Path>,
    /// The best epoch, if its weights were restored.
    restored: Option<usize>,
}

/// Saves the model to `file` or, rather than lose it, to the temporary folder.
fn save(model: &Classifier, file: &Path, is_recorded: bool) -> anyhow::Result<()> {
    let Err(error) = model.save(file) else {
        return Ok(());
    };
    if is_recorded {
        return Err(error);
    }
    let name = Path::new(file.file_name().unwrap_or_default());
    match files::rescue(name, &model.to_bytes()?) {
        Ok(rescued) => anyhow::bail!(
            "{error:#}; the model was saved to {path} instead: use it with `candle-studio evaluate \
             {path}`",
            path = rescued.display()
        ),
        // The first error is the one to report.
        Err(_) => Err(error),
    }
}

fn result_line<'a>(
    summary: &'a Summary,
    config: &'a TrainConfig,
    model: &Classifier,
    kept: &Kept<'a>,
) -> anyhow::Result<ResultLine<'a>> {
    Ok(ResultLine {
        event: "finished",
        status: summary.finish.name(),
        preset: &config.preset,
        parameters: model.network.spec().report()?.n_parameters(),
        epochs: summary.epochs,
        test_accuracy: summary.test.map(|t| t.accuracy),
        test_loss: summary.test.map(|t| t.loss),
        val_accuracy: summary.validation.map(|v| v.accuracy),
        val_loss: summary.validation.map(|v| v.loss),
        restored_epoch: kept.restored,
        train_seconds: summary.train_secs,
        epoch_seconds: &summary.epoch_secs,
        images_per_second: speed(summary),
        threads: kernels::threads(),
        seed: config.seed,
        saved: kept.saved,
        run: kept.run,
    })
}

fn print_result(progress: &mut Progress<'_>, summary: &Summary, kept: &Kept<'_>) {
    if let Some(test) = &summary.test {
        progress.print(&format!("test {}", metrics(test)));
    }
    let epochs = (summary.epochs * 100.0).round() / 100.0;
    progress.print(&format!(
        "{} after {epochs}{}: {} of training, {} images/s on {}",
        summary.finish.name().replace('_', " "),
        text::unit(" epochs", epochs),
        text::duration(summary.train_secs),
        text::thousands(speed(summary) as u64),
        text::count(kernels::threads(), "thread"),
    ));
    if let Some(file) = kept.saved {
        progress.print(&format!("model saved to {}", file.display()));
    }
    if let Some(dir) = kept.run {
        progress.print(&format!("run recorded in {}", dir.display()));
    }
}

/// Returns the training images per second over the whole run.
fn speed(summary: &Summary) -> f64 {
    if summary.train_secs > 0.0 {
        summary.images as f64 / summary.train_secs
    } else {
        0.0
    }
}
