//! `proto/notes.proto` to Rust; protox takes the place of `protoc`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let protos = protox::compile(["notes.proto"], ["proto"])?;
    tonic_prost_build::configure().compile_fds(protos)?;
    Ok(())
}
