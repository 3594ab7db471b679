//! As which application QQ Music asks QQ and WeChat for a sign-in (protocol: QQ §2.1, §3.1).

/// QQ Music among the applications of QQ's sign-in.
pub(super) const APP: &str = "716027609";

/// QQ Music among the clients of QQ's OAuth 2.0.
pub(super) const CLIENT: &str = "100497308";

/// The domain of QQ's sign-in that the application belongs to (`daid`).
pub(super) const DOMAIN: &str = "383";

/// Where QQ's sign-in sends a browser once a code is confirmed.
pub(super) const LOGIN_JUMP: &str = "https://graph.qq.com/oauth2.0/login_jump";

/// The page that all of this normally happens on.
pub(super) const REFERER: &str = "https://xui.ptlogin2.qq.com/";

/// QQ Music among the applications of WeChat.
pub(super) const WECHAT_APP: &str = "wx48db31d50e334801";
