//! A hundred modules, made when it runs, checked, wired and serving on a loopback address.
//!
//! Run with `cargo run --release -p goplt-benches --example hundred_modules`. It prints how long
//! a first start took (every table is new) and a second one, up to the answer to a request, and
//! the most memory that the process held. Each module has six routes, five permissions and a
//! table, depends on the module before it, and calls that module's contract.
#![expect(clippy::print_stdout, reason = "it prints its result")]

use std::{path::Path, sync::Arc, time::Duration};

use goplt_core::{
    BoxError, Decision, Problem, RequestContext,
    config::Sources,
    contract::{Access, Contract, Idempotency, LocalGuard, MethodMeta, RpcError, Streaming},
    manifest::{Manifest, Migration},
};
use goplt_module::{
    Host, HostBuilder, IModule, InitContext, RouteKey, RunningHost,
    http::{Routes, State},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::Instant,
};

/// The contract that module `N` provides.
#[async_trait::async_trait]
trait Link<const N: usize>: Send + Sync + 'static {
    /// How many modules stand before this one.
    async fn depth(&self, cx: &RequestContext) -> Result<usize, RpcError>;
}

/// As the generator makes it.
struct Guarded<const N: usize> {
    inner: Arc<dyn Link<N>>,
    guard: LocalGuard,
}

/// Module `N`, after module `BEFORE`.
struct Module<const N: usize, const BEFORE: usize> {
    manifest: Manifest,
}

struct Service<const N: usize, const BEFORE: usize> {
    before: Arc<dyn Link<BEFORE>>,
}

/// What stands before the first.
struct Origin;

const ROUTES: [&str; 6] = ["create", "list", "get", "update", "delete", "depth"];

fn main() -> Result<(), BoxError> {
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let first = runtime.block_on(start(folder.path()))?;
    let second = runtime.block_on(start(folder.path()))?;
    println!(
        "first start {:.1} ms, second start {:.1} ms",
        millis(first),
        millis(second)
    );
    for line in std::fs::read_to_string("/proc/self/status")
        .unwrap_or_default()
        .lines()
    {
        if line.starts_with("VmHWM") || line.starts_with("VmRSS") {
            println!("{line}");
        }
    }
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// From nothing to the first answer.
async fn start(folder: &Path) -> Result<Duration, BoxError> {
    let begun = Instant::now();
    let sources = Sources::new(folder).with_set(["server.port=0".to_owned()]);
    let host = modules(Host::builder().sources(sources)).build()?;
    let running = host.start().await?;
    let answer = ask(&running).await?;
    let took = begun.elapsed();
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n100"),
        "{answer}"
    );
    running.stop().await?;
    Ok(took)
}

/// The depth of the last module: a call through all of them.
async fn ask(running: &RunningHost) -> Result<String, BoxError> {
    let address = running.address().ok_or("no listener")?;
    let mut stream = TcpStream::connect(address).await?;
    let request = "GET /m100/depth HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// `$unit` counts from 1 to 10, so that 0 is what stands before the first.
macro_rules! ten {
    ($host:expr, $tens:literal: $($unit:literal)*) => {
        $host$(.module(Module::<{ $tens * 10 + $unit }, { $tens * 10 + $unit - 1 }>::new()))*
    };
}

fn modules(host: HostBuilder) -> HostBuilder {
    let host = host
        .authorizer(Arc::new(|_: &_, _: &_, _: &_| Decision::Allow))
        .supply::<dyn Link<0>>(Arc::new(Origin));
    let host = ten!(host, 0: 1 2 3 4 5 6 7 8 9 10);
    let host = ten!(host, 1: 1 2 3 4 5 6 7 8 9 10);
    let host = ten!(host, 2: 1 2 3 4 5 6 7 8 9 10);
    let host = ten!(host, 3: 1 2 3 4 5 6 7 8 9 10);
    let host = ten!(host, 4: 1 2 3 4 5 6 7 8 9 10);
    let host = ten!(host, 5: 1 2 3 4 5 6 7 8 9 10);
    let host = ten!(host, 6: 1 2 3 4 5 6 7 8 9 10);
    let host = ten!(host, 7: 1 2 3 4 5 6 7 8 9 10);
    let host = ten!(host, 8: 1 2 3 4 5 6 7 8 9 10);
    ten!(host, 9: 1 2 3 4 5 6 7 8 9 10)
}

fn manifest(module: usize) -> String {
    let name = format!("m{module:03}");
    let dependencies = match module {
        1 => String::new(),
        _ => format!("dependencies: [\"m{:03} ^1\"]\n", module - 1),
    };
    format!(
        r#"name: {name}
version: 1.2.0
description: Module {module} of a hundred
{dependencies}permissions:
  - {{ name: {name}.item.create, description: Write items }}
  - {{ name: {name}.item.read, description: Read items }}
  - {{ name: {name}.item.list, description: List items }}
  - {{ name: {name}.item.update, description: Change items }}
  - {{ name: {name}.item.delete, description: Delete items }}
routes:
  - {{ id: create, method: POST, path: "/{name}/items", permission: {name}.item.create }}
  - {{ id: list, method: GET, path: "/{name}/items", permission: {name}.item.list }}
  - {{ id: get, method: GET, path: "/{name}/items/{{id}}", permission: {name}.item.read }}
  - {{ id: update, method: PUT, path: "/{name}/items/{{id}}", permission: {name}.item.update }}
  - {{ id: delete, method: DELETE, path: "/{name}/items/{{id}}", permission: {name}.item.delete }}
  - {{ id: depth, method: GET, path: "/{name}/depth", access: public }}
tables: [{name}_items]
roles:
  editor: ["{name}.*"]
config:
  max_items: {{ type: integer, default: 100, description: The most items }}
"#
    )
}

fn table(module: usize) -> String {
    format!(
        "CREATE TABLE m{module:03}_items (tenant_id TEXT NOT NULL, id UUID NOT NULL, \
         title TEXT NOT NULL, version BIGINT NOT NULL, PRIMARY KEY (tenant_id, id));"
    )
}

// === impl Module ===

impl<const N: usize, const BEFORE: usize> Module<N, BEFORE> {
    const NAME: [u8; 4] = [b'm', digit(N, 100), digit(N, 10), digit(N, 1)];

    fn new() -> Self {
        let parsed = Manifest::parse(&format!("m{N:03}/module.yaml"), &manifest(N));
        let migration = Migration::parse_file_name("V0001__items.sql").expect("a file name");
        let migrations = vec![migration.with_sql(table(N))];
        Self {
            manifest: parsed.expect("a manifest").with_migrations(migrations),
        }
    }

    async fn depth(
        State(service): State<Arc<Service<N, BEFORE>>>,
        cx: RequestContext,
    ) -> Result<String, Problem> {
        Ok(service.depth(&cx).await?.to_string())
    }

    fn mount(routes: &mut Routes<'_, Service<N, BEFORE>>) {
        for id in ROUTES {
            let key = RouteKey::__declared(text(&Self::NAME), id);
            routes.mount(key, Self::depth);
        }
    }
}

impl<const N: usize, const BEFORE: usize> IModule for Module<N, BEFORE> {
    type Needs = Arc<dyn Link<BEFORE>>;
    type Provides = Arc<dyn Link<N>>;

    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    async fn init(
        &self,
        before: Self::Needs,
        cx: &mut InitContext<'_>,
    ) -> Result<Self::Provides, BoxError> {
        let service = Arc::new(Service { before });
        Self::mount(&mut cx.routes(&service));
        Ok(service)
    }
}

// === impl Link ===

#[async_trait::async_trait]
impl Link<0> for Origin {
    async fn depth(&self, _: &RequestContext) -> Result<usize, RpcError> {
        Ok(0)
    }
}

#[async_trait::async_trait]
impl<const N: usize, const BEFORE: usize> Link<N> for Service<N, BEFORE> {
    async fn depth(&self, cx: &RequestContext) -> Result<usize, RpcError> {
        Ok(self.before.depth(cx).await? + 1)
    }
}

#[async_trait::async_trait]
impl<const N: usize> Link<N> for Guarded<N> {
    async fn depth(&self, cx: &RequestContext) -> Result<usize, RpcError> {
        let call = self.guard.enter(&<dyn Link<N>>::METHODS[0], cx)?;
        call.run(self.inner.depth(call.context())).await
    }
}

impl<const N: usize> Contract for dyn Link<N> {
    const NAME: &'static str = text(&[
        b'm',
        digit(N, 100),
        digit(N, 10),
        digit(N, 1),
        b'.',
        b'v',
        b'1',
        b'.',
        b'L',
        b'i',
        b'n',
        b'k',
    ]);
    const VERSION: &'static str = "1.0.0";
    const METHODS: &'static [MethodMeta] = &[MethodMeta {
        name: "Depth",
        idempotency: Idempotency::NoSideEffects,
        streaming: Streaming::Unary,
        timeout: None,
        access: Access::Public,
    }];

    fn guarded(this: Arc<Self>, guard: LocalGuard) -> Arc<Self> {
        Arc::new(Guarded { inner: this, guard })
    }
}

const fn digit(number: usize, place: usize) -> u8 {
    b'0' + (number / place % 10) as u8
}

const fn text(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("not ASCII"),
    }
}
