//! Signs in to QQ Music with a code for mobile QQ, as README.md shows it.
#![allow(clippy::print_stdout, missing_docs, reason = "it is a program of a few lines")]

use std::error::Error;
use std::sync::Arc;

use tunekey_services::qqmusic::QqMusic;
use tunekey_services::{
    ClientIdentities, Context, Credential, Device, Http, HttpOptions, Ink, Limits, Method, Progress, Proxy,
    QUIET_ZONE, QrCode, Service as _, ServiceError, SystemClock,
};

/// Shows codes until somebody has scanned and confirmed one with mobile QQ.
pub async fn sign_in(context: &Context, show: impl Fn(&QrCode)) -> Result<Credential, ServiceError> {
    let service = QqMusic;
    let mut attempt = service.begin(Method::QqScan, context.clone())?;
    loop {
        match attempt.next().await? {
            Progress::Code { code, .. } => show(&code),
            Progress::Granted(grant) => return Ok(grant.credential),
            Progress::Expired | Progress::Refused => {
                attempt = service.begin(Method::QqScan, context.clone())?;
            }
            Progress::Waiting | Progress::Scanned { .. } | Progress::Ask(_) | Progress::Authorised => {}
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = HttpOptions { proxy: Proxy::System, extra_ca: None, limits: Limits::default() };
    let context = Context {
        http: Http::new(&options)?,
        clock: Arc::new(SystemClock),
        device: Device::random(), // Keep it: a new one looks like a new device each time.
        client_identities: ClientIdentities::default(),
    };
    let credential =
        sign_in(&context, |code| println!("{}", code.terminal(Ink::Colours, QUIET_ZONE))).await?;
    println!("{} is signed in", credential.account);
    Ok(())
}
