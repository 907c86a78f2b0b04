//! What is in the page. `.ci/page` opens it in a browser.

use candle_core::Device;

use super::*;
use crate::model::{Init, Network, Provenance, preset};

fn classifier(name: &str) -> Classifier {
    let spec = preset(name).unwrap().spec([1, 28, 28], 10);
    Classifier {
        network: Network::new(&spec, Init::default(), 1, &Device::Cpu).unwrap(),
        classes: (0..10).map(|c| format!("</script><b>{c}")).collect(),
        provenance: Provenance {
            dataset: "MNIST <3".to_owned(),
            temperature: Some(1.25),
            ..Provenance::default()
        },
    }
}

fn html(classifier: &Classifier) -> String {
    let model = ExportedModel {
        name: "<script>alert(1)</script>",
        classifier,
        fingerprint: None,
    };
    page(&model).unwrap()
}

/// The text between two others.
fn between<'h>(html: &'h str, before: &str, after: &str) -> &'h str {
    let rest = html.split_once(before).unwrap().1;
    rest.split_once(after).unwrap().0
}

#[test]
fn nothing_is_loaded_and_names_are_text() {
    let html = html(&classifier("softmax"));
    for outside in [
        "http:", "https:", "src=", "href=", "url(", "@import", "fetch(", "import(",
    ] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(html.contains("<h1>&lt;script&gt;alert(1)&lt;/script&gt;</h1>"));
    assert!(!html.contains("<b>") && !html.contains("alert(1)</script>"));
    assert_eq!(html.matches("</script>").count(), 2);
}

#[test]
fn only_the_script_and_the_style_of_the_page_are_allowed() {
    let html = html(&classifier("softmax"));
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text.as_bytes()));
    let script = between(&html, "<script>", "</script>");
    let style = between(&html, "<style>", "</style>");
    assert!(html.contains(&format!("script-src 'sha256-{}'", hash(script))));
    assert!(html.contains(&format!("style-src 'sha256-{}'", hash(style))));
}

#[test]
fn the_weights_come_back_bit_for_bit() {
    for name in ["fast", "resnet-small", "vit-tiny", "gru"] {
        let classifier = classifier(name);
        let html = html(&classifier);
        let json = between(&html, "id=\"model\">", "</script>");
        let data: Value = serde_json::from_str(json).unwrap();
        assert_eq!(data["temperature"], 1.25);
        assert_eq!(data["classes"][3], "</script><b>3");
        let bytes = BASE64_STANDARD
            .decode(data["weights"].as_str().unwrap())
            .unwrap();
        let (words, rest) = bytes.as_chunks();
        assert!(rest.is_empty());
        let mut words = words.iter().map(|&b| f32::from_le_bytes(b));
        let params = classifier.network.params().iter();
        let params: Vec<_> = params.filter(|p| p.kind != ParamKind::Count).collect();
        let tensors = data["tensors"].as_array().unwrap();
        assert_eq!(tensors.len(), params.len());
        for (tensor, param) in tensors.iter().zip(params) {
            assert_eq!(tensor[0], param.name.as_str());
            assert_eq!(tensor[1], json!(param.pytorch_dims()));
            let values: Vec<f32> = param
                .to_pytorch()
                .unwrap()
                .flatten_all()
                .unwrap()
                .to_vec1()
                .unwrap();
            assert!(
                values.iter().all(|&v| words.next() == Some(v)),
                "{}",
                param.name
            );
        }
        assert_eq!(words.next(), None);
    }
}
