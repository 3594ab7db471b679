//! The way in that a command means.

use tunekey_browser::InstalledBrowser;
use tunekey_core::{Method, ProblemCode, ServiceId, TuneKey, registry};

use crate::failure::Failure;

/// The method to use: the named one, or the service's first.
///
/// # Errors
/// `InvalidInput` when it needs a browser and there is none, `NotFound` when the service does not have it.
pub(super) fn choose_method(
    tunekey: &TuneKey,
    service: ServiceId,
    method: Option<Method>,
) -> Result<Method, Failure> {
    let offered = tunekey.services().into_iter().find(|offer| offer.id == service);
    let methods = offered.map(|offer| offer.methods).unwrap_or_default();
    if method == Some(Method::CookieCloud) {
        return Err(Failure::new(
            ProblemCode::InvalidInput,
            "The cookies of a browser are imported: `tunekey import --cookiecloud URL --uuid UUID`.",
            "浏览器的 Cookie 请用导入：`tunekey import --cookiecloud URL --uuid UUID`。",
        ));
    }
    if let Some(method) =
        method.or_else(|| methods.first().copied()).filter(|method| methods.contains(method))
    {
        return Ok(method);
    }
    let names: Vec<_> = methods.iter().map(|method| method.as_str()).collect();
    let (here, here_in_chinese) = (names.join(", "), names.join("、"));
    let needs_browser = method.filter(|method| method.shows_page() && offers(service, *method));
    Err(match needs_browser {
        Some(method) if !InstalledBrowser::CAN_BE_LED => Failure::new(
            ProblemCode::InvalidInput,
            format!(
                "Not on Windows yet: on the command line, {method} can’t be shown here. TuneKey’s window shows it. Here {service} \
                 offers: {here}."
            ),
            format!(
                "Windows 的命令行暂不支持 {method}，请在 TuneKey 窗口中使用。此处 {service} 可用的方式：{here_in_chinese}。"
            ),
        ),
        Some(method) => Failure::new(
            ProblemCode::InvalidInput,
            format!(
                "{method} needs a screen and Chromium, Chrome, Edge or Brave, or TuneKey’s window. If yours was not found, name it: \
                 --browser FILE. Without one {service} offers: {here}."
            ),
            format!(
                "{method} 需要屏幕和 Chromium、Chrome、Edge 或 Brave，也可在 TuneKey 窗口中使用。如未找到浏览器，请用 --browser 指定。\
                 没有浏览器时 {service} 可用的方式：{here_in_chinese}。"
            ),
        ),
        None => {
            let method = method.map_or("", Method::as_str);
            Failure::new(
                ProblemCode::NotFound,
                format!("{service} has no sign-in by {method}. It offers: {here}."),
                format!("{service} 没有 {method} 这种登录方式。可用的方式：{here_in_chinese}。"),
            )
        }
    })
}

/// Whether the service has a way in, in this front or in another.
fn offers(service: ServiceId, method: Method) -> bool {
    registry::facts(service).is_some_and(|facts| facts.methods().any(|offered| offered == method))
}
