//! What the person is told, in both languages: the one table of it, for the desktop's notifications and for the phones.

use jiff::{SignedDuration, Timestamp};
use tunekey_services::{Tier, display_text, registry};

use super::incident::{Incident, IncidentKind, Stage};
use super::post::{Message, Urgency};
use super::situation::Situation;
use crate::account::{Account, Health, SignInReason};
use crate::problem::{Language, capitalised};
use crate::store::{StoreKind, StoreState};

/// The most messages that go out as one: nobody reads more.
pub(crate) const MOST_TOGETHER: usize = 8;

/// What to tell of an incident at a stage. `None` when there is nothing to tell: what it was about has been removed, or
/// another incident says more.
pub(crate) fn message(
    incident: &Incident,
    stage: Stage,
    situation: &Situation,
    language: Language,
) -> Option<Message> {
    let (title, text) = match stage {
        Stage::Begins => begins(incident, situation, language)?,
        Stage::GoesOn => {
            let (title, text) = begins(incident, situation, language)?;
            (both(language, format!("Still: {title}"), format!("仍未解决：{title}")), text)
        }
        Stage::Over => over(incident, situation, language)?,
    };
    let urgency = if stage == Stage::Over { Urgency::Low } else { Urgency::Normal };
    Some(Message { title, text, urgency })
}

/// Several messages as one, unless there is only one.
pub(crate) fn together(mut messages: Vec<Message>, language: Language) -> Option<Message> {
    if messages.len() <= 1 {
        return messages.pop();
    }
    let count = messages.len();
    let is_urgent = messages.iter().any(|message| message.urgency == Urgency::Normal);
    let texts: Vec<_> =
        messages.into_iter().map(|message| format!("{}\n{}", message.title, message.text)).collect();
    Some(Message {
        title: both(language, format!("TuneKey: {count} messages"), format!("TuneKey：{count} 条消息")),
        text: texts.join("\n\n"),
        urgency: if is_urgent { Urgency::Normal } else { Urgency::Low },
    })
}

/// What a channel is tried out with.
pub(crate) fn test(language: Language) -> Message {
    Message {
        title: language.pick("TuneKey’s test message", "TuneKey 测试消息").to_owned(),
        text: language
            .pick(
                "Messages arrive here. TuneKey writes when something needs you, and never sends a cookie.",
                "这里能收到消息。TuneKey 会在需要你处理时通知，且从不发送 Cookie。",
            )
            .to_owned(),
        urgency: Urgency::Normal,
    }
}

/// A title and a text.
type Words = (String, String);

fn begins(incident: &Incident, situation: &Situation, language: Language) -> Option<Words> {
    let account = situation.account(incident);
    let said = |account: &Account| (account.short_name(), language.service_name(account.service));
    Some(match incident.kind {
        IncidentKind::NeedsSignIn => {
            let (name, service) = said(account?);
            match account?.health {
                Health::NeedsSignIn { reason, .. } => {
                    needs_sign_in(&name, service, reason, situation.store, language)
                }
                Health::Healthy | Health::RenewsSoon | Health::Warning { .. } => return None,
            }
        }
        IncidentKind::KeyEnds => {
            let (name, service) = said(account?);
            key_ends(&name, service, account?.life.expires_at?, situation.now, language)
        }
        IncidentKind::RenewalFailing => {
            let (name, service) = said(account?);
            let since = match account?.health {
                Health::Warning { since, .. } => since,
                Health::Healthy | Health::RenewsSoon | Health::NeedsSignIn { .. } => return None,
            };
            renewal_failing(&name, service, hours(situation.now.duration_since(since)), language)
        }
        IncidentKind::MembershipEnds => {
            let (name, service) = said(account?);
            let (status, until) = situation.ending_tier(account?)?;
            let tier = tier_name(status.tier, account?, language);
            let day = until.to_zoned(situation.zone.clone()).strftime("%Y-%m-%d").to_string();
            membership_ends(&name, service, &tier, &day, language)
        }
        IncidentKind::DeliveryFailing => {
            let delivery = situation.delivery(incident)?;
            let label = delivery.label.as_deref().unwrap_or(&delivery.preset);
            let label = display_text::name(label).unwrap_or_else(|| delivery.id.to_string());
            let account = situation.accounts.iter().find(|account| account.id == delivery.account)?;
            let (name, service) = said(account);
            delivery_failing(&label, &name, service, language)
        }
        IncidentKind::StoreLocked => store_closed(situation.store, situation.closed?.1, language),
    })
}

fn over(incident: &Incident, situation: &Situation, language: Language) -> Option<Words> {
    let account = situation.account(incident);
    let said = |account: &Account| (account.short_name(), language.service_name(account.service));
    // Of an account that needs a sign-in, that is told.
    let works = |account: &&Account| !account.health.needs_sign_in();
    Some(match incident.kind {
        IncidentKind::NeedsSignIn => {
            let (name, service) = said(account?);
            signed_in_again(&name, service, language)
        }
        IncidentKind::KeyEnds | IncidentKind::RenewalFailing => {
            let (name, service) = said(account.filter(works)?);
            renews_again(&name, service, language)
        }
        IncidentKind::MembershipEnds => {
            let account = account?;
            let (name, service) = said(account);
            let held = account.membership.iter().flat_map(|membership| &membership.tiers);
            let goes_on = held
                .filter(|tier| tier.active)
                .any(|tier| tier.until.is_none_or(|until| until > situation.now));
            membership_over(&name, service, goes_on, language)
        }
        IncidentKind::DeliveryFailing => {
            let arrived = situation.delivery(incident).filter(|delivery| delivery.enabled)?;
            arrived.last.as_ref().filter(|last| last.outcome.is_success())?;
            let label = arrived.label.as_deref().unwrap_or(&arrived.preset);
            delivers_again(&display_text::name(label).unwrap_or_default(), language)
        }
        IncidentKind::StoreLocked => (
            about(situation.store, (" is open again", "已可用"), language),
            language.pick("Renewals and deliveries go on.", "续期和投递已恢复。").to_owned(),
        ),
    })
}

fn needs_sign_in(
    name: &str,
    service: &str,
    reason: SignInReason,
    store: StoreKind,
    language: Language,
) -> Words {
    let title = both(language, format!("{name} needs a new sign-in"), format!("{name} 需要重新登录"));
    let text = match reason {
        SignInReason::Rejected => both(
            language,
            format!("{service} no longer accepts this credential."),
            format!("{service}不再接受此凭据。"),
        ),
        SignInReason::Missing => both(
            language,
            format!("This {service} credential is no longer in {}.", language.store_name(store)),
            format!("{}中已没有此{}凭据。", language.store_name(store), display_text::after_han(service)),
        ),
    };
    (title, text)
}

fn signed_in_again(name: &str, service: &str, language: Language) -> Words {
    (
        both(language, format!("{name} works again"), format!("{name} 已恢复")),
        both(
            language,
            format!("There is a new {service} sign-in."),
            format!("已重新登录{}。", display_text::after_han(service)),
        ),
    )
}

fn key_ends(name: &str, service: &str, at: Timestamp, now: Timestamp, language: Language) -> Words {
    let hours = hours(at.duration_since(now));
    (
        both(language, format!("{name} will need a new sign-in"), format!("{name} 即将需要重新登录")),
        both(
            language,
            format!("The {service} credential isn’t being renewed and ends in {hours} h."),
            format!("{service}凭据未能续期，将在 {hours} 小时后失效。"),
        ),
    )
}

fn renewal_failing(name: &str, service: &str, hours: i64, language: Language) -> Words {
    (
        both(language, format!("{name} isn’t being renewed"), format!("{name} 续期未成功")),
        both(
            language,
            format!("Renewing the {service} credential has failed for {hours} h. Open TuneKey to see why."),
            format!("{service}凭据已有 {hours} 小时未能续期，请打开 TuneKey 查看原因。"),
        ),
    )
}

fn renews_again(name: &str, service: &str, language: Language) -> Words {
    (
        both(language, format!("{name} is renewed again"), format!("{name} 已恢复续期")),
        both(
            language,
            format!("The {service} credential has a new key."),
            format!("{service}凭据已获得新密钥。"),
        ),
    )
}

fn membership_ends(name: &str, service: &str, tier: &str, day: &str, language: Language) -> Words {
    (
        both(language, format!("{name}’s membership ends soon"), format!("{name} 的会员即将到期")),
        both(
            language,
            format!("{service}: {tier} ends on {day}."),
            format!("{service}：{tier}将于 {day} 到期。"),
        ),
    )
}

fn membership_over(name: &str, service: &str, goes_on: bool, language: Language) -> Words {
    if goes_on {
        return (
            both(language, format!("{name}’s membership goes on"), format!("{name} 的会员已续费")),
            both(
                language,
                format!("{service} has confirmed a later end."),
                format!("{service}已确认新的到期时间。"),
            ),
        );
    }
    (
        both(language, format!("{name}’s membership has ended"), format!("{name} 的会员已到期")),
        both(
            language,
            format!("The {service} sign-in goes on without it."),
            format!("{service}登录不受影响。"),
        ),
    )
}

fn delivery_failing(label: &str, name: &str, service: &str, language: Language) -> Words {
    (
        both(language, format!("{label}: nothing arrives"), format!("投递「{label}」未送达")),
        both(
            language,
            format!("The newest {service} key of {name} doesn’t get there. Open TuneKey to see why."),
            format!(
                "{name} 的最新{}密钥未能送达，请打开 TuneKey 查看原因。",
                display_text::after_han(service)
            ),
        ),
    )
}

fn delivers_again(label: &str, language: Language) -> Words {
    (
        both(language, format!("{label}: delivered again"), format!("投递「{label}」已恢复")),
        language.pick("The newest key is there.", "最新密钥已送达。").to_owned(),
    )
}

fn store_closed(store: StoreKind, state: StoreState, language: Language) -> Words {
    let what = match state {
        StoreState::Locked => (" is locked", "已锁定"),
        StoreState::Ready | StoreState::Unavailable | StoreState::Denied | StoreState::Silent => {
            (" can’t be used", "不可用")
        }
    };
    (
        about(store, what, language),
        language
            .pick("Renewals and deliveries wait until it is open.", "续期和投递会等到它可用后再进行。")
            .to_owned(),
    )
}

fn tier_name(tier: Tier, account: &Account, language: Language) -> String {
    let facts = registry::facts(account.service).and_then(|service| service.tier(tier));
    facts.map_or(language.pick("the membership", "会员"), |facts| language.of(facts.name)).to_owned()
}

/// Hours, rounded, and at least one.
fn hours(span: SignedDuration) -> i64 {
    ((span.as_secs() + 1_800) / 3_600).max(1)
}

/// A sentence about the store.
fn about(store: StoreKind, (english, chinese): (&str, &str), language: Language) -> String {
    capitalised(format!("{}{}", language.store_name(store), language.pick(english, chinese)))
}

fn both(language: Language, english: String, chinese: String) -> String {
    match language {
        Language::English => english,
        Language::Chinese => chinese,
    }
}

#[cfg(test)]
mod tests {
    use tunekey_services::{Membership, TierStatus};

    use super::*;
    use crate::account::WarningReason;
    use crate::delivery::{DeliveryOutcome, DeliveryRecord};
    use crate::notify::fixtures::{NOW, account, delivery, situation};

    fn about(kind: IncidentKind, subject: &str) -> Incident {
        Incident { kind, subject: subject.to_owned() }
    }

    fn told(kind: IncidentKind, stage: Stage, situation: &Situation, language: Language) -> Option<Words> {
        let subject = match kind {
            IncidentKind::DeliveryFailing => "0123456789",
            IncidentKind::StoreLocked => "",
            _ => "qqmusic:10001",
        };
        message(&about(kind, subject), stage, situation, language)
            .map(|message| (message.title, message.text))
    }

    fn with(account: Account) -> Situation {
        Situation { accounts: vec![account], ..situation() }
    }

    const DEAD: Health = Health::NeedsSignIn { since: NOW, reason: SignInReason::Rejected };

    #[test]
    fn a_dead_account_has_a_name_as_its_owner_has_it_and_a_service() {
        let situation = with(account(DEAD));
        let (title, text) =
            told(IncidentKind::NeedsSignIn, Stage::Begins, &situation, Language::English).expect("a message");
        assert_eq!(title, "Lin <b>Jian</b> needs a new sign-in", "whoever shows markup escapes it");
        assert_eq!(text, "QQ Music no longer accepts this credential.");
        let (_, text) =
            told(IncidentKind::NeedsSignIn, Stage::Begins, &situation, Language::Chinese).expect("a message");
        assert_eq!(text, "QQ 音乐不再接受此凭据。");
        let (title, _) =
            told(IncidentKind::NeedsSignIn, Stage::GoesOn, &situation, Language::English).expect("a message");
        assert_eq!(title, "Still: Lin <b>Jian</b> needs a new sign-in");
    }

    #[test]
    fn what_the_keychain_has_lost_is_not_blamed_on_the_service() {
        let situation = with(account(Health::NeedsSignIn { since: NOW, reason: SignInReason::Missing }));
        let (_, text) =
            told(IncidentKind::NeedsSignIn, Stage::Begins, &situation, Language::English).expect("a message");
        assert!(!text.contains("no longer accepts"), "{text}");
        assert!(text.contains("keychain") && text.contains("QQ Music"), "{text}");
    }

    #[test]
    fn what_is_not_in_a_keychain_is_not_said_to_be() {
        let lost = Situation {
            store: StoreKind::Postgres,
            closed: Some((NOW, StoreState::Unavailable)),
            ..with(account(Health::NeedsSignIn { since: NOW, reason: SignInReason::Missing }))
        };
        for (language, name) in [(Language::English, "database"), (Language::Chinese, "数据库")] {
            for (kind, stage) in [
                (IncidentKind::NeedsSignIn, Stage::Begins),
                (IncidentKind::StoreLocked, Stage::Begins),
                (IncidentKind::StoreLocked, Stage::Over),
            ] {
                let (title, text) = told(kind, stage, &lost, language).expect("a message");
                let said = format!("{title} {text}").to_lowercase();
                assert!(said.contains(name), "{said}");
                assert!(!said.contains("keychain") && !said.contains("密钥环"), "{said}");
            }
        }
    }

    #[test]
    fn a_key_that_ends_is_told_in_hours() {
        let mut warned = account(Health::Warning { since: NOW, reason: WarningReason::NotRenewable });
        warned.life.expires_at = Some(NOW + SignedDuration::from_hours(20));
        let (_, text) =
            told(IncidentKind::KeyEnds, Stage::Begins, &with(warned), Language::English).expect("a message");
        assert_eq!(text, "The QQ Music credential isn’t being renewed and ends in 20 h.");
    }

    #[test]
    fn a_membership_that_ended_is_told_otherwise_than_one_that_goes_on() {
        let mut member = account(Health::Healthy);
        let mut held = |days: i64| {
            let until = Some(NOW + SignedDuration::from_hours(24 * days));
            let tier = TierStatus { tier: "qq_super".parse().expect("a tier"), active: true, until };
            member.membership = Some(Membership { tiers: vec![tier], checked_at: NOW });
            with(member.clone())
        };
        let title = |situation: &Situation, stage| {
            told(IncidentKind::MembershipEnds, stage, situation, Language::English).expect("a message").0
        };
        assert_eq!(title(&held(3), Stage::Begins), "Lin <b>Jian</b>’s membership ends soon");
        assert_eq!(title(&held(-1), Stage::Over), "Lin <b>Jian</b>’s membership has ended");
        assert_eq!(title(&held(90), Stage::Over), "Lin <b>Jian</b>’s membership goes on");
    }

    #[test]
    fn of_what_has_been_removed_or_has_got_worse_nothing_is_said() {
        for kind in [IncidentKind::NeedsSignIn, IncidentKind::MembershipEnds, IncidentKind::DeliveryFailing] {
            assert_eq!(told(kind, Stage::Over, &situation(), Language::English), None, "{kind:?}");
        }
        let dead = with(account(DEAD));
        assert_eq!(told(IncidentKind::RenewalFailing, Stage::Over, &dead, Language::English), None);
        let off = Situation {
            deliveries: vec![crate::delivery::Delivery { enabled: false, ..delivery() }],
            ..situation()
        };
        assert_eq!(told(IncidentKind::DeliveryFailing, Stage::Over, &off, Language::English), None);
    }

    #[test]
    fn every_message_is_there_in_both_languages_and_mixes_them_nowhere() {
        let mut failing = account(Health::Warning { since: NOW, reason: WarningReason::RenewalFailing });
        failing.nickname = "N".to_owned();
        failing.life.expires_at = Some(NOW + SignedDuration::from_hours(9));
        let tier = TierStatus { tier: "qq_super".parse().expect("a tier"), active: true, until: Some(NOW) };
        failing.membership = Some(Membership { tiers: vec![tier], checked_at: NOW });
        let arrived =
            DeliveryRecord { at: NOW, outcome: DeliveryOutcome::Confirmed, problem: None, notice: None };
        let mut all = Situation {
            accounts: vec![failing.clone()],
            deliveries: vec![crate::delivery::Delivery { last: Some(arrived), ..delivery() }],
            closed: Some((NOW, StoreState::Locked)),
            ..situation()
        };
        let mut count = 0;
        for kind in [
            IncidentKind::RenewalFailing,
            IncidentKind::KeyEnds,
            IncidentKind::MembershipEnds,
            IncidentKind::DeliveryFailing,
            IncidentKind::StoreLocked,
            IncidentKind::NeedsSignIn,
        ] {
            if kind == IncidentKind::NeedsSignIn {
                all.accounts[0].health = DEAD;
            }
            for stage in [Stage::Begins, Stage::GoesOn, Stage::Over] {
                let said = |language| told(kind, stage, &all, language).map(|(title, text)| title + &text);
                let english = said(Language::English).expect("there is something to say");
                let chinese = said(Language::Chinese).expect("there is something to say");
                assert!(!english.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{english}");
                assert!(chinese.ends_with('。') && !chinese.contains(" the "), "{chinese}");
                count += 1;
            }
        }
        assert_eq!(count, 18);
    }

    #[test]
    fn several_messages_are_one() {
        let one = test(Language::English);
        assert_eq!(together(vec![one.clone()], Language::English), Some(one.clone()));
        assert_eq!(together(Vec::new(), Language::English), None);
        let calm = Message { urgency: Urgency::Low, ..one.clone() };
        let both = together(vec![calm.clone(), one], Language::Chinese).expect("a message");
        assert_eq!((both.title.as_str(), both.urgency), ("TuneKey：2 条消息", Urgency::Normal));
        assert_eq!(both.text.matches(&calm.title).count(), 2);
    }
}
