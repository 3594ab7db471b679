//! The ledger: every credential ever issued, and whether it is good. The services write it, tests read it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::state::account::{Account, Service};
use crate::state::settings::Rotation;

/// How a credential was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IssuedVia {
    /// By a code scanned with QQ.
    QqScan,
    /// By a code scanned with WeChat.
    WechatScan,
    /// By a code scanned with the service's own app.
    AppScan,
    /// By a code in a text message.
    Phone,
    /// On the service's own page.
    OfficialPage,
    /// By a renewal.
    Renewal,
}

/// Who ended a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RevokedBy {
    /// The client signed out.
    SignOut,
    /// Somebody revoked the account's sessions at the control side.
    Control,
}

/// A credential that was issued.
#[derive(Debug, Clone, Serialize)]
pub struct Credential {
    /// Counts up from 1.
    pub id: u64,
    /// The service.
    pub service: Service,
    /// The account's id, `service:uid`.
    pub account: String,
    /// The account's number.
    pub uid: String,
    /// The sign-in that it descends from: all renewals of one sign-in share it.
    pub session: u64,
    /// 1 at the sign-in, one more at every renewal.
    pub generation: u32,
    /// The credential that was renewed; `None` at the sign-in. Two with the same one: it was renewed twice.
    pub renewed_from: Option<u64>,
    /// How it was issued.
    pub via: IssuedVia,
    /// The `loginType` that the client was told with it; QQ Music only.
    pub login_type: Option<i64>,
    /// Every secret value in it, by the name the service gives it.
    pub secrets: BTreeMap<String, String>,
    /// When it was issued (as the client was told), in milliseconds since the Unix epoch.
    pub issued_ms: i64,
    /// When it expires, in milliseconds since the Unix epoch.
    pub expires_ms: i64,
    /// When it ends because a newer one replaced it, in milliseconds since the Unix epoch.
    pub superseded_ms: Option<i64>,
    /// Who ended it, and when, in milliseconds since the Unix epoch.
    pub revoked: Option<(RevokedBy, i64)>,
}

impl Credential {
    /// Whether the service would accept it at `now_ms`.
    pub fn is_valid_at(&self, now_ms: i64) -> bool {
        self.revoked.is_none()
            && now_ms < self.expires_ms
            && self.superseded_ms.is_none_or(|superseded| now_ms < superseded)
    }

    /// Whether the service would accept it now.
    pub fn is_valid(&self) -> bool {
        self.is_valid_at(crate::clock::now_ms())
    }

    /// Whether the client itself signed it out.
    pub fn is_signed_out(&self) -> bool {
        matches!(self.revoked, Some((RevokedBy::SignOut, _)))
    }

    pub(crate) fn secret(&self, name: &str) -> &str {
        self.secrets.get(name).map_or("", String::as_str)
    }
}

/// Every credential ever issued.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    credentials: Vec<Credential>,
    sessions: u64,
}

impl Ledger {
    pub(crate) fn credentials(&self) -> &[Credential] {
        &self.credentials
    }

    /// Records a new sign-in.
    pub(crate) fn sign_in(
        &mut self,
        account: &Account,
        via: IssuedVia,
        secrets: BTreeMap<String, String>,
        issued_ms: i64,
        expires_ms: i64,
    ) -> Credential {
        self.sessions += 1;
        self.add(account, self.sessions, 1, via, secrets, issued_ms, expires_ms)
    }

    /// Records a renewal of `old`, and ends the older generations as `rotation` says.
    pub(crate) fn renew(
        &mut self,
        old: &Credential,
        account: &Account,
        secrets: BTreeMap<String, String>,
        (issued_ms, expires_ms, now_ms): (i64, i64, i64),
        rotation: Rotation,
    ) -> Credential {
        let superseded = match rotation {
            Rotation::StaysValid | Rotation::DiesOnceTheNewIsUsed => None,
            Rotation::DiesAtOnce => Some(now_ms),
            Rotation::Grace { seconds } => Some(now_ms + seconds * 1000),
        };
        let mut generation = 0;
        for older in self.credentials.iter_mut().filter(|older| older.session == old.session) {
            generation = generation.max(older.generation);
            if older.superseded_ms.is_none() {
                older.superseded_ms = superseded;
            }
        }
        let via = IssuedVia::Renewal;
        let mut new = self.add(account, old.session, generation + 1, via, secrets, issued_ms, expires_ms);
        new.renewed_from = Some(old.id);
        self.credentials.last_mut().into_iter().for_each(|kept| kept.renewed_from = new.renewed_from);
        new
    }

    #[allow(clippy::too_many_arguments, reason = "one row, written in one place")]
    fn add(
        &mut self,
        account: &Account,
        session: u64,
        generation: u32,
        via: IssuedVia,
        secrets: BTreeMap<String, String>,
        issued_ms: i64,
        expires_ms: i64,
    ) -> Credential {
        let credential = Credential {
            id: self.credentials.len() as u64 + 1,
            service: account.service,
            account: account.id.clone(),
            uid: account.uid.clone(),
            session,
            generation,
            renewed_from: None,
            via,
            login_type: None,
            secrets,
            issued_ms,
            expires_ms,
            superseded_ms: None,
            revoked: None,
        };
        self.credentials.push(credential.clone());
        credential
    }

    /// The credential of `service` whose secret `name` has this value.
    pub(crate) fn find(&self, service: Service, name: &str, value: &str) -> Option<&Credential> {
        self.credentials.iter().find(|credential| {
            credential.service == service && !value.is_empty() && credential.secret(name) == value
        })
    }

    /// Records the `loginType` that the client was told.
    pub(crate) fn set_login_type(&mut self, id: u64, login_type: i64) {
        if let Some(credential) = self.credentials.iter_mut().find(|credential| credential.id == id) {
            credential.login_type = Some(login_type);
        }
    }

    /// Records that the credential with this secret was used. Under [`Rotation::DiesOnceTheNewIsUsed`] the older ones of
    /// its sign-in end.
    pub(crate) fn record_use(
        &mut self,
        service: Service,
        name: &str,
        value: &str,
        rotation: Rotation,
        now_ms: i64,
    ) {
        if rotation != Rotation::DiesOnceTheNewIsUsed {
            return;
        }
        let Some(used) = self.find(service, name, value).cloned() else { return };
        let older = |one: &&mut Credential| {
            one.session == used.session && one.generation < used.generation && one.superseded_ms.is_none()
        };
        for one in self.credentials.iter_mut().filter(older) {
            one.superseded_ms = Some(now_ms);
        }
    }

    /// Ends the whole sign-in that `session` stands for.
    pub(crate) fn revoke_session(&mut self, session: u64, by: RevokedBy, now_ms: i64) {
        self.revoke(|credential| credential.session == session, by, now_ms);
    }

    /// Ends all sign-ins of an account.
    pub(crate) fn revoke_account(&mut self, account: &str, by: RevokedBy, now_ms: i64) {
        self.revoke(|credential| credential.account == account, by, now_ms);
    }

    fn revoke(&mut self, which: impl Fn(&Credential) -> bool, by: RevokedBy, now_ms: i64) {
        for credential in self.credentials.iter_mut().filter(|credential| which(credential)) {
            credential.revoked.get_or_insert((by, now_ms));
        }
    }

    /// Makes an account's credentials older by `by_ms` milliseconds.
    pub(crate) fn age_account(&mut self, account: &str, by_ms: i64) {
        for credential in self.credentials.iter_mut().filter(|credential| credential.account == account) {
            credential.issued_ms = credential.issued_ms.saturating_sub(by_ms);
            credential.expires_ms = credential.expires_ms.saturating_sub(by_ms);
            credential.superseded_ms = credential.superseded_ms.map(|at| at.saturating_sub(by_ms));
        }
    }

    /// How often each account's credential was renewed.
    pub(crate) fn renewals(&self) -> BTreeMap<String, u32> {
        let mut renewals = BTreeMap::new();
        for credential in self.credentials.iter().filter(|credential| credential.via == IssuedVia::Renewal) {
            *renewals.entry(credential.account.clone()).or_insert(0) += 1;
        }
        renewals
    }
}
