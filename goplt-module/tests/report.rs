//! Every kind of problem that keeps a host from starting is found before anything is done, all at once, and told with
//! its module, its place and the mend.
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use std::sync::Arc;

use goplt_core::{
    config::Sources,
    contract::Binding,
    manifest::{Dialect, Manifest, Migration},
};
use goplt_module::{Host, HostBuilder, StartupReport, lifecycle::ModuleState};
use insta::assert_snapshot;

use common::{
    BillingService, Fake, IdentityService, billing, identity, named, needs::BlogNeeds, plain,
};

fn host() -> HostBuilder {
    Host::builder().sources(Sources::new("/nowhere"))
}

fn report(host: HostBuilder) -> StartupReport {
    host.build().expect_err("the composition is wrong")
}

#[test]
fn a_contract_that_nobody_provides() {
    let blog = Fake::<BlogNeeds, ()>::new(&named("blog"), ());
    let shop = Fake::<(Arc<dyn BillingService>,), ()>::new(&named("shop"), ());
    let report = report(
        host()
            .module(blog)
            .module(shop)
            .module(plain(&named("calm")))
            .bind::<dyn IdentityService>(Binding::Local),
    );
    assert_snapshot!(report);
    assert_eq!(report.state("blog"), ModuleState::Rejected);
    assert_eq!(report.state("calm"), ModuleState::Discovered);
}

#[test]
fn a_contract_that_two_provide() {
    let first = Fake::<(), _>::new(&named("identity"), identity());
    let second = Fake::<(), _>::new(&named("accounts"), identity());
    let blog = Fake::<BlogNeeds, ()>::new(&named("blog"), ());
    assert_snapshot!(report(
        host()
            .module(first)
            .module(second)
            .module(blog)
            .supply(identity())
    ));
}

#[test]
fn several_providers_are_right_for_who_wants_them_all() {
    let first = Fake::<(), _>::new(&named("identity"), identity());
    let second = Fake::<(), _>::new(&named("accounts"), identity());
    let blog = Fake::<Vec<Arc<dyn IdentityService>>, ()>::new(&named("blog"), ());
    let host = host()
        .module(blog)
        .module(first)
        .module(second)
        .build()
        .unwrap();
    let names: Vec<_> = host
        .modules()
        .all()
        .map(|module| module.name().as_str())
        .collect();
    assert_eq!(names, ["accounts", "identity", "blog"]);
}

#[test]
fn circles_of_dependencies_and_needs() {
    let blog = "name: blog\nversion: 1.0.0\ndependencies: [\"identity ^1\"]\n";
    let identity_manifest = "name: identity\nversion: 1.0.0\noptional_dependencies: [\"shop\"]\n";
    let blog = plain(blog);
    let identity = Fake::<(), _>::new(identity_manifest, identity());
    let shop = Fake::<(), _>::new(
        "name: shop\nversion: 1.0.0\ndependencies: [\"blog\"]\n",
        billing(),
    );
    let own = Fake::<Vec<Arc<dyn BillingService>>, _>::new(&named("vain"), billing());
    assert_snapshot!(report(
        host()
            .module(blog)
            .module(shop)
            .module(identity)
            .module(own)
    ));
}

#[test]
fn versions_out_of_range() {
    let blog = "name: blog\nversion: 1.0.0\ndependencies: [\"core >= 2.0.0\", \"identity ^1\"]\n\
                optional_dependencies: [\"shop >= 1.1\"]\n";
    let identity = "name: identity\nversion: 2.0.0\n";
    let shop = "name: shop\nversion: 1.2.0-rc.1\n";
    assert_snapshot!(report(
        host()
            .module(plain(blog))
            .module(plain(identity))
            .module(plain(shop))
    ));
}

#[test]
fn dependencies_that_are_missing() {
    let blog = "name: blog\nversion: 1.0.0\ndependencies:\n  - identiy ^1\n  - audit\n";
    assert_snapshot!(report(
        host().module(plain(blog)).module(plain(&named("identity")))
    ));
}

#[test]
fn routes_that_clash() {
    let blog = "name: blog\nversion: 1.0.0\nroutes:\n  \
                - { id: get_post, method: GET, path: \"/posts/{id}\", access: public }\n";
    let shop = "name: shop\nversion: 1.0.0\nroutes:\n  \
                - { id: get_item, method: GET, path: \"/posts/{key}\", access: public }\n  \
                - { id: put_item, method: PUT, path: \"/posts/{key}\", access: public }\n";
    assert_snapshot!(report(host().module(plain(shop)).module(plain(blog))));
}

#[test]
fn a_route_that_takes_a_path_of_the_host() {
    let blog = "name: blog\nversion: 1.0.0\nroutes:\n  \
                - { id: alive, method: GET, path: \"/healthz\", access: public }\n  \
                - { id: count, method: POST, path: \"/metrics\", access: public }\n  \
                - { id: any, method: GET, path: \"/{page}\", access: public }\n";
    assert_snapshot!(report(host().module(plain(blog))));
}

#[test]
fn settings_of_the_server_that_cannot_hold() {
    let set = [
        "server.timeout=0s",
        "server.cors.origins=https://a.example/",
    ]
    .map(str::to_owned);
    let sources = Sources::new("/nowhere").with_set(set);
    assert_snapshot!(report(host().sources(sources)));
}

#[test]
fn configuration_that_is_wrong() {
    let blog = "name: blog\nversion: 1.0.0\nconfig: { page_size: { type: integer, default: 20, max: 100 } }\n";
    let set = ["blog.pagesize=5", "blog.page_size=many", "server.prot=1"].map(str::to_owned);
    let sources = Sources::new("/nowhere").with_set(set);
    assert_snapshot!(report(host().module(plain(blog)).sources(sources)));
}

#[test]
fn a_module_that_is_listed_twice() {
    let host = host()
        .module(plain(&named("blog")))
        .module(plain("name: blog\nversion: 2.0.0\n"));
    assert_snapshot!(report(host));
}

#[test]
fn migrations_with_one_version() {
    let migration = |name| Migration::from_static(1, name, Dialect::Any, "SELECT 1");
    let manifest = |text: &str| -> Manifest {
        common::parse(text).with_migrations(vec![migration("posts"), migration("comments")])
    };
    struct Blog(Manifest);
    impl goplt_module::IModule for Blog {
        type Needs = ();
        type Provides = ();

        fn manifest(&self) -> &Manifest {
            &self.0
        }

        async fn init(
            &self,
            _: (),
            _: &mut goplt_module::InitContext<'_>,
        ) -> Result<(), goplt_core::BoxError> {
            Ok(())
        }
    }
    assert_snapshot!(report(host().module(Blog(manifest(&named("blog"))))));
}

#[test]
fn a_table_that_two_modules_have() {
    let table = "\nversion: 1.0.0\ntables: [blog_posts_tags]\n";
    let blog = plain(&format!("name: blog{table}"));
    let posts = plain(&format!("name: blog-posts{table}"));
    assert_snapshot!(report(host().module(blog).module(posts)));
}

#[test]
fn everything_at_once_in_an_order_that_depends_on_nothing() {
    let modules: [fn() -> Fake<(), ()>; 4] = [
        || plain("name: blog\nversion: 1.0.0\ndependencies: [\"shop ^2\", \"audit\"]\n"),
        || plain("name: shop\nversion: 1.0.0\ndependencies: [\"blog\"]\n"),
        || plain("name: shop\nversion: 1.1.0\n"),
        || plain("name: news\nversion: 1.0.0\noptional_dependencies: [\"shop ^3\"]\n"),
    ];
    let needy = || Fake::<BlogNeeds, ()>::new(&named("needy"), ());
    let text = |order: [usize; 4]| {
        let host = order.into_iter().fold(host().module(needy()), |host, at| {
            host.module(modules[at]())
        });
        report(host).to_string()
    };
    let first = text([0, 1, 2, 3]);
    assert_snapshot!(first);
    for order in [[3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] {
        assert_eq!(text(order), first);
    }
}
