//! The surface that clients of the public vkeys API speak, under `/music` and `/v2/music`: the cookie routes of QQ
//! Music as that API describes them, and the same for NetEase, which are ours. `docs/api.md` says how its
//! contradictions are decided.

mod dialect;
pub(crate) mod envelope;
mod info;
mod netease;
mod parameters;
pub(crate) mod qrcode;
pub(crate) mod refresh;
mod tencent;
mod wrong;

use axum::Extension;
use axum::extract::{Request, State};
use axum::response::Response;

use crate::callers::Caller;
use crate::state::Api;

/// Signs in by a code of QQ Music that is scanned: a stream. The event with id `1` is the picture, a data URL; then come
/// states as text; the last has id `end`. It is `二维码已失效` when the code has expired; else JSON with `cookie` and `info`,
/// both at the top and in `data`. 204 to whoever has had the last one.
#[cfg_attr(test, utoipa::path(get, path = "/music/tencent/cookie/qrcode", tag = "vkeys",
    params(qrcode::QrcodeQuery),
    responses(
        (status = 200, content_type = "text/event-stream", item_schema = crate::streams::EventSchema),
        (status = 204, description = "The last event was seen already."))))]
pub(crate) async fn tencent_qrcode(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    qrcode::answer(&api, caller, &tencent::DIALECT, request).await
}

/// The address that an early description gives for the same. A client key of QQ for the desktop is refused: it would
/// open the whole QQ account.
#[cfg_attr(test, utoipa::path(get, path = "/music/tencent/cookie/fastlogin", tag = "vkeys",
    params(qrcode::QrcodeQuery),
    responses(
        (status = 200, content_type = "text/event-stream", item_schema = crate::streams::EventSchema),
        (status = 204, description = "The last event was seen already."))))]
pub(crate) async fn tencent_fastlogin(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    qrcode::answer(&api, caller, &tencent::DIALECT, request).await
}

/// Renews a cookie of QQ Music: of an account that TuneKey holds, or the one that is given.
#[cfg_attr(test, utoipa::path(get, path = "/music/tencent/cookie/refresh", tag = "vkeys",
    params(refresh::TencentQuery),
    responses((status = 200, body = envelope::TencentEnvelope))))]
pub(crate) async fn tencent_refresh(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    refresh::answer(&api, &caller, &tencent::DIALECT, request).await
}

/// As for QQ Music, for NetEase Cloud Music. No part of the public API.
#[cfg_attr(test, utoipa::path(get, path = "/music/netease/cookie/qrcode", tag = "vkeys",
    params(qrcode::QrcodeQuery),
    responses(
        (status = 200, content_type = "text/event-stream", item_schema = crate::streams::EventSchema),
        (status = 204, description = "The last event was seen already."))))]
pub(crate) async fn netease_qrcode(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    qrcode::answer(&api, caller, &netease::DIALECT, request).await
}

/// As for QQ Music, for NetEase Cloud Music. No part of the public API.
#[cfg_attr(test, utoipa::path(get, path = "/music/netease/cookie/refresh", tag = "vkeys",
    params(refresh::NeteaseQuery),
    responses((status = 200, body = envelope::NeteaseEnvelope))))]
pub(crate) async fn netease_refresh(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    refresh::answer(&api, &caller, &netease::DIALECT, request).await
}
