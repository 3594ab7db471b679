//! What the computers that share a store tell each other of an account besides its credential: enough to show it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tunekey_services::{AccountId, Membership, Method, Secret, display_text};

use crate::ledger::AccountRecord;
use crate::store::line::{self, exposed};

/// The version that this code writes. A newer one may say more.
const VERSION: u64 = 1;

/// What is told.
#[derive(Serialize, Deserialize)]
struct Description {
    v: u64,
    #[serde(deserialize_with = "display_text::deserialize_name")]
    nickname: String,
    method: Method,
    added_at: Timestamp,
    membership: Option<Membership>,
}

/// What this computer tells of an account.
pub(crate) fn written(record: &AccountRecord) -> Secret {
    let description = Description {
        v: VERSION,
        nickname: record.nickname.clone(),
        method: record.method,
        added_at: record.added_at,
        membership: record.membership.clone(),
    };
    line::secret(&line::sealed(&description, 1024))
}

/// The record of an account of which another computer has told; `None` when it is not understood.
pub(crate) fn read(id: &AccountId, line: &Secret) -> Option<AccountRecord> {
    line::unseal(exposed(line)).ok()?;
    let Description { nickname, method, added_at, membership, .. } = line::members(exposed(line)).ok()?;
    Some(AccountRecord { nickname, membership, ..AccountRecord::new(id.clone(), method, added_at) })
}

#[cfg(test)]
mod tests {
    use tunekey_services::qqmusic;

    use super::*;

    #[test]
    fn an_account_is_shown_elsewhere_as_it_was_told_of() {
        let id = AccountId::new(qqmusic::ID, "10001");
        let mut record = AccountRecord::new(id.clone(), Method::QqScan, Timestamp::UNIX_EPOCH);
        record.nickname = "林间有风".to_owned();
        let told = written(&record);
        assert!(exposed(&told).is_ascii(), "as every line in a store");
        assert_eq!(read(&id, &told), Some(record));
        let damaged = Secret::new(exposed(&told).replace("qq", "wx"));
        assert_eq!(read(&id, &damaged), None);
    }
}
