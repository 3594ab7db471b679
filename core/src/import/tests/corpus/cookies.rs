//! Cookies: in headers, in the answers that set them, and in Netscape files.

use tunekey_services::PasteFormat::{CookieHeader, Netscape, SetCookie};
use tunekey_services::netease::ID as NETEASE;
use tunekey_services::qqmusic::ID as QQ_MUSIC;

use super::{Case, found};

pub(super) fn headers() -> Vec<Case> {
    vec![
        found(
            "a header's value",
            "MUSIC_U=00A1; __csrf=c1; os=pc",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1"), ("os", "pc")],
        ),
        found(
            "a header with its name",
            "Cookie: MUSIC_U=00A1; __csrf=c1",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "a name in small letters and no space behind it",
            "cookie:MUSIC_U=00A1;__csrf=c1",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "QQ Music with an account number as cookies write it",
            "pgv_pvid=9; uin=o0010001; qm_keyst=Q_H_L_k; qqmusic_key=Q_H_L_k; euin=oK6z**",
            CookieHeader,
            QQ_MUSIC,
            &[
                ("pgv_pvid", "9"),
                ("uin", "o0010001"),
                ("qm_keyst", "Q_H_L_k"),
                ("qqmusic_key", "Q_H_L_k"),
                ("euin", "oK6z**"),
            ],
        ),
        found(
            "QQ Music by WeChat",
            "wxuin=1152921504600000043; qm_keyst=W_X_k; wxopenid=o1; login_type=2",
            CookieHeader,
            QQ_MUSIC,
            &[
                ("wxuin", "1152921504600000043"),
                ("qm_keyst", "W_X_k"),
                ("wxopenid", "o1"),
                ("login_type", "2"),
            ],
        ),
        found(
            "a whole request, of which only the cookies count",
            "GET /api HTTP/1.1\r\nHost: music.163.com\r\nCookie: MUSIC_U=00A1; __csrf=c1\r\n\
             Referer: https://music.163.com/?a=b\r\n",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "one cookie a line, with a byte order mark and Windows' line ends",
            "\u{feff}MUSIC_U=00A1\r\n__csrf=c1\r\n",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "a header that a chat has broken into lines",
            "MUSIC_U=00A1;\n  __csrf=c1;\n\n os=pc;",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1"), ("os", "pc")],
        ),
        found(
            "Chinese punctuation",
            "Cookie：MUSIC_U＝00A1； __csrf=c1；",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "values with equals signs, plus signs and percent signs stay as they are",
            "MUSIC_U=U+%2B==; __csrf=a%3Db",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "U+%2B=="), ("__csrf", "a%3Db")],
        ),
        found(
            "percent-encoded as a whole",
            "MUSIC_U%3D00A1%3B%20__csrf%3dc1",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "empty and deleted ones are none",
            "MUSIC_U=; MUSIC_U=00A1; __csrf=\"\"; MUSIC_R_U=deleted; =x; y",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
        found(
            "an empty one behind a good one does not remove it",
            "MUSIC_U=00A1; MUSIC_U=",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
        found(
            "of duplicates the last one counts",
            "uin=10001; qm_keyst=Q_H_L_old; qm_keyst=Q_H_L_new",
            CookieHeader,
            QQ_MUSIC,
            &[("uin", "10001"), ("qm_keyst", "Q_H_L_new")],
        ),
        found(
            "both services, of which one is whole",
            "MUSIC_U=00A1; uin=10001",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("uin", "10001")],
        ),
        found(
            "both services, of which the other is whole",
            "__csrf=c1; uin=10001; qm_keyst=Q_H_L_k",
            CookieHeader,
            QQ_MUSIC,
            &[("__csrf", "c1"), ("uin", "10001"), ("qm_keyst", "Q_H_L_k")],
        ),
        found(
            "cookies that are nobody's credential",
            "NMTID=n; JSESSIONID-WYYY=j",
            CookieHeader,
            None,
            &[("NMTID", "n"), ("JSESSIONID-WYYY", "j")],
        ),
        found(
            "names and values that no header could carry are left out",
            "名字=x; nick=小满; MUSIC_U=00A1; a b=c",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
    ]
}

pub(super) fn set_cookies() -> Vec<Case> {
    vec![
        found(
            "lines of an answer",
            "HTTP/1.1 200 OK\r\nSet-Cookie: MUSIC_U=00A1; Max-Age=15552000; Path=/; HTTPOnly\r\n\
             Server: nginx\r\nSet-Cookie: __csrf=c1; Max-Age=1296010; Path=/\r\n",
            SetCookie,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "the joined text of NeteaseCloudMusicApi",
            "MUSIC_R_T=1; Max-Age=2147483647; Expires=Mon, 18 Oct 2094 00:19:44 GMT; Path=/openapi/clientlog;\
             MUSIC_R_U=R; Max-Age=15552000; Path=/eapi/login/token/refresh;;MUSIC_R_U=R; \
             Path=/api/login/token/refresh;;MUSIC_SNS=; Max-Age=0; Path=/;MUSIC_U=U==; Max-Age=15552000; \
             Path=/; HTTPOnly;__csrf=C; Max-Age=1296010; Path=/;",
            SetCookie,
            NETEASE,
            &[("MUSIC_R_T", "1"), ("MUSIC_R_U", "R"), ("MUSIC_U", "U=="), ("__csrf", "C")],
        ),
        found(
            "lines that a program has joined by commas",
            "MUSIC_U=00A1; Max-Age=15552000; Expires=Tue, 01 Jan 2030 00:00:00 GMT,__csrf=c1; Path=/,MUSIC_R_U=R; \
             HTTPOnly, os=pc",
            SetCookie,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1"), ("MUSIC_R_U", "R"), ("os", "pc")],
        ),
        found(
            "a removal among lines that were joined by commas",
            "MUSIC_U=00A1; Path=/, MUSIC_U=gone; Max-Age=0, __csrf=c1; Path=/",
            SetCookie,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "a removal behind a good value",
            "MUSIC_U=00A1; Path=/;;MUSIC_U=gone; Max-Age=0; Path=/;;__csrf=c1; Path=/",
            SetCookie,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "a removal by an end in 1970",
            "Set-Cookie: MUSIC_A=a; Expires=Thu, 01 Jan 1970 00:00:10 GMT; Path=/\nSet-Cookie: MUSIC_U=00A1; Path=/",
            SetCookie,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
        found(
            "cookies of other sites between those of the service",
            "set-cookie: MUSIC_U=evil; Domain=.evil.example\nset-cookie: MUSIC_U=00A1; Domain=.music.163.com",
            SetCookie,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
        found(
            "the music site's own cookie wins over the wider one, in either order",
            "set-cookie: uin=10001; Domain=y.qq.com\nset-cookie: uin=10002; Domain=.qq.com\n\
             set-cookie: qm_keyst=Q_H_L_k; Domain=.y.qq.com",
            SetCookie,
            QQ_MUSIC,
            &[("uin", "10001"), ("qm_keyst", "Q_H_L_k")],
        ),
        found(
            "a list of lines in JSON",
            r#"["MUSIC_U=00A1; Max-Age=15552000; Path=/; HTTPOnly", "__csrf=c1; Path=/"]"#,
            SetCookie,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
    ]
}

pub(super) fn netscape_files() -> Vec<Case> {
    vec![
        found(
            "a file of curl",
            "# Netscape HTTP Cookie File\n# https://curl.se/docs/http-cookies.html\n\n\
             #HttpOnly_.music.163.com\tTRUE\t/\tFALSE\t1805552000\tMUSIC_U\t00A1\n\
             .music.163.com\tTRUE\t/\tFALSE\t0\t__csrf\tc1\n",
            Netscape,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "Windows' line ends, small letters and an end with a fraction",
            ".qq.com\ttrue\t/\tfalse\t1805552000.25\tuin\t10001\r\n.qq.com\ttrue\t/\tfalse\t0\tqm_keyst\tQ_H_L_k\r\n",
            Netscape,
            QQ_MUSIC,
            &[("uin", "10001"), ("qm_keyst", "Q_H_L_k")],
        ),
        found(
            "spaces where tabs were",
            ".music.163.com TRUE / FALSE 1805552000 MUSIC_U 00A1",
            Netscape,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
        found(
            "a whole browser",
            ".evil.example\tTRUE\t/\tFALSE\t0\tMUSIC_U\tevil\n.music.163.com\tTRUE\t/\tFALSE\t0\tMUSIC_U\t00A1\n\
             .notqq.com\tTRUE\t/\tFALSE\t0\tuin\t1\nqq.com.evil.example\tTRUE\t/\tFALSE\t0\tuin\t2\n",
            Netscape,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
        found(
            "a line that was cut is left out",
            ".music.163.com\tTRUE\t/\tFALSE\t0\tMUSIC_U\t00A1\n.music.163.com\tTRUE\t/\tFALSE",
            Netscape,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
    ]
}
