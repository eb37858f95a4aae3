//! Configuration: the higher layer wins, every problem is reported at once, secrets stay secret.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::{fs, path::PathBuf};

use goplt_core::config::{
    Config, ConfigDecl, ConfigErrorKind, ConfigKind, Environment, ExposeSecret, ModuleConfig,
    Section, Sources,
    kernel::{self, ServerConfig, TenancyConfig, TenancyMode},
    load,
};
use goplt_core::manifest::yaml::Value;
use tempfile::TempDir;

/// A working directory with these files.
fn dir(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("config")).unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

fn env(name: &str, value: &str) -> [(String, String); 1] {
    [(name.to_owned(), value.to_owned())]
}

/// The settings of a module `blog` of every type.
fn blog() -> Vec<Section> {
    let decl = |name: &str, kind| ConfigDecl::new(name, kind);
    let mut page_size = decl("page_size", ConfigKind::Integer);
    page_size.default = Some(Value::Int(20));
    page_size.development = Some(Value::Int(5));
    (page_size.min, page_size.max) = (Some(1.0), Some(100.0));
    let mut theme = decl("theme", ConfigKind::String);
    theme.values = vec!["light".into(), "dark".into()];
    let entries = vec![
        page_size,
        theme,
        decl("weight", ConfigKind::Number),
        decl("moderated", ConfigKind::Boolean),
        decl("retention", ConfigKind::Duration),
        decl("tags", ConfigKind::StringList),
        decl("api_key", ConfigKind::Secret),
    ];
    vec![
        Section::new("blog", entries),
        Section::new("mail-out", vec![decl("from", ConfigKind::String)]),
    ]
}

fn loaded(sources: &Sources) -> Config {
    load(sources, &blog()).unwrap_or_else(|errors| panic!("{errors}"))
}

fn refused(sources: &Sources) -> String {
    load(sources, &blog()).unwrap_err().to_string()
}

/// The layers, lowest first: each adds its own value of `blog.page_size`.
const LAYERS: [(&str, i64); 6] = [
    ("config/default.yaml", 11),
    ("config/production.yaml", 12),
    ("first.yaml", 13),
    ("second.yaml", 14),
    ("GOPLT__BLOG__PAGE_SIZE", 15),
    ("--set", 16),
];

fn with_layers(chosen: &[(&str, i64)]) -> Config {
    let dir = dir(&[]);
    let mut sources = Sources::new(dir.path()).with_environment("production");
    for (name, value) in chosen {
        match *name {
            "--set" => sources = sources.with_set([format!("blog.page_size={value}")]),
            name if name.starts_with("GOPLT") => {
                sources = sources.with_env(env(name, &value.to_string()));
            }
            name => {
                fs::write(
                    dir.path().join(name),
                    format!("blog:\n  page_size: {value}\n"),
                )
                .unwrap();
                if !name.starts_with("config/") {
                    sources = sources.with_files([PathBuf::from(name)]);
                }
            }
        }
    }
    loaded(&sources)
}

#[test]
fn of_every_two_layers_the_higher_one_wins() {
    for (index, lower) in LAYERS.iter().enumerate() {
        for higher in &LAYERS[index + 1..] {
            let config = with_layers(&[*lower, *higher]);
            let value = config.section("blog").integer("page_size");
            assert_eq!(value, Some(higher.1), "{} over {}", higher.0, lower.0);
            let origin = config.origin("blog.page_size").unwrap().to_string();
            assert!(origin.starts_with(higher.0), "{origin}");
        }
    }
}

#[test]
fn every_layer_alone_wins_over_the_declared_default() {
    for layer in LAYERS {
        assert_eq!(
            with_layers(&[layer]).section("blog").integer("page_size"),
            Some(layer.1)
        );
    }
    assert_eq!(
        with_layers(&[]).section("blog").integer("page_size"),
        Some(20)
    );
}

#[test]
fn development_has_defaults_of_its_own() {
    let config = loaded(&Sources::new("/nowhere"));
    assert_eq!(config.section("blog").integer("page_size"), Some(5));
    assert_eq!(
        config.section("logging").string("format").as_deref(),
        Some("pretty")
    );
    let config = loaded(&Sources::new("/nowhere").with_environment("staging"));
    assert_eq!(config.section("blog").integer("page_size"), Some(20));
    assert_eq!(
        config.section("logging").string("format").as_deref(),
        Some("json")
    );
}

#[test]
fn of_two_flags_the_last_wins() {
    let sources = Sources::new("/nowhere")
        .with_set(["server.port=1".into(), "server.port=2".into()])
        .with_flag("--listen", "server.port", "3");
    let config = loaded(&sources);
    assert_eq!(config.get::<ServerConfig>().port, 3);
    assert_eq!(
        config.origin("server.port").unwrap().to_string(),
        "--listen"
    );
}

#[test]
fn the_environment_is_chosen_by_the_highest_layer_that_names_it() {
    let dir = dir(&[
        ("config/default.yaml", "environment: from-default\n"),
        ("given.yaml", "environment: from-file\n"),
    ]);
    let name = |sources: &Sources| loaded(sources).environment().as_str().to_owned();
    let mut sources = Sources::new(dir.path());
    assert_eq!(name(&sources), "from-default");
    sources = sources.with_files(["given.yaml".into()]);
    assert_eq!(name(&sources), "from-file");
    sources = sources.with_env(env("GOPLT__ENVIRONMENT", "from-long-name"));
    assert_eq!(name(&sources), "from-long-name");
    sources = sources.with_env(env("GOPLT_ENV", "from-env"));
    assert_eq!(name(&sources), "from-env");
    sources = sources.with_set(["environment=from-set".into()]);
    assert_eq!(name(&sources), "from-set");
    sources = sources.with_environment("from-flag");
    assert_eq!(name(&sources), "from-flag");
    let config = loaded(&sources);
    assert_eq!(
        config.section("").string("environment").as_deref(),
        Some("from-flag")
    );
    assert_eq!(config.origin("environment").unwrap().to_string(), "--env");
}

#[test]
fn a_value_of_every_type_is_read_from_files_and_from_variables() {
    let yaml = "\
blog:
  theme: dark
  weight: 2
  moderated: true
  retention: 1h30m
  tags: [a, 1.10, \"b c\"]
  api_key: 12345
mail-out: { from: a@b.example }
";
    let dir = dir(&[("config/default.yaml", yaml)]);
    let from_file = loaded(&Sources::new(dir.path()));
    let variables = [
        ("THEME", "dark"),
        ("WEIGHT", "2"),
        ("MODERATED", "true"),
        ("RETENTION", "1h30m"),
        ("TAGS", "a, 1.10,b c,"),
        ("API_KEY", "12345"),
    ];
    let variables =
        variables.map(|(name, value)| (format!("GOPLT__BLOG__{name}"), value.to_owned()));
    let mail = env("GOPLT__MAIL_OUT__FROM", "a@b.example");
    let from_env = loaded(&Sources::new("/nowhere").with_env(variables).with_env(mail));
    for config in [from_file, from_env] {
        let blog = config.section("blog");
        assert_eq!(blog.string("theme").as_deref(), Some("dark"));
        assert_eq!(blog.number("weight"), Some(2.0));
        assert_eq!(blog.boolean("moderated"), Some(true));
        assert_eq!(blog.duration("retention").unwrap().as_secs(), 5_400);
        assert_eq!(blog.strings("tags").unwrap(), ["a", "1.10", "b c"]);
        assert_eq!(blog.secret("api_key").unwrap().expose_secret(), "12345");
        assert_eq!(
            config.section("mail-out").string("from").as_deref(),
            Some("a@b.example")
        );
        assert_eq!(blog.string("page_size"), None, "another type");
        assert_eq!(blog.string("nothing"), None);
    }
    let list = Sources::new("/nowhere").with_set(["blog.tags=[\"x, y\", z]".into()]);
    assert_eq!(
        loaded(&list).section("blog").strings("tags").unwrap(),
        ["x, y", "z"]
    );
}

#[test]
fn an_empty_value_leaves_the_layer_below() {
    let dir = dir(&[("config/default.yaml", "server:\nblog:\n  page_size:\n")]);
    let config = loaded(&Sources::new(dir.path()).with_environment("production"));
    assert_eq!(config.section("blog").integer("page_size"), Some(20));
}

#[test]
fn an_unset_timeout_takes_the_one_of_all() {
    let config = loaded(&Sources::new("/nowhere").with_set(["server.timeout=7s".into()]));
    let server: ServerConfig = config.get();
    assert_eq!(server.header_timeout.as_secs(), 7);
    assert_eq!(server.shutdown_grace.as_secs(), 20);
}

#[test]
fn the_data_folder_lies_in_the_working_directory() {
    let config = loaded(&Sources::new("/srv/shop"));
    assert_eq!(config.data_dir(), PathBuf::from("/srv/shop/data"));
    assert_eq!(
        loaded(&Sources::new(".")).data_dir(),
        PathBuf::from("./data")
    );
}

#[test]
fn one_tenant_must_be_named() {
    let single = Sources::new("/nowhere").with_set(["tenancy.mode=single".into()]);
    insta::assert_snapshot!(refused(&single), @r#"
        --set tenancy.mode: `tenancy.mode` is `single`, but `tenancy.tenant` is not set
            mend: set `tenancy.tenant` to the id of the tenant
        "#);
    let named = single.clone().with_set(["tenancy.tenant=acme".into()]);
    let tenancy: TenancyConfig = loaded(&named).get();
    assert_eq!(tenancy.mode, TenancyMode::Single("acme".parse().unwrap()));
    let bad = single.with_set(["tenancy.tenant=Acme Ltd".into()]);
    assert!(refused(&bad).starts_with("--set tenancy.tenant: `tenancy.tenant`: `Acme Ltd`"));
}

#[test]
fn a_path_may_name_the_tenant() {
    let path = Sources::new("/nowhere").with_set(["tenancy.path_prefix=/t/{tenant}".into()]);
    let tenancy: TenancyConfig = loaded(&path).get();
    assert_eq!(tenancy.path_prefix, Some("/t/{tenant}".parse().unwrap()));
    assert!(!tenancy.credentials_only);
    let bad = path.with_set(["tenancy.path_prefix=/{tenant}".into()]);
    insta::assert_snapshot!(refused(&bad), @"--set tenancy.path_prefix: `tenancy.path_prefix`: a tenant's path is `/`, segments of letters, digits, `-` and `_`, and `{tenant}` at its end, such as `/t/{tenant}`");
}

#[test]
fn every_problem_is_reported_at_once_with_its_place() {
    let default = "\
sever:
  port: 80
server:
  port: \"8080\"
  timeout: 30
  prot: 1
  host: [a]
  cors: yes
logging.level: info
blog:
  page_size: 1000
  theme: drak
  weight: .nan
  moderated: \"true\"
  retention: soon
  tags: one
  api_key: { nested: deep-secret }
comments:
  open: true
port: 8080
";
    let own = "environment: production\nserver:\n  port: 70000\n";
    let broken = "server:\n  port: 1\n  port: 2\n  host: {a\n";
    let dir = dir(&[
        ("config/default.yaml", default),
        ("config/staging.yaml", own),
        ("broken.yaml", broken),
        ("list.yaml", "- a\n"),
        ("latin.yaml", "placeholder"),
    ]);
    fs::write(dir.path().join("latin.yaml"), b"name: \xe9").unwrap();
    let files = ["broken.yaml", "list.yaml", "latin.yaml", "missing.yaml"].map(PathBuf::from);
    let variables = [
        ("GOPLT__SERVER__PROT", "1"),
        ("GOPLT__SERVER__PORT", ""),
        ("GOPLT__SERVER", "x"),
        ("GOPLT__server__port", "1"),
        ("GOPLT_SERVER__HOST", "x"),
        ("GOPLT__", "x"),
        ("GOPLT_REQUIRE_BACKENDS", "1"),
        ("PATH", "/bin"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let sets = [
        "blog.page_size",
        "blog.page_size=many",
        "blog.pagesize=1",
        "=1",
        "billing.plan=free",
        "blog.api_key=file:missing.key",
    ];
    let sources = Sources::new(dir.path())
        .with_environment("staging")
        .with_files(files)
        .with_env(variables)
        .with_set(sets.map(str::to_owned));
    insta::assert_snapshot!(refused(&sources), @r#"
        broken.yaml:3:3: the key `port` stands twice, first at line 2
            mend: remove or rename one of them
        broken.yaml:5:1: not valid YAML: while parsing a flow mapping, did not find expected ',' or '}'
            mend: close the map that `{` opened, and quote a text that holds `{`, `[` or `: `
        latin.yaml: is not UTF-8 text
        missing.yaml: cannot be read: No such file or directory (os error 2)
        config/default.yaml:1:1: unknown key `sever`
            mend: did you mean `server`?
        config/default.yaml:4:9: `server.port` is a whole number, found the text `8080`
            mend: write it without quotes
        config/default.yaml:5:12: `server.timeout` is a length of time such as `30s`, `5m` or `1h30m`, found `30`
            mend: add a unit: `30s` for seconds, `30ms` for milliseconds
        config/default.yaml:6:3: unknown key `server.prot`
            mend: did you mean `server.port`?
        config/default.yaml:7:9: `server.host` is text, found a list
        config/default.yaml:8:3: `server.cors` is a section, not a setting
            mend: set `server.cors.credentials`, `server.cors.max_age`, `server.cors.origins`
        config/default.yaml:9:1: the key `logging.level` is written with dots
            mend: write each part on a line of its own, indented below the other
        config/default.yaml:11:14: `blog.page_size` is 1000, at most 100 is allowed
        config/default.yaml:12:10: `blog.theme` is `drak`, allowed are `light`, `dark`
            mend: did you mean `dark`?
        config/default.yaml:13:11: `blog.weight` is a number, found `.nan`
        config/default.yaml:14:14: `blog.moderated` is `true` or `false`, found the text `true`
            mend: write it without quotes
        config/default.yaml:15:14: `blog.retention` is a length of time such as `30s`, `5m` or `1h30m`, found the text `soon`
        config/default.yaml:16:9: `blog.tags` is a list of texts, found the text `one`
            mend: write a list: `[one]`
        config/default.yaml:17:12: `blog.api_key` is text, found a map
        config/default.yaml:18:1: unknown key `comments`
            mend: known are `blog`, `data_dir`, `database`, `environment`, `logging`, `mail`, `mail-out`, `server`, …
        config/default.yaml:20:1: unknown key `port`
            mend: did you mean `server.port`?
        config/staging.yaml:3:9: `server.port` is 70000, at most 65535 is allowed
        list.yaml:1:1: the file holds a list, not a map of sections
        GOPLT_SERVER__HOST: names no setting: levels are parted by `__`
            mend: did you mean `GOPLT__SERVER__HOST`?
        GOPLT__: a variable of the configuration is `A-Z`, `0-9` and `_`
        GOPLT__SERVER: `server` is a section, not a setting
            mend: set `GOPLT__SERVER__BODY_LIMIT`, `GOPLT__SERVER__CORS`, `GOPLT__SERVER__HEADER_TIMEOUT`, `GOPLT__SERVER__HOST`, `GOPLT__SERVER__IDLE_TIMEOUT`, `GOPLT__SERVER__MAX_CONNECTIONS`, `GOPLT__SERVER__MAX_IN_FLIGHT`, `GOPLT__SERVER__PORT`, …
        GOPLT__SERVER__PORT: `server.port` is a whole number, found nothing
        GOPLT__SERVER__PROT: unknown key `server.prot`
            mend: did you mean `GOPLT__SERVER__PORT`?
        GOPLT__server__port: a variable of the configuration is `A-Z`, `0-9` and `_`
            mend: did you mean `GOPLT__SERVER__PORT`?
        --set blog.page_size: an argument of `--set` is a key, `=` and a value
            mend: write `--set server.port=8080`
        --set blog.page_size: `blog.page_size` is a whole number, found the text `many`
        --set blog.pagesize: unknown key `blog.pagesize`
            mend: did you mean `blog.page_size`?
        --set …: an argument of `--set` is a key, `=` and a value
            mend: write `--set server.port=8080`
        --set billing.plan: unknown key `billing.plan`
            mend: there is no module `billing` here
        config/staging.yaml:1:14: this file is of the environment `staging` and cannot change it
            mend: choose it with `--env` or `GOPLT_ENV`
        --set blog.api_key: `blog.api_key`: the file `missing.key` cannot be read: No such file or directory (os error 2)
        "#);
}

#[test]
fn the_kind_and_key_of_a_problem_are_data() {
    let sources = Sources::new("/nowhere").with_set(["server.prot=1".into()]);
    let errors = load(&sources, &[]).unwrap_err();
    let error = &errors.as_slice()[0];
    assert_eq!(error.kind(), ConfigErrorKind::UnknownKey);
    assert_eq!(error.key(), Some("server.prot"));
    assert_eq!(error.origin(), "--set server.prot");
    assert_eq!(error.help(), Some("did you mean `server.port`?"));
}

#[test]
fn a_module_cannot_take_a_name_of_the_kernel() {
    assert!(
        kernel::sections()
            .iter()
            .all(|s| s.name.is_empty() || kernel::is_reserved(&s.name))
    );
    let errors = load(&Sources::new("/nowhere"), &[Section::new("server", vec![])]).unwrap_err();
    assert_eq!(errors.as_slice()[0].kind(), ConfigErrorKind::Reserved);
}

#[test]
fn a_short_name_of_an_environment_needs_a_file() {
    let sources = Sources::new("/nowhere").with_environment("prod");
    insta::assert_snapshot!(refused(&sources), @r#"
        --env: the environment `prod` has no file `config/prod.yaml`
            mend: did you mean `production`?
        "#);
    let dir = dir(&[("config/prod.yaml", "")]);
    let config = loaded(&Sources::new(dir.path()).with_environment("prod"));
    assert_eq!(
        config.environment(),
        &"prod".parse::<Environment>().unwrap()
    );
    let bad = refused(&Sources::new("/nowhere").with_environment("../x"));
    assert!(
        bad.starts_with("--env: `../x` is not the name of an environment"),
        "{bad}"
    );
}

#[test]
fn a_file_beyond_its_limits_is_refused_without_being_kept() {
    let large = format!("blog:\n  theme: {}\n", "x".repeat(2 << 20));
    let deep = format!("blog: {}1{}\n", "[".repeat(200), "]".repeat(200));
    let dir = dir(&[("config/default.yaml", &large), ("deep.yaml", &deep)]);
    let message = refused(&Sources::new(dir.path()).with_files(["deep.yaml".into()]));
    assert!(
        message.contains("config/default.yaml:1:1: the text has"),
        "{message}"
    );
    assert!(message.contains("deep.yaml:1:"), "{message}");
    assert!(message.len() < 2_000);
}

const SECRET: &str = "hunter2";

/// Everything that a person could see of a configuration.
fn everything_shown(sources: &Sources) -> String {
    let mut shown = format!("{sources:?}");
    match load(sources, &blog()) {
        Ok(config) => {
            shown += &format!(
                "{config:?} {:?} {:#?}",
                config.section("blog"),
                config.section("database")
            );
            let database: kernel::DatabaseConfig = config.get();
            shown += &format!("{database:?}");
            for setting in config.iter() {
                shown += &format!("{setting} {setting:?}");
            }
        }
        Err(errors) => shown += &format!("{errors} {errors:?}"),
    }
    shown
}

#[test]
fn a_secret_is_shown_nowhere() {
    let key = |value: &str| format!("blog:\n  api_key: {value}\n");
    let files = [
        key(SECRET),
        key(&format!("[{SECRET}]")),
        key(&format!("{{ {SECRET}: 1 }}")
            .replace(SECRET, "a")
            .replace("1", SECRET)),
        key(&format!("*{SECRET}")),
        key(&format!("&{SECRET}")),
        key(&format!("!{SECRET} x")),
        key(&format!("\n    *{SECRET}")),
        key(&format!("\"{SECRET}")),
        key(&format!("{{{SECRET}")),
        format!("{{ blog: {{ api_key: *{SECRET} }} }}"),
        format!("blog:\n  api_key:{SECRET}\n"),
        format!("blog:\n  api_key:{SECRET}: 1\n  theme: dark\n"),
        format!("database:\n  url: postgres://app:{SECRET}@db/x\n"),
    ];
    for file in &files {
        let dir = dir(&[("config/default.yaml", file)]);
        fs::write(dir.path().join("key"), SECRET).unwrap();
        let shown = everything_shown(&Sources::new(dir.path()));
        assert!(!shown.contains(SECRET), "{file}\n{shown}");
    }
    let flags = [
        format!("blog.api_key={SECRET}"),
        format!("database.url=postgres://app:{SECRET}@db/x"),
        format!("database.url:postgres://app:{SECRET}@db/x"),
        format!("blog.api_kee={SECRET}"),
        format!("blog.api_key=env:{SECRET}").replace(SECRET, "NAME"),
    ];
    for flag in flags {
        let variables = [("NAME".to_owned(), SECRET.to_owned())];
        let sources = Sources::new("/nowhere")
            .with_env(variables)
            .with_set([flag.clone()]);
        let shown = everything_shown(&sources);
        assert!(!shown.contains(SECRET), "{flag}\n{shown}");
    }
    for name in [
        "GOPLT__BLOG__API_KEY",
        "GOPLT__BLOG__API_KEE",
        "GOPLT_DATABASE_URL",
    ] {
        let shown = everything_shown(&Sources::new("/nowhere").with_env(env(name, SECRET)));
        assert!(!shown.contains(SECRET), "{name}\n{shown}");
    }
}

#[test]
fn a_secret_may_lie_in_a_file_or_another_variable() {
    let dir = dir(&[("key", "env:NOT_FOLLOWED\n")]);
    let secret = |written: &str| {
        let sources = Sources::new(dir.path())
            .with_env(env("API_KEY", "from the variable"))
            .with_set([format!("blog.api_key={written}")]);
        load(&sources, &blog()).map(|config| {
            config
                .section("blog")
                .secret("api_key")
                .unwrap()
                .expose_secret()
                .to_owned()
        })
    };
    assert_eq!(secret("file:key").unwrap(), "env:NOT_FOLLOWED");
    assert_eq!(secret("env:API_KEY").unwrap(), "from the variable");
    assert_eq!(secret("itself").unwrap(), "itself");
    let unset = secret("env:UNSET").unwrap_err();
    assert_eq!(unset.as_slice()[0].kind(), ConfigErrorKind::Secret);
    assert_eq!(
        unset.to_string(),
        "--set blog.api_key: `blog.api_key`: the variable `UNSET` is not set"
    );
}

#[test]
fn an_overridden_reference_is_not_followed() {
    let dir = dir(&[(
        "config/default.yaml",
        "blog:\n  api_key: file:/run/secrets/missing\n",
    )]);
    let sources = Sources::new(dir.path()).with_set(["blog.api_key=itself".into()]);
    assert!(load(&sources, &blog()).is_ok());
    assert!(load(&Sources::new(dir.path()), &blog()).is_err());
}

#[test]
fn a_listing_shows_every_setting_with_its_origin() {
    let sources = Sources::new("/nowhere").with_set([
        "server.cors.origins=https://a.example,https://b.example".into(),
        format!("blog.api_key={SECRET}"),
    ]);
    let config = loaded(&sources);
    let listing: Vec<String> = config.iter().map(|setting| setting.to_string()).collect();
    insta::assert_snapshot!(listing.join("\n"), @r#"
        blog.api_key = [secret] (--set blog.api_key)
        blog.moderated is not set
        blog.page_size = 5 (default)
        blog.retention is not set
        blog.tags is not set
        blog.theme is not set
        blog.weight is not set
        data_dir = ./data (default)
        database.acquire_timeout = 3s (default)
        database.host_url is not set
        database.max_connections = 25 (default)
        database.max_idle_connections = 5 (default)
        database.max_lifetime = 30m (default)
        database.migrations is not set
        database.owner_url is not set
        database.url is not set
        environment = development (default)
        logging.format = pretty (default)
        logging.level = info (default)
        logging.targets is not set
        mail-out.from is not set
        mail.from = goplt@localhost (default)
        mail.transport = file (default)
        server.body_limit = 1048576 (default)
        server.cors.credentials = false (default)
        server.cors.max_age = 10m (default)
        server.cors.origins = [https://a.example, https://b.example] (--set server.cors.origins)
        server.header_timeout is not set
        server.host = 127.0.0.1 (default)
        server.idle_timeout is not set
        server.max_connections = 4096 (default)
        server.max_in_flight = 1024 (default)
        server.port = 8080 (default)
        server.shutdown_grace = 20s (default)
        server.timeout = 30s (default)
        telemetry.errors.interval = 1m (default)
        telemetry.errors.queue = 100 (default)
        telemetry.metrics.interval = 30s (default)
        telemetry.otlp.endpoint is not set
        telemetry.traces.sample_ratio = 1 (default)
        tenancy.base_domain is not set
        tenancy.credentials_only = false (default)
        tenancy.mode = multi (default)
        tenancy.path_prefix is not set
        tenancy.tenant is not set
        "#);
}

#[test]
fn settings_read_themselves_from_their_section() {
    struct Blog {
        page_size: i64,
        theme: Option<String>,
    }
    impl ModuleConfig for Blog {
        const SECTION: &'static str = "blog";
        fn from_values(values: &goplt_core::config::Values) -> Self {
            Self {
                page_size: values.integer("page_size").unwrap_or(20),
                theme: values.string("theme"),
            }
        }
    }
    let blog: Blog = loaded(&Sources::new("/nowhere")).get();
    assert_eq!((blog.page_size, blog.theme), (5, None));
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn no_flag_or_variable_panics(
            set in "\\PC{0,40}",
            key in "(blog|server|database|logging)\\.[a-z_.]{0,16}",
            value in "\\PC{0,40}",
            name in "GOPLT_{1,3}[A-Za-z_\\PC]{0,24}",
        ) {
            let sources = Sources::new("/nowhere")
                .with_set([set, format!("{key}={value}")])
                .with_env([(name, value.clone())]);
            if let Err(errors) = load(&sources, &blog()) {
                prop_assert!(!errors.to_string().is_empty());
            }
        }

        #[test]
        fn any_value_of_any_setting_is_taken_or_refused(index in 0_usize..7, value in "\\PC{0,60}") {
            let entry = blog()[0].entries[index].name.clone();
            let set = format!("blog.{entry}={value}");
            let by_flag = load(&Sources::new("/nowhere").with_set([set]), &blog());
            let name = format!("GOPLT__BLOG__{}", entry.to_ascii_uppercase());
            let by_variable = load(&Sources::new("/nowhere").with_env(env(&name, &value)), &blog());
            prop_assert_eq!(by_flag.is_ok(), by_variable.is_ok());
        }

        #[test]
        fn no_file_panics(text in "(\\PC|\n|:|  |- |\\{|\\[|\"|'|&|\\*){0,80}") {
            let dir = dir(&[("config/default.yaml", &text)]);
            let _ = load(&Sources::new(dir.path()), &blog());
        }

        #[test]
        fn every_duration_that_is_listed_is_read_again(millis in 0_u64..200_000_000) {
            let set = |text: String| Sources::new("/nowhere").with_set([format!("blog.retention={text}")]);
            let config = loaded(&set(format!("{millis}ms")));
            let listed = config.iter().find(|setting| setting.key == "blog.retention");
            let again = loaded(&set(listed.unwrap().value.unwrap()));
            let read = again.section("blog").duration("retention").unwrap();
            prop_assert_eq!(read.as_millis(), u128::from(millis));
        }
    }
}
