//! How each kind of problem ends: the exit code of a command, and the HTTP status of an answer. The only table of both;
//! the command line and the local API read it, and `docs/api.md` shows it.

use super::ProblemCode;

/// How a kind of problem ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProblemStatus {
    /// The exit code of the command line.
    pub exit_code: u8,
    /// The HTTP status of the local API.
    pub http_status: u16,
}

impl ProblemCode {
    /// How it ends.
    pub fn status(self) -> ProblemStatus {
        let (exit_code, http_status) = match self {
            Self::InvalidInput => (2, 400),
            Self::NotFound => (3, 404),
            Self::Expired
            | Self::Refused
            | Self::DeviceLimit
            | Self::Restricted
            | Self::ClientTooOld
            | Self::WrongMethod
            | Self::WrongCode
            | Self::ExchangeLost
            | Self::ForeignCode
            | Self::OtherAccount => (4, 409),
            Self::Rejected | Self::NotRenewable => (5, 409),
            Self::Offline
            | Self::UntrustedCertificate
            | Self::NoAuthorities
            | Self::NameNotResolved
            | Self::NotTheService
            | Self::ServerError
            | Self::ProxyUnreachable
            | Self::ProxyRefused
            | Self::ProxyPassword
            | Self::ProxyUnusable => (6, 502),
            Self::Timeout => (6, 504),
            Self::KeychainLocked
            | Self::KeychainUnavailable
            | Self::KeychainDenied
            | Self::CredentialMissing
            | Self::CredentialUnreadable
            | Self::CredentialRolledBack
            | Self::IdentityMissing
            | Self::IdentityWrong
            | Self::IdentityExposed => (7, 503),
            Self::RiskControl | Self::RateLimited | Self::DailyLimit => (8, 429),
            Self::RefusedOnce | Self::RenewalRefused => (9, 409),
            Self::Cancelled => (130, 409),
            // The file stands in the settings, which whoever asks over HTTP has not given.
            Self::ExtraCaUnusable => (2, 500),
            Self::ProfileBusy => (1, 503),
            Self::ProfileUnreadable
            | Self::LedgerDamaged
            | Self::LedgerSetAside
            | Self::LedgerNewer
            | Self::LocksUnusable
            | Self::ProfileReadOnly
            | Self::ProfileNotPrivate
            | Self::DiskFull
            | Self::Unexpected => (1, 500),
        };
        ProblemStatus { exit_code, http_status }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use strum::VariantArray as _;

    use super::*;

    /// The table as `docs/api.md` has it: a row for each pair, in the order of the exit codes.
    fn rows() -> Vec<String> {
        let mut pairs = BTreeMap::<(u8, u16), Vec<String>>::new();
        for code in ProblemCode::VARIANTS {
            let ProblemStatus { exit_code, http_status } = code.status();
            let name = serde_json::to_value(code).expect("a name");
            let name = format!("`{}`", name.as_str().expect("a name"));
            pairs.entry((exit_code, http_status)).or_default().push(name);
        }
        let row = |((exit, http), names): ((u8, u16), Vec<String>)| {
            format!("| {} | {exit} | {http} |", names.join(", "))
        };
        pairs.into_iter().map(row).collect()
    }

    #[test]
    fn the_page_about_the_api_lists_how_each_code_ends() {
        let page = include_str!("../../../docs/api.md");
        let listed: Vec<_> =
            page.lines().skip_while(|line| !line.starts_with("| `code` |")).skip(2).collect();
        let listed: Vec<_> = listed.into_iter().take_while(|line| line.starts_with("| `")).collect();
        assert_eq!(listed, rows(), "it should be:\n{}", rows().join("\n"));
    }

    #[test]
    fn the_page_about_servers_names_the_exit_codes_of_its_table() {
        let page = include_str!("../../../docs/servers.md");
        let rows = page.lines().skip_while(|line| !line.contains("(`problem.code`)")).skip(2);
        let mut seen = 0;
        for row in rows.take_while(|line| line.starts_with("| `")) {
            let (name, rest) = row.trim_start_matches("| `").split_once('`').expect("a name");
            let code: ProblemCode = serde_json::from_value(name.into()).expect("a code");
            // "All others of them end with exit code 7", it says below.
            let said = rest.split_once("(exit code ").and_then(|(_, rest)| rest.split_once(')'));
            let said = said.map_or(Ok(7), |(number, _)| number.parse()).expect("a number");
            assert_eq!(code.status().exit_code, said, "{name}");
            seen += 1;
        }
        assert!(seen > 5, "the table is somewhere else: {seen}");
        assert!(page.contains("All others of them end with exit code 7"));
    }
}
