//! The downloader against a server in this process, well-behaved and otherwise.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use latentkit_core::{ErrorKind, capture};

use super::*;
use crate::checksum::tests::ABC;
use crate::content::tests::gzip;

/// What the server does with every request.
#[derive(Clone)]
enum Reply {
    /// Sends the bytes with their length.
    Body(Vec<u8>),
    /// Sends the bytes without saying how many, until the connection closes.
    Unannounced(Vec<u8>),
    /// Announces this length, sends the bytes, and closes.
    Short(usize, Vec<u8>),
    /// Announces this length and sends nothing of it.
    Promise(u64),
    /// Sends a status.
    Status(&'static str),
    /// Sends the client to the same address again.
    Redirect,
    /// Sends the client to this address.
    Elsewhere(&'static str),
    /// Sends the bytes and then keeps the connection open without a word.
    Stall(Vec<u8>),
    /// Sends a byte every few milliseconds.
    Drip,
}

/// The address of a server that lives as long as this process.
fn serve(reply: Reply) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/abc.gz", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let reply = reply.clone();
            // The client may hang up at any time.
            thread::spawn(move || drop(answer(stream.unwrap(), &reply)));
        }
    });
    url
}

fn answer(mut stream: TcpStream, reply: &Reply) -> std::io::Result<()> {
    let mut request = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    while request.read_line(&mut line)? > 2 {
        line.clear();
    }
    match reply {
        Reply::Body(body) => {
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len())?;
            stream.write_all(body)
        }
        Reply::Unannounced(body) => {
            write!(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")?;
            stream.write_all(body)
        }
        Reply::Short(length, body) => {
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n")?;
            stream.write_all(body)
        }
        Reply::Promise(length) => {
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n")?;
            request.read_line(&mut line).map(drop)
        }
        Reply::Status(status) => write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n"),
        Reply::Redirect => {
            write!(
                stream,
                "HTTP/1.1 302 Found\r\nlocation: /abc.gz\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            )
        }
        Reply::Elsewhere(url) => {
            write!(
                stream,
                "HTTP/1.1 302 Found\r\nlocation: {url}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            )
        }
        Reply::Stall(bytes) => {
            stream.write_all(bytes)?;
            request.read_line(&mut line).map(drop)
        }
        Reply::Drip => {
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\n")?;
            loop {
                stream.write_all(&[0])?;
                thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

/// A client without patience, and without a proxy that could stand before the server.
pub(crate) fn impatient() -> Client {
    Client {
        connect: Duration::from_secs(5),
        read: Duration::from_millis(300),
        total: Duration::from_secs(10),
        redirects: 3,
        proxy: None,
    }
}

/// Tries the mirrors in turn. Returns the content or the error; a failure must leave nothing in the folder.
fn fetch_with(client: &Client, replies: &[Reply]) -> std::result::Result<Vec<u8>, String> {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("abc.gz");
    let urls: Vec<String> = replies.iter().cloned().map(serve).collect();
    let result = download(&ABC, &urls, &target, client, Cancellation::never());
    let left: Vec<_> =
        fs_err::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    match result {
        Ok(content) => {
            assert_eq!(left, ["abc.gz"]);
            assert_eq!(ABC.open(fs_err::read(target).unwrap()).unwrap(), content);
            Ok(content)
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Input);
            assert!(left.is_empty(), "{left:?}");
            let mut text = error.to_string();
            for (at, url) in urls.iter().enumerate() {
                text = text.replace(url, &format!("URL{at}"));
            }
            Err(text)
        }
    }
}

fn fetch(replies: &[Reply]) -> std::result::Result<Vec<u8>, String> {
    fetch_with(&impatient(), replies)
}

/// The error of a single mirror, less what is always the same.
#[track_caller]
fn refusal(reply: Reply) -> String {
    let error = fetch(&[reply]).unwrap_err();
    let start = format!(
        "cannot download `abc.gz`\n  expected: content of SHA-256 `{}`\n  found: `URL0`: ",
        ABC.sha256
    );
    error.strip_prefix(&start).unwrap_or_else(|| panic!("{error}")).to_owned()
}

#[test]
fn a_good_file() {
    assert_eq!(fetch(&[Reply::Body(gzip(b"abc"))]).unwrap(), b"abc");
    assert_eq!(fetch(&[Reply::Unannounced(gzip(b"abc"))]).unwrap(), b"abc");
}

#[test]
fn progress_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let packed = gzip(b"abc");
    let size = packed.len();
    let urls = [serve(Reply::Body(packed))];
    let target = folder.path().join("abc.gz");
    let (content, events) =
        capture::events(|| download(&ABC, &urls, &target, &impatient(), Cancellation::never()));
    content.unwrap();
    let last = serde_json::Value::Object(events.last().unwrap().fields.clone());
    let expected =
        serde_json::json!({ "event": "download", "name": "abc.gz", "received": size, "total": size });
    assert_eq!(last, expected);
}

#[test]
fn a_missing_file_is_sought_at_the_next_mirror() {
    let mirrors = [Reply::Status("404 Not Found"), Reply::Body(gzip(b"abc"))];
    assert_eq!(fetch(&mirrors).unwrap(), b"abc");
}

#[test]
fn the_error_lists_what_each_mirror_said() {
    let error =
        fetch(&[Reply::Status("404 Not Found"), Reply::Status("503 Busy"), Reply::Redirect]).unwrap_err();
    assert_eq!(
        error,
        format!(
            "cannot download `abc.gz`\n  expected: content of SHA-256 `{}`\n  found: `URL0`: answered 404\n         \
             `URL1`: answered 503\n         `URL2`: redirected more than 3 times",
            ABC.sha256
        )
    );
}

#[test]
fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/abc.gz", listener.local_addr().unwrap());
    drop(listener);
    let folder = tempfile::tempdir().unwrap();
    let error = download(&ABC, &[url], &folder.path().join("abc.gz"), &impatient(), Cancellation::never());
    assert!(error.unwrap_err().to_string().contains("Connection refused"));
}

#[test]
fn a_truncated_body() {
    let packed = gzip(b"abc");
    let half = packed[..packed.len() / 2].to_vec();
    assert_eq!(refusal(Reply::Short(packed.len(), half.clone())), "Peer disconnected");
    assert_eq!(refusal(Reply::Unannounced(half)), "sent a damaged gzip file (it is cut off)");
    // What comes after the announced length is not read.
    let announced = Reply::Short(packed.len() - 3, packed);
    assert_eq!(refusal(announced), "sent a damaged gzip file (it is cut off)");
}

#[test]
fn a_redirect_to_a_file_of_this_machine_is_not_followed() {
    let refused = refusal(Reply::Elsewhere("file:///etc/hostname"));
    assert!(!refused.contains("SHA-256"), "nothing was read: {refused}");
}

#[test]
fn wrong_content() {
    let found = refusal(Reply::Body(gzip(b"abd")));
    assert_eq!(
        found,
        "sent content of SHA-256 `a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9`"
    );
    assert_eq!(refusal(Reply::Body(gzip(b"abcd"))), "sent content of more than 3 bytes");
    let page = refusal(Reply::Body(b"<html>".to_vec()));
    assert_eq!(page, "sent content of more than 3 bytes");
}

#[test]
fn a_body_larger_than_the_cap() {
    let limit = packed_limit(ABC.bytes);
    let expected = format!("sent more than {limit} bytes");
    // Refused on the announcement alone, or while it comes in.
    assert_eq!(refusal(Reply::Promise(limit + 1)), expected);
    assert_eq!(refusal(Reply::Unannounced(vec![0; limit as usize + 1])), expected);
}

#[test]
fn a_server_that_stalls() {
    let start = Instant::now();
    assert_eq!(refusal(Reply::Stall(Vec::new())), "sent nothing for 300ms");
    assert_eq!(refusal(Reply::Stall(b"HTTP/1.1 200 OK\r\n".to_vec())), "sent nothing for 300ms");
    let body = b"HTTP/1.1 200 OK\r\ncontent-length: 40\r\n\r\n1234".to_vec();
    assert_eq!(refusal(Reply::Stall(body)), "sent nothing for 300ms");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_server_that_drips() {
    let client = Client { total: Duration::from_millis(500), ..impatient() };
    let error = fetch_with(&client, &[Reply::Drip]).unwrap_err();
    assert!(error.ends_with("took longer than 500ms"), "{error}");
}

#[test]
fn a_server_without_tls() {
    let folder = tempfile::tempdir().unwrap();
    let url = serve(Reply::Body(gzip(b"abc"))).replace("http:", "https:");
    let target = folder.path().join("abc.gz");
    let error = download(&ABC, &[url], &target, &impatient(), Cancellation::never()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(!target.exists());
}

#[test]
fn endless_redirects() {
    assert_eq!(refusal(Reply::Redirect), "redirected more than 3 times");
}

#[test]
fn an_interrupt_ends_it_between_two_chunks() {
    let folder = tempfile::tempdir().unwrap();
    let interrupted = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&interrupted);
    let sink = move |event: capture::Reported| {
        if event.fields.get("event").is_some_and(|kind| kind == "download") {
            stop.store(true, Ordering::Relaxed);
        }
    };
    // The next mirror must not be tried either.
    let urls = [serve(Reply::Drip), serve(Reply::Body(gzip(b"abc")))];
    let target = folder.path().join("abc.gz");
    let work = || download(&ABC, &urls, &target, &impatient(), Cancellation::new(&interrupted));
    let error = capture::observe(sink, work).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_folder_that_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("gone").join("abc.gz");
    let urls = [serve(Reply::Body(gzip(b"abc")))];
    let error = download(&ABC, &urls, &target, &impatient(), Cancellation::never()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(error.to_string().contains("`--data DIR`"), "{error}");
}
