//! JSON, what is nearly JSON, and credentials anywhere in it.

use super::{check, everybody, of_patterns};

#[test]
fn what_is_nearly_json_is_read_as_if_it_were() {
    let mut texts = of_patterns(&[
        "{python}",
        "[{python}]",
        "cookies = {python}",
        "cookies={python}\n",
        "dict({python})",
        "callback({json})",
        "callback({json});",
        "data: {json}\n\n",
        "event: message\ndata: {json}\n",
        "data:{json}",
        "var x = {json};",
        "{json},",
        "{json};",
        "({json})",
        "{\"data\": {json},}",
        "{\"a\": 1, \"cookie\": \"{header}\",}",
        "{'cookie': '{header}'}",
        "{cookie: '{header}'}",
        "{\n  code: 803,\n  message: '授权登陆成功',\n  cookie: '{header}'\n}",
        "{\n  // mine\n  \"cookie\": \"{header}\" /* x */\n}",
        "{\"cookie\": \"{header}\" # mine\n}",
        "{'cookie': u'{header}'}",
        "{b'cookie': b'{header}'}",
        "{\"ok\": True, \"n\": None, \"cookie\": \"{header}\"}",
        "Response(cookie='{header}', code=200)",
        "<Response cookie='{header}'>",
        "{ status: 200, body: { cookie: '{header}' }, list: [Array] }",
        "{:cookie => \"{header}\"}",
        "array('cookie' => '{header}')",
        "[ 'cookie' => \"{header}\" ]",
        "@{cookie = '{header}'}",
        "\"cookie\": \"{header}\",",
        "  \"cookie\": \"{header}\"",
        "'cookie': '{header}',",
        "cookie: '{header}',",
        "\"{escaped}\"",
        "{\\\"cookie\\\": \\\"{header}\\\"}",
        "{\"a\": \"{escaped}\"}",
        "'{json}'",
        "`{json}`",
        "print({python})",
        "Object {{json}}",
        "undefined\n{json}",
        "result: {json}",
        "{json} // mine",
        "{json}\n# mine",
        "// mine\n{json}",
        "map[Cookie:[{header}]]",
        "Cookie:[{header}]",
        "headers: { Cookie: [ '{header}' ] }",
        "SimpleCookie: {header}",
    ]);
    for owned in everybody() {
        for text in [
            format!("Credential({})", owned.rows("{n}='{v}'", ", ")),
            owned.rows("{n}='{v}'", " "),
            owned.rows("{n}=\"{v}\"", "\n"),
            format!("[{}]", owned.rows("'{n}={v}; Path=/'", ",\n")),
            format!(
                "[{}]",
                owned.rows("{'name': '{n}', 'value': '{v}', 'domain': '.{d}', 'secure': False}", ", ")
            ),
            format!("[{}]", owned.rows("('{n}', '{v}')", ", ")),
            format!("dict_items([{}])", owned.rows("('{n}', '{v}')", ", ")),
            format!("<RequestsCookieJar[{}]>", owned.rows("<Cookie {n}={v} for .{d}/>", ", ")),
            format!("Map({{{}}})", owned.rows("'{n}' => '{v}'", ", ")),
            format!("(\n{}\n)", owned.rows("    \"{n}={v}; \"", "\n")),
            format!("{{{}}}", owned.rows("{n}: '{v}'", ", ")),
            format!("{{\n{}\n}}", owned.rows("  {n}: \"{v}\",", "\n")),
            format!("{{{}}}", owned.rows("{n}={v}", ", ")),
            format!(
                "[{}]",
                owned.rows("Cookie(version=0, name='{n}', value='{v}', port=None, domain='.{d}')", ", ")
            ),
            owned.rows("Set-Cookie3: {n}={v}; path=\"/\"; domain=\".{d}\"; path_spec; version=0", "\n"),
            owned.rows("$cookies[\"{n}\"] = \"{v}\";", "\n"),
            owned.rows("document.cookie = \"{n}={v}; path=/\";", "\n"),
            owned.rows("jar.set('{n}', '{v}', domain='.{d}')", "\n"),
            owned.rows("session.cookies.set(\"{n}\", \"{v}\")", "\n"),
            owned.rows("cookies.{n} = \"{v}\"", "\n"),
            owned.rows("\"Name\":\"{n}\",\n\"Value\":\"{v}\"", "\n"),
        ] {
            texts.push((text.into_bytes(), owned.expected.clone()));
        }
    }
    check("lenient", texts);
}

#[test]
fn credentials_are_found_anywhere_in_json() {
    let mut texts = of_patterns(&[
        "{json}",
        "[{json}]",
        "{\"data\": {json}}",
        "{\"code\": 0, \"req_0\": {\"code\": 0, \"data\": {json}}}",
        "{\"a\": {\"b\": {\"c\": {\"d\": {\"e\": {json}}}}}}",
        "{\"cookie\": \"{header}\"}",
        "{\"Cookie\": \"{header}\"}",
        "{\"x\": {\"y\": [\"{header}\"]}}",
        "{\"credential\": \"{escaped}\"}",
        "\"{escaped}\"",
        "{\"account\": \"x\", \"cookie\": \"{header}\", \"format\": \"header\"}",
        "{\"users\": [{\"username\": \"\", \"cookie\": \"{header}\", \"enable\": true}]}",
        "{\"headers\": {\"cookie\": \"{header}\", \"accept\": \"*/*\"}}",
        "{\"headers\": [{\"name\": \"Cookie\", \"value\": \"{header}\"}]}",
        "{\"Request Headers (1 kB)\": {\"headers\": [{\"name\": \"cookie\", \"value\": \"{header}\"}]}}",
        "{\"set-cookie\": [\"{header}\"]}",
        "{\"a\": 1}\n{json}\n",
        "{json}\n{\"a\": 1}\n",
        "[1, null, true, {json}]",
        "{\"cookies\": \"{header}\"}",
        "{\"log\": {\"entries\": [{\"request\": {\"url\": \"{url}\", \"headers\": [{\"name\": \"Cookie\", \"value\": \"{header}\"}]}}]}}",
        "{\"request\": {\"url\": \"{url}x?a=b\", \"headers\": [{\"name\": \"cookie\", \"value\": \"{header}\"}]}}",
    ]);
    for owned in everybody() {
        for text in [
            format!("[{}]", owned.rows(r#"{"name":"{n}","value":"{v}","domain":".{d}"}"#, ",")),
            format!("[{}]", owned.rows(r#"{"Name":"{n}","Value":"{v}"}"#, ",")),
            format!("[{}]", owned.rows(r#"{"key":"{n}","value":"{v}"}"#, ",")),
            format!(
                "[{}]",
                owned.rows(
                    r#"{"Name raw":"x","name":"{n}","content":"y","value":"{v}","host":"https://{d}/"}"#,
                    ","
                )
            ),
            format!(
                "{{\"cookies\":[{}]}}",
                owned.rows(r#"{"name":"{n}","value":"{v}","domain":"{d}"}"#, ",")
            ),
            format!(
                "{{\"cookie_data\":{{\"{}\":[{}]}}}}",
                owned.domain,
                owned.rows(r#"{"name":"{n}","value":"{v}","domain":".{d}"}"#, ",")
            ),
            format!("{{\"{}\":[{}]}}", owned.domain, owned.rows(r#"{"name":"{n}","value":"{v}"}"#, ",")),
            format!(
                "{{\"Users\":[{{\"Cookies\":[{}]}}]}}",
                owned.rows(r#"{"Name":"{n}","Value":"{v}"}"#, ",")
            ),
            format!("[{}]", owned.rows(r#"["{n}","{v}"]"#, ",")),
            format!("{{{}}}", owned.rows(r#""{n}":{"value":"{v}","path":"/","httpOnly":true}"#, ",")),
            format!(
                "{{\"Response Cookies\":{{{}}}}}",
                owned.rows(r#""{n}":{"value":"{v}","path":"/"}"#, ",")
            ),
            format!("[{}]", owned.rows(r#""{n}={v}; Path=/; HttpOnly""#, ",")),
            owned.rows(
                r#"{"raw_cookie":"{n}={v}; Path=/; Domain={d}","path":["/",true],"domain":{"Suffix":"{d}"}}"#,
                "\n",
            ),
            format!(
                "{{\"cookies\":[{{\"domain\":\"{}\",\"cookies\":[{}]}}]}}",
                owned.domain,
                owned.rows(r#"{"name":"{n}","value":"{v}"}"#, ",")
            ),
            format!("[{}]", owned.rows(r#"{"domain":"localhost","name":"{n}","value":"{v}"}"#, ",")),
            format!("[{}]", owned.rows(r#"{"domain":"192.168.1.5","name":"{n}","value":"{v}"}"#, ",")),
            format!(
                "{{\"cookie\":\"# Netscape HTTP Cookie File\\n{}\\n\"}}",
                owned.rows(r".{d}\tTRUE\t/\tTRUE\t0\t{n}\t{v}", "\\n")
            ),
        ] {
            texts.push((text.into_bytes(), owned.expected.clone()));
        }
    }
    check("nesting", texts);
}
