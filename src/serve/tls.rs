//! Encryption of connections: TLS 1.2 and 1.3, with a certificate and a key from PEM files.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

use super::error::ServeError;
use crate::files;

/// The certificate of a service, and its key, which is never shown.
#[derive(Clone)]
pub struct Tls(TlsAcceptor);

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls(…)")
    }
}

impl Tls {
    /// Reads a certificate, followed by those that lead from it to one that clients know, and its
    /// key; both files are PEM.
    ///
    /// # Errors
    /// When a file cannot be read, holds something else, or the two do not belong together.
    pub fn of_files(certificate: &Path, key: &Path) -> Result<Tls, ServeError> {
        let read = |path: &Path, expected: &'static str| {
            let text = files::read_text_file(path).map_err(|error| error.to_string());
            text.map_err(|reason| bad(path, format!("expected {expected}: {reason}")))
        };
        let expected = "a certificate in PEM (BEGIN CERTIFICATE)";
        let text = read(certificate, expected)?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or_else(|| bad(certificate, format!("expected {expected}")))?;
        let expected = "a private key in PEM (BEGIN PRIVATE KEY)";
        let text = read(key, expected)?;
        let secret = PrivateKeyDer::from_pem_slice(text.as_bytes());
        let secret = secret.map_err(|_error| bad(key, format!("expected {expected}")))?;
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = builder
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                let builder = builder.with_no_client_auth();
                builder.with_single_cert(chain, secret)
            });
        let config = config.map_err(|error| bad(certificate, error.to_string()))?;
        Ok(Tls(TlsAcceptor::from(Arc::new(config))))
    }

    /// The encrypted stream, after the client has agreed; `None` if it does not.
    pub(super) async fn accept(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        self.0.accept(stream).await.ok()
    }
}

fn bad(path: &Path, reason: String) -> ServeError {
    ServeError::Tls {
        path: path.display().to_string(),
        reason,
    }
}
