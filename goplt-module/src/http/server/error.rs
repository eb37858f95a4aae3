use std::io;

use goplt_core::Code;

/// The server cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {mend}")]
pub struct BindError {
    address: String,
    mend: &'static str,
    #[source]
    source: io::Error,
}

impl BindError {
    pub(super) fn new(address: String, source: io::Error) -> Self {
        let mend = match source.kind() {
            io::ErrorKind::AddrInUse => {
                "another process has this port; stop it, or choose another with `server.port` or `--listen`"
            }
            io::ErrorKind::PermissionDenied => {
                "this user may not have this port; choose one above 1023 with `server.port` or `--listen`"
            }
            io::ErrorKind::AddrNotAvailable => {
                "this machine has no such address; `0.0.0.0` stands for all that it has"
            }
            _ => "check `server.host` and `server.port`",
        };
        Self {
            address,
            mend,
            source,
        }
    }

    /// The address that was asked for.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// [`Code::Unavailable`].
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::Unavailable
    }
}
