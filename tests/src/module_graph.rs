//! The graph of which file of a crate uses which, by the paths in its `use` lines and its code. What is compiled for
//! tests alone does not count, nor does what a file uses of the module that it belongs to. For `architecture.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprLit, Item, ItemMod, ItemUse, Lit, Meta, MetaNameValue, UseTree};

/// The name of a module: the segments behind `crate`.
type Name = Vec<String>;

/// How many re-exports a name may lead through before they are taken for a cycle.
const MAX_REEXPORTS: usize = 16;

/// The files of one crate and what they use.
#[derive(Debug)]
pub struct ModuleGraph {
    modules: BTreeMap<Name, Module>,
}

#[derive(Debug, Default)]
struct Module {
    path: PathBuf,
    /// The names that it re-exports, and the paths that they come from.
    exports: BTreeMap<String, Name>,
    /// The modules of which it re-exports every name.
    globs: BTreeSet<Name>,
    /// The paths that it uses, from the crate's root.
    uses: BTreeSet<Name>,
}

impl ModuleGraph {
    /// Reads every file below the folder of a root such as `core/src/lib.rs`.
    ///
    /// # Errors
    /// When a file cannot be read or is no Rust.
    pub fn read(root: &Path) -> Result<Self> {
        let folder = root.parent().context("a root lies in a folder")?;
        let mut found = BTreeMap::new();
        gather(root, Name::new(), folder, &mut found)?;
        let names: BTreeSet<Name> = found.keys().cloned().collect();
        let mut modules = BTreeMap::new();
        for (name, (path, file)) in found {
            let mut reader =
                Reader { names: &names, at: name.clone(), module: Module { path, ..Module::default() } };
            reader.visit_file(&file);
            modules.insert(name, reader.module);
        }
        Ok(Self { modules })
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.modules.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.modules.is_empty()
    }

    /// The groups of files that use each other, directly or through others. Empty when there is no cycle.
    pub fn cycles(&self) -> Vec<Vec<&Path>> {
        let mut graph = DiGraph::new();
        let nodes: BTreeMap<&Name, _> =
            self.modules.keys().map(|name| (name, graph.add_node(name))).collect();
        for (from, to) in self.edges() {
            graph.update_edge(nodes[from], nodes[to], ());
        }
        let mut cycles: Vec<Vec<&Path>> = tarjan_scc(&graph)
            .into_iter()
            .filter(|cycle| cycle.len() > 1)
            .map(|cycle| {
                let mut files: Vec<&Path> =
                    cycle.into_iter().map(|node| self.modules[graph[node]].path.as_path()).collect();
                files.sort();
                files
            })
            .collect();
        cycles.sort();
        cycles
    }

    /// The files that one uses, by its path.
    pub fn used_by(&self, path: &Path) -> BTreeSet<&Path> {
        let edges = self.edges().into_iter();
        let own = edges.filter(|(from, _)| self.modules[*from].path == path);
        own.map(|(_, to)| self.modules[to].path.as_path()).collect()
    }

    /// From each file to those that it uses, but not to the modules that it is a part of.
    fn edges(&self) -> BTreeSet<(&Name, &Name)> {
        let mut edges = BTreeSet::new();
        for (name, module) in &self.modules {
            for path in module.uses.iter().chain(&module.globs) {
                if let Some(to) = self.resolve(path, 0)
                    && !name.starts_with(to)
                {
                    edges.insert((name, to));
                }
            }
        }
        edges
    }

    /// The module in which what a path names is defined.
    fn resolve(&self, path: &[String], exports: usize) -> Option<&Name> {
        let known = (0..=path.len()).rev().find_map(|end| self.modules.get_key_value(&path[..end]));
        let (name, module) = known?;
        let rest = &path[name.len()..];
        let Some((first, behind)) = rest.split_first() else { return Some(name) };
        if exports >= MAX_REEXPORTS {
            return Some(name);
        }
        if let Some(origin) = module.exports.get(first) {
            let whole = [origin.as_slice(), behind].concat();
            return self.resolve(&whole, exports + 1);
        }
        Some(name)
    }
}

/// Finds a file's modules that are files, and theirs.
fn gather(
    path: &Path,
    name: Name,
    folder: &Path,
    found: &mut BTreeMap<Name, (PathBuf, syn::File)>,
) -> Result<()> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let file = syn::parse_file(&text).with_context(|| format!("{} is no Rust", path.display()))?;
    let mut children = Vec::new();
    for item in &file.items {
        if let Item::Mod(module @ ItemMod { content: None, attrs, .. }) = item
            && !for_tests(attrs)
        {
            children.push(file_of(module));
        }
    }
    found.insert(name.clone(), (path.to_owned(), file));
    for child in children {
        // A `path` starts from the folder of the file that names it.
        let places = [
            folder.join(format!("{child}.rs")),
            folder.join(&child).join("mod.rs"),
            path.with_file_name(format!("{child}.rs")),
        ];
        let is_missing = || format!("{}: no file for the module {child}", path.display());
        let path = places.into_iter().find(|place| place.is_file()).with_context(is_missing)?;
        gather(&path, [name.as_slice(), std::slice::from_ref(&child)].concat(), &folder.join(child), found)?;
    }
    Ok(())
}

/// What the file of a module is called, without its ending: as the module, unless a `path` says otherwise.
fn file_of(module: &ItemMod) -> String {
    let elsewhere = module.attrs.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(MetaNameValue {
            path,
            value: Expr::Lit(ExprLit { lit: Lit::Str(file), .. }),
            ..
        }) if path.is_ident("path") => Some(file.value()),
        _ => None,
    });
    match elsewhere {
        Some(file) => file.trim_end_matches(".rs").to_owned(),
        None => module.ident.to_string(),
    }
}

/// Reads one file.
struct Reader<'a> {
    names: &'a BTreeSet<Name>,
    /// Where it stands: the file's module, or one inside the file.
    at: Name,
    module: Module,
}

impl Reader<'_> {
    /// A path from the crate's root, if it leads into the crate.
    fn absolute(&self, path: &[String]) -> Option<Name> {
        let (first, mut rest) = path.split_first()?;
        let mut from = match first.as_str() {
            "crate" => Name::new(),
            "self" => self.at.clone(),
            "super" => self.at[..self.at.len().checked_sub(1)?].to_vec(),
            child => {
                let below = [self.at.as_slice(), &[child.to_owned()]].concat();
                let is_part = self.names.contains(&below) || self.module.exports.contains_key(child);
                return is_part.then(|| [below.as_slice(), rest].concat());
            }
        };
        while let Some((next, behind)) = rest.split_first()
            && next == "super"
        {
            from.pop()?;
            rest = behind;
        }
        Some([from.as_slice(), rest].concat())
    }

    fn imported(&mut self, tree: &UseTree, before: &mut Name, is_reexport: bool) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.imported(&path.tree, before, is_reexport);
                before.pop();
            }
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.imported(tree, before, is_reexport))
            }
            UseTree::Name(name) => self.import(before, &name.ident.to_string(), None, is_reexport),
            UseTree::Rename(renamed) => {
                self.import(
                    before,
                    &renamed.ident.to_string(),
                    Some(renamed.rename.to_string()),
                    is_reexport,
                );
            }
            UseTree::Glob(_) => {
                if let Some(path) = self.absolute(before) {
                    self.module.globs.insert(path);
                }
            }
        }
    }

    fn import(&mut self, before: &[String], name: &str, renamed: Option<String>, is_reexport: bool) {
        let whole = if name == "self" { before.to_vec() } else { [before, &[name.to_owned()]].concat() };
        let Some(path) = self.absolute(&whole) else { return };
        if is_reexport && let Some(last) = path.last() {
            self.module.exports.insert(renamed.unwrap_or_else(|| last.clone()), path);
        } else {
            self.module.uses.insert(path);
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        let name = module.ident.to_string();
        if let Some((_, items)) = &module.content {
            self.at.push(name);
            items.iter().for_each(|item| self.visit_item(item));
            self.at.pop();
        } else if name != file_of(module) {
            self.module.exports.insert(name, [self.at.as_slice(), &[file_of(module)]].concat());
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let is_reexport = !matches!(item.vis, syn::Visibility::Inherited);
        self.imported(&item.tree, &mut Name::new(), is_reexport);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Name = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if segments.len() > 1
            && let Some(path) = self.absolute(&segments)
        {
            self.module.uses.insert(path);
        }
        visit::visit_path(self, path);
    }
}

/// Whether something is compiled for tests alone.
fn for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|condition| condition == "test")
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A crate of these files.
    fn planted(files: &[(&str, &str)]) -> (tempfile::TempDir, ModuleGraph) {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("it can be made");
            std::fs::write(path, text).expect("it can be written");
        }
        let graph = ModuleGraph::read(&folder.path().join("lib.rs")).expect("it is Rust");
        (folder, graph)
    }

    fn cycles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let (_folder, graph) = planted(files);
        let name = |path: &&Path| path.file_stem().expect("it has a name").to_string_lossy().into_owned();
        graph.cycles().iter().map(|cycle| cycle.iter().map(name).collect()).collect()
    }

    #[test]
    fn files_that_use_each_other_one_way_are_no_cycle() {
        let none: Vec<Vec<String>> = Vec::new();
        assert_eq!(
            cycles(&[("lib.rs", "mod a; mod b;"), ("a.rs", "use crate::b::B;"), ("b.rs", "pub struct B;")]),
            none
        );
    }

    #[test]
    fn a_cycle_is_found_in_use_lines_paths_and_re_exports() {
        let lib = ("lib.rs", "mod a; mod b; mod c; pub use b::B;");
        for (a, b, c) in [
            ("use crate::b::B;", "use crate::a::A;", ""),
            ("fn f() { crate::b::g() }", "use super::{c::C, a};", ""),
            ("use crate::b::B;", "use crate::c::C;", "impl crate::a::A {}"),
            ("use crate::B;", "fn f(a: super::a::A) {}", ""),
        ] {
            let found = cycles(&[lib, ("a.rs", a), ("b.rs", b), ("c.rs", c)]);
            assert_eq!(found.len(), 1, "{a} | {b} | {c}: {found:?}");
            assert!(found[0].contains(&"a".to_owned()) && found[0].contains(&"b".to_owned()), "{found:?}");
        }
    }

    #[test]
    fn a_module_may_use_its_parts_and_they_it_but_a_part_closes_a_cycle_through_its_module() {
        let part = ("a/part.rs", "use super::A; use crate::b::B;");
        let module = ("a.rs", "mod part; pub struct A; fn f() { part::g() }");
        let lib = ("lib.rs", "mod a; mod b;");
        assert_eq!(cycles(&[lib, module, part, ("b.rs", "pub struct B;")]).len(), 0);
        let found = cycles(&[lib, module, part, ("b.rs", "use crate::a::A;")]);
        assert_eq!(found, [["part", "a", "b"].map(str::to_owned)]);
    }

    #[test]
    fn what_is_for_tests_alone_does_not_count() {
        let tests = "#[cfg(test)] mod tests { use crate::a::A; } #[cfg(test)] use crate::a::A;";
        assert_eq!(
            cycles(&[("lib.rs", "mod a; mod b;"), ("a.rs", "use crate::b::B;"), ("b.rs", tests)]).len(),
            0
        );
    }
}
