//! Proves that a manifest with every key is read as it was written, and what its parts mean.

use goplt_manifest::{
    ConfigKind, Dialect, Manifest, Method, Migration, MigrationError, ModuleName, PLATFORM_VERSION,
    Permission, RouteAccess, TenantSource, Version, VersionRange, constant_name, constant_name_in,
    parse_duration,
    yaml::{Mark, Value},
};

fn blog() -> Manifest {
    Manifest::parse(
        "modules/blog/module.yaml",
        include_str!("manifests/blog.yaml"),
    )
    .unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn reads_every_key_of_a_manifest() {
    insta::assert_debug_snapshot!(blog());
}

#[test]
fn answers_what_the_manifest_says() {
    let blog = blog();
    assert_eq!(blog.source(), "modules/blog/module.yaml");
    assert_eq!(blog.name(), &"blog");
    assert_eq!(blog.version(), &Version::parse("1.20.0").unwrap());
    assert_eq!(blog.dependencies()[2].range().to_string(), "*");
    assert_eq!(
        blog.optional_dependencies()[0].to_string(),
        "billing >=1.1, <3"
    );
    let create = &blog.routes()[0];
    assert_eq!(
        (create.method, create.path.as_str()),
        (Method::Post, "/api/v1/blog/posts")
    );
    let permission = Permission::from_static("blog.post.create");
    assert_eq!(create.access, RouteAccess::Permission(permission));
    assert_eq!(
        create.mark,
        Mark {
            line: 20,
            column: 5
        }
    );
    assert_eq!(blog.routes()[8].tenant, TenantSource::Credential);
    let editor = &blog.roles()[0];
    let permissions = blog.permissions();
    assert!(
        permissions
            .iter()
            .all(|declared| editor.grants[0].matches(&declared.permission))
    );
    assert!(
        blog.host()
            .is_some_and(|host| host.tables.contains(&blog.tables()[0]))
    );
}

#[test]
fn settings_have_defaults_of_their_type() {
    let blog = blog();
    let setting = |name: &str| {
        let found = blog.config().iter().find(|setting| setting.name == name);
        found.unwrap()
    };
    assert_eq!(setting("page_size").default, Some(Value::Int(20)));
    assert_eq!(
        setting("release").default,
        Some(Value::String("1.20".into()))
    );
    assert_eq!(setting("ratio").default, Some(Value::Float(1.0)));
    assert_eq!(
        setting("ratio").default_in("development"),
        Some(&Value::Float(0.5))
    );
    assert_eq!(
        setting("ratio").default_in("production"),
        Some(&Value::Float(1.0))
    );
    assert_eq!(setting("signing_key").kind, ConfigKind::Secret);
    assert_eq!(setting("signing_key").default_in("production"), None);
    assert_eq!(setting("mail_from").default_in("development"), None);
}

#[test]
fn migrations_are_sorted_and_may_have_gaps() {
    let files = [
        "V0007__later.sql",
        "V0002__b.sqlite.sql",
        "V0002__b.pg.sql",
        "V0001__a.sql",
    ];
    let mut migrations: Vec<Migration> = files
        .into_iter()
        .map(|file| {
            Migration::parse_file_name(file)
                .unwrap()
                .with_sql("SELECT 1")
        })
        .collect();
    assert_eq!(Migration::check(&mut migrations), Ok(()));
    let blog = blog().with_migrations(migrations);
    let names = blog.migrations().iter().map(Migration::file_name);
    assert_eq!(
        names.collect::<Vec<_>>(),
        [
            "V0001__a.sql",
            "V0002__b.sqlite.sql",
            "V0002__b.pg.sql",
            "V0007__later.sql"
        ]
    );
    assert_eq!(blog.migrations()[1].dialect, Dialect::Sqlite);
}

#[test]
fn refuses_two_migrations_of_one_version() {
    let mut migrations = vec![
        Migration::from_static(1, "a", Dialect::Any, ""),
        Migration::from_static(1, "b", Dialect::Postgres, ""),
        Migration::from_static(2, "c", Dialect::Sqlite, ""),
        Migration::from_static(2, "d", Dialect::Postgres, ""),
    ];
    let errors = Migration::check(&mut migrations).unwrap_err();
    assert_eq!(errors.len(), 1);
    insta::assert_snapshot!(errors[0], @"`V0001__a.sql` and `V0001__b.pg.sql` have the same version: only a `.pg.sql` and a `.sqlite.sql` may share one");
}

#[test]
fn refuses_file_names_that_are_no_migrations() {
    let files = [
        "0001__a.sql",
        "V1__a.sql",
        "V0000__a.sql",
        "V0001_a.sql",
        "V0001__.sql",
        "V0001__A.sql",
        "V0001__a.mysql.sql",
        "V0001__a.txt",
        "V+001__a.sql",
        "V9999999999__a.sql",
        "",
        "V0001__a.pg.sqlite.sql",
    ];
    for file in files {
        let error = Migration::parse_file_name(file).unwrap_err();
        assert!(matches!(error, MigrationError::FileName { .. }), "{file}");
    }
    insta::assert_snapshot!(
        Migration::parse_file_name("V1__a.sql").unwrap_err(),
        @"`V1__a.sql` is not the name of a migration (the version is not four to nine digits): write `V0001__what_it_does.sql`, or `.pg.sql` or `.sqlite.sql` for one database"
    );
}

#[test]
fn a_prerelease_needs_a_range_that_names_it() {
    let range: VersionRange = ">= 1.0.0".parse().unwrap();
    let version = |text: &str| Version::parse(text).unwrap();
    assert_eq!(range.mismatch(&version("1.0.0")), None);
    insta::assert_snapshot!(range.mismatch(&version("0.9.0")).unwrap(), @"0.9.0 does not satisfy >=1.0.0");
    insta::assert_snapshot!(
        range.mismatch(&version("1.1.0-rc.1")).unwrap(),
        @"1.1.0-rc.1 is a pre-release: it satisfies only a range that names a pre-release of 1.1.0"
    );
    let named: VersionRange = ">= 1.1.0-rc.0".parse().unwrap();
    assert!(named.matches(&version("1.1.0-rc.1")));
    assert_eq!(Version::platform().to_string(), PLATFORM_VERSION);
}

#[test]
fn constants_are_valid_and_keep_other_modules_names() {
    let blog = ModuleName::from_static("blog");
    assert_eq!(constant_name("create_post"), "CREATE_POST");
    assert_eq!(constant_name("2fa.enable"), "_2FA_ENABLE");
    assert_eq!(
        constant_name_in(&blog, "blog.post.mark-read"),
        "POST_MARK_READ"
    );
    assert_eq!(
        constant_name_in(&blog, "blogs.post.created"),
        "BLOGS_POST_CREATED"
    );
    assert_eq!(
        constant_name_in(&blog, "identity.user.deleted"),
        "IDENTITY_USER_DELETED"
    );
}

#[test]
fn durations_need_units_in_order() {
    let millis = |text: &str| {
        parse_duration(text)
            .map(|duration| duration.as_millis())
            .ok()
    };
    assert_eq!(millis("1d2h3m4s5ms"), Some(93_784_005));
    assert_eq!(millis("0s"), Some(0));
    for text in [
        "",
        "1",
        "s",
        "1 s",
        "1s1m",
        "1s1s",
        "-1s",
        "1.5s",
        "1y",
        "99999999999999999999d",
        "9999999999999999d",
    ] {
        assert_eq!(millis(text), None, "{text}");
    }
}

#[test]
fn public_types_are_send_and_sync() {
    fn check<T: Send + Sync + std::fmt::Debug + 'static>() {}
    check::<Manifest>();
    check::<goplt_manifest::Parsed>();
    check::<goplt_manifest::ManifestErrors>();
    check::<goplt_manifest::PermissionPattern>();
    check::<goplt_manifest::yaml::Partial>();
}
