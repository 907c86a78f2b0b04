//! MLflow's REST interface: requests, answers, and who asks.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use ureq::Agent;
use ureq::http::Response;

use super::MlflowError;

/// Longest time for a request, in seconds. A file may be large and the network slow.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Who asks a server that wants to know; never shown.
#[derive(Clone, Default)]
pub struct Login {
    /// As `MLFLOW_TRACKING_TOKEN`.
    pub token: Option<String>,
    /// As `MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`.
    pub user: Option<(String, String)>,
}

impl Login {
    /// The login in the environment, under MLflow's own names.
    pub fn of_environment() -> Login {
        let get = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Login {
            token: get("MLFLOW_TRACKING_TOKEN"),
            user: get("MLFLOW_TRACKING_USERNAME").map(|name| {
                let password = get("MLFLOW_TRACKING_PASSWORD");
                (name, password.unwrap_or_default())
            }),
        }
    }

    fn header(&self) -> Option<String> {
        let basic = |(name, password): &(String, String)| {
            format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
        };
        let bearer = self.token.as_ref().map(|token| format!("Bearer {token}"));
        bearer.or_else(|| self.user.as_ref().map(basic))
    }
}

/// A server.
#[derive(Clone)]
pub(super) struct Client {
    agent: Agent,
    base: String,
    authorization: Option<String>,
}

impl Client {
    /// # Errors
    /// When `url` is no address that begins with `http://` or `https://`.
    pub fn new(url: &str, login: &Login) -> Result<Client, MlflowError> {
        let is_http = url.starts_with("http://");
        let is_https = url.starts_with("https://");
        if is_https && !cfg!(feature = "tls") {
            return Err(MlflowError::NoTls(url.to_owned()));
        }
        if !is_http && !is_https {
            return Err(MlflowError::Url(url.to_owned()));
        }
        let config = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .build();
        Ok(Client {
            agent: config.into(),
            base: url.trim_end_matches('/').to_owned(),
            authorization: login.header(),
        })
    }

    /// # Errors
    /// When the server cannot be reached, or says no.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, MlflowError> {
        let url = format!("{}/api/2.0/mlflow/{path}", self.base);
        let mut request = self.agent.post(&url).content_type("application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        self.read(&url, request.send(body.to_string()))
    }

    /// # Errors
    /// As [`Client::post`].
    pub fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, MlflowError> {
        let url = format!("{}/api/2.0/mlflow/{path}", self.base);
        let mut request = self.agent.get(&url).query_pairs(query.iter().copied());
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        self.read(&url, request.call())
    }

    /// Sends a file to the server's own store.
    ///
    /// # Errors
    /// As [`Client::post`].
    pub fn put(&self, path: &str, bytes: &[u8]) -> Result<(), MlflowError> {
        let url = format!("{}/api/2.0/mlflow-artifacts/artifacts/{path}", self.base);
        let mut request = self
            .agent
            .put(&url)
            .content_type("application/octet-stream");
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        self.read(&url, request.send(bytes)).map(drop)
    }

    fn read(
        &self,
        url: &str,
        answer: Result<Response<ureq::Body>, ureq::Error>,
    ) -> Result<Value, MlflowError> {
        let failed = |reason: String| MlflowError::Unreachable {
            url: self.base.clone(),
            reason,
        };
        let mut answer = answer.map_err(|error| failed(error.to_string()))?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_string();
        let text = text.map_err(|error| failed(error.to_string()))?;
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        if (200..300).contains(&status) {
            return Ok(body);
        }
        let said = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
        Err(MlflowError::Refused {
            url: url.to_owned(),
            status,
            code: said("error_code").unwrap_or_default(),
            message: said("message").unwrap_or_else(|| "no reason is given".to_owned()),
        })
    }
}
