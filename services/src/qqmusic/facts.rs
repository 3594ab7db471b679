//! The facts of QQ Music (protocol: QQ).

use super::{api_format, cookie, gateway, membership};
use crate::bilingual::Bilingual;
use crate::facts::{
    Color, CookieFacts, FieldKind, MethodFacts, OwnFormat, PasteFacts, PictureHost, ServiceFacts, TierFacts,
};
use crate::format::FormatName;
use crate::id::ServiceId;
use crate::method::Method;

/// QQ Music.
pub const ID: ServiceId = ServiceId::new("qqmusic");

/// The format of qqmusic-api-python.
pub const API_FORMAT: FormatName = FormatName::new("qqmusicapi");

/// What is known of QQ Music.
pub(super) static FACTS: ServiceFacts = ServiceFacts {
    id: ID,
    name: Bilingual::new("QQ Music", "QQ 音乐"),
    short_name: Bilingual::new("QQ Music", "QQ 音乐"),
    app_name: Bilingual::new("QQ Music", "QQ 音乐"),
    owner: Bilingual::new("Tencent", "腾讯"),
    key_life: Bilingual::new("QQ Music keys live days", "QQ 音乐密钥以天计"),
    icon: "M6 11.5V4l6-1.3v7.4M2.6 11.6a1.8 1.5 0 1 0 3.6 0a1.8 1.5 0 1 0 -3.6 0ZM8.6 10.2a1.8 1.5 0 1 0 3.6 0a1.8 1.5 0 1 0 -3.6 0Z",
    color: Color { light: "#1a8f59", dark: "#1a8f59" },
    methods: &[
        MethodFacts {
            method: Method::QqScan,
            hint: Bilingual::new("QQ, not QQ Music", "用 QQ，不是 QQ 音乐"),
            scanner: Some(Bilingual::new("Open QQ, tap + › Scan", "打开 QQ，点「+」›「扫一扫」")),
        },
        MethodFacts {
            method: Method::WechatScan,
            hint: Bilingual::new("WeChat on your phone", "用手机微信"),
            scanner: Some(Bilingual::new("Open WeChat, tap + › Scan", "打开微信，点「+」›「扫一扫」")),
        },
        MethodFacts {
            method: Method::AppScan,
            hint: Bilingual::new("The QQ Music app", "用 QQ 音乐 App"),
            scanner: Some(Bilingual::new(
                "Open QQ Music, tap More › Scan",
                "打开 QQ 音乐，点「更多」›「扫一扫」",
            )),
        },
        MethodFacts {
            method: Method::Phone,
            hint: Bilingual::new("A code by text message", "短信收验证码"),
            scanner: None,
        },
        MethodFacts {
            method: Method::OfficialPage,
            hint: Bilingual::new("Local QQ, or a password", "本机 QQ、密码等"),
            scanner: None,
        },
    ],
    tiers: &[
        TierFacts {
            tier: membership::GREEN,
            name: Bilingual::new("Green Diamond", "绿钻"),
            is_highest: false,
        },
        TierFacts {
            tier: membership::LUXURY_GREEN,
            name: Bilingual::new("Luxury Green Diamond", "豪华绿钻"),
            is_highest: false,
        },
        TierFacts {
            tier: membership::SUPER,
            name: Bilingual::new("Super member", "超级会员"),
            is_highest: true,
        },
    ],
    client_identity: None,
    formats: &[OwnFormat {
        name: API_FORMAT,
        words: Bilingual::new("qqmusic-api Credential", "qqmusic-api Credential"),
        about: Bilingual::new("the Credential of qqmusic-api-python", "qqmusic-api-python 的 Credential"),
        shape: "{ \"musicid\": … }",
        render: api_format::render,
    }],
    has_music_key: true,
    // The key opens the music site only; `.qq.com` would carry it to every site of the company.
    cookie: CookieFacts {
        env_name: "QQMUSIC_COOKIE",
        domain: ".y.qq.com",
        sample: &["uin", "qm_keyst"],
        playing: &cookie::PLAYING,
        platform: "tencent",
        renews: true,
    },
    paste: PasteFacts {
        needs: &["uin", "qm_keyst"],
        site: "y.qq.com",
        domains: &["qq.com"],
        music_domains: &["y.qq.com"],
        fields: &[
            ("musickey", FieldKind::Key),
            ("music_key", FieldKind::Key),
            ("qqmusic_key", FieldKind::Key),
            ("qm_keyst", FieldKind::Key),
            ("lqm_keyst", FieldKind::Key),
            ("musicid", FieldKind::Account),
            ("musicId", FieldKind::Account),
            ("music_id", FieldKind::Account),
            ("str_musicid", FieldKind::Account),
            ("strMusicid", FieldKind::Account),
            ("qqmusic_uin", FieldKind::Account),
            ("uin", FieldKind::Account),
            ("wxuin", FieldKind::Account),
            ("p_uin", FieldKind::Account),
            ("luin", FieldKind::Account),
            ("p_luin", FieldKind::Account),
            ("pt2gguin", FieldKind::Account),
            ("loginUin", FieldKind::Account),
            ("openid", FieldKind::Other),
            ("openId", FieldKind::Other),
            ("open_id", FieldKind::Other),
            ("psrf_qqopenid", FieldKind::Other),
            ("wxopenid", FieldKind::Other),
            ("access_token", FieldKind::Other),
            ("accessToken", FieldKind::Other),
            ("psrf_qqaccess_token", FieldKind::Other),
            ("wxaccess_token", FieldKind::Other),
            ("refresh_token", FieldKind::Other),
            ("refreshToken", FieldKind::Other),
            ("psrf_qqrefresh_token", FieldKind::Other),
            ("wxrefresh_token", FieldKind::Other),
            ("refresh_key", FieldKind::Other),
            ("refreshKey", FieldKind::Other),
            ("psrf_qqrefresh_key", FieldKind::Other),
            ("unionid", FieldKind::Other),
            ("psrf_qqunionid", FieldKind::Other),
            ("wxunionid", FieldKind::Other),
            ("expired_at", FieldKind::Other),
            ("psrf_access_token_expiresAt", FieldKind::Other),
            ("musickeyCreateTime", FieldKind::Other),
            ("musickey_create_time", FieldKind::Other),
            ("musickeyCreateTimestamp", FieldKind::Other),
            ("psrf_musickey_createtime", FieldKind::Other),
            ("keyExpiresIn", FieldKind::Other),
            ("key_expires_in", FieldKind::Other),
            ("encryptUin", FieldKind::Other),
            ("encrypt_uin", FieldKind::Other),
            ("euin", FieldKind::Other),
            ("loginType", FieldKind::Other),
            ("tmeLoginType", FieldKind::Other),
        ],
        aliases: &[
            ("key", "musickey", FieldKind::Key),
            ("token", "musickey", FieldKind::Key),
            ("qqkey", "musickey", FieldKind::Key),
            ("qmkey", "musickey", FieldKind::Key),
            ("authst", "musickey", FieldKind::Key),
            ("musictoken", "musickey", FieldKind::Key),
            ("密钥", "musickey", FieldKind::Key),
            ("音乐密钥", "musickey", FieldKind::Key),
            ("qq", "account", FieldKind::Account),
            ("qqnumber", "account", FieldKind::Account),
            ("qqno", "account", FieldKind::Account),
            ("account", "account", FieldKind::Account),
            ("accountid", "account", FieldKind::Account),
            ("userid", "account", FieldKind::Account),
            ("uid", "account", FieldKind::Account),
            ("账号", "account", FieldKind::Account),
            ("帐号", "account", FieldKind::Account),
            ("qq号", "account", FieldKind::Account),
            ("qq号码", "account", FieldKind::Account),
            ("ptuiloginuin", "loginUin", FieldKind::Account),
        ],
        prefixes: &["tencent", "qqmusic", "qq", "tx", "qm"],
        session_words: &[],
        // For accounts of QQ and of WeChat.
        key_beginnings: &["Q_H_L_", "W_X_"],
        traces: &["qm_keyst", "qqmusic_key", "musickey", "music_key", "q_h_l_", "w_x_"],
    },
    picture_hosts: &[
        PictureHost::unscaled("qlogo.cn"),
        PictureHost::unscaled("gtimg.cn"),
        PictureHost::unscaled("qq.com"),
    ],
    // QQ, WeChat below it, and the slider that QQ asks suspicious visitors to move, which some web views count as a
    // place of its own. What pages merely load (pictures, styles, scripts) needs no permission.
    page_hosts: &[".qq.com", ".captcha.gtimg.com"],
    probe_url: gateway::GATEWAY,
};
