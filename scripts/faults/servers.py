"""A data source that misbehaves: a proxy on this machine that answers for the mirrors of Fashion-MNIST."""

import contextlib
import gzip
import pathlib
import socket
import threading

from harness import bench, check, report

# Content of the largest published file, and what its packed form may take at most.
LIMIT = 47_040_016 + 47_040_016 // 8 + 4096


def send(connection, head, *bodies):
    connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n")
    for body in bodies:
        connection.sendall(body)


def stall(connection):
    connection.recv(1)


def stall_in_body(connection):
    send(connection, "HTTP/1.1 200 OK\ncontent-length: 1000", b"abc")
    connection.recv(1)


def truncate(connection):
    send(connection, "HTTP/1.1 200 OK\ncontent-length: 26421880", b"\x1f\x8b" + bytes(1000))


def announce_less(connection):
    send(connection, "HTTP/1.1 200 OK\ncontent-length: 10", gzip.compress(bytes(1000)))


def announce_far_more(connection):
    send(connection, "HTTP/1.1 200 OK\ncontent-length: 1000000000000")
    connection.recv(1)


def endless(connection):
    send(connection, "HTTP/1.1 200 OK\ntransfer-encoding: chunked")
    chunk = b"10000\r\n" + bytes(1 << 16) + b"\r\n"
    for _ in range(2 * LIMIT >> 16):
        connection.sendall(chunk)


def bomb(connection):
    body = gzip.compress(bytes(1 << 28), 9)
    send(connection, f"HTTP/1.1 200 OK\ncontent-length: {len(body)}", body)


def another_file(connection):
    body = gzip.compress(b"another file")
    send(connection, f"HTTP/1.1 200 OK\ncontent-length: {len(body)}", body)


def page(connection):
    body = b"<html>please log in</html>"
    send(connection, f"HTTP/1.1 200 OK\ncontent-type: text/html\ncontent-length: {len(body)}", body)


def redirect(connection):
    send(connection, "HTTP/1.1 302 Found\nlocation: /again\ncontent-length: 0")


def redirect_to_a_file(connection):
    send(connection, "HTTP/1.1 302 Found\nlocation: file:///etc/passwd\ncontent-length: 0")


def busy(connection):
    send(connection, "HTTP/1.1 503 Busy\ncontent-length: 0")


def nonsense(connection):
    connection.sendall(b"\0\1\2 what is this\r\n\r\n")


def endless_header(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nx: ")
    for _ in range(1000):
        connection.sendall(b"x" * 10_000)


def hang_up(_):
    pass


@contextlib.contextmanager
def proxy(reply):
    """The address of a proxy; it answers requests for plain HTTP itself, and opens no way to TLS."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection):
        with contextlib.suppress(OSError), connection:
            while True:
                head = b""
                while b"\r\n\r\n" not in head:
                    received = connection.recv(4096)
                    if not received:
                        return
                    head += received
                if not head.startswith(b"CONNECT "):
                    reply(connection)
                    # Redirects come back on the same connection.
                    if reply not in (redirect, redirect_to_a_file):
                        return
                elif b":443 " in head:
                    connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n")
                    return
                else:
                    connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")

    def accept():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def servers():
    cases = [
        ("it stalls before a word", stall, ["sent nothing for 20s"]),
        ("it stalls in the middle", stall_in_body, ["sent nothing for 20s"]),
        ("it hangs up", hang_up, []),
        ("it truncates", truncate, []),
        ("it announces less than it sends", announce_less, ["sent a damaged gzip file (it is cut off)"]),
        ("it announces far more than the file has", announce_far_more, [f"sent more than {LIMIT} bytes"]),
        ("it never stops sending", endless, [f"sent more than {LIMIT} bytes"]),
        ("it sends a gzip bomb", bomb, ["sent content of more than 47040016 bytes"]),
        ("it sends another file", another_file, ["sent content of SHA-256"]),
        ("it sends a page", page, ["sent content of SHA-256"]),
        ("it redirects for ever", redirect, ["redirected more than 5 times"]),
        ("it redirects to a file of this machine", redirect_to_a_file, []),
        ("it is busy", busy, ["answered 503"]),
        ("it speaks no HTTP", nonsense, []),
        ("its header never ends", endless_header, []),
    ]
    for fault, reply, says in cases:
        with bench() as made, proxy(reply) as address:
            data = made.folder / "data"
            arguments = ["ingest", "tiny.toml", "--data", str(data), "--set", 'dataset={ source = "fashion-mnist" }']
            says = ["cannot download `train-images-idx3-ubyte.gz`", "hint: ", *says]
            check(f"mirror: {fault}", made, arguments, 4, says, silent_about=["root:"], environment={"ALL_PROXY": address})
            left = [str(path) for path in data.rglob("*") if path.is_file()]
            report(f"mirror: {fault}: nothing is left", 4, f"{left}" if left else None)
