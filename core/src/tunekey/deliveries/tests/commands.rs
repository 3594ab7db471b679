//! Deliveries to programs, which are scripts of a shell here.

use std::pin::Pin;
use std::task::{Context, Poll};

use super::*;
use crate::delivery::CommandTarget;

/// A delivery that is dropped when it would take one step more. Whether it had ended before.
struct CutOff<F> {
    delivery: Pin<Box<F>>,
    steps: usize,
}

impl<F: Future> Future for CutOff<F> {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<bool> {
        match self.steps.checked_sub(1) {
            None => Poll::Ready(false),
            Some(left) => {
                self.steps = left;
                self.delivery.as_mut().poll(context).map(|_| true)
            }
        }
    }
}

/// A program that writes a line for each value that it is given.
fn appends_to(path: &std::path::Path) -> Target {
    let script = format!("cat >> {0} && echo >> {0}", path.display());
    let arguments = ["/bin/sh", "-c", &script].map(str::to_owned).to_vec();
    Target::Command(CommandTarget { arguments, variable: None, seconds: 30 })
}

#[tokio::test]
async fn a_value_is_delivered_at_least_once_and_never_an_older_one_after_a_newer_wherever_it_is_cut_off() {
    let home = Home::new().await;
    let log = home.path("log");
    let id = home.add(draft(appends_to(&log), DeliveryScope::PlayingOnly)).await;
    let mut newest = Generation::new(1);
    // Each delivery is dropped one step later than the last, until one of them is not.
    for steps in 0.. {
        let cut_off = home.another();
        let ended = CutOff { delivery: Box::pin(cut_off.deliver(&id, Purpose::Queue)), steps }.await;
        let after = home.another();
        after.deliver(&id, Purpose::Send).await.expect("the profile works");
        let delivery = home.another().0.accounts.delivery(&id).expect("it is there");
        assert_eq!(delivery.delivered.map(|key| key.generation), Some(newest), "after {steps} steps");
        let sent = home.text("log");
        let newest_line = format!("MUSIC_U=value-{:04}; __csrf=c", newest.number());
        assert!(newest == Generation::new(1) || sent.contains(&newest_line), "after {steps} steps: {sent}");
        if ended {
            break;
        }
        newest = home.commit(&home.another(), &format!("value-{:04}", newest.number() + 1)).await;
    }
    let sent = home.text("log");
    let values: Vec<&str> = sent.lines().filter(|line| line.contains("value-")).collect();
    assert!(values.is_sorted() && values.len() > 3, "{sent}");
}

#[tokio::test]
async fn one_target_is_written_by_one_delivery_at_a_time_and_no_key_waits_for_it() {
    let home = Home::new().await;
    let path = home.path("held");
    let script = format!(
        "cat > /dev/null; echo started >> {0}; while [ ! -e {0}.go ]; do sleep 0.02; done",
        path.display()
    );
    let arguments = ["/bin/sh", "-c", &script].map(str::to_owned).to_vec();
    let slow = Target::Command(CommandTarget { arguments, variable: None, seconds: 60 });
    let id = home.add(draft(slow, DeliveryScope::PlayingOnly)).await;
    let (first, first_id) = (home.tunekey.clone(), id.clone());
    let running = tokio::spawn(async move { first.deliver(&first_id, Purpose::Queue).await });
    while home.text("held").is_empty() {
        tokio::task::yield_now().await;
    }
    let second = home.another().deliver(&id, Purpose::Queue).await.expect("it is no problem");
    assert_eq!(second, None, "somebody else is at it");
    home.commit(&home.tunekey, "two").await;
    std::fs::File::create(home.path("held.go")).expect("it may go on");
    running.await.expect("it ends").expect("it works").expect("it was tried");
    assert_eq!(home.text("held"), "started\n");
    home.tunekey.deliver(&id, Purpose::Queue).await.expect("it works").expect("there is a newer key");
    assert_eq!(home.text("held"), "started\nstarted\n");
}
