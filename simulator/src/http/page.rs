//! Small HTML pages, such as the services' own sign-in pages. For the handlers that show one.

use crate::http::reply::Reply;

/// Links and buttons that lead off a page, for tests of what a window lets happen.
pub(crate) const WAYS_OFF: &str = "<section id=\"elsewhere\" class=\"aside\">\n\
    <a id=\"go-elsewhere\" href=\"https://evil.example/\">elsewhere</a>\n\
    <button id=\"pop-up\" type=\"button\" onclick=\"window.open('https://evil.example/')\">pop-up</button>\n\
    <a id=\"download\" href=\"data:application/octet-stream,downloaded\" download=\"downloaded.bin\">download</a>\n\
    </section>\n";

/// A small page: a title, the text `said`, and `more` as HTML. It has an icon of its own, so that no browser asks for
/// one.
pub(crate) fn html_page(title: &str, said: &str, more: &str) -> Reply {
    let html = format!(
        "<!doctype html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<style>\n{}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n\
         <p id=\"said\" role=\"status\">{said}</p>\n</main>\n{more}\n</body>\n</html>\n",
        include_str!("page.css"),
    );
    Reply::new(200, "text/html; charset=utf-8", html).header("cache-control", "no-store")
}

/// Escapes text that came from outside, for an element or a quoted attribute.
pub(crate) fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
