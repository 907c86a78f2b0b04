//! Configurations that are no chain of layers. Files of Keras itself are in `tests/it/import.rs`.

use super::config::Config;

#[test]
fn what_a_layer_reads_is_found_as_both_versions_wrote_it() {
    let json = r#"{"class_name": "Functional", "config": {"layers": [
        {"class_name": "InputLayer", "config": {"name": "in", "batch_shape": [null, 8, 8, 1]}, "inbound_nodes": []},
        {"class_name": "Flatten", "name": "old", "config": {}, "inbound_nodes": [[["in", 0, 0, {}]]]},
        {"class_name": "Add", "name": "new", "config": {}, "inbound_nodes": [{"args": [[
            {"class_name": "__keras_tensor__", "config": {"shape": [null, 64], "keras_history": ["old", 0, 0]}},
            {"class_name": "__keras_tensor__", "config": {"shape": [null, 64], "keras_history": ["in", 0, 0]}}]],
            "kwargs": {}}]}]}}"#;
    let config = Config::parse(json).unwrap();
    assert_eq!(
        config.layers[0].input_shape().unwrap(),
        [Some(8), Some(8), Some(1)]
    );
    assert_eq!(config.layers[1].inputs, ["in"]);
    assert_eq!(config.layers[2].inputs, ["old", "in"]);
    assert_eq!(config.readers("in").len(), 2);
}

#[test]
fn what_is_no_model_of_layers_is_refused() {
    for (json, words) in [
        ("", "cannot be parsed"),
        ("{}", "class ``"),
        (
            r#"{"class_name": "MyModel", "config": {}}"#,
            "class `MyModel`, whose code is not in the file",
        ),
        (
            r#"{"class_name": "Sequential", "config": {}}"#,
            "has no layers",
        ),
        (
            r#"{"class_name": "Sequential", "config": [{"class_name": "Dense"}]}"#,
            "has no name",
        ),
    ] {
        let reason = Config::parse(json).unwrap_err();
        assert!(reason.contains(words), "{reason}");
    }
}
