//! Many clients, slow clients, large requests.

use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use candle_studio::serve::{MAX_BODY_BYTES, MAX_CONNECTIONS};
use serde_json::{Value, json};

use super::client::{connect, read};
use super::{Running, digits};

const INFER: &str = "/v2/models/digits/infer";

fn images(n: usize) -> Value {
    let input = json!({ "name": "image", "shape": [n, 1, 28, 28], "datatype": "FP32",
        "data": vec![0.5; n * 784] });
    json!({ "inputs": [input] })
}

/// Whether the server has closed the connection.
fn is_closed(stream: &mut TcpStream) -> bool {
    stream
        .set_read_timeout(Some(Duration::from_millis(1)))
        .unwrap();
    match stream.read(&mut [0; 1]) {
        Ok(n) => n == 0,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

#[test]
fn a_new_client_is_answered_beside_idle_ones_and_the_idlest_are_closed() {
    let running = Running::digits();
    let n_more = 20;
    let connect_all = |n: usize| -> Vec<TcpStream> {
        (0..n).map(|_| connect(running.server.address())).collect()
    };
    let mut first = connect_all(n_more);
    // The first ones have been silent for longest, whatever the order of what follows.
    std::thread::sleep(Duration::from_millis(100));
    let mut others = connect_all(MAX_CONNECTIONS);
    let start = Instant::now();
    let mut client = running.client();
    assert_eq!(client.get("/v2").status, 200);
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
    assert!(first.iter_mut().all(is_closed));
    let n_closed = others
        .iter_mut()
        .filter_map(|stream| is_closed(stream).then_some(()))
        .count();
    assert!(n_closed <= 2, "{n_closed}");
}

#[test]
fn who_sends_no_head_is_closed_after_five_seconds() {
    let running = Running::digits();
    let mut slow = connect(running.server.address());
    let start = Instant::now();
    slow.write_all(b"GET /v2 HTTP/1.1\r\nHost: localhost\r\nX: ")
        .unwrap();
    let mut n_sent = 0;
    // A byte now and then does not help.
    while !is_closed(&mut slow) && start.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(100));
        n_sent += usize::from(slow.write_all(b"x").is_ok());
    }
    let secs = start.elapsed().as_secs_f64();
    assert!(
        (4.9..7.0).contains(&secs) && n_sent > 10,
        "{secs} s, {n_sent} bytes"
    );
}

#[test]
fn large_and_broken_requests_are_refused() {
    let running = Running::digits();
    let address = running.server.address();
    let status = |bytes: &[u8]| {
        let mut stream = connect(address);
        stream.write_all(bytes).unwrap();
        let mut stream = BufReader::new(stream);
        read(&mut stream, false).0.status
    };
    let head = format!("POST {INFER} HTTP/1.1\r\nHost: localhost\r\n");
    // Refused by what it claims, before anything of it has come.
    let claims = |n: usize| format!("{head}Content-Length: {n}\r\n\r\n");
    assert_eq!(status(claims(MAX_BODY_BYTES + 1).as_bytes()), 413);
    // Without a length, when too much has come.
    let chunk = format!("{:x}\r\n{}\r\n", 1 << 20, "0".repeat(1 << 20));
    let chunked = format!(
        "{head}Transfer-Encoding: chunked\r\n\r\n{}",
        chunk.repeat(17)
    );
    assert_eq!(status(chunked.as_bytes()), 413);
    let long = format!(
        "GET /v2 HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n",
        "x".repeat(20_000)
    );
    assert_eq!(status(long.as_bytes()), 431);
    assert_eq!(status(b"hello\r\n\r\n"), 400);
    assert_eq!(running.client().get("/v2").status, 200);
}

#[test]
fn requests_in_pieces_and_several_at_once_are_answered_in_order() {
    let running = Running::digits();
    let mut stream = connect(running.server.address());
    let request = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let both = [
        request("/v2/models/digits"),
        request("/nothing"),
        request("/v2"),
    ]
    .concat();
    for piece in both.as_bytes().chunks(7) {
        stream.write_all(piece).unwrap();
    }
    let mut stream = BufReader::new(stream);
    let statuses = [(); 3].map(|()| read(&mut stream, false).0.status);
    assert_eq!(statuses, [200, 404, 200]);
}

#[test]
fn many_clients_at_once_get_their_own_answers() {
    let running = Running::digits();
    let expected = running.client().post(INFER, &images(1)).json();
    std::thread::scope(|scope| {
        for n in 1..=16 {
            let (running, expected) = (&running, &expected);
            scope.spawn(move || {
                let mut client = running.client();
                for _ in 0..20 {
                    let answer = client.post(INFER, &images(n));
                    assert_eq!(answer.status, 200);
                    let logits = answer.json()["outputs"][0]["data"].clone();
                    let logits = logits.as_array().unwrap();
                    assert_eq!(logits.len(), 10 * n);
                    for row in logits.chunks(10) {
                        assert_eq!(json!(row), expected["outputs"][0]["data"]);
                    }
                }
            });
        }
    });
    let stats = running.client().get("/v2/models/digits/stats").json();
    let stats = &stats["model_stats"][0];
    assert_eq!(stats["inference_stats"]["success"]["count"], 321);
    assert_eq!(stats["inference_count"], 1 + 20 * (1..=16).sum::<u64>());
    let metrics = running.client().get("/metrics");
    let text = metrics.text();
    let line = r#"candle_studio_requests_total{route="infer",status="200"} 321"#;
    assert!(text.contains(line) && text.ends_with("# EOF\n"), "{text}");
    assert_eq!(digits(1.0).classes.len(), 10);
}

#[test]
fn a_service_that_stops_answers_what_it_was_asked() {
    let running = Running::digits();
    let mut idle = connect(running.server.address());
    let body = images(64).to_string();
    let mut stream = connect(running.server.address());
    let head = format!(
        "POST {INFER} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // The request has begun when the service is told to stop.
    std::thread::sleep(Duration::from_millis(200));
    let start = Instant::now();
    running.server.stop().stop();
    std::thread::sleep(Duration::from_millis(200));
    assert!(is_closed(&mut idle));
    assert!(TcpStream::connect(running.server.address()).is_err());
    stream.write_all(body.as_bytes()).unwrap();
    let mut stream = BufReader::new(stream);
    assert_eq!(read(&mut stream, false).0.status, 200);
    running.server.wait();
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "{:?}",
        start.elapsed()
    );
}
