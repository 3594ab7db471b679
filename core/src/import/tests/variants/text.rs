//! Values that stand in text, in lines, in tables and in files of settings.

use serde_json::json;

use super::{KEY, check, everybody, of_patterns, of_rows, session};

#[test]
fn quotes_of_every_sort_are_no_part_of_a_value() {
    let mut patterns = Vec::new();
    for (open, close) in [
        ("\"", "\""),
        ("'", "'"),
        ("`", "`"),
        ("“", "”"),
        ("‘", "’"),
        ("「", "」"),
        ("『", "』"),
        ("«", "»"),
        ("\"\"\"", "\"\"\""),
        ("'''", "'''"),
        ("\\\"", "\\\""),
        ("<", ">"),
        ("(", ")"),
        ("[", "]"),
        ("＂", "＂"),
        ("\"'", "'\""),
    ] {
        for inside in ["{header}", "Cookie: {header}", "{header};"] {
            for after in ["", ",", ";", "\n", "。"] {
                patterns.push(format!("{open}{inside}{close}{after}"));
            }
        }
    }
    let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
    let mut texts = of_patterns(&patterns);
    for quote in ["\"", "'", "`"] {
        for sign in ["=", ": ", " = ", ":", " => "] {
            for between in ["; ", "\n", ",\n", ", "] {
                for owned in everybody() {
                    let pairs: Vec<String> =
                        owned.cookies.iter().map(|(n, v)| format!("{n}{sign}{quote}{v}{quote}")).collect();
                    texts.push((pairs.join(between).into_bytes(), owned.expected.clone()));
                    texts.push((owned.quoted(quote, sign, between).into_bytes(), owned.expected.clone()));
                }
            }
        }
    }
    check("quotes", texts);
}

#[test]
fn what_stands_around_a_known_shape_does_not_hide_it() {
    let shapes = ["{header}", "Cookie: {header}", "{json}", "curl '{url}' -H 'cookie: {header}'", "{python}"];
    let around = [
        ("```\n", "\n```"),
        ("```bash\n", "\n```"),
        ("```json\n", "\n```\n"),
        ("~~~\n", "\n~~~"),
        ("> ", ""),
        (">> ", ""),
        ("# ", ""),
        ("// ", ""),
        ("$ ", ""),
        ("% ", ""),
        ("user@host:~$ ", ""),
        ("[root@host ~]# ", ""),
        ("PS C:\\Users\\me> ", ""),
        ("C:\\>", ""),
        ("- ", ""),
        ("* ", ""),
        ("• ", ""),
        ("1. ", ""),
        ("2) ", ""),
        ("3、", ""),
        ("[INFO] ", ""),
        ("[2026-11-25 10:00:00] ", ""),
        ("我的 cookie：", ""),
        ("这是我的：\n", "\n谢谢"),
        ("Here it is:\n\n", "\n\nThanks!"),
        ("it's mine: ", ""),
        ("-- ", ""),
        ("2026-11-25T10:00:00Z INFO main: ", ""),
        ("（", "）"),
        ("<code>", "</code>"),
        ("| ", " |"),
        ("<!-- ", " -->"),
        ("/* ", " */"),
    ];
    let mut patterns = Vec::new();
    for shape in shapes {
        for (before, after) in around {
            patterns.push(format!("{before}{shape}{after}"));
        }
    }
    check("around", of_patterns(&patterns.iter().map(String::as_str).collect::<Vec<_>>()));
}

#[test]
fn the_lines_of_a_request_and_of_an_answer_are_read_however_they_are_marked() {
    let mut texts = Vec::new();
    for mark in ["", "> ", "< ", "* ", "# ", "// ", "- ", "  ", "\t", ">> ", "| ", "-H "] {
        for name in ["Cookie", "cookie", "COOKIE"] {
            for sign in [": ", ":", " : ", "：", " => ", "\t", " = "] {
                for owned in everybody().into_iter().step_by(3) {
                    let text = format!(
                        "{mark}Host: {}\n{mark}Accept: */*\n{mark}{name}{sign}{}\n{mark}User-Agent: x/1.0 (a; b)\n",
                        owned.domain,
                        owned.header()
                    );
                    texts.push((text.into_bytes(), owned.expected.clone()));
                }
            }
        }
        for owned in everybody() {
            let line =
                format!("{mark}Set-Cookie: {{n}}={{v}}; Max-Age=15552000; Domain=.{{d}}; Path=/; HttpOnly");
            let text = format!("{mark}HTTP/2 200\n{}\n{mark}server: nginx", owned.rows(&line, "\n"));
            texts.push((text.into_bytes(), owned.expected.clone()));
        }
    }
    check("headers", texts);
}

#[test]
fn rows_of_tables_are_read_whoever_has_made_them() {
    check(
        "table",
        of_rows(&[
            ("", "{n}\t{v}\t.{d}\t/\t2027-05-24T09:37:42.220Z\t263\t✓\t\t\t\t\tMedium", "\n", ""),
            ("", "{n}\t{v}\t{d}\t/\tSession\t120\t\t✓\tNone\t\t\tMedium", "\n", "\n"),
            ("Name\tValue\tDomain\tPath\tExpires\n", "{n}\t{v}\t.{d}\t/\tSession", "\n", ""),
            ("名称\t值\t域\n", "{n}\t{v}\t.{d}", "\n", ""),
            ("", "{n}\t{v}", "\n", ""),
            ("", "{n}\n{v}", "\n", ""),
            ("", "{n}\n{v}\n.{d}\n/\nSession\n120", "\n", ""),
            ("", "{n} {v}", "\n", ""),
            ("", "{n}   {v}   .{d}   /", "\n", ""),
            ("name,value,domain\n", "{n},{v},.{d}", "\n", "\n"),
            ("\"name\",\"value\",\"domain\"\n", "\"{n}\",\"{v}\",\".{d}\"", "\n", ""),
            ("Name;Value;Domain\n", "{n};{v};.{d}", "\n", ""),
            ("", "{n},{v}", "\n", ""),
            ("host_key,name,value,path\n", ".{d},{n},{v},/", "\n", ""),
            ("| Name | Value |\n|---|---|\n", "| {n} | {v} |", "\n", "\n"),
            ("| Name | Value | Domain |\n|:--|:-:|--:|\n", "| `{n}` | `{v}` | .{d} |", "\n", ""),
            ("Name | Value\n--- | ---\n", "{n} | {v}", "\n", ""),
            ("+------+\n| name | value |\n+------+\n", "| {n} | {v} |", "\n", "\n+------+"),
            ("", ".{d}\tTRUE\t/\tFALSE\t1811151462\t{n}\t{v}", "\n", ""),
            (
                "# Netscape HTTP Cookie File\n",
                "#HttpOnly_.{d}\tTRUE\t/\tTRUE\t1811151462\t{n}\t{v}",
                "\n",
                "\n",
            ),
            ("", ".{d}  TRUE  /  FALSE  0  {n}  {v}", "\n", ""),
            ("", ".{d}\t1\t/\t0\t1811151462.5\t{n}\t{v}", "\n", ""),
            ("", "{n}:\"{v}\"\nDomain:\".{d}\"\nHttpOnly:true\nPath:\"/\"\nSize:263", "\n", "\n"),
            ("", "Name\t{n}\nValue\t{v}", "\n", "\n"),
        ]),
    );
}

#[test]
fn names_with_values_are_read_by_any_sign_between_them() {
    let mut texts = Vec::new();
    for sign in [
        "=", ": ", ":", "：", " = ", " : ", " => ", " -> ", ":=", "＝", " 是：", "是", "为：", "=\n",
        ":\n  ", " is: ",
    ] {
        for between in ["\n", "\n\n", "; ", "；", " ; ", ",\n", "，\n"] {
            for owned in everybody() {
                if sign == " is: " && between != "\n" {
                    continue;
                }
                texts.push((owned.joined(sign, between).into_bytes(), owned.expected.clone()));
            }
        }
    }
    check("colon", texts);
}

#[test]
fn separators_are_told_from_the_values_between_them() {
    let mut texts = Vec::new();
    for between in [
        ", ", ",", "&", "|", " | ", " & ", "\n", "\r", "\r\n", "\t", " ", "  ", ";;", "，", "、", " / ",
        "----", " + ", "\\n", "\u{2028}", "；",
    ] {
        for (before, after) in [("", ""), ("", ","), ("Cookie: ", ""), ("{", "}")] {
            for owned in everybody() {
                if between == "----" && owned.domain == "music.163.com" && before == "{" {
                    continue;
                }
                let text = format!("{before}{}{after}", owned.joined("=", between));
                texts.push((text.into_bytes(), owned.expected.clone()));
            }
        }
    }
    let qq = |text: String| (text.into_bytes(), everybody()[3].expected.clone());
    for between in
        [":", "/", "|", ",", " ", "\t", "----", ";", "&", "\n", "，", "：", "、", "+", " - ", "：", "---"]
    {
        texts.push(qq(format!("10001{between}{KEY}")));
        texts.push(qq(format!("{KEY}{between}10001")));
        texts.push(qq(format!("o0010001{between}{KEY}")));
    }
    check("swallowed", texts);
}

#[test]
fn lines_that_a_window_has_broken_are_whole_again() {
    let mut texts = Vec::new();
    for width in [50, 60, 64, 72, 76, 78, 79, 80, 100, 120] {
        for before in ["", "Cookie: ", "> "] {
            for owned in everybody() {
                let all: Vec<char> = format!("Cookie: {}", owned.header()).chars().collect();
                let all = if before.is_empty() { all[8..].to_vec() } else { all };
                let mark = if before == "> " { "> " } else { "" };
                let lines: Vec<String> = all
                    .chunks(width)
                    .map(|line| format!("{mark}{}", line.iter().collect::<String>()))
                    .collect();
                texts.push((lines.join("\n").into_bytes(), owned.expected.clone()));
            }
        }
    }
    for width in [32, 64, 76, 80, 100] {
        let session: Vec<char> = session(256, true).chars().collect();
        let lines: Vec<String> = session.chunks(width).map(|line| line.iter().collect()).collect();
        let value: String = session.iter().collect();
        texts.push((
            lines.join("\n").into_bytes(),
            json!({"service": "netease", "fields": {"MUSIC_U": value}}),
        ));
    }
    check("wrapped", texts);
}

#[test]
fn files_of_settings_are_read() {
    check(
        "config",
        of_patterns(&[
            "[main.account]\nneteaseCookie = \"{header}\"\n",
            "[a]\nb = 1\n[netease]\ncookies = \"{header}\"\n[c]\nd = \"e\"\n",
            "cookie = '{header}'",
            "cookie = '''\n{header}\n'''",
            "cookie = \"\"\"\n{header}\"\"\"",
            "[[account]]\ncredential = '''\n{json}\n'''\n",
            "environment:\n  COOKIE: \"{header}\"\n  PORT: 3000\n",
            "environment:\n  - \"COOKIE={header}\"\n  - PORT=3000\n",
            "    - COOKIE={header}\n",
            "services:\n  api:\n    image: x/y:latest\n    environment:\n      - COOKIE={header}\n    ports:\n      - 3000:3000\n",
            "cookie: >-\n  {header}\n",
            "cookie: |\n  {header}\n",
            "cookie: {header}",
            "accounts:\n  - name: a\n    cookie: '{header}'\n",
            "Environment=\"COOKIE={header}\"",
            "[Service]\nEnvironment='COOKIE={header}'\nExecStart=/usr/bin/x\n",
            "EnvironmentFile=/etc/x\nEnvironment=COOKIE={header}\n",
            "ENV COOKIE=\"{header}\"",
            "ENV COOKIE {header}",
            "ARG A=1\nENV COOKIE='{header}'\nRUN x\n",
            "export COOKIE=\"{header}\"",
            "export COOKIE='{header}' # mine",
            "declare -x COOKIE=\"{header}\"",
            "set COOKIE={header}",
            "set \"COOKIE={header}\"",
            "setx COOKIE \"{header}\"",
            "$env:COOKIE=\"{header}\"",
            "$env:COOKIE = '{header}'",
            "COOKIE={header}\nPORT=3000\n",
            "# a comment\nPORT=3000\nCOOKIE=\"{header}\"\nDEBUG=\n",
            "$api->cookie('{header}');",
            "$cookie = '{header}';",
            "<?php return ['cookie' => '{header}'];",
            "define('COOKIE', '{header}');",
            "const cookie = `{header}`;",
            "const cookie = '{header}'",
            "module.exports = {\n  cookie: '{header}',\n}\n",
            "export default { cookie: \"{header}\" }",
            "let config = { port: 3000, cookie: \"{header}\", }",
            "COOKIE = \"{header}\"",
            "cookie = ('{header}')",
            "headers = {'Cookie': '{header}', 'User-Agent': 'x'}",
            "headers = {\n    \"User-Agent\": \"Mozilla/5.0 (X11; Linux)\",\n    \"Cookie\": \"{header}\",\n}",
            "[headers]\nCookie={header}\n",
            "; ini\n[x]\ncookie = {header}\n",
            "docker run -d -e COOKIE=\"{header}\" x/y",
            "docker run -d -e 'COOKIE={header}' -p 3000:3000 x/y",
            "  cookie: \"{header}\" # my own",
            "music.cookie={header}",
            "<add key=\"cookie\" value=\"{header}\" />",
            "<string name=\"cookie\">{header}</string>",
            "<key>cookie</key>\n<string>{header}</string>",
            "INSERT INTO t (c) VALUES ('{header}');",
            "QQMUSIC_CREDENTIAL='{json}'",
            "CREDENTIAL={json}",
        ]),
    );
}
