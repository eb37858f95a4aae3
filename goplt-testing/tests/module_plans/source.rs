use std::{
    fs,
    path::{Path, PathBuf},
    str::FromStr as _,
};

use goplt_core::manifest::Manifest;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Where modules are.
const ROOTS: [&str; 3] = [
    "examples/modules",
    "goplt-auth/src/service",
    "goplt-authz/src/service",
];

/// A module as its folder holds it.
#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) name: String,
    /// Its tenant tables.
    pub(crate) tables: Vec<String>,
    /// What it writes in `tenant_sql!`, and what its entities stand for.
    pub(crate) statements: Vec<String>,
    folder: PathBuf,
}

pub(crate) fn modules() -> Vec<Module> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut modules = Vec::new();
    for folder in ROOTS.iter().flat_map(|folder| folders(&root.join(folder))) {
        if let Ok(text) = fs::read_to_string(folder.join("module.yaml")) {
            modules.push(module(folder, &text));
        }
    }
    modules
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn module(folder: PathBuf, manifest: &str) -> Module {
    let manifest = Manifest::parse("module.yaml", manifest).unwrap();
    let mut statements = Vec::new();
    let mut waiting = vec![folder.clone()];
    while let Some(place) = waiting.pop() {
        waiting.extend(folders(&place));
        let files = fs::read_dir(&place)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        for file in files.filter(|path| path.extension().is_some_and(|ext| ext == "rs")) {
            let source = fs::read_to_string(&file).unwrap();
            read(TokenStream::from_str(&source).unwrap(), &mut statements);
        }
    }
    Module {
        name: manifest.name().to_string(),
        tables: manifest.tables().to_vec(),
        statements,
        folder,
    }
}

impl Module {
    /// The texts of the migrations for a database, in order.
    pub(crate) fn migrations(&self, database: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.folder.join("migrations")) else {
            return Vec::new();
        };
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let fits = |file: &PathBuf| {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let other = if database == "pg" {
                ".sqlite.sql"
            } else {
                ".pg.sql"
            };
            name.ends_with(".sql") && !name.ends_with(other)
        };
        let files = files.into_iter().filter(fits);
        files
            .map(|file| fs::read_to_string(file).unwrap())
            .collect()
    }
}

/// `tenant_sql!("…" …)` and `#[entity(table = "…")]`, at any depth.
fn read(tokens: TokenStream, statements: &mut Vec<String>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else {
            continue;
        };
        let is_word = |back: usize, word: &str| {
            at.checked_sub(back)
                .is_some_and(|at| tokens[at].to_string() == word)
        };
        if is_word(2, "tenant_sql") && is_word(1, "!") {
            if let Some(sql) = first_literal(group.stream()) {
                statements.push(sql);
            }
        } else if is_word(1, "entity") && group.delimiter() == Delimiter::Parenthesis {
            statements.extend(
                first_literal(group.stream())
                    .iter()
                    .flat_map(|table| by_id(table)),
            );
        }
        read(group.stream(), statements);
    }
}

fn first_literal(tokens: TokenStream) -> Option<String> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Literal(literal) => syn::parse_str::<syn::LitStr>(&literal.to_string())
            .ok()
            .map(|text| text.value()),
        _ => None,
    })
}

/// What `#[derive(Entity)]` makes, but for the columns.
fn by_id(table: &str) -> [String; 4] {
    [
        format!("SELECT * FROM {table} WHERE id = ?"),
        format!("SELECT * FROM {table} ORDER BY id DESC LIMIT ?"),
        format!("SELECT * FROM {table} WHERE id < ? ORDER BY id DESC LIMIT ?"),
        format!("DELETE FROM {table} WHERE id = ?"),
    ]
}
