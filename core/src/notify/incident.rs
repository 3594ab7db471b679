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
    /// The key works, is not being renewed, and ends within a day.
    KeyEnds,
}

/// Something that is wrong now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Incident {
    /// What is wrong.
    pub kind: IncidentKind,
    /// With which account or delivery, by its id; empty when with none.
    #[serde(default)]
    pub subject: String,
}

/// Something that is wrong now, and whether it has lasted long enough to tell the person. What they have been told of
/// is over only when its cause is: not when the program starts anew, or another number of hours is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause {
    /// What is wrong.
    pub(crate) incident: Incident,
    /// Whether the person is to hear of it.
    pub(crate) is_incident: bool,
}

/// How far an incident is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
pub(crate) struct Incidents(Vec<Told>);

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
    pub(crate) fn due(&self, wrong: &[Cause], now: Timestamp) -> Vec<(Incident, Stage)> {
        let told = |incident: &Incident| self.0.iter().find(|told| told.incident == *incident);
        let lasts = |told: &&Told| wrong.iter().any(|cause| cause.incident == told.incident);
        let over = self.0.iter().filter(|told| !lasts(told));
        let over = over.map(|told| (told.incident.clone(), Stage::Over));
        let wrong = wrong.iter().filter_map(|Cause { incident, is_incident }| match told(incident) {
            None if *is_incident => Some((incident.clone(), Stage::Begins)),
            Some(told) if told.reminders_due(now) > told.reminders => Some((incident.clone(), Stage::GoesOn)),
            None | Some(_) => None,
        });
        over.chain(wrong).collect()
    }

    /// Notes that the person has been told.
    pub(crate) fn note(&mut self, incident: &Incident, stage: Stage, now: Timestamp) {
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

    /// All of it is wrong for long enough.
    fn causes(incidents: &[Incident]) -> Vec<Cause> {
        let cause = |incident: &Incident| Cause { incident: incident.clone(), is_incident: true };
        incidents.iter().map(cause).collect()
    }

    fn needs_sign_in(account: &str) -> Incident {
        Incident { kind: IncidentKind::NeedsSignIn, subject: account.to_owned() }
    }

    /// Looks every hour, tells what is due, and gives when which stage was told.
    fn told(hours: std::ops::Range<i64>, wrong: impl Fn(i64) -> bool) -> Vec<(i64, Stage)> {
        let (mut incidents, mut told) = (Incidents::default(), Vec::new());
        for hour in hours {
            let now = if wrong(hour) { vec![needs_sign_in("a")] } else { Vec::new() };
            for (incident, stage) in incidents.due(&causes(&now), at(hour)) {
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
        let due = incidents.due(&causes(&wrong), at(24 * 30));
        assert_eq!(due, [(wrong[0].clone(), Stage::GoesOn)]);
        incidents.note(&wrong[0], Stage::GoesOn, at(24 * 30));
        assert_eq!(incidents.due(&causes(&wrong), at(24 * 365)), []);
    }

    #[test]
    fn what_was_not_sent_stays_due_and_what_nobody_heard_of_is_not_over() {
        let incidents = Incidents::default();
        let wrong = [needs_sign_in("a")];
        assert_eq!(incidents.due(&causes(&wrong), at(0)), [(wrong[0].clone(), Stage::Begins)]);
        assert_eq!(incidents.due(&causes(&wrong), at(9)), [(wrong[0].clone(), Stage::Begins)], "still");
        assert_eq!(incidents.due(&[], at(9)), [], "it began and ended in the night");
    }

    #[test]
    fn what_has_been_told_is_over_when_its_cause_is_and_not_when_it_has_to_last_longer() {
        let mut incidents = Incidents::default();
        let wrong = needs_sign_in("a");
        let young = [Cause { incident: wrong.clone(), is_incident: false }];
        assert_eq!(incidents.due(&young, at(0)), [], "it may pass");
        incidents.note(&wrong, Stage::Begins, at(0));
        assert_eq!(incidents.due(&young, at(1)), [], "it has not passed");
        assert_eq!(incidents.due(&young, at(24)), [(wrong.clone(), Stage::GoesOn)]);
        assert_eq!(incidents.due(&[], at(1)), [(wrong, Stage::Over)]);
    }

    #[test]
    fn two_accounts_are_two_incidents_and_one_account_can_have_two() {
        let mut incidents = Incidents::default();
        let ends = Incident { kind: IncidentKind::MembershipEnds, subject: "a".to_owned() };
        let wrong = [needs_sign_in("a"), needs_sign_in("b"), ends];
        for incident in &wrong {
            incidents.note(incident, Stage::Begins, at(0));
        }
        assert_eq!(incidents.due(&causes(&wrong[1..]), at(1)), [(wrong[0].clone(), Stage::Over)]);
    }

    #[test]
    fn it_is_remembered_over_a_restart_and_a_clock_that_is_set_back_tells_nothing_twice() {
        let mut incidents = Incidents::default();
        let wrong = [needs_sign_in("a")];
        incidents.note(&wrong[0], Stage::Begins, at(0));
        let text = serde_json::to_string(&incidents).expect("it is plain data");
        let again: Incidents = serde_json::from_str(&text).expect("it is what was written");
        assert_eq!(again, incidents);
        assert_eq!(again.due(&causes(&wrong), at(-90_000)), []);
    }
}
