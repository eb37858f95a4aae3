//! `cargo goplt`: the subcommands of the assembly in the current package.
//!
//! ```text
//! cargo goplt [-p PACKAGE] [--release] [COMMAND …]
//! ```
//!
//! It builds the binary as `cargo run` does and hands it everything that is not its own: `cargo goplt doctor` is
//! `cargo run --quiet -- doctor`. Install it with `cargo install goplt-module --features cli`.

use std::{
    env,
    ffi::{OsStr, OsString},
    io::{self, Write},
    process::{Command, ExitCode},
};

const HELP: &str = "\
Runs the subcommands of an assembly of goplt: check, graph, doctor, migrate, db setup, …

Usage: cargo goplt [-p PACKAGE] [--bin NAME] [--features LIST] [--release] [COMMAND …]

Options:
  -p, --package PACKAGE  The assembly; by default the package of the current folder
      --bin NAME         Its binary, where it has several
      --features LIST    Features to build it with
      --release          Build it optimised

What follows goes to the assembly: `cargo goplt help` lists its commands.
";

/// What is cargo's, and what is the assembly's.
#[derive(Debug, Default, PartialEq)]
struct Call {
    build: Vec<OsString>,
    assembly: Vec<OsString>,
}

#[derive(Debug, PartialEq)]
enum Parsed {
    Run(Call),
    Help,
    Missing(&'static str),
}

fn main() -> ExitCode {
    // Cargo calls `cargo-goplt goplt …`.
    let args = env::args_os().skip(1);
    let args: Vec<_> = args
        .enumerate()
        .filter(|(place, arg)| !(*place == 0 && arg == "goplt"))
        .map(|(_, arg)| arg)
        .collect();
    match parse(&args) {
        Parsed::Run(call) => run(&call),
        Parsed::Help => {
            // Nobody to tell, if not here.
            let _ = io::stdout().write_all(HELP.as_bytes());
            ExitCode::SUCCESS
        }
        Parsed::Missing(option) => told(&format!("`{option}` wants a value")),
    }
}

/// Options of ours stand before the command; everything from it on is the assembly's.
fn parse(args: &[OsString]) -> Parsed {
    let mut call = Call::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.to_str() {
            Some("-h" | "--help") => return Parsed::Help,
            Some("--release") => call.build.push(arg.clone()),
            Some(option @ ("-p" | "--package" | "--bin" | "--features")) => {
                let Some(value) = args.next() else {
                    return Parsed::Missing(match option {
                        "--bin" => "--bin",
                        "--features" => "--features",
                        _ => "--package",
                    });
                };
                call.build.extend([arg.clone(), value.clone()]);
            }
            _ => {
                call.assembly.push(arg.clone());
                call.assembly.extend(args.cloned());
                break;
            }
        }
    }
    Parsed::Run(call)
}

fn run(call: &Call) -> ExitCode {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let status = Command::new(&cargo)
        .args(["run", "--quiet"].map(OsStr::new))
        .args(&call.build)
        .arg("--")
        .args(&call.assembly)
        .status();
    match status {
        // A signal has no code.
        Ok(status) => ExitCode::from(
            status
                .code()
                .and_then(|code| u8::try_from(code).ok())
                .unwrap_or(1),
        ),
        Err(error) => told(&format!("`{}` cannot be run: {error}", cargo.display())),
    }
}

fn told(what: &str) -> ExitCode {
    // Nobody to tell, if not here.
    let _ = writeln!(io::stderr(), "error: {what}");
    ExitCode::from(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Parsed {
        parse(&args.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn options_before_the_command_are_cargos_and_the_rest_is_the_assemblys() {
        let call = Call {
            build: ["-p", "monolith", "--release"].map(OsString::from).to_vec(),
            assembly: ["migrate", "--plan", "-p", "x"]
                .map(OsString::from)
                .to_vec(),
        };
        let args = [
            "-p",
            "monolith",
            "--release",
            "migrate",
            "--plan",
            "-p",
            "x",
        ];
        assert_eq!(parsed(&args), Parsed::Run(call));
    }

    #[test]
    fn without_a_command_the_assembly_is_run_as_it_is() {
        assert_eq!(parsed(&[]), Parsed::Run(Call::default()));
    }

    #[test]
    fn help_before_the_command_is_its_own_and_after_it_the_assemblys() {
        assert_eq!(parsed(&["--help"]), Parsed::Help);
        let Parsed::Run(call) = parsed(&["check", "--help"]) else {
            panic!("the assembly's help was taken for its own")
        };
        assert_eq!(call.assembly, ["check", "--help"]);
    }

    #[test]
    fn an_option_without_its_value_is_named() {
        assert_eq!(parsed(&["-p"]), Parsed::Missing("--package"));
    }
}
