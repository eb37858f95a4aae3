//! Where a consumer finds the provider of a contract.

/// How a contract is bound: chosen by the assembly, invisible to the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Binding {
    /// The provider is a module of the same host.
    #[default]
    Local,
}
