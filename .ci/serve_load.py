"""The parts of .ci/serve-load that are more than a line of shell. No packages are needed."""

import http.client
import json
import os
import random
import socket
import struct
import sys
import threading
import time
import urllib.parse

PIXELS = [round(((i * 31) % 256) / 255, 4) for i in range(784)]
INFER = "/v2/models/digits/infer"


def address(url):
    parts = urllib.parse.urlsplit(url)
    return parts.hostname, parts.port


def json_body():
    image = {"name": "image", "shape": [1, 1, 28, 28], "datatype": "FP32", "data": PIXELS}
    return json.dumps({"inputs": [image]}).encode(), {}


def binary_body(datatype="FP32", tensor=None, shape=(1, 1, 28, 28)):
    tensor = tensor if tensor is not None else struct.pack("<784f", *PIXELS)
    image = {"name": "image", "shape": shape, "datatype": datatype, "parameters": {"binary_data_size": len(tensor)}}
    head = json.dumps({"inputs": [image], "parameters": {"binary_data_output": True}}).encode()
    return head + tensor, {"Inference-Header-Content-Length": str(len(head))}


def write_bodies(folder):
    """The scripts of wrk for both kinds of requests."""
    for name, (body, headers) in {"json": json_body(), "binary": binary_body()}.items():
        text = "".join(f"\\{byte:03d}" for byte in body)
        lines = ['wrk.method = "POST"', f'wrk.body = "{text}"']
        lines += [f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items()]
        with open(os.path.join(folder, f"{name}.lua"), "w") as file:
            file.write("\n".join(lines) + "\n")


def ask(connection, body, headers):
    connection.request("POST", INFER, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def idle(url):
    """A new client beside 1,000 silent ones is answered within a second."""
    sockets = [socket.create_connection(address(url)) for _ in range(1000)]
    times = []
    for _ in range(20):
        start = time.monotonic()
        connection = http.client.HTTPConnection(*address(url), timeout=5)
        status, _ = ask(connection, *json_body())
        times.append(time.monotonic() - start)
        assert status == 200, status
    for each in sockets:
        each.close()
    assert max(times) < 1, times
    print(f"1,000 idle connections: a new client is answered within {1e3 * max(times):.1f} ms")


def slow(url):
    """A client beside 200 that send their heads and bodies byte by byte is answered at once."""
    head = f"POST {INFER} HTTP/1.1\r\nHost: localhost\r\n"
    body, _ = json_body()
    whole = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    sockets = [socket.create_connection(address(url)) for _ in range(200)]
    for each in sockets[100:]:
        each.sendall(whole[:-200])
    times, sent = [], 0
    for step in range(40):
        for i, each in enumerate(sockets):
            at = step if i < 100 else len(whole) - 200 + step
            try:
                each.sendall(whole[at : at + 1])
                sent += 1
            except OSError:
                pass  # The service has closed it.
        start = time.monotonic()
        connection = http.client.HTTPConnection(*address(url), timeout=5)
        status, _ = ask(connection, *json_body())
        times.append(time.monotonic() - start)
        assert status == 200, status
        time.sleep(0.1)
    for each in sockets:
        each.close()
    assert max(times) < 1, times
    print(f"200 slow clients: another one is answered within {1e3 * max(times):.1f} ms ({sent} bytes)")


def mutated(rng, body, headers):
    """A good body with something wrong in it."""
    body, headers = bytearray(body), dict(headers)
    for _ in range(rng.choice([1, 1, 2, 8])):
        at = rng.randrange(len(body)) if body else 0
        match rng.randrange(6):
            case 0 if body:
                body[at] = rng.randrange(256)
            case 1:
                del body[at : at + rng.randrange(1, 64)]
            case 2:
                body[at:at] = rng.choice([b"[", b"{", b'"', b"null", b"-1", b"1e400", b"\xff", b"99999999999999999999"])
            case 3:
                body[at:at] = body[rng.randrange(len(body) or 1) :][:256]
            case 4:
                del body[at:]
            case 5:
                headers["Inference-Header-Content-Length"] = str(rng.choice([0, -1, at, len(body), 2**63, "x"]))
    return bytes(body), headers


def hostile(url, n):
    rng = random.Random(1)
    png = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000008000000080800000000e164e1570000001149444154789c63f8ffff3f03360100"
        "00ffff0300c1fe04fc0000000049454e44ae426082"
    )
    picture = struct.pack("<I", len(png)) + png
    good = [
        json_body(),
        binary_body(),
        binary_body("UINT8", bytes(784)),
        binary_body("BYTES", picture, [1]),
        (b'{"id":"1","inputs":[{"name":"image","shape":[1],"datatype":"BYTES","data":["aGk="]}]}', {}),
    ]
    counts = {}
    connection = http.client.HTTPConnection(*address(url), timeout=10)
    for i in range(n):
        body, headers = mutated(rng, *good[i % len(good)])
        try:
            status, answer = ask(connection, body, headers)
        except http.client.HTTPException:
            connection.close()
            status, answer = ask(connection, body, headers)
        assert status in (200, 400, 413, 503), (status, answer[:300], body[:300], headers)
        counts[status] = counts.get(status, 0) + 1
    assert ask(connection, *json_body())[0] == 200
    print(f"{n} hostile bodies: {counts}")


def resident(pid):
    """Memory of a process, in MB."""
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def reload(url, path, secs, pid):
    """The file of the model is exchanged every 1.2 seconds while requests go on, and memory does not grow."""
    is_done, statuses = threading.Event(), []

    def keep_asking():
        connection = http.client.HTTPConnection(*address(url), timeout=10)
        while not is_done.is_set():
            statuses.append(ask(connection, *json_body())[0])

    threads = [threading.Thread(target=keep_asking) for _ in range(4)]
    for thread in threads:
        thread.start()
    with open(path, "rb") as file:
        content = file.read()
    n = max(20, round(secs / 1.2))
    memory = []
    for _ in range(n):
        with open(path + ".new", "wb") as file:
            file.write(content)
        os.replace(path + ".new", path)
        time.sleep(1.2)
        memory.append(resident(pid))
    is_done.set()
    for thread in threads:
        thread.join()
    assert set(statuses) == {200}, set(statuses)
    early, late = max(memory[: n // 4]), max(memory[-n // 4 :])
    assert late < early + 10, memory
    print(f"{n} reloads: {len(statuses)} requests, all answered; at most {early:.0f} MB in the first quarter, {late:.0f} MB in the last")


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    match what:
        case "bodies":
            write_bodies(*arguments)
        case "idle":
            idle(*arguments)
        case "slow":
            slow(*arguments)
        case "hostile":
            hostile(arguments[0], int(arguments[1]))
        case "reload":
            reload(arguments[0], arguments[1], float(arguments[2]), int(arguments[3]))
