//! The arguments as clap parses them. For `lib.rs`; `help.rs` adds help and Chinese.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand};
use tracing_subscriber::filter::LevelFilter;
use tunekey_core::{ChannelKind, Format, Language, Method, Secret, ServiceId, StoreKind, registry};

use crate::api_args::{ServeOptions, TokenCommand};
use crate::text;

mod delivery;

pub(crate) use delivery::DeliveryCommand;

/// Your own sign-ins, kept in the system's keychain and renewed.
#[derive(Debug, Parser)]
#[command(name = "tunekey", version, propagate_version = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The options of every command.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Keep accounts and settings in this folder instead of the usual one
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) profile: Option<PathBuf>,
    /// Where a new profile keeps its credentials: `keychain`, `file` for encrypted files, or `postgres://…`
    #[arg(long, global = true, value_name = "STORE")]
    pub(crate) store: Option<StoreName>,
    /// Print one JSON object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Log to standard error: error, warn, info, debug or trace; never a secret
    #[arg(long, global = true, value_name = "LEVEL")]
    pub(crate) log: Option<LevelFilter>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the services and the ways to sign in to each
    Services,
    /// Sign in by scanning a code, or in another way
    SignIn {
        /// The service
        service: ServiceName,
        /// The way in (see `services`); the best one if left out
        #[arg(long, value_name = "METHOD")]
        method: Option<MethodName>,
        /// Sign this account in again; if another one comes, ask before keeping it
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<String>,
        /// Where to draw the code: `terminal`, or `png=FILE`; `text` prints what it says
        #[arg(long, value_name = "WHERE")]
        qr: Option<QrTarget>,
        /// The browser for `official-page`; looked for by itself if left out
        #[arg(long, value_name = "FILE")]
        browser: Option<PathBuf>,
    },
    /// Save a cookie that you already have, from a file or standard input
    #[command(override_usage = "tunekey import [OPTIONS] [SERVICE] [FILE|-]")]
    Import {
        /// The service; recognised by itself if left out
        #[arg(value_name = "SERVICE")]
        first: Option<OsString>,
        /// The file; standard input if left out or `-`
        #[arg(value_name = "FILE|-")]
        second: Option<PathBuf>,
        /// Sign this account in again; if the cookie is another one’s, ask before keeping it
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<String>,
        #[command(flatten)]
        cloud: CloudArguments,
    },
    /// List the accounts
    Accounts,
    /// Show one account
    Show {
        /// `service:uid`, or a unique beginning of it, or a nickname
        account: String,
    },
    /// Print the cookie
    Cookie {
        /// `service:uid`, or a unique beginning of it, or a nickname
        account: String,
        /// The format; the account's own if left out
        #[arg(long, value_name = "FORMAT")]
        format: Option<FormatName>,
        /// Only what plays, without what renews the key
        #[arg(long)]
        minimal: bool,
        /// Print it even if the account needs a sign-in
        #[arg(long)]
        even_if_dead: bool,
    },
    /// Print a value for a script: the cookie and nothing else
    Get {
        /// `service:uid`, or a unique beginning of it, or a nickname
        account: String,
        /// The format; the account's own if left out
        #[arg(long, value_name = "FORMAT")]
        format: Option<FormatName>,
        /// Only what plays, without what renews the key
        #[arg(long)]
        minimal: bool,
        /// Print it even if the account needs a sign-in
        #[arg(long)]
        even_if_dead: bool,
    },
    /// Report that the service has refused a key: verifies it once, and renews it once at most
    Rejected {
        /// `service:uid`, or a unique beginning of it, or a nickname
        account: String,
        /// The generation that was used (see `get --json`): an older one than the current one is not verified
        #[arg(long, value_name = "N")]
        generation: Option<u64>,
    },
    /// Run a program with a cookie in its environment, and renew meanwhile
    #[command(override_usage = "tunekey run [OPTIONS] <ACCOUNT> -- <COMMAND>...")]
    Run {
        /// `service:uid`, or a unique beginning of it, or a nickname
        account: String,
        /// The variable for the cookie, and its format; may be given several times
        #[arg(long, value_name = "NAME[=FORMAT]", required = true)]
        env: Vec<Variable>,
        /// Only what plays, without what renews the key
        #[arg(long)]
        minimal: bool,
        /// What to do with the program when there is a new key: `restart`, or `signal=NAME` such as `signal=HUP`
        #[arg(long, value_name = "WHAT")]
        on_renewal: Option<OnRenewal>,
        /// The program and its arguments
        #[arg(last = true, required = true, value_name = "COMMAND")]
        command: Vec<OsString>,
    },
    /// Print how the accounts are doing, and each change
    Watch {
        /// Only this account
        account: Option<String>,
    },
    /// Renew and deliver by itself until it is stopped, without a window
    Daemon,
    /// Renew and deliver as `daemon` does, and answer programs of your own over HTTP
    Serve(ServeOptions),
    /// Say whether the `daemon` or `serve` of this profile runs and answers, for health checks
    Health,
    /// Decide which programs may ask over HTTP, and for what
    #[command(arg_required_else_help = true)]
    Token {
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Look for what keeps TuneKey from working, and say what to do about it
    Doctor {
        /// Call accounts and folders by their names
        #[arg(long)]
        names: bool,
    },
    /// Show where credentials are kept, or move them
    #[command(arg_required_else_help = true)]
    Store {
        #[command(subcommand)]
        command: StoreCommand,
    },
    /// Get a new key
    Renew {
        /// `service:uid`, or a unique beginning of it, or a nickname
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        account: Option<String>,
        /// Every account
        #[arg(long)]
        all: bool,
    },
    /// Verify with the service that the credential works
    Check {
        /// `service:uid`, or a unique beginning of it, or a nickname
        account: String,
    },
    /// End the credential at the service and remove it here
    SignOut {
        /// `service:uid`, or a unique beginning of it, or a nickname
        account: String,
    },
    /// Remove the credential here only
    Forget {
        /// `service:uid`, or a unique beginning of it, or a nickname
        account: String,
    },
    /// Deliver credentials by themselves to where they are used
    #[command(arg_required_else_help = true)]
    Delivery {
        #[command(subcommand)]
        command: DeliveryCommand,
    },
    /// Be told when something needs you, on your phone or by silence
    #[command(arg_required_else_help = true)]
    Notify {
        #[command(subcommand)]
        command: NotifyCommand,
    },
    /// Show or change settings
    Settings {
        /// The setting; all of them if left out
        key: Option<String>,
        /// Its new value
        value: Option<String>,
    },
}

impl Command {
    /// Whether it has to do with accounts, which another computer may have added.
    pub(crate) fn needs_accounts(&self) -> bool {
        !matches!(
            self,
            Self::Services | Self::Health | Self::Store { .. } | Self::Notify { .. } | Self::Settings { .. }
        )
    }
}

/// Where `import` finds the cookies of a browser.
#[derive(Debug, Args)]
pub(crate) struct CloudArguments {
    /// Take what plays of a browser’s cookies from the CookieCloud at this address; the browser goes on renewing them
    #[arg(long = "cookiecloud", value_name = "URL", requires = "uuid", conflicts_with = "second")]
    pub(crate) url: Option<String>,
    /// The uuid that the browser’s extension has
    #[arg(long, value_name = "UUID", requires = "url")]
    pub(crate) uuid: Option<String>,
    /// The file with the extension’s password, or `-` for standard input; asked for at a terminal if left out
    #[arg(long, value_name = "FILE|-", requires = "url")]
    pub(crate) password: Option<PathBuf>,
    /// Allow an address without encryption, in your own network
    #[arg(long, requires = "url")]
    pub(crate) plain_http: bool,
}

/// What can be done with notifications.
#[derive(Debug, Subcommand)]
pub(crate) enum NotifyCommand {
    /// List the channels that there are, and what each asks for
    Channels,
    /// List your channels and how the last message of each went
    List,
    /// Add a channel
    #[command(override_usage = "tunekey notify add <KIND> [ANSWER]...")]
    Add {
        /// What it is (see `notify channels`)
        kind: ChannelName,
        /// What it asks for and is not secret, each as NAME=VALUE
        #[arg(value_name = "ANSWER")]
        answers: Vec<String>,
        /// A secret that it asks for, from a file, or `-` for standard input; asked for at a terminal if left out
        #[arg(long, value_name = "NAME=FILE|-")]
        secret: Vec<String>,
        /// Your own name for it
        #[arg(long, value_name = "TEXT")]
        label: Option<String>,
        /// Allow an address without encryption, in your own network
        #[arg(long)]
        plain_http: bool,
    },
    /// Change a channel; what is not named stays as it is
    #[command(override_usage = "tunekey notify change <CHANNEL> [ANSWER]...")]
    Change {
        /// Its id, or a unique beginning of it, or its label
        channel: String,
        /// What is to be different and is not secret, each as NAME=VALUE
        #[arg(value_name = "ANSWER")]
        answers: Vec<String>,
        /// Another secret, from a file, or `-` for standard input
        #[arg(long, value_name = "NAME=FILE|-")]
        secret: Vec<String>,
        /// Your own name for it
        #[arg(long, value_name = "TEXT")]
        label: Option<String>,
        /// Allow an address without encryption, in your own network
        #[arg(long)]
        plain_http: bool,
    },
    /// Send a test message, also in quiet hours
    Test {
        /// Its id, or a unique beginning of it, or its label
        channel: String,
    },
    /// Switch a channel on or off
    Switch {
        /// Its id, or a unique beginning of it, or its label
        channel: String,
        /// `on` or `off`
        state: Switched,
    },
    /// Remove a channel and its secrets
    Remove {
        /// Its id, or a unique beginning of it, or its label
        channel: String,
    },
    /// Show or choose when no message goes to a phone
    Quiet {
        /// As 22:00-08:00, or `off`; shown if left out
        hours: Option<String>,
    },
    /// Show or choose after how many hours you hear of some things
    After {
        /// For how long renewals may fail, in hours
        #[arg(long, value_name = "HOURS")]
        renewal: Option<u32>,
        /// For how long the keychain may be closed, in hours
        #[arg(long, value_name = "HOURS")]
        keychain: Option<u32>,
    },
    /// Call an address while all is well, so that silence is noticed (healthchecks.io and the like)
    Ping {
        /// `set`, `test` or `off`; shown if left out
        action: Option<PingAction>,
        /// The file that the address stands in, or `-` for standard input; asked for at a terminal if left out
        #[arg(long, value_name = "FILE|-")]
        address: Option<PathBuf>,
        /// How often, in minutes
        #[arg(long, value_name = "MINUTES")]
        minutes: Option<u32>,
        /// Allow an address without encryption, in your own network
        #[arg(long)]
        plain_http: bool,
    },
}

/// What is done with the ping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PingAction {
    Set,
    Test,
    Off,
}

impl FromStr for PingAction {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "set" => Ok(Self::Set),
            "test" => Ok(Self::Test),
            "off" => Ok(Self::Off),
            _ => Err("use `set`, `test` or `off`".to_owned()),
        }
    }
}

/// What can be done with the store of the credentials.
#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Show where the credentials of this profile are kept
    Show,
    /// Move the credentials of this profile to another store
    Move {
        /// The store: `keychain`, `file` for encrypted files, or `postgres://…` for a database that several computers
        /// share
        to: StoreName,
        /// The file with the identity for what is encrypted, instead of the usual places
        #[arg(long, value_name = "FILE")]
        identity: Option<PathBuf>,
    },
    /// Make an identity that opens encrypted files, and print whom to encrypt to
    Identity {
        /// The new file; the usual one if left out
        file: Option<PathBuf>,
    },
}

/// A variable for a program, and the format of the cookie in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    /// The account's own when `None`.
    pub(crate) format: Option<Format>,
}

impl FromStr for Variable {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, format) = match text.split_once('=') {
            Some((name, format)) => (name, Some(format.parse::<FormatName>()?.0)),
            None => (text, None),
        };
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let is_name =
            name.bytes().all(fits) && name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
        if is_name {
            Ok(Self { name: name.to_owned(), format })
        } else {
            Err("use a variable’s name: letters, digits and _".to_owned())
        }
    }
}

/// What is done with a program when there is a new key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnRenewal {
    /// It is ended and started again, with the new cookie in its environment.
    Restart,
    /// It gets a signal.
    #[cfg(unix)]
    Signal(nix::sys::signal::Signal),
}

impl FromStr for OnRenewal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            None if text == "restart" => Ok(Self::Restart),
            #[cfg(unix)]
            Some(("signal", name)) => {
                let name = name.strip_prefix("SIG").unwrap_or(name);
                format!("SIG{name}")
                    .parse()
                    .map(Self::Signal)
                    .map_err(|_| "there is no such signal".to_owned())
            }
            _ if cfg!(windows) => Err("use `restart`: Windows has no signals".to_owned()),
            _ => Err("use `restart` or `signal=NAME`".to_owned()),
        }
    }
}

/// Whether something is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Switched(pub(crate) bool);

impl FromStr for Switched {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "on" => Ok(Self(true)),
            "off" => Ok(Self(false)),
            _ => Err("use `on` or `off`".to_owned()),
        }
    }
}

/// Where a QR code is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum QrTarget {
    /// In the terminal.
    Terminal,
    /// Into a file.
    Png(PathBuf),
    /// As what it says.
    Text,
}

impl FromStr for QrTarget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            None if text == "terminal" => Ok(Self::Terminal),
            None if text == "text" => Ok(Self::Text),
            Some(("png", file)) if !file.is_empty() => Ok(Self::Png(file.into())),
            _ => Err("use `terminal`, `text` or `png=FILE`".to_owned()),
        }
    }
}

/// An argument that is a name of the core, with an error for clap to show.
macro_rules! named_argument {
    ($name:ident, $inner:ty, $what:literal) => {
        #[derive(Debug, Clone, Copy)]
        pub(crate) struct $name(pub(crate) $inner);

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                text.parse().map(Self).map_err(|_| concat!("use ", $what).to_owned())
            }
        }
    };
}

named_argument!(MethodName, Method, "one of the methods that `tunekey services` lists");
/// A store: the name of a kind, or the address of a database. Somebody may have put a password into an address, so that
/// it is read where errors do not repeat it.
#[derive(Debug, Clone)]
pub(crate) struct StoreName(pub(crate) Secret);

impl FromStr for StoreName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.parse::<StoreKind>().is_ok() || text.contains([':', '/', '@']) {
            return Ok(Self(text.into()));
        }
        Err("use `keychain`, `file` or `postgres://…`".to_owned())
    }
}

named_argument!(ChannelName, ChannelKind, "one of the kinds that `tunekey notify channels` lists");

/// A service that there is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServiceName(pub(crate) ServiceId);

impl FromStr for ServiceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = text.parse().ok().filter(|service| registry::by_id(*service).is_some());
        named.map(Self).ok_or_else(|| format!("use {}", text::service_ids(Language::English)))
    }
}

/// A format that there is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FormatName(pub(crate) Format);

impl FromStr for FormatName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| format!("use {}", text::format_names(Language::English)))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_variable_has_a_name_that_shells_know_and_a_format_that_there_is() {
        let named = |format| Ok(Variable { name: "COOKIE".to_owned(), format });
        assert_eq!("COOKIE".parse(), named(None));
        assert_eq!("COOKIE=json".parse(), named(Some(Format::Json)));
        for bad in ["", "1X", "A-B", "=json", "COOKIE=", "COOKIE=yaml"] {
            bad.parse::<Variable>().expect_err(bad);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_program_is_restarted_or_gets_a_signal() {
        use nix::sys::signal::Signal;

        assert_eq!("restart".parse(), Ok(OnRenewal::Restart));
        for name in ["signal=HUP", "signal=SIGHUP"] {
            assert_eq!(name.parse(), Ok(OnRenewal::Signal(Signal::SIGHUP)));
        }
        for bad in ["", "stop", "signal", "signal=", "signal=NOPE"] {
            bad.parse::<OnRenewal>().expect_err(bad);
        }
    }

    #[test]
    fn a_code_can_be_drawn_in_the_terminal_or_into_a_file() {
        assert_eq!("terminal".parse(), Ok(QrTarget::Terminal));
        assert_eq!("png=code.png".parse(), Ok(QrTarget::Png("code.png".into())));
        for bad in ["", "png", "png=", "svg=x", "terminal=x"] {
            bad.parse::<QrTarget>().expect_err("it names no place to draw");
        }
    }
}
