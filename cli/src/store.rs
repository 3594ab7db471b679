//! `tunekey store`: where credentials are kept. For `lib.rs`.

use std::path::Path;

use tunekey_core::{
    Interaction, Language, StoreInfo, StoreKind, StoreMoved, StoreTarget, TuneKey, make_identity,
};

use crate::args::StoreCommand;
use crate::failure::Failure;
use crate::output::Output;
use crate::table;

/// Does what a command says.
pub(crate) async fn run(tunekey: &TuneKey, command: StoreCommand, output: Output) -> Result<(), Failure> {
    match command {
        StoreCommand::Show => {
            let info = tunekey.store_info(Interaction::Forbidden).await;
            output.result(&info, || described(&info, output.language));
        }
        StoreCommand::Move { to, identity } => {
            let moved = tunekey.move_store(StoreTarget::parse(&to.0)?, identity).await?;
            output.result(&moved, || result(moved, output.language));
        }
        StoreCommand::Identity { file } => {
            let made = make_identity(file)?;
            output.result(&made, || made.recipient.clone());
            output.note(&match output.language {
                Language::English => format!(
                    "It is in {}. Keep a copy in a safe place: without it nobody opens what is encrypted to it.",
                    made.identity.display()
                ),
                Language::Chinese => format!(
                    "身份密钥在 {}。请妥善备份：没有它，谁也打不开加密给它的内容。",
                    made.identity.display()
                ),
            });
        }
    }
    Ok(())
}

/// What is known of a store, a line each.
fn described(info: &StoreInfo, language: Language) -> String {
    let kind = match info.store {
        StoreKind::Keychain => language.pick("keychain", "系统密钥环（keychain）"),
        StoreKind::File => language.pick("encrypted files (file)", "加密文件（file）"),
        StoreKind::Postgres => language.pick("database (postgres)", "数据库（postgres）"),
    };
    let path = |path: &Path| path.display().to_string();
    let mut rows = vec![(language.pick("Store", "存储"), kind.to_owned())];
    let mut row = |english, chinese, value: Option<String>| {
        rows.extend(value.map(|value| (language.pick(english, chinese), value)));
    };
    row("Items", "条目", info.keychain_service.clone());
    row("Folder", "文件夹", info.folder.as_deref().map(path));
    row("Database", "数据库", info.database.clone());
    row("This computer", "本机名称", info.host.clone());
    row("Recipient", "接收方", info.recipient.clone());
    let place =
        |(number, place): (usize, &std::path::PathBuf)| format!("{}. {}", number + 1, place.display());
    for looked in info.places.iter().enumerate().map(place) {
        row("Looked for in", "查找位置", Some(looked));
    }
    row("Identity", "身份密钥", info.identity.as_deref().map(path));
    // The right one is the recipient’s: it needs no second line.
    let other = info.identity_recipient.clone().filter(|found| Some(found) != info.recipient.as_ref());
    row("Its recipient", "其接收方", other);
    let exposed =
        language.pick("every user of this system can read the identity", "本系统的所有用户都能读取身份密钥");
    row("Warning", "警告", info.identity_is_exposed.then(|| exposed.to_owned()));
    row("Trouble", "问题", info.problem.as_ref().map(|problem| problem.message(language)));
    table::aligned(&rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect::<Vec<_>>())
}

fn result(StoreMoved { store, moved, left }: StoreMoved, language: Language) -> String {
    let mut text = match (moved, language) {
        (0, Language::English) => format!("The credentials are kept in: {store}."),
        (0, Language::Chinese) => format!("凭据存放在：{store}。"),
        (_, Language::English) => format!("Moved. The credentials are kept in: {store} ({moved} entries)."),
        (_, Language::Chinese) => format!("已迁移。凭据存放在：{store}（{moved} 条）。"),
    };
    if left > 0 {
        text.push_str(&match language {
            Language::English => {
                format!(" The store before would not delete {left} of them: run the same command again.")
            }
            Language::Chinese => format!("原存储中有 {left} 条未能删除，请再次运行相同的命令。"),
        });
    }
    text
}
