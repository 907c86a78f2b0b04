//! Who may ask.

use candle_studio::serve::{ServeError, Token};

use super::{Running, digits, save, source};

fn with_token(dir: &std::path::Path) -> (Running, String) {
    let file = dir.join("token");
    let token = Token::of_file(&file).unwrap();
    let path = save(dir, "m", &digits(1.0));
    let running = Running::with(&[source("digits", &path)], |options| {
        options.token = Some(token);
        options.origins = vec!["https://friend.example".to_owned()];
    });
    let text = std::fs::read_to_string(file).unwrap();
    (running.unwrap(), text.trim().to_owned())
}

#[test]
fn nothing_about_the_models_is_told_without_the_token() {
    let dir = tempfile::tempdir().unwrap();
    let (running, token) = with_token(dir.path());
    let mut client = running.client();
    let mut ask = |path: &str, authorization: &str| {
        client
            .call("GET", path, &[("Authorization", authorization)], b"")
            .status
    };
    for path in [
        "/v2",
        "/v2/models/digits",
        "/metrics",
        "/openapi.json",
        "/v2/docs",
        "/nothing",
    ] {
        let is_there = path != "/nothing";
        assert_eq!(ask(path, ""), 401, "{path}");
        assert_eq!(ask(path, "Bearer "), 401, "{path}");
        assert_eq!(ask(path, &format!("Bearer {}", &token[1..])), 401, "{path}");
        assert_eq!(ask(path, &format!("Basic {token}")), 401, "{path}");
        let with_token = ask(path, &format!("Bearer {token}"));
        assert_eq!(with_token, if is_there { 200 } else { 404 }, "{path}");
    }
    // The page asks for the token, and what watches the service needs none.
    for path in ["/", "/v2/health/live", "/v2/health/ready"] {
        assert_eq!(ask(path, ""), 200, "{path}");
    }
    let mut client = running.client();
    let refused = client.get("/v2");
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    let query = format!("/v2?token={token}");
    assert_eq!(client.get(&query).status, 401);
    let authorization = format!("Bearer {token}");
    let document = client.call(
        "GET",
        "/openapi.json",
        &[("Authorization", &authorization)],
        b"",
    );
    assert!(document.text().contains("securitySchemes"));
}

#[test]
fn an_address_that_others_reach_needs_a_token() {
    let dir = tempfile::tempdir().unwrap();
    let path = save(dir.path(), "m", &digits(1.0));
    let start = |address: &str| {
        let address = address.parse().unwrap();
        Running::with(&[source("m", &path)], |options| options.listen = address).err()
    };
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        assert!(
            matches!(start(address), Some(ServeError::NoToken(_))),
            "{address}"
        );
    }
    let running = Running::start(&[source("m", &path)]);
    let taken = running.server.address().to_string();
    assert!(matches!(start(&taken), Some(ServeError::Listen { .. })));
}

#[test]
fn a_page_of_a_stranger_reaches_nothing() {
    let running = Running::digits();
    let mut client = running.client();
    let mut ask = |headers: &[(&str, &str)]| client.call("GET", "/v2", headers, b"");
    assert_eq!(ask(&[("Host", "evil.example")]).status, 421);
    assert_eq!(ask(&[("Host", "")]).status, 421);
    assert_eq!(ask(&[("Origin", "https://evil.example")]).status, 403);
    assert_eq!(ask(&[("Origin", "null")]).status, 403);
    let own = format!("http://{}", running.server.address());
    let answer = ask(&[("Origin", &own)]);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let preflight = client.call("OPTIONS", "/v2", &[("Origin", "https://evil.example")], b"");
    assert_eq!(preflight.status, 403);
    let twice = client.send(
        b"GET /v2 HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        false,
    );
    assert_eq!(twice.status, 400);
}

#[test]
fn a_page_of_a_named_origin_may_ask() {
    let dir = tempfile::tempdir().unwrap();
    let (running, token) = with_token(dir.path());
    let mut client = running.client();
    let origin = ("Origin", "https://friend.example");
    let preflight = client.call("OPTIONS", "/v2/models/digits/infer", &[origin], b"");
    assert_eq!(preflight.status, 204);
    let allowed = preflight.header("access-control-allow-headers").unwrap();
    assert!(allowed.contains("Authorization") && allowed.contains("Inference-Header"));
    assert_eq!(
        preflight.header("access-control-allow-origin"),
        Some(origin.1)
    );
    let authorization = format!("Bearer {token}");
    let answer = client.call(
        "GET",
        "/v2",
        &[origin, ("Authorization", &authorization)],
        b"",
    );
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), Some(origin.1));
}
