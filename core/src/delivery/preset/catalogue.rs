//! The presets, in the order of a menu: tools by name, then the plain ways.

use super::Preset;

mod files;
mod plain;
mod servers;

/// Every preset.
pub fn presets() -> &'static [Preset] {
    &PRESETS
}

const PRESETS: [Preset; 16] = [
    files::METING,
    servers::METING_ADMIN,
    servers::OPEN_LIST,
    servers::QINGLONG,
    files::LX_MUSIC,
    files::UNBLOCK_NETEASE,
    files::NCM_API,
    files::QQMUSIC_API_WEB,
    files::YT_DLP,
    servers::COOKIE_CLOUD,
    servers::HOME_ASSISTANT,
    plain::FILE,
    plain::ENV,
    plain::CONFIG,
    plain::WEBHOOK,
    plain::COMMAND,
];
