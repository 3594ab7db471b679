//! The tray menu, read and clicked over D-Bus as a panel does. For `desktop.rs`.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use zbus::Connection;
use zbus::fdo::DBusProxy;
use zbus::zvariant::{OwnedValue, Structure, Value};

use crate::eventually::until;
use crate::keyring::Bus;

const FOLDER: &str = "/org/ayatana/NotificationItem";
/// An item with its id, its properties and its submenu.
type Layout = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

/// How long a connection may take to list its objects.
const RESPONSE_LIMIT: Duration = Duration::from_millis(500);

const MENU: &str = "com.canonical.dbusmenu";

/// The tray menu of a process.
#[derive(Debug)]
pub struct Tray {
    connection: Connection,
    owner: String,
    path: String,
}

/// An item of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuItem {
    id: i32,
    /// Its label, without the underscore of a shortcut; empty for a separator.
    pub label: String,
    /// Whether it can be clicked.
    pub enabled: bool,
    /// The items of its submenu.
    pub submenu: Vec<MenuItem>,
}

impl Tray {
    /// Finds the menu of a process.
    ///
    /// # Errors
    /// When it has none.
    pub async fn of(bus: &Bus, process: u32) -> Result<Self> {
        let connection = bus.connect().await?;
        until("the tray icon", || async {
            let names = DBusProxy::new(&connection).await?;
            for name in names.list_names().await? {
                let owner = name.to_string();
                if !owner.starts_with(':')
                    || names.get_connection_unix_process_id(name.into()).await? != process
                {
                    continue;
                }
                // A process has several connections; only one of them has the menu.
                // Some of the others answer no calls at all.
                let items = tokio::time::timeout(RESPONSE_LIMIT, children(&connection, &owner, FOLDER)).await;
                let items = items.ok().and_then(Result::ok).unwrap_or_default();
                if let Some(item) = items.into_iter().next() {
                    let path = format!("{FOLDER}/{item}/Menu");
                    return Ok(Self { connection: connection.clone(), owner, path });
                }
            }
            anyhow::bail!("the process has no item on the bus")
        })
        .await
    }

    /// The items of the menu.
    ///
    /// # Errors
    /// When the process does not answer.
    pub async fn lines(&self) -> Result<Vec<MenuItem>> {
        let reply = self.call("GetLayout", &(0_i32, -1_i32, Vec::<String>::new())).await?;
        let (_revision, root): (u32, Layout) = reply.body().deserialize()?;
        root.2.iter().map(line).collect()
    }

    /// The labels of all items, those of a submenu after its item.
    ///
    /// # Errors
    /// When the process does not answer.
    pub async fn labels(&self) -> Result<Vec<String>> {
        Ok(flat(self.lines().await?).into_iter().map(|line| line.label).collect())
    }

    /// Clicks the first enabled item with this label, once there is one.
    ///
    /// # Errors
    /// When there is none.
    pub async fn click(&self, label: &str) -> Result<()> {
        let id = until(format!("“{label}” in the tray menu"), || async {
            let lines = flat(self.lines().await?);
            let line = lines.iter().find(|line| line.label == label && line.enabled);
            line.map(|line| line.id).with_context(|| format!("there are {lines:?}"))
        })
        .await?;
        self.call("Event", &(id, "clicked", Value::from(0_i32), 0_u32)).await.map(drop)
    }

    async fn call<B>(&self, method: &str, body: &B) -> Result<zbus::Message>
    where
        B: serde::ser::Serialize + zbus::zvariant::DynamicType,
    {
        let call = self.connection.call_method(
            Some(self.owner.as_str()),
            self.path.as_str(),
            Some(MENU),
            method,
            body,
        );
        Ok(call.await?)
    }
}

/// The names below a path.
async fn children(connection: &Connection, owner: &str, path: &str) -> Result<Vec<String>> {
    let interface = Some("org.freedesktop.DBus.Introspectable");
    let reply = connection.call_method(Some(owner), path, interface, "Introspect", &()).await?;
    let description: String = reply.body().deserialize()?;
    let names = description.split("<node name=\"").skip(1).filter_map(|rest| rest.split('"').next());
    Ok(names.map(str::to_owned).collect())
}

fn line(value: &OwnedValue) -> Result<MenuItem> {
    let mut structure: &Structure<'_> = value.downcast_ref::<&Structure<'_>>().context("not a menu line")?;
    // Some menus wrap each line once more.
    if let [Value::Value(inner)] = structure.fields() {
        structure = inner.downcast_ref::<&Structure<'_>>().context("not a menu line")?;
    }
    let [Value::I32(id), Value::Dict(properties), Value::Array(submenu)] = structure.fields() else {
        anyhow::bail!("a menu line of another shape: {structure:?}")
    };
    let properties: HashMap<String, OwnedValue> = properties.try_clone()?.try_into()?;
    let label =
        properties.get("label").and_then(|label| label.downcast_ref::<&str>().ok()).unwrap_or_default();
    let label = label.replace("__", "\u{0}").replace('_', "").replace('\u{0}', "_");
    let enabled =
        properties.get("enabled").is_none_or(|enabled| enabled.downcast_ref::<bool>().unwrap_or(true));
    let submenu = submenu.iter().map(|child| line(&child.try_to_owned()?)).collect::<Result<Vec<_>>>()?;
    ensure!(submenu.is_empty() || !label.is_empty(), "a submenu without a name");
    Ok(MenuItem { id: *id, label, enabled, submenu })
}

fn flat(lines: Vec<MenuItem>) -> Vec<MenuItem> {
    lines
        .into_iter()
        .flat_map(|line| {
            let submenu = flat(line.submenu.clone());
            std::iter::once(line).chain(submenu).collect::<Vec<_>>()
        })
        .collect()
}
