//! A client of few words: what it sends and gets is seen to the byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// A client with one connection, made when it is first needed and again when it was closed.
pub struct Client {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = |(other, _): &&(String, String)| other.eq_ignore_ascii_case(name);
        self.headers
            .iter()
            .find(named)
            .map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The JSON of the body, without tensors after it.
    pub fn json(&self) -> Value {
        let end = self.header("inference-header-content-length");
        let end = end.map_or(self.body.len(), |end| end.parse().unwrap());
        let text = &self.body[..end];
        serde_json::from_slice(text).unwrap_or_else(|e| panic!("{e} in {:?}", self.text()))
    }

    /// The FP32 values after the JSON.
    pub fn tensors(&self) -> Vec<f32> {
        let start = self.header("inference-header-content-length").unwrap();
        let (words, rest) = self.body[start.parse().unwrap()..].as_chunks();
        assert!(rest.is_empty());
        words.iter().map(|&word| f32::from_le_bytes(word)).collect()
    }

    /// The sentence of an error.
    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap().to_owned()
    }
}

/// A connection; reading from it ends after 20 s.
pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

impl Client {
    pub fn new(address: SocketAddr) -> Client {
        Client {
            address,
            stream: None,
        }
    }

    pub fn get(&mut self, path: &str) -> Answer {
        self.call("GET", path, &[], b"")
    }

    pub fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, &[], body.to_string().as_bytes())
    }

    pub fn call(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        if !headers.iter().any(|(name, _)| *name == "Host") {
            head += &format!("Host: {}\r\n", self.address);
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if method == "POST" {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        head += "\r\n";
        self.send(&[head.as_bytes(), body].concat(), method == "HEAD")
    }

    /// Sends bytes as they are, and reads the answer.
    pub fn send(&mut self, bytes: &[u8], is_head: bool) -> Answer {
        let address = self.address;
        let stream = self
            .stream
            .get_or_insert_with(|| BufReader::new(connect(address)));
        stream.get_mut().write_all(bytes).unwrap();
        let (answer, is_closed) = read(stream, is_head);
        if is_closed {
            self.stream = None;
        }
        answer
    }
}

/// Reads an answer, and whether the server closes the connection after it.
pub fn read(stream: &mut BufReader<TcpStream>, is_head: bool) -> (Answer, bool) {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let status = lines.first().unwrap().split(' ').nth(1).unwrap();
    let header = |line: &String| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_owned(), value.to_owned())
    };
    let mut answer = Answer {
        status: status.parse().unwrap(),
        headers: lines[1..].iter().map(header).collect(),
        body: Vec::new(),
    };
    let n = answer
        .header("content-length")
        .map_or(0, |n| n.parse().unwrap());
    if !is_head {
        answer.body.resize(n, 0);
        stream.read_exact(&mut answer.body).unwrap();
    }
    let is_closed = answer.header("connection") == Some("close");
    (answer, is_closed)
}
