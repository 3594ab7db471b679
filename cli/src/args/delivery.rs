//! The arguments of `tunekey delivery`. For `args.rs`.

use clap::Subcommand;

use super::{MethodName, QrTarget, Switched};

/// What can be done with deliveries.
#[derive(Debug, Subcommand)]
pub(crate) enum DeliveryCommand {
    /// List where credentials can go, and what each asks for
    Presets,
    /// List the deliveries and how each went
    List {
        /// Only those of this account
        account: Option<String>,
    },
    /// Add a delivery
    #[command(override_usage = "tunekey delivery add <ACCOUNT> <PRESET> [ANSWER]...")]
    Add {
        /// `service:uid`, or a unique beginning of it, or a nickname
        account: String,
        /// Where to (see `delivery presets`)
        preset: String,
        /// What it asks for, each as NAME=VALUE
        #[arg(value_name = "ANSWER")]
        answers: Vec<String>,
        /// A secret that it asks for, from a file, or `-` for standard input
        #[arg(long, value_name = "NAME=FILE|-")]
        secret: Vec<String>,
        /// Your own name for it
        #[arg(long, value_name = "TEXT")]
        label: Option<String>,
        /// Send what renews the key, too: the target renews it from then on, and TuneKey does not until you sign in
        /// again
        #[arg(long, conflicts_with = "own_sign_in")]
        hand_over: bool,
        /// Give the target a sign-in of its own, which it renews (then `delivery sign-in`)
        #[arg(long)]
        own_sign_in: bool,
    },
    /// Change where a delivery goes; what is not named stays as it is
    #[command(override_usage = "tunekey delivery change <DELIVERY> [ANSWER]...")]
    Change {
        /// Its id, or a unique beginning of it, or its label
        delivery: String,
        /// What is to be different, each as NAME=VALUE
        #[arg(value_name = "ANSWER")]
        answers: Vec<String>,
        /// Another secret, from a file, or `-` for standard input
        #[arg(long, value_name = "NAME=FILE|-")]
        secret: Vec<String>,
        /// Send what renews the key, too: the target renews it from then on, and TuneKey does not until you sign in
        /// again
        #[arg(long, conflicts_with = "own_sign_in")]
        hand_over: bool,
        /// Give the target a sign-in of its own, which it renews (then `delivery sign-in`)
        #[arg(long)]
        own_sign_in: bool,
    },
    /// Sign in once more, for a delivery alone, and send what comes of it there
    SignIn {
        /// Its id, or a unique beginning of it, or its label
        delivery: String,
        /// The way in (see `services`); the best one if left out
        #[arg(long, value_name = "METHOD")]
        method: Option<MethodName>,
        /// Where to draw the code: `terminal`, or `png=FILE`
        #[arg(long, value_name = "WHERE")]
        qr: Option<QrTarget>,
    },
    /// Give a delivery your own name, or take it away with an empty one
    Label {
        /// Its id, or a unique beginning of it, or its label
        delivery: String,
        /// The name
        text: String,
    },
    /// Show what would be sent, with its secret parts masked
    Preview {
        /// Its id, or a unique beginning of it, or its label
        delivery: String,
    },
    /// Send the current value to see whether it works
    Test {
        /// Its id, or a unique beginning of it, or its label
        delivery: String,
    },
    /// Deliver the current value now
    Send {
        /// Its id, or a unique beginning of it, or its label
        delivery: String,
    },
    /// Switch a delivery on or off
    Switch {
        /// Its id, or a unique beginning of it, or its label
        delivery: String,
        /// `on` or `off`
        state: Switched,
    },
    /// Remove a delivery; what was delivered stays
    Remove {
        /// Its id, or a unique beginning of it, or its label
        delivery: String,
    },
}
