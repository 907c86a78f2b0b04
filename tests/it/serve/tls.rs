//! Encrypted connections.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_studio::serve::{ServeError, Tls};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::client::connect;
use super::{Running, digits, save, source};

/// A certificate of localhost, valid from 2000 to 2100 whatever the clock says; its key is
/// known to everybody.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/tls")
        .join(name)
}

fn encrypted() -> Running {
    let dir = tempfile::tempdir().unwrap();
    let path = save(dir.path(), "m", &digits(1.0));
    let tls = Tls::of_files(&fixture("cert.pem"), &fixture("key.pem")).unwrap();
    Running::with(&[source("digits", &path)], |options| {
        options.tls = Some(tls)
    })
    .unwrap()
}

/// A connection of a client that knows the certificate.
fn client(running: &Running) -> StreamOwned<ClientConnection, TcpStream> {
    let mut known = RootCertStore::empty();
    known
        .add(CertificateDer::from_pem_file(fixture("cert.pem")).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(known).with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    StreamOwned::new(connection, connect(running.server.address()))
}

#[test]
fn a_client_that_knows_the_certificate_is_served() {
    let running = encrypted();
    assert!(running.server.url().starts_with("https://127.0.0.1:"));
    let mut client = client(&running);
    // Two requests over one connection.
    for close in ["keep-alive", "close"] {
        let request = format!(
            "GET /v2/models/digits HTTP/1.1\r\nHost: localhost\r\nConnection: {close}\r\n\r\n"
        );
        client.write_all(request.as_bytes()).unwrap();
    }
    let mut answers = String::new();
    client.read_to_string(&mut answers).unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
    assert!(answers.contains(r#""name":"digits""#), "{answers}");
}

#[test]
fn a_client_without_encryption_gets_nothing_and_harms_nobody() {
    let running = encrypted();
    let mut plain = connect(running.server.address());
    plain
        .write_all(b"GET /v2 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    // The end may be a reset.
    let _ = plain.read_to_end(&mut answer);
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP/1.1"));
    let mut client = client(&running);
    client
        .write_all(b"GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn what_is_no_certificate_or_key_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let other = dir.path().join("other.pem");
    std::fs::write(&other, "nothing of the kind").unwrap();
    let (cert, key) = (fixture("cert.pem"), fixture("key.pem"));
    let missing = dir.path().join("missing.pem");
    for (cert, key, expected) in [
        (&other, &key, "other.pem: expected a certificate in PEM"),
        (&cert, &other, "other.pem: expected a private key in PEM"),
        (&key, &cert, "key.pem: expected a certificate in PEM"),
        (&missing, &key, "missing.pem: expected a certificate in PEM"),
    ] {
        let error = Tls::of_files(cert, key).unwrap_err();
        assert!(matches!(error, ServeError::Tls { .. }));
        assert!(error.to_string().contains(expected), "{error}");
    }
}
