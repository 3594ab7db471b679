//! Messages to a browser and from it: JSON with a zero byte behind it, over two pipes (Chrome DevTools Protocol,
//! `--remote-debugging-pipe`). For `visit`.

use std::io;
use std::os::fd::OwnedFd;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::pipe;

/// The longest message that is read, in bytes: all cookies of a profile that has just been made.
const LONGEST: usize = 4 * 1024 * 1024;

/// The connection to one browser.
#[derive(Debug)]
pub(crate) struct DevTools {
    to: pipe::Sender,
    from: BufReader<pipe::Receiver>,
    /// The number of the last message that was sent.
    last: u64,
    /// What has been read of the next message.
    read: Vec<u8>,
}

/// What a browser says.
pub(crate) enum Message {
    /// The reply to the message with this number: nothing when it was refused.
    Reply { number: u64, result: Option<Value> },
    /// Something has happened, in a session with one of its targets or to the browser itself.
    Event { session: Option<String>, method: String, params: Value },
}

impl DevTools {
    /// Talks over these ends of pipes. Must be called on a runtime.
    ///
    /// # Errors
    /// When they are no pipes.
    pub(crate) fn new(to: OwnedFd, from: OwnedFd) -> io::Result<Self> {
        let to = pipe::Sender::from_owned_fd(to)?;
        let from = BufReader::new(pipe::Receiver::from_owned_fd(from)?);
        Ok(Self { to, from, last: 0, read: Vec::new() })
    }

    /// Tells the browser, or one of its targets, to do something. Returns the number that the reply bears.
    ///
    /// # Errors
    /// When the browser is gone.
    pub(crate) async fn send(
        &mut self,
        session: Option<&str>,
        method: &str,
        params: Value,
    ) -> io::Result<u64> {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": params });
        if let (Some(session), Some(fields)) = (session, message.as_object_mut()) {
            drop(fields.insert("sessionId".to_owned(), session.into()));
        }
        let mut message = message.to_string().into_bytes();
        message.push(0);
        self.to.write_all(&message).await?;
        Ok(self.last)
    }

    /// The next thing that it says; `None` when it is gone. Nothing is lost when this is dropped.
    ///
    /// # Errors
    /// When it cannot be read, or is none.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Message>> {
        loop {
            let there = self.from.fill_buf().await?;
            if there.is_empty() {
                return Ok(None);
            }
            let end = there.iter().position(|byte| *byte == 0);
            let taken = end.unwrap_or(there.len());
            self.read.extend_from_slice(&there[..taken]);
            self.from.consume(taken + usize::from(end.is_some()));
            if self.read.len() > LONGEST {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a message is too long"));
            }
            if end.is_some() {
                return parsed(&std::mem::take(&mut self.read)).map(Some);
            }
        }
    }
}

fn parsed(message: &[u8]) -> io::Result<Message> {
    let invalid = || io::Error::new(io::ErrorKind::InvalidData, "a message is none of the protocol");
    // An error of the parser could repeat a piece of it.
    let mut message: Value = serde_json::from_slice(message).map_err(|_| invalid())?;
    if let Some(number) = message["id"].as_u64() {
        let is_refused = message.get("error").is_some();
        return Ok(Message::Reply { number, result: (!is_refused).then(|| message["result"].take()) });
    }
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let method = text(&message["method"]).ok_or_else(invalid)?;
    Ok(Message::Event { session: text(&message["sessionId"]), method, params: message["params"].take() })
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    #[tokio::test]
    async fn messages_are_told_apart_however_they_arrive() {
        let (ours_in, mut theirs_out) = io::pipe().expect("a pipe");
        let (mut theirs_in, ours_out) = io::pipe().expect("a pipe");
        let mut devtools = DevTools::new(ours_out.into(), ours_in.into()).expect("they are pipes");
        let number = devtools
            .send(Some("S"), "Page.navigate", json!({ "url": "about:blank" }))
            .await
            .expect("it is sent");
        let mut sent = [0; 512];
        let length = theirs_in.read(&mut sent).expect("it has come");
        let (zero, text) = sent[..length].split_last().expect("there is something");
        assert_eq!(*zero, 0);
        let text: Value = serde_json::from_slice(text).expect("it is JSON");
        assert_eq!(
            text,
            json!({ "id": number, "method": "Page.navigate", "params": { "url": "about:blank" }, "sessionId": "S" })
        );

        theirs_out
            .write_all(b"{\"id\":1,\"result\":{\"a\":1}}\0{\"id\":2,\"error\":{}}\0{\"method\":\"X.y\",")
            .expect("room");
        let reply = devtools.next().await.expect("it is read").expect("it is there");
        assert!(matches!(reply, Message::Reply { number: 1, result: Some(result) } if result["a"] == 1));
        let refused = devtools.next().await.expect("it is read").expect("it is there");
        assert!(matches!(refused, Message::Reply { number: 2, result: None }));
        {
            // Half of it has come: whoever waits may give up, and wait again.
            let half = devtools.next();
            tokio::select! {
                biased;
                _ = half => panic!("it is not whole"),
                () = tokio::task::yield_now() => {}
            }
        }
        theirs_out.write_all(b"\"params\":{\"b\":2},\"sessionId\":\"S\"}\0").expect("room");
        let event = devtools.next().await.expect("it is read").expect("it is there");
        assert!(
            matches!(event, Message::Event { session: Some(session), method, params } if session == "S" && method == "X.y" && params["b"] == 2)
        );
        drop(theirs_out);
        assert!(devtools.next().await.expect("it has ended").is_none());
    }

    #[test]
    fn what_is_no_message_is_not_repeated() {
        let Err(error) = parsed(b"{\"cookie\": canary}") else { panic!("it is none") };
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}
