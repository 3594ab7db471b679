//! What is wrong: found in the accounts, the deliveries and the state of the store. Pure.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tunekey_services::TierStatus;

use super::incident::{Cause, Incident, IncidentKind};
use crate::account::{Account, Health, WarningReason};
use crate::delivery::Delivery;
use crate::store::{StoreKind, StoreState};

/// How long before the end of a membership the person hears of it.
const MEMBERSHIP_NOTICE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long before the end of a key that is not being renewed they do.
const KEY_NOTICE: SignedDuration = SignedDuration::from_hours(24);
/// How many tries of a delivery in a row must have failed: with its pauses about ten minutes, so that a target that is
/// started anew wakes nobody.
const FAILED_DELIVERIES: u32 = 8;

/// Everything that is looked at, at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Situation {
    pub(crate) accounts: Vec<Account>,
    pub(crate) deliveries: Vec<Delivery>,
    /// Where the secrets are.
    pub(crate) store: StoreKind,
    /// Since when the store is closed, and how; `None` when it is open.
    pub(crate) closed: Option<(Timestamp, StoreState)>,
    /// For how long renewals may fail.
    pub(crate) renewal_patience: SignedDuration,
    /// For how long the store may be closed.
    pub(crate) keychain_patience: SignedDuration,
    pub(crate) now: Timestamp,
    /// In which days are told.
    pub(crate) zone: TimeZone,
}

impl Situation {
    /// All that is wrong.
    pub(crate) fn causes(&self) -> Vec<Cause> {
        let of_accounts = self.accounts.iter().flat_map(|account| self.causes_of_account(account));
        let of_deliveries = self.deliveries.iter().filter(|delivery| has_failed(delivery)).map(|delivery| {
            let is_incident = delivery.failures >= FAILED_DELIVERIES || was_switched_off(delivery);
            cause(IncidentKind::DeliveryFailing, delivery.id.to_string(), is_incident)
        });
        let of_store = self.closed.map(|(since, _)| {
            let is_incident = self.lasts(since, self.keychain_patience);
            cause(IncidentKind::StoreLocked, String::new(), is_incident)
        });
        of_accounts.chain(of_deliveries).chain(of_store).collect()
    }

    /// The account that an incident is about, unless it has been removed.
    pub(crate) fn account(&self, incident: &Incident) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id.to_string() == incident.subject)
    }

    /// The delivery that an incident is about, unless it has been removed.
    pub(crate) fn delivery(&self, incident: &Incident) -> Option<&Delivery> {
        self.deliveries.iter().find(|delivery| delivery.id.as_str() == incident.subject)
    }

    /// The tier of an account that ends first, of those that end within the week or have ended.
    pub(crate) fn ending_tier(&self, account: &Account) -> Option<(TierStatus, Timestamp)> {
        let tiers = account.membership.iter().flat_map(|membership| &membership.tiers);
        let ends = tiers.filter(|tier| tier.active).filter_map(|tier| tier.until.map(|until| (*tier, until)));
        ends.filter(|(_, until)| *until <= self.now + MEMBERSHIP_NOTICE).min_by_key(|(_, until)| *until)
    }

    fn causes_of_account(&self, account: &Account) -> Vec<Cause> {
        let id = account.id.to_string();
        let mut causes = Vec::new();
        let mut add = |kind, is_incident| causes.push(cause(kind, id.clone(), is_incident));
        match account.health {
            Health::NeedsSignIn { .. } => add(IncidentKind::NeedsSignIn, true),
            Health::Warning { since, reason } => {
                if reason == WarningReason::RenewalFailing {
                    add(IncidentKind::RenewalFailing, self.lasts(since, self.renewal_patience));
                }
                // One that has ended is another matter: it is no longer told of, and not over either.
                if let Some(end) = account.life.expires_at
                    && end <= self.now + KEY_NOTICE
                {
                    add(IncidentKind::KeyEnds, end > self.now);
                }
            }
            Health::Healthy | Health::RenewsSoon => {}
        }
        if let Some((_, until)) = self.ending_tier(account)
            && until > self.now
        {
            add(IncidentKind::MembershipEnds, true);
        }
        causes
    }

    /// Whether something has lasted for so long.
    fn lasts(&self, since: Timestamp, patience: SignedDuration) -> bool {
        self.now.duration_since(since) >= patience
    }
}

fn cause(kind: IncidentKind, subject: String, is_incident: bool) -> Cause {
    Cause { incident: Incident { kind, subject }, is_incident }
}

/// Whether the last value did not arrive. What waits for its first try has not failed.
fn has_failed(delivery: &Delivery) -> bool {
    let failed = delivery.last.as_ref().is_some_and(|last| !last.outcome.is_success());
    failed && (delivery.enabled || was_switched_off(delivery))
}

/// Whether it was its target that has switched a delivery off. The person's own switch counts the failures anew.
fn was_switched_off(delivery: &Delivery) -> bool {
    !delivery.enabled && delivery.failures > 0
}

#[cfg(test)]
mod tests {
    use tunekey_services::Membership;

    use super::*;
    use crate::account::SignInReason;
    use crate::delivery::{DeliveryOutcome, DeliveryRecord};
    use crate::notify::fixtures::{NOW, account, delivery, situation};

    fn at(hours: i64) -> Timestamp {
        NOW + SignedDuration::from_hours(hours)
    }

    /// What is wrong, each with whether the person hears of it.
    fn found(situation: &Situation) -> Vec<(IncidentKind, bool)> {
        situation.causes().into_iter().map(|cause| (cause.incident.kind, cause.is_incident)).collect()
    }

    #[test]
    fn where_all_is_well_nothing_is_found() {
        let accounts = vec![account(Health::Healthy), account(Health::RenewsSoon)];
        assert_eq!(found(&Situation { accounts, ..situation() }), []);
        let mut fine = account(Health::RenewsSoon);
        fine.life.expires_at = Some(at(1));
        assert_eq!(
            found(&Situation { accounts: vec![fine], ..situation() }),
            [],
            "it is about to be renewed"
        );
    }

    #[test]
    fn an_account_that_only_a_new_sign_in_helps_is_told_of_at_once() {
        let dead = account(Health::NeedsSignIn { since: NOW, reason: SignInReason::Rejected });
        let situation = Situation { accounts: vec![dead], ..situation() };
        assert_eq!(found(&situation), [(IncidentKind::NeedsSignIn, true)]);
    }

    #[test]
    fn renewals_and_a_closed_store_are_told_of_when_they_have_lasted_for_so_many_hours() {
        let failing = account(Health::Warning { since: NOW, reason: WarningReason::RenewalFailing });
        for (hours, told) in [(0, false), (5, false), (6, true), (100, true)] {
            let situation = Situation {
                accounts: vec![failing.clone()],
                closed: Some((NOW, StoreState::Locked)),
                now: at(hours),
                ..situation()
            };
            let wanted = [(IncidentKind::RenewalFailing, told), (IncidentKind::StoreLocked, told)];
            assert_eq!(found(&situation), wanted, "after {hours} hours");
        }
    }

    #[test]
    fn a_key_that_is_not_renewed_is_told_of_a_day_before_its_end_and_not_after() {
        for (ends_in, wanted) in [(25, None), (24, Some(true)), (1, Some(true)), (0, Some(false))] {
            let mut warned = account(Health::Warning { since: NOW, reason: WarningReason::NotRenewable });
            warned.life.expires_at = Some(at(ends_in));
            let found = found(&Situation { accounts: vec![warned], ..situation() });
            assert_eq!(found.first().copied(), wanted.map(|told| (IncidentKind::KeyEnds, told)), "{ends_in}");
        }
    }

    #[test]
    fn a_membership_is_told_of_a_week_before_its_end_if_it_is_held() {
        for (active, days, told) in [(true, 8, false), (true, 7, true), (true, 0, false), (false, 3, false)] {
            let mut member = account(Health::Healthy);
            let tier =
                TierStatus { tier: "qq_super".parse().expect("a tier"), active, until: Some(at(24 * days)) };
            member.membership = Some(Membership { tiers: vec![tier], checked_at: NOW });
            let found = found(&Situation { accounts: vec![member], ..situation() });
            assert_eq!(found.contains(&(IncidentKind::MembershipEnds, true)), told, "{active} {days}");
        }
    }

    #[test]
    fn a_delivery_that_fails_for_long_is_told_of_and_so_is_one_that_its_target_has_ended() {
        let failed =
            DeliveryRecord { at: NOW, outcome: DeliveryOutcome::Failed, problem: None, notice: None };
        for (enabled, failures, wanted) in [
            (true, 1, Some(false)),
            (true, 8, Some(true)),
            (false, 1, Some(true)),
            // The person's own switch.
            (false, 0, None),
        ] {
            let one = Delivery { enabled, failures, last: Some(failed.clone()), ..delivery() };
            let found = found(&Situation { deliveries: vec![one], ..situation() });
            let wanted = wanted.map(|told| (IncidentKind::DeliveryFailing, told));
            assert_eq!(found.first().copied(), wanted, "{enabled} {failures}");
        }
        assert_eq!(found(&Situation { deliveries: vec![delivery()], ..situation() }), [], "not tried yet");
    }
}
