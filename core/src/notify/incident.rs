//! What the person is told of, and how often: when it begins, a day later, a week later, and once when it is over.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentKind {
    /// Only a new sign-in helps.
    NeedsSignIn,
    /// Renewals have been failing for hours.
    RenewalFailing,
    /// A cookie does not arrive where it is delivered to.
    DeliveryFailing,
    /// The secret store has been locked for hours.
    StoreLocked,
    /// The membership ends within a week.
    MembershipEnds,
}

/// Something that is wrong now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Incident {
    /// What is wrong.
    pub kind: IncidentKind,
    /// With which account or delivery, by its id; empty when with none.
    #[serde(default)]
    pub subject: String,
}

/// How far an incident is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The person hears of it for the first time.
    Begins,
    /// It has gone on for a day, or for a week.
    GoesOn,
    /// It is over.
    Over,
}

/// How long after the first telling the others follow.
const REMINDERS: [SignedDuration; 2] = [SignedDuration::from_hours(24), SignedDuration::from_hours(24 * 7)];

/// What the person has been told, as it is kept over restarts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Incidents(Vec<Told>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    #[serde(flatten)]
    incident: Incident,
    /// When the person was told first.
    since: Timestamp,
    /// How many of the reminders have been given, or passed over for a later one.
    reminders: usize,
}

impl Told {
    /// How many reminders are due by now, those given included. A clock that was set back makes none due.
    fn reminders_due(&self, now: Timestamp) -> usize {
        let passed = now.duration_since(self.since);
        REMINDERS.iter().filter(|after| passed >= **after).count()
    }
}

impl Incidents {
    /// What to tell the person now, given all that is wrong. As long as it is not [noted](Self::note), it stays due:
    /// what could not be sent, or would have come in the night, is told later.
    pub fn due(&self, wrong: &[Incident], now: Timestamp) -> Vec<(Incident, Stage)> {
        let told = |incident: &Incident| self.0.iter().find(|told| told.incident == *incident);
        let over = self.0.iter().filter(|told| !wrong.contains(&told.incident));
        let over = over.map(|told| (told.incident.clone(), Stage::Over));
        let wrong = wrong.iter().filter_map(|incident| match told(incident) {
            None => Some((incident.clone(), Stage::Begins)),
            Some(told) if told.reminders_due(now) > told.reminders => Some((incident.clone(), Stage::GoesOn)),
            Some(_) => None,
        });
        over.chain(wrong).collect()
    }

    /// Notes that the person has been told.
    pub fn note(&mut self, incident: &Incident, stage: Stage, now: Timestamp) {
        match stage {
            Stage::Begins => {
                if self.0.iter().all(|told| told.incident != *incident) {
                    self.0.push(Told { incident: incident.clone(), since: now, reminders: 0 });
                }
            }
            Stage::GoesOn => {
                for told in self.0.iter_mut().filter(|told| told.incident == *incident) {
                    told.reminders = told.reminders_due(now).max(told.reminders);
                }
            }
            Stage::Over => self.0.retain(|told| told.incident != *incident),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + hours * 3_600).expect("a time")
    }

    fn needs_sign_in(account: &str) -> Incident {
        Incident { kind: IncidentKind::NeedsSignIn, subject: account.to_owned() }
    }

    /// Looks every hour, tells what is due, and gives when which stage was told.
    fn told(hours: std::ops::Range<i64>, wrong: impl Fn(i64) -> bool) -> Vec<(i64, Stage)> {
        let (mut incidents, mut told) = (Incidents::default(), Vec::new());
        for hour in hours {
            let now = if wrong(hour) { vec![needs_sign_in("a")] } else { Vec::new() };
            for (incident, stage) in incidents.due(&now, at(hour)) {
                incidents.note(&incident, stage, at(hour));
                told.push((hour, stage));
            }
        }
        told
    }

    #[test]
    fn an_incident_is_told_at_once_a_day_later_a_week_later_and_when_it_is_over() {
        let all = told(0..2_000, |hour| (5..1_500).contains(&hour));
        let expected = [(5, Stage::Begins), (29, Stage::GoesOn), (173, Stage::GoesOn), (1_500, Stage::Over)];
        assert_eq!(all, expected);
    }

    #[test]
    fn whoever_comes_back_after_weeks_is_reminded_once() {
        let mut incidents = Incidents::default();
        let wrong = [needs_sign_in("a")];
        incidents.note(&wrong[0], Stage::Begins, at(0));
        let due = incidents.due(&wrong, at(24 * 30));
        assert_eq!(due, [(wrong[0].clone(), Stage::GoesOn)]);
        incidents.note(&wrong[0], Stage::GoesOn, at(24 * 30));
        assert_eq!(incidents.due(&wrong, at(24 * 365)), []);
    }

    #[test]
    fn what_was_not_sent_stays_due_and_what_nobody_heard_of_is_not_over() {
        let incidents = Incidents::default();
        let wrong = [needs_sign_in("a")];
        assert_eq!(incidents.due(&wrong, at(0)), [(wrong[0].clone(), Stage::Begins)]);
        assert_eq!(incidents.due(&wrong, at(9)), [(wrong[0].clone(), Stage::Begins)], "still");
        assert_eq!(incidents.due(&[], at(9)), [], "it began and ended in the night");
    }

    #[test]
    fn two_accounts_are_two_incidents_and_one_account_can_have_two() {
        let mut incidents = Incidents::default();
        let ends = Incident { kind: IncidentKind::MembershipEnds, subject: "a".to_owned() };
        let wrong = [needs_sign_in("a"), needs_sign_in("b"), ends];
        for incident in &wrong {
            incidents.note(incident, Stage::Begins, at(0));
        }
        assert_eq!(incidents.due(&wrong[1..], at(1)), [(wrong[0].clone(), Stage::Over)]);
    }

    #[test]
    fn it_is_remembered_over_a_restart_and_a_clock_that_is_set_back_tells_nothing_twice() {
        let mut incidents = Incidents::default();
        let wrong = [needs_sign_in("a")];
        incidents.note(&wrong[0], Stage::Begins, at(0));
        let text = serde_json::to_string(&incidents).expect("it is plain data");
        let again: Incidents = serde_json::from_str(&text).expect("it is what was written");
        assert_eq!(again, incidents);
        assert_eq!(again.due(&wrong, at(-90_000)), []);
    }
}
