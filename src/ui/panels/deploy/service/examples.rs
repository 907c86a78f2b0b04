//! How programs ask the service, to copy.

use egui::{Label, RichText, Ui};

use super::copy_ui;
use crate::studio::Services;
use crate::ui::theme::{self, UNIT};

/// Draws the examples, with the real address.
pub(super) fn ui(ui: &mut Ui, services: &Services) {
    let (Some(url), Some(model)) = (services.url(), services.model()) else {
        return;
    };
    ui.add_space(UNIT);
    ui.label(theme::section(ui, "Ask it"));
    let has_token = services.token().is_some();
    for (name, text) in [
        ("curl", curl(url, model, has_token)),
        ("Python", python(url, model, has_token)),
        ("JavaScript", javascript(url, model, has_token)),
    ] {
        ui.horizontal(|ui| {
            ui.label(theme::quiet(ui, name));
            copy_ui(ui, &format!("{name} example"), &text);
        });
        ui.add(Label::new(RichText::new(&text).monospace().small()).wrap());
    }
}

fn curl(url: &str, model: &str, has_token: bool) -> String {
    let token = match has_token {
        true => " -H \"Authorization: Bearer $TOKEN\"",
        false => "",
    };
    format!(
        "base64 -w0 digit.png | jq -Rc '{{inputs: [{{name: \"image\", shape: [1], datatype: \
         \"BYTES\", data: [.]}}]}}' | curl {url}/v2/models/{model}/infer{token} -d @-"
    )
}

fn python(url: &str, model: &str, has_token: bool) -> String {
    let token = match has_token {
        true => ", headers={\"Authorization\": \"Bearer \" + token}",
        false => "",
    };
    format!(
        "import base64, requests\n\
         picture = base64.b64encode(open(\"digit.png\", \"rb\").read()).decode()\n\
         image = {{\"name\": \"image\", \"shape\": [1], \"datatype\": \"BYTES\", \"data\": \
         [picture]}}\n\
         print(requests.post(\"{url}/v2/models/{model}/infer\", json={{\"inputs\": \
         [image]}}{token}).json())"
    )
}

fn javascript(url: &str, model: &str, has_token: bool) -> String {
    let token = match has_token {
        true => ", headers: { Authorization: `Bearer ${token}` }",
        false => "",
    };
    format!(
        "// file: a picture, from an <input type=\"file\">\n\
         const bytes = new Uint8Array(await file.arrayBuffer());\n\
         const picture = btoa(String.fromCharCode(...bytes));\n\
         const image = {{ name: 'image', shape: [1], datatype: 'BYTES', data: [picture] }};\n\
         const answer = await fetch('{url}/v2/models/{model}/infer', {{ method: 'POST'{token}, body: \
         JSON.stringify({{ inputs: [image] }}) }});\n\
         console.log((await answer.json()).outputs);"
    )
}
