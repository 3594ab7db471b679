//! The readers of settings and of pasted texts, fed with what nobody types.

use tunekey_fuzz::{fuzz, text};
use tunekey_services::{Proxy, Secret};

use crate::import;
use crate::settings::Settings;

#[global_allocator]
static ALLOCATOR: tunekey_fuzz::Allocator = tunekey_fuzz::allocator();

#[test]
fn settings() {
    fuzz!(["http://127.0.0.1:7890", "socks5h://[::1]:1080", "system", "socks://h"], |input: &[u8]| {
        let text = text(input);
        if let Ok(Proxy::Manual(address)) = Proxy::parse(&text) {
            let address = url::Url::parse(&address).expect("what is kept is an address");
            assert!(address.username().is_empty() && address.password().is_none(), "no password is kept");
        }
        for key in ["proxy", "format", "language"] {
            let _ = Settings::default().set(key, &text);
        }
    });
}

#[test]
fn pasted_text() {
    const SESSION: &str = "00A1B2C3D4E5F60718293A4B5C6D7E8F00A1B2C3D4E5F60718293A4B5C6D7E8F00A1B2C3D4E5F60718293A4B5C6D7E8F00A1B2C3D4E5F60718293A4B5C6D7E8F00A1B2C3D4E5F60718293A4B5C6D7E8F00A1B2C3D4E5F60718293A4B5C6D7E8F";
    let seeds = [
        format!("Cookie: MUSIC_U={SESSION}; __csrf=0123456789abcdef0123456789abcdef"),
        format!("[{{\"name\":\"MUSIC_U\",\"value\":\"{SESSION}\",\"domain\":\".music.163.com\"}}]"),
        format!(".music.163.com\tTRUE\t/\tTRUE\t0\tMUSIC_U\t{SESSION}\n"),
        format!("curl 'https://music.163.com/' -H 'cookie: MUSIC_U={SESSION}' -b $'a=\\x41'"),
        format!("cookies:\n  - name: MUSIC_U\n    value: \"{SESSION}\"\n"),
        "{\"musicid\": 10001, \"musickey\": \"Q_H_L_63k3NabcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123\"}"
            .to_owned(),
        "eyJNVVNJQ19VIjogIjAwQTFCMkMzIn0= %7B%22MUSIC_U%22%3A%2200%22%7D &quot;a&quot; =3D\n".to_owned(),
        "name,value\nMUSIC_U,00A1\n| name | value |\n|---|---|\n".to_owned(),
    ];
    fuzz!(seeds.clone(), |input: &[u8]| {
        // One in eight may be as long as a whole sign-in of cookies, for which an unoptimised build takes seconds; the
        // others are short, so that many are read.
        let longest = if input.len().is_multiple_of(8) { 8 * 1024 } else { 1024 };
        let input = &input[..input.len().min(longest)];
        if let Ok(text) = import::decode(input.to_vec())
            && let Ok(all) = import::read_all(&text)
        {
            assert!(all.len() <= 512, "nobody has so many accounts");
        }
        let _ = import::read(&Secret::new(&*text(input)));
    });
}
