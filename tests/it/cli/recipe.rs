//! Settings by flag, by `--set` and by file.

use candle_studio::data::Augment;
use candle_studio::train::{Clip, Loss, Optimizer, Schedule, Setting, TrainConfig};

use super::{check_failure, folder, json_lines, run, text, train};

/// What `--print-config` says with these arguments.
fn printed(args: &[&str]) -> TrainConfig {
    let dir = folder();
    let args = [&["train", "--data", "data", "--print-config"], args].concat();
    let output = run(dir.path(), &args);
    assert_eq!(text(&output.stderr), "");
    toml::from_str(text(&output.stdout)).unwrap()
}

#[test]
fn flags_and_sets_reach_the_configuration() {
    let usual = printed(&[]);
    let flags = printed(&[
        "--schedule",
        "one_cycle",
        "--weight-decay",
        "0.01",
        "--label-smoothing",
        "0.1",
        "--augment",
        "gentle",
        "--average",
        "0.99",
        "--patience",
        "4",
    ]);
    assert_eq!(flags.schedule.name(), "one_cycle");
    assert_eq!(flags.weight_decay, 0.01);
    let smoothed = Loss::CrossEntropy {
        label_smoothing: 0.1,
    };
    assert_eq!(flags.loss, smoothed);
    assert_eq!(flags.augment, Augment::GENTLE);
    assert_eq!((flags.ema_decay, flags.early_stopping.patience), (0.99, 4));

    let sets = printed(&[
        "--set",
        "clip={kind='norm', max=2.0}",
        "--set",
        "l1=1e-5",
        "--set",
        "augment.rotation=15",
        "--set",
        "early_stopping.metric=accuracy",
        "--set",
        "loss={kind='squared_error'}",
        "--set",
        "schedule={kind='plateau', patience=3, factor=0.3, floor=0.01}",
        "--set",
        "init=lecun_normal",
        "--set",
        "optimizer={kind='rmsprop', memory=0.9, momentum=0.5, epsilon=1e-8, decoupled=true}",
    ]);
    assert_eq!(sets.clip, Clip::Norm { max: 2.0 });
    assert_eq!(sets.augment.rotation, 15.0);
    assert_eq!(sets.loss, Loss::SquaredError);
    assert!(matches!(
        sets.schedule,
        Schedule::Plateau { patience: 3, .. }
    ));
    assert_eq!(sets.optimizer.name(), "rmsprop");
    assert_ne!(sets, usual);
}

#[test]
fn lion_is_an_optimizer_like_the_others() {
    let lion = printed(&["--optimizer", "lion"]);
    assert_eq!(lion.optimizer, Optimizer::LION);
    assert_eq!(lion.learning_rate, 3e-4);
    let set = printed(&["--optimizer", "lion", "--set", "optimizer.beta2=0.98"]);
    assert_eq!(set.setting(Setting::Momentum), 0.9);
    let expected = Optimizer::Lion {
        beta1: 0.9,
        beta2: 0.98,
    };
    assert_eq!(set.optimizer, expected);

    let dir = folder();
    let args = ["--optimizer", "lion", "--set", "optimizer.beta2=1"];
    check_failure(
        &train(dir.path(), args),
        2,
        "β₂: must be at least 0 and below 1, found 1",
    );
    let args = ["--optimizer", "lion", "--weight-decay", "0.1", "--json"];
    let lines = json_lines(&train(dir.path(), args));
    let loss = |line: &serde_json::Value| line["val_loss"].as_f64().unwrap();
    assert!(loss(&lines[1]) < loss(&lines[0]), "{lines:?}");
}

#[test]
fn help_and_print_config_describe_a_setting_alike() {
    let dir = folder();
    let help = run(dir.path(), &["train", "--help"]);
    // The help is wrapped.
    let words: Vec<&str> = text(&help.stdout).split_whitespace().collect();
    let help = words.join(" ");
    let printed = run(dir.path(), &["train", "--data", "data", "--print-config"]);
    let printed = text(&printed.stdout);
    for setting in [
        Setting::LearningRate,
        Setting::BatchSize,
        Setting::Validation,
        Setting::WeightDecay,
        Setting::EmaDecay,
        Setting::Patience,
        Setting::Optimizer,
    ] {
        let about = setting.info().about;
        assert!(help.contains(about), "{about}: {help}");
        assert!(
            printed.contains(&format!("# {about}")),
            "{about}: {printed}"
        );
    }
}

#[test]
fn a_run_that_no_longer_gets_better_ends_and_says_so() {
    let dir = folder();
    let args = [
        "--set",
        "epochs=30",
        "--patience",
        "2",
        "--set",
        "early_stopping.min_delta=50",
    ];
    let lines = json_lines(&train(dir.path(), args.iter().copied().chain(["--json"])));
    let last = lines.last().unwrap();
    assert_eq!(last["status"], "early_stopped");
    assert_eq!(last["epochs"], 3.0);
    // The weights are those of the first epoch, and so is what is told of them.
    assert_eq!(last["val_loss"], lines[0]["val_loss"]);
    assert_ne!(last["val_loss"], lines[2]["val_loss"]);
    let told = train(dir.path(), args);
    let told = text(&told.stdout);
    assert!(told.contains("restored the weights of epoch 1"), "{told}");
}

#[test]
fn wrong_settings_are_told_in_a_sentence() {
    let dir = folder();
    for (args, words) in [
        (
            ["--average", "1"],
            "EMA decay: must be at least 0 and below 1",
        ),
        (
            ["--label-smoothing", "-1"],
            "label smoothing: must be at least 0",
        ),
        (
            ["--set", "schedule={kind='step', every=0, factor=0.5}"],
            "epochs between drops: must be above 0",
        ),
        (
            ["--set", "augment.rotation=400"],
            "rotation: must be from 0 to 180",
        ),
        (
            ["--set", "clip={kind='norm', max=0}"],
            "gradient clipping: must be above 0",
        ),
        (["--augment", "wild"], "gentle"),
    ] {
        check_failure(&train(dir.path(), args), 2, words);
    }
}

#[test]
fn a_model_is_evaluated_by_the_loss_it_was_trained_with() {
    for (set, words) in [
        ("loss={kind='squared_error'}", "(squared error)"),
        (
            "loss={kind='cross_entropy', label_smoothing=0.2}",
            "(cross entropy with smoothed labels, nats)",
        ),
    ] {
        let dir = folder();
        let args = ["--json", "--save", "m.safetensors", "--set", set];
        let trained = json_lines(&train(dir.path(), args)).pop().unwrap();
        let evaluate = ["evaluate", "m.safetensors", "--data", "data"];
        let output = run(dir.path(), &evaluate);
        assert!(
            text(&output.stdout).contains(words),
            "{}",
            text(&output.stdout)
        );
        let json = json_lines(&run(dir.path(), &[&evaluate[..], &["--json"]].concat()));
        let of = |line: &serde_json::Value| line["test_loss"].as_f64().unwrap();
        assert!(
            (of(&json[0]) - of(&trained)).abs() < 1e-6,
            "{set}: {json:?}"
        );
    }
}
