//! The facts of NetEase Cloud Music (protocol: NetEase).

use super::{client_identity, cookie, membership};
use crate::bilingual::Bilingual;
use crate::facts::{
    Color, CookieFacts, FieldKind, MethodFacts, PasteFacts, PictureHost, ServiceFacts, TierFacts,
};
use crate::id::ServiceId;
use crate::method::Method;

/// NetEase Cloud Music.
pub const ID: ServiceId = ServiceId::new("netease");

/// What is known of NetEase Cloud Music.
pub(super) static FACTS: ServiceFacts = ServiceFacts {
    id: ID,
    name: Bilingual::new("NetEase Cloud Music", "网易云音乐"),
    short_name: Bilingual::new("NetEase", "网易云"),
    app_name: Bilingual::new("NetEase", "网易云音乐"),
    owner: Bilingual::new("NetEase", "网易"),
    key_life: Bilingual::new("NetEase keys live months", "网易云密钥以月计"),
    icon: "M2.4 8a5.6 5.6 0 1 0 11.2 0a5.6 5.6 0 1 0 -11.2 0ZM6.6 8a1.4 1.4 0 1 0 2.8 0a1.4 1.4 0 1 0 -2.8 0ZM8 4.9A3.1 3.1 0 0 1 11.1 8",
    color: Color { light: "#cc3636", dark: "#cc3d3d" },
    methods: &[
        MethodFacts {
            method: Method::AppScan,
            hint: Bilingual::new("The NetEase app", "用网易云音乐 App"),
            scanner: Some(Bilingual::new(
                "Open the app, tap the menu › Scan",
                "打开 App，点左上角菜单 ›「扫一扫」",
            )),
        },
        MethodFacts {
            method: Method::Phone,
            hint: Bilingual::new("A code by text message", "短信收验证码"),
            scanner: None,
        },
        MethodFacts {
            method: Method::OfficialPage,
            hint: Bilingual::new("Password and more", "密码等方式"),
            scanner: None,
        },
    ],
    tiers: &[
        TierFacts {
            tier: membership::MUSIC_PACKAGE,
            name: Bilingual::new("Music package", "音乐包"),
            is_highest: false,
        },
        TierFacts {
            tier: membership::VINYL,
            name: Bilingual::new("Black Vinyl", "黑胶 VIP"),
            is_highest: false,
        },
        TierFacts {
            tier: membership::VINYL_SUPER,
            name: Bilingual::new("Black Vinyl SVIP", "黑胶 SVIP"),
            is_highest: true,
        },
    ],
    client_identity: Some(client_identity::SETTING),
    formats: &[],
    has_music_key: false,
    cookie: CookieFacts {
        env_name: "NETEASE_COOKIE",
        domain: ".music.163.com",
        sample: &[cookie::SESSION, cookie::CSRF],
        playing: &cookie::PLAYING,
        platform: "netease",
        renews: false,
    },
    paste: PasteFacts {
        needs: &[cookie::SESSION],
        site: "music.163.com",
        domains: &["163.com"],
        music_domains: &["music.163.com"],
        fields: &[
            (cookie::SESSION, FieldKind::Session),
            (cookie::REFRESH, FieldKind::Other),
            (cookie::CSRF, FieldKind::Csrf),
            ("__remember_me", FieldKind::Other),
            ("NMTID", FieldKind::Other),
        ],
        aliases: &[
            ("csrf", cookie::CSRF, FieldKind::Csrf),
            ("csrftoken", cookie::CSRF, FieldKind::Csrf),
            ("neteasecookie", cookie::SESSION, FieldKind::Session),
            ("rememberme", "__remember_me", FieldKind::Other),
        ],
        prefixes: &["netease", "cloudmusic", "neteasecloudmusic", "ncm", "wyy", "wy", "163"],
        session_words: &["netease", "cloudmusic", "wyy", "ncm", "163", "云音乐"],
        key_beginnings: &[],
        traces: &["music_u", "musicu", "__csrf"],
    },
    // It scales on request; originals can be photographs of many megabytes (protocol: NetEase §5.1).
    picture_hosts: &[PictureHost { domain: "126.net", scaled: Some("param={side}y{side}") }],
    // The sign-in with a NetEase mail account and back. What pages load into frames, and from where, is their own
    // affair.
    page_hosts: &[".163.com"],
    probe_url: "https://music.163.com/robots.txt",
};
