//! A sign-in by a code that the QQ Music app scans (protocol: QQ §3): code, push, exchange. The account is
//! the one that the app is signed in with, of QQ or of WeChat.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::exchange::{Confirmation, Exchange};
use super::gateway::{APP_VERSION, Call, Caller, GATEWAY};
use super::push::{Event, Push};
use crate::code_form::CodeForm;
use crate::contract::{Context, Progress};
use crate::error::ServiceError;
use crate::paced::{Paced, Steps};
use crate::qr::{self, QrCode};
use crate::question::Input;
use crate::response::{integer, text, unexpected};
use crate::secret::Secret;

/// What a code says. Nothing is known of it but whose it is, so that the site is all that can be asked for; the
/// payments of QQ are on other hosts.
pub(super) const FORM: CodeForm =
    CodeForm { schemes: &["https"], host: "y.qq.com", subdomains: true, paths: &[], key: None };

/// How long a code is shown when the service does not say, and at most (protocol: QQ §11).
const USUAL_LIFE: Duration = Duration::from_secs(180);
const LONGEST_LIFE: Duration = Duration::from_secs(300);

/// Between two connections, at first and at most.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// A sign-in from its code to its credential.
pub(super) struct AppScan {
    context: Context,
    state: State,
    /// Connections that were lost since something last happened.
    losses: u32,
}

/// What comes next. Each state holds what its request needs, so that a failed request can be repeated.
enum State {
    Start,
    /// There is a code, but nobody would hear that it was scanned yet, so it is not shown.
    Created(Created, QrCode),
    Shown(Created, Option<Box<Push>>),
    Exchange(Box<Exchange>),
}

/// A code of the service.
#[derive(Clone)]
struct Created {
    id: Secret,
    since: Instant,
    life: Duration,
}

impl AppScan {
    pub(super) fn begin(context: Context) -> Paced<Self> {
        Paced::new(Self { context, state: State::Start, losses: 0 }, PAUSE, LONGEST_PAUSE)
    }
}

#[async_trait]
impl Steps for AppScan {
    async fn step(&mut self, _retried: bool) -> Result<Progress, ServiceError> {
        if matches!(self.state, State::Start) {
            let (created, code) = create(&self.context).await?;
            self.state = State::Created(created, code);
        }
        match &mut self.state {
            State::Created(created, code) => {
                let push = Push::open(&self.context, &created.id).await?;
                let (created, code) = (created.clone(), code.clone());
                let life = created.life.saturating_sub(self.age(&created));
                self.state = State::Shown(created, Some(push));
                Ok(Progress::Code { code, life })
            }
            State::Shown(..) => self.listen().await,
            State::Exchange(exchange) => exchange.next(&self.context).await,
            State::Start => Err(unexpected("waiting for a scan", "no code to wait for")),
        }
    }

    fn give(&mut self, input: Input) {
        if let State::Exchange(exchange) = &mut self.state {
            exchange.give(&input);
        }
    }
}

impl AppScan {
    fn age(&self, created: &Created) -> Duration {
        self.context.clock.monotonic().duration_since(created.since)
    }

    /// Waits for the push. When nobody scans nothing comes at all, so the code's life is our own clock's.
    async fn listen(&mut self) -> Result<Progress, ServiceError> {
        let State::Shown(created, _) = &self.state else {
            return Err(unexpected("waiting for a scan", "no code to wait for"));
        };
        let left = created.life.saturating_sub(self.age(created));
        match tokio::time::timeout(left, self.event()).await {
            Err(_) => Ok(Progress::Expired),
            Ok(event) => event,
        }
    }

    async fn event(&mut self) -> Result<Progress, ServiceError> {
        let State::Shown(created, push) = &mut self.state else {
            return Err(unexpected("waiting for a scan", "no code to wait for"));
        };
        let Some(connection) = push else {
            // A connection that was just lost is not the end of the code.
            tokio::time::sleep(PAUSE.saturating_mul(1 << self.losses.saturating_sub(1).min(2))).await;
            *push = Some(Push::open(&self.context, &created.id).await?);
            return Ok(Progress::Waiting);
        };
        let Some(event) = connection.next().await? else {
            *push = None;
            self.losses = self.losses.saturating_add(1);
            tracing::debug!(losses = self.losses, "the push was lost and is connected again");
            return Ok(Progress::Waiting);
        };
        self.losses = 0;
        match event {
            Event::Scanned => Ok(Progress::Scanned { nickname: None, avatar: None }),
            Event::Canceled => Ok(Progress::Refused),
            Event::TimedOut => Ok(Progress::Expired),
            Event::LoginFailed { service_message } => {
                Err(ServiceError::WrongMethod { doing: "signing in with the app", code: 0, service_message })
            }
            Event::MissingToken => Err(unexpected("waiting for a scan", "a confirmation without its token")),
            Event::Confirmed { musicid, token } => {
                let qrcode_id = created.id.clone();
                let confirmation = Confirmation::App { musicid, qrcode_id, token };
                self.state = State::Exchange(Exchange::new(confirmation, None));
                Ok(Progress::Authorised)
            }
        }
    }
}

/// Asks for a code (protocol: QQ §3.1).
#[expect(clippy::disallowed_methods, reason = "the code is drawn for the phone to scan")]
async fn create(context: &Context) -> Result<(Created, QrCode), ServiceError> {
    let doing = "asking for a code";
    let call = Call {
        gateway: GATEWAY,
        caller: Caller::code_page(),
        module: "music.login.LoginServer",
        method: "CreateQRCode",
        param: json!({ "tmeAppID": "qqmusic", "ct": 11, "cv": APP_VERSION.parse::<u32>().unwrap_or_default() }),
        doing,
    };
    let response = call.send(context).await?;
    if response.code != 0 {
        return Err(response.refusal());
    }
    let (Some(id), Some(picture)) = (text(&response.data, "qrcodeID"), text(&response.data, "qrcode")) else {
        return Err(response.unexpected("no code"));
    };
    let picture = picture.split_once(";base64,").map_or(picture, |(_, picture)| picture);
    let picture = STANDARD.decode(picture).map_err(|_| response.unexpected("a code that is no picture"))?;
    let text = qr::read(picture).await.map_err(|_| ServiceError::ForeignCode { doing })?;
    let code = FORM.drawn(text.expose(), doing)?;
    let (id, since) = (Secret::new(id), context.clock.monotonic());
    Ok((Created { id, since, life: life(&response.data["expiresIn"]) }, code))
}

/// How long a code is shown, from how long the service says that it lives.
fn life(expires_in: &Value) -> Duration {
    let stated =
        integer(expires_in).and_then(|seconds| u64::try_from(seconds).ok()).filter(|seconds| *seconds > 0);
    stated.map_or(USUAL_LIFE, Duration::from_secs).min(LONGEST_LIFE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_lives_as_long_as_the_service_says_within_reason() {
        for (stated, seconds) in [
            (json!(null), 180),
            (json!(0), 180),
            (json!(-5), 180),
            (json!("x"), 180),
            (json!(120), 120),
            (json!("240"), 240),
            (json!(900), 300),
            (json!(i64::MAX), 300),
        ] {
            assert_eq!(life(&stated).as_secs(), seconds, "{stated}");
        }
    }
}
