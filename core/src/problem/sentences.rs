//! What a person is told of each kind of problem: the one table of it.

use std::collections::BTreeMap;

use strum::VariantArray as _;

use super::{ProblemCode, Words};
use crate::store::{EXPOSED_IDENTITY_OF_A_DATABASE, StoreKind, WRONG_IDENTITY_OF_A_DATABASE};

impl ProblemCode {
    /// What to tell the person of each kind of problem in a profile with such a store, for a front that speaks for
    /// itself. `{service}` stands where the service's name belongs.
    pub fn sentences(store: StoreKind) -> BTreeMap<Self, Words> {
        let sentence = |code: &ProblemCode| {
            let (english, chinese) = code.words_of(store).unwrap_or_else(|| code.words());
            (*code, Words { english: english.to_owned(), chinese: chinese.to_owned() })
        };
        ProblemCode::VARIANTS.iter().map(sentence).collect()
    }

    /// What is said of a store of that kind in place of [`Self::words`], which are said of the keychain.
    pub(super) fn words_of(self, store: StoreKind) -> Option<(&'static str, &'static str)> {
        let words = store.words();
        Some(match (store, self) {
            (StoreKind::Keychain, _) => return None,
            (_, Self::KeychainLocked) => words.locked,
            (_, Self::KeychainUnavailable) => words.unavailable,
            (_, Self::KeychainDenied) => words.denied,
            (_, Self::CredentialMissing) => words.missing,
            (_, Self::CredentialUnreadable) => words.unreadable,
            (StoreKind::Postgres, Self::IdentityMissing) => words.locked,
            (StoreKind::Postgres, Self::IdentityWrong) => WRONG_IDENTITY_OF_A_DATABASE,
            (StoreKind::Postgres, Self::IdentityExposed) => EXPOSED_IDENTITY_OF_A_DATABASE,
            _ => return None,
        })
    }

    /// The sentence in English and in Chinese.
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Offline => (
                "{service} can’t be reached. Check your network, or the proxy setting.",
                "连接不上{service}，请检查网络或代理设置。",
            ),
            Self::UntrustedCertificate => (
                "The certificate shown for {service} isn’t trusted, so nothing was sent. Check this computer’s date \
                 and time. If they are right, a program or firewall inspects your connections: if you trust it, \
                 add its certificate authority (extra-ca) in the settings; if not, use another network.",
                "{service}的连接出示了不受信任的证书，未发送任何内容。请先检查本机的日期和时间；如果时间没错，\
                 说明有程序或防火墙在检查你的连接：信任它就在设置里添加它的 CA 证书（extra-ca），不信任就换一个网络。",
            ),
            Self::NoAuthorities => (
                "This system has no certificate authorities, so no connection can be trusted. Install the package \
                 ca-certificates, then try again.",
                "本系统没有任何 CA 证书，无法信任任何连接。请安装 ca-certificates 软件包后重试。",
            ),
            Self::ExtraCaUnusable => (
                "The file with the extra certificate authority can’t be used: it is gone, can’t be read, or holds no \
                 certificate. Choose another .pem file in the settings, or remove it there.",
                "附加 CA 证书文件无法使用：文件不存在、无法读取，或其中没有证书。请在设置里另选一个 .pem 文件，或将其移除。",
            ),
            Self::NameNotResolved => (
                "The address of {service} can’t be looked up. Check that this computer is online; if it is, the name \
                 server (DNS), a VPN or an ad blocker doesn’t answer for it.",
                "无法解析{service}的域名。请检查本机是否联网；如果已联网，请检查 DNS、VPN 或广告拦截是否屏蔽了它。",
            ),
            Self::NotTheService => (
                "Something else answered in place of {service}; nothing was changed. Networks of hotels and cafés \
                 do that until you sign in to them: open any web page in your browser, then try again.",
                "回应的不是{service}，没有改动任何内容。酒店、咖啡馆等公共网络在登录前会这样：请先用浏览器打开任意网页完成联网登录，再重试。",
            ),
            Self::ServerError => (
                "{service}, or a proxy in front of it, has trouble of its own just now. Nothing was changed; try again \
                 in a few minutes.",
                "{service}（或它前面的代理）暂时出了故障，没有改动任何内容，请过几分钟再试。",
            ),
            Self::ProxyUnreachable => (
                "The proxy can’t be reached. Start the proxy program, or choose another proxy, or none, in the settings.",
                "连接不上代理。请启动代理程序，或在设置里改用其他代理或不使用代理。",
            ),
            Self::ProxyRefused => (
                "The proxy answers, but doesn’t let the connection to {service} through. Check the proxy program’s \
                 rules and its own connection, or choose another proxy, or none, in the settings.",
                "代理有响应，但没有放行到{service}的连接。请检查代理程序的规则和它自身的网络，或在设置里改用其他代理或不使用代理。",
            ),
            Self::ProxyPassword => (
                "The proxy wants a user name and password that it accepts. TuneKey doesn’t keep them: put both into \
                 the variable HTTPS_PROXY and use the system proxy, or choose a proxy that wants none.",
                "代理要求有效的用户名和密码。TuneKey 不保存它们：请写进环境变量 HTTPS_PROXY 并使用系统代理，或换一个不需要密码的代理。",
            ),
            Self::ProxyUnusable => (
                "The system names a proxy that TuneKey can’t use, so nothing was sent. Correct it, or choose a proxy, \
                 or none, in the settings.",
                "系统设置的代理 TuneKey 无法使用，因此未发送任何内容。请更正它，或在设置里指定代理或不使用代理。",
            ),
            Self::Timeout => (
                "{service} did not answer in time. Check your network, or the proxy setting, and try again.",
                "{service}没有及时响应，请检查网络或代理设置后重试。",
            ),
            Self::Rejected => (
                "{service} no longer accepts this credential. Sign in again. If you have neither signed out nor changed \
                 the password: does another program renew this account, too? Leave that to one of them.",
                "{service}不再接受这份凭据，请重新登录。如果你没有退出登录，也没有改过密码：是否还有其他程序在为该账号续期？请只保留其中一个。",
            ),
            Self::RefusedOnce => (
                "{service} has just refused this credential. That can pass: TuneKey asks again in a minute before \
                 it believes it. Nothing was changed.",
                "{service}刚刚拒绝了这份凭据，这可能只是暂时的。TuneKey 会在一分钟后再次确认，没有改动任何内容。",
            ),
            Self::NotRenewable => (
                "This credential holds nothing that could renew it. It works until it ends; to get one that renews \
                 by itself, sign in with a code.",
                "这份凭据没有可用于续期的内容，到期前仍可使用。如需自动续期，请改用扫码登录。",
            ),
            Self::RenewalRefused => (
                "{service} would not renew this key; as far as it says, the key itself still works. TuneKey tries \
                 again. Does another program renew this account, too? Leave that to one of them.",
                "{service}没有为这份密钥续期，但并未表示密钥失效。TuneKey 会再试。是否还有其他程序在为该账号续期？请只保留其中一个。",
            ),
            Self::RiskControl => (
                "{service} paused this sign-in: its risk control didn’t accept the attempt. Your account is fine. \
                 Use the network your phone is on, without a proxy, wait ten minutes, or choose another way in.",
                "{service}的安全风控拦下了这次登录，账号本身没有问题。请与手机使用同一网络并关闭代理，\
                 等十分钟再试，或换一种登录方式。",
            ),
            Self::RateLimited => (
                "{service} asks to slow down. Your account is fine; wait a little, then try again.",
                "{service}提示操作太频繁，账号本身没有问题，请稍后再试。",
            ),
            Self::Expired => (
                "The code has expired; nothing was sent. Get a new code.",
                "二维码已过期，未发送任何信息，请获取新二维码。",
            ),
            Self::Refused => (
                "The sign-in was declined on the phone. Nothing was saved.",
                "手机上取消了登录，没有保存任何内容。",
            ),
            Self::DeviceLimit => (
                "{service} lets no further device in. Your account is fine; remove an old device under account security in \
                 the app, then try again.",
                "{service}不允许更多设备登录，账号本身没有问题。请在 App 的账号安全设置里移除一台旧设备，再重试。",
            ),
            Self::Restricted => (
                "{service} restricts this account. Open its app to see why. Nothing was saved.",
                "{service}限制了该账号，请打开其 App 查看原因，没有保存任何内容。",
            ),
            Self::ClientTooOld => (
                "{service} no longer accepts the client that TuneKey presents. Your account is fine; an update of TuneKey \
                 usually fixes this.",
                "{service}不再接受 TuneKey 使用的客户端版本，账号本身没有问题，更新 TuneKey 后通常即可恢复。",
            ),
            Self::WrongMethod => (
                "{service} does not let this account in this way. Your account is fine: choose another way in.",
                "{service}不允许该账号以这种方式登录，账号本身没有问题，请换一种登录方式。",
            ),
            Self::WrongCode => (
                "That code didn’t match. Check the latest text message.",
                "验证码不正确，请核对最新一条短信。",
            ),
            Self::ExchangeLost => (
                "The last step broke: the answer that brings the credential was lost on the way, and {service} gives it \
                 only once. Nothing was saved. Get a new code and scan again.",
                "最后一步中断了：带回凭据的回应在途中丢失，而{service}只发放一次。没有保存任何内容，请获取新二维码再扫一次。",
            ),
            Self::ForeignCode => (
                "What {service} sent is not one of its sign-in codes, so it is not shown and nothing was saved. Get a new \
                 code. If that happens again, choose another way in, and look at the proxy setting: somebody may be \
                 answering in its place.",
                "{service}发来的不是它的登录二维码，因此没有显示，也没有保存任何内容。请获取新二维码；如果再次出现，\
                 请换一种登录方式，并检查代理设置：可能有人在冒充它应答。",
            ),
            Self::DailyLimit => (
                "TuneKey starts no more sign-ins with {service} today: more of them make its risk control stricter, and some \
                 people were locked out for days. Your account is fine; try again tomorrow, or paste a cookie that you have.",
                "TuneKey 今天不再发起{service}登录：继续尝试会让对方的安全风控更严格，甚至数天无法登录。\
                 账号本身没有问题，请明天再试，或粘贴已有的 Cookie。",
            ),
            Self::OtherAccount => (
                "This is another account than the one you wanted to sign in again. Nothing was saved.",
                "登录的不是你要重新登录的那个账号，没有保存任何内容。",
            ),
            // Without words of its own, a problem of the store is one of the keychain.
            Self::KeychainLocked => StoreKind::Keychain.words().locked,
            Self::KeychainUnavailable => StoreKind::Keychain.words().unavailable,
            Self::KeychainDenied => StoreKind::Keychain.words().denied,
            Self::CredentialMissing => StoreKind::Keychain.words().missing,
            Self::CredentialUnreadable => StoreKind::Keychain.words().unreadable,
            Self::CredentialRolledBack => (
                "The store holds an older credential for this account than TuneKey saved last: a backup was put back, \
                 it seems. Put the newest files back; or check the account, which asks {service} whether the older one \
                 still works; or sign in again. Nothing was changed.",
                "存储中该账号的凭据比 TuneKey 最后保存的要旧，似乎恢复过备份。请放回最新的文件；或验证该账号，\
                 向{service}确认旧凭据是否仍有效；或重新登录。没有改动任何内容。",
            ),
            Self::IdentityMissing => StoreKind::File.words().locked,
            Self::IdentityWrong => (
                "The identity that was found doesn’t open this profile’s encrypted files. `tunekey store show` says where \
                 it was found, and which recipient is wanted. Put the right identity there. Nothing was changed.",
                "找到的身份密钥打不开本数据目录的加密文件。用 `tunekey store show` 查看它所在的位置和所需的接收方，\
                 并放入正确的身份密钥。没有改动任何内容。",
            ),
            Self::IdentityExposed => (
                "The identity that opens this profile’s encrypted files was refused: other users can read it. \
                 `tunekey store show` names the file. Close it with `chmod 600`, and if others may have read it, make a \
                 new one.",
                "能打开加密文件的身份密钥未被使用：其他用户可以读取它。用 `tunekey store show` 查看是哪个文件，\
                 用 `chmod 600` 关闭权限；如果可能已被他人读取，请新建一个。",
            ),
            Self::ProfileUnreadable => (
                "TuneKey’s account list can’t be read or written. Check the folder’s permissions and free space.",
                "无法读写 TuneKey 的账号列表，请检查数据目录的权限和磁盘空间。",
            ),
            Self::LedgerDamaged => (
                "TuneKey’s account list is damaged; nothing was changed. Restart TuneKey: it keeps the damaged file \
                 beside a new list. Your credentials are still where they were.",
                "TuneKey 的账号列表已损坏，没有改动任何内容。请重启 TuneKey：损坏的文件会另存，并新建列表。凭据仍在原处。",
            ),
            Self::LedgerSetAside => (
                "TuneKey’s account list was damaged. It is kept beside a new, empty one; your credentials are still \
                 where they were. Put a backup of ledger.json in its place, or sign in again.",
                "TuneKey 的账号列表已损坏，已另存并新建空列表；凭据仍在原处。请用 ledger.json 的备份替换，或重新登录。",
            ),
            Self::LedgerNewer => (
                "TuneKey’s account list was written by a newer version of TuneKey, and is left as it is. Update \
                 TuneKey, or use another profile.",
                "TuneKey 的账号列表由更新的版本写入，已原样保留。请更新 TuneKey，或使用另一个数据目录。",
            ),
            Self::ProfileBusy => (
                "Another TuneKey is busy with this and doesn’t finish. Wait a moment, or close the other one, then try \
                 again.",
                "另一个 TuneKey 正在处理，一直没有完成。请稍等，或关闭另一个 TuneKey 后重试。",
            ),
            Self::LocksUnusable => (
                "TuneKey can’t lock its account list (ledger.lock and the folder “locks”), so nothing can be changed \
                 safely. Remove what stands in their place, or move the profile to a disk that supports locks.",
                "TuneKey 无法锁定账号列表（ledger.lock 与 locks 目录），因此不能安全改动。请移走占用其位置的文件，或把数据目录移到支持文件锁的磁盘。",
            ),
            Self::ProfileReadOnly => (
                "TuneKey’s folder can be read but not written. Accounts can be listed and copied; to change anything, \
                 make the folder writable for you.",
                "TuneKey 的数据目录只能读取、不能写入。可以查看和复制账号；要做改动，请先让你对该目录有写权限。",
            ),
            Self::ProfileNotPrivate => (
                "TuneKey’s folder, or a file in it, belongs to somebody else or can be changed by others, so it is not \
                 used. Make it yours alone (chown, chmod go-w), or choose another folder with --profile.",
                "TuneKey 的数据目录或其中的文件属于其他用户，或可被他人改动，因此不予使用。请将其改为仅归你所有（chown、chmod go-w），或用 --profile 指定其他目录。",
            ),
            Self::DiskFull => (
                "There is no space left on the disk with TuneKey’s folder. Nothing was changed; free some space, then \
                 try again.",
                "TuneKey 数据目录所在的磁盘已满，没有改动任何内容，请清理空间后重试。",
            ),
            Self::NotFound => {
                ("This is no longer here; it may have been removed.", "没有找到，可能已被移除。")
            }
            Self::InvalidInput => {
                ("This can’t be used; nothing was changed.", "无法使用，没有改动任何内容。")
            }
            Self::Cancelled => ("Stopped.", "已取消。"),
            Self::Unexpected => (
                "{service} answered something TuneKey does not understand. Nothing was changed; your account is fine. Try \
                 again, or another way.",
                "{service}的回应无法识别。没有改动任何内容，账号本身没有问题。请重试，或换一种方式。",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_has_a_sentence_in_each_language() {
        for (code, Words { english, chinese }) in ProblemCode::sentences(StoreKind::Keychain) {
            assert!(english.ends_with('.') && chinese.ends_with('。'), "{code:?}: {english} {chinese}");
        }
    }

    /// The sentences for the pages that are played by a script: the real one is handed them.
    #[cfg(feature = "typescript")]
    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "a source of the page: nothing reads it before it is whole"
    )]
    fn export_bindings_sentences() {
        let all = ProblemCode::sentences(StoreKind::Keychain);
        let mut of_database = ProblemCode::sentences(StoreKind::Postgres);
        of_database.retain(|code, words| all.get(code) != Some(words));
        let [sentences, of_database] =
            [all, of_database].map(|words| serde_json::to_string_pretty(&words).expect("they are texts"));
        let text = format!(
            "// Generated from the core's sentences. Do not edit.\n\
             import type {{ ProblemCode }} from './ProblemCode';\n\
             import type {{ Words }} from './Words';\n\n\
             export const sentences: Record<ProblemCode, Words> = {sentences};\n\n\
             /** Those that are others where a database keeps the credentials. */\n\
             export const sentencesOfDatabase: Partial<Record<ProblemCode, Words>> = {of_database};\n"
        );
        let folder = ts_rs::Config::from_env().out_dir().to_owned();
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("sentences.ts"), text).expect("it can be written");
    }
}
