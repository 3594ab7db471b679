//! JSON: objects, what browsers export, and credentials as libraries write them.

use tunekey_services::PasteFormat::{BrowserExport, JsonObject, QqmusicApi};
use tunekey_services::netease::ID as NETEASE;
use tunekey_services::qqmusic::ID as QQ_MUSIC;

use super::{Case, found};

pub(super) fn json_objects() -> Vec<Case> {
    vec![
        found(
            "names and values",
            r#"{"MUSIC_U": "00A1", "__csrf": "c1"}"#,
            JsonObject,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "numbers keep every digit",
            r#"{"wxuin": 1152921504600000043, "qm_keyst": "W_X_k"}"#,
            JsonObject,
            QQ_MUSIC,
            &[("wxuin", "1152921504600000043"), ("qm_keyst", "W_X_k")],
        ),
        found(
            "values that are no text are left out",
            r#"{"MUSIC_U": "00A1", "a": null, "b": true, "c": [1], "d": {"e": "f"}}"#,
            JsonObject,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
        found(
            "a session that is no text is none",
            r#"{"MUSIC_U": ["00A1"], "__csrf": "c1"}"#,
            JsonObject,
            NETEASE,
            &[("__csrf", "c1")],
        ),
        found(
            "the answer of NeteaseCloudMusicApi to a sign-in",
            r#"{"code": 803, "message": "授权登陆成功", "cookie": "MUSIC_U=00A1; Max-Age=15552000; Path=/;;__csrf=c1; Path=/"}"#,
            JsonObject,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "an answer of a local API, with the cookies deep inside",
            r#"{"code": 200, "data": {"cookie": {"uin": "10001", "musickey": "Q_H_L_k", "refresh_key": "rk"}}}"#,
            JsonObject,
            QQ_MUSIC,
            &[("uin", "10001"), ("musickey", "Q_H_L_k"), ("refresh_key", "rk")],
        ),
        found(
            "a wrapper's field that is empty hides nothing",
            r#"{"cookie": null, "data": {"MUSIC_U": "00A1"}}"#,
            JsonObject,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
        found(
            "escapes and names in Chinese",
            r#"{"\u004dUSIC_U": "00A1", "昵称": "小满", "nick": "\u5c0f"}"#,
            JsonObject,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
        found(
            "with a byte order mark and white space around it",
            "\u{feff}\r\n  {\"MUSIC_U\":\"00A1\"}\r\n",
            JsonObject,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
        found(
            "a number that is too large for one is no account",
            r#"{"musicid": 123456789012345678901234567890, "qm_keyst": "Q_H_L_k"}"#,
            JsonObject,
            QQ_MUSIC,
            &[("musicid", "1.2345678901234568e+29"), ("qm_keyst", "Q_H_L_k")],
        ),
    ]
}

pub(super) fn browser_exports() -> Vec<Case> {
    vec![
        found(
            "EditThisCookie",
            r#"[{"domain": ".music.163.com", "expirationDate": 1805552000.5, "hostOnly": false, "httpOnly": true,
                 "name": "MUSIC_U", "path": "/", "sameSite": "unspecified", "secure": false, "session": false,
                 "storeId": "0", "value": "00A1", "id": 1},
                {"domain": ".music.163.com", "name": "__csrf", "value": "c1", "id": 2}]"#,
            BrowserExport,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "Cookie-Editor, with another site's cookies among them",
            r#"[{"name": "uin", "value": "o010001", "domain": ".qq.com", "sameSite": null},
                {"name": "uin", "value": "99999", "domain": ".evil.example"},
                {"name": "qm_keyst", "value": "Q_H_L_k", "domain": ".qq.com"}]"#,
            BrowserExport,
            QQ_MUSIC,
            &[("uin", "o010001"), ("qm_keyst", "Q_H_L_k")],
        ),
        found(
            "an extension that writes large first letters",
            r#"[{"Name": "MUSIC_U", "Value": "00A1"}]"#,
            BrowserExport,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
        found(
            "the stored state of a browser under test",
            r#"{"cookies": [{"name": "MUSIC_U", "value": "00A1", "domain": ".music.163.com"}], "origins": []}"#,
            BrowserExport,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
        found(
            "the music site's own cookie wins over the wider one",
            r#"[{"name": "uin", "value": "10001", "domain": "y.qq.com"},
                {"name": "uin", "value": "10002", "domain": ".qq.com"},
                {"name": "qm_keyst", "value": "Q_H_L_k", "domain": ".qq.com"}]"#,
            BrowserExport,
            QQ_MUSIC,
            &[("uin", "10001"), ("qm_keyst", "Q_H_L_k")],
        ),
        found(
            "items that are no cookies",
            r#"[null, 1, {"name": "MUSIC_U"}, {"name": 5, "value": "x"}, {"name": "MUSIC_U", "value": "00A1"}]"#,
            BrowserExport,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
    ]
}

pub(super) fn credentials() -> Vec<Case> {
    vec![
        found(
            "qqmusic-api as it writes now",
            r#"{"openid": "0A", "refresh_token": "1B", "access_token": "2C", "expired_at": 1790604800,
                "musicid": 10001, "musickey": "Q_H_L_k", "unionid": "", "str_musicid": "10001",
                "refresh_key": "rk", "musickeyCreateTime": 1790000000, "keyExpiresIn": 259200,
                "encryptUin": "oK6z**", "loginType": 2}"#,
            QqmusicApi,
            QQ_MUSIC,
            &[
                ("access_token", "2C"),
                ("encryptUin", "oK6z**"),
                ("expired_at", "1790604800"),
                ("keyExpiresIn", "259200"),
                ("loginType", "2"),
                ("musicid", "10001"),
                ("musickey", "Q_H_L_k"),
                ("musickeyCreateTime", "1790000000"),
                ("openid", "0A"),
                ("refresh_key", "rk"),
                ("refresh_token", "1B"),
                ("str_musicid", "10001"),
            ],
        ),
        found(
            "qqmusic-api as it wrote before",
            r#"{"musicid": 10001, "musickey": "Q_H_L_k", "refresh_key": "rk", "encrypt_uin": "oK6z**",
                "login_type": 2, "musickey_create_time": 1790000000, "key_expires_in": 259200}"#,
            QqmusicApi,
            QQ_MUSIC,
            &[
                ("encryptUin", "oK6z**"),
                ("keyExpiresIn", "259200"),
                ("loginType", "2"),
                ("musicid", "10001"),
                ("musickey", "Q_H_L_k"),
                ("musickeyCreateTime", "1790000000"),
                ("refresh_key", "rk"),
            ],
        ),
        found(
            "a credential inside a wrapper",
            r#"{"code": 0, "data": {"musicid": "10001", "musickey": "W_X_k"}}"#,
            QqmusicApi,
            QQ_MUSIC,
            &[("musicid", "10001"), ("musickey", "W_X_k")],
        ),
        found(
            "the skeleton of a sign-in that failed",
            r#"{"musicid": 0, "musickey": "", "openid": "", "str_musicid": "0"}"#,
            QqmusicApi,
            None,
            &[("musicid", "0"), ("str_musicid", "0")],
        ),
    ]
}
