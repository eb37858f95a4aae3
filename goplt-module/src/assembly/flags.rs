//! The command line: flags that every binary has, and commands.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, builder::ValueParser, value_parser};
use goplt_core::config::Sources;

use super::{Args, Command};

/// The command line of an assembly, for clap.
pub(super) fn command_line(
    name: &str,
    version: &str,
    about: &str,
    commands: &[Command],
) -> clap::Command {
    let mut line = clap::Command::new(name.to_owned())
        .version(version.to_owned())
        .about(about.to_owned())
        .args(global_flags())
        .subcommand(built_in(
            "check",
            "Checks the composition without starting it",
        ))
        .subcommand(
            built_in("graph", "Prints modules, contracts and their order").arg(
                Arg::new("format")
                    .long("format")
                    .value_name("FORMAT")
                    .value_parser(["text", "dot"])
                    .default_value("text")
                    .help("How to print it"),
            ),
        )
        .subcommand(migrate())
        .subcommand(built_in(
            "doctor",
            "Checks that the database keeps tenants apart",
        ))
        .subcommand(
            built_in("db", "setup")
                .subcommand_required(true)
                .subcommand(setup()),
        )
        .subcommand(built_in(
            "config",
            "Prints every setting and where it comes from",
        ));
    for command in commands {
        let words: Vec<_> = command.path.split_whitespace().collect();
        line = insert(line, &words, command);
    }
    line
}

fn built_in(name: &'static str, about: &'static str) -> clap::Command {
    clap::Command::new(name).about(about)
}

fn migrate() -> clap::Command {
    built_in("migrate", "Applies pending migrations")
        .arg(switch(
            "plan",
            "Prints what is pending, and applies nothing",
        ))
        .subcommand(
            built_in(
                "repair",
                "Prints migrations that differ from what was applied",
            )
            .arg(switch(
                "accept",
                "Takes the files as they are for what was applied",
            )),
        )
}

fn setup() -> clap::Command {
    let about = "Makes the roles, the database and the schemas on PostgreSQL";
    built_in("setup", about)
        .arg(
            Arg::new("admin-url")
                .long("admin-url")
                .value_name("URL")
                .help("As whom: a superuser, or who may make roles and databases")
                .required_unless_present("print"),
        )
        .arg(
            Arg::new("placement")
                .long("placement")
                .value_name("NAME")
                .help("The database of this placement, rather than the home database"),
        )
        .arg(switch(
            "print",
            "Prints a script for psql, without passwords, and does nothing",
        ))
        .arg(switch(
            "reset-passwords",
            "Gives roles that exist, and whose passwords are not known here, new ones",
        ))
}

fn switch(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .action(ArgAction::SetTrue)
        .help(help)
}

fn global_flags() -> [Arg; 5] {
    let flag = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name(value)
            .help(help)
            .global(true)
    };
    [
        flag(
            "listen",
            "ADDR:PORT",
            "Where to listen; port 0 takes a free one",
        )
        .value_parser(ValueParser::new(parse_listen)),
        flag(
            "data-dir",
            "DIR",
            "The folder of files that the process keeps",
        ),
        flag(
            "config",
            "FILE",
            "A file of settings; may stand several times, the last wins",
        )
        .action(ArgAction::Append)
        .value_parser(value_parser!(PathBuf)),
        flag(
            "set",
            "KEY=VALUE",
            "A setting; may stand several times, the last wins",
        )
        .action(ArgAction::Append),
        flag(
            "env",
            "NAME",
            "The environment: development (the default), production, or another",
        ),
    ]
}

/// Puts a command under the words before its last.
fn insert(parent: clap::Command, words: &[&str], command: &Command) -> clap::Command {
    let Some((word, rest)) = words.split_first() else {
        return parent;
    };
    if !rest.is_empty() {
        if parent.find_subcommand(word).is_some() {
            return parent.mut_subcommand(word, |found| described(insert(found, rest, command)));
        }
        let group = clap::Command::new((*word).to_owned()).subcommand_required(true);
        return parent.subcommand(described(insert(group, rest, command)));
    }
    let options = command.options.iter().map(|option| {
        Arg::new(option.name.clone())
            .long(option.name.clone())
            .value_name(option.name.to_uppercase())
            .help(option.about.clone())
            .required(option.is_required)
    });
    let about = command.about.clone();
    parent.subcommand(
        clap::Command::new((*word).to_owned())
            .about(about)
            .args(options),
    )
}

/// A group says what is in it: `list, replay, purge`.
fn described(group: clap::Command) -> clap::Command {
    let names: Vec<_> = group
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect();
    let names = names.join(", ");
    group.about(names)
}

/// What was called: the words of the command, and its own matches.
pub(super) fn called(matches: &ArgMatches) -> (String, &ArgMatches) {
    let (mut path, mut innermost) = (String::new(), matches);
    while let Some((word, inner)) = innermost.subcommand() {
        if !path.is_empty() {
            path.push(' ');
        }
        path.push_str(word);
        innermost = inner;
    }
    (path, innermost)
}

/// The values of a command's own options.
pub(super) fn args(command: &Command, matches: &ArgMatches) -> Args {
    let value = |name: &str| matches.get_one::<String>(name).cloned();
    let values = command
        .options
        .iter()
        .filter_map(|option| Some((option.name.clone(), value(&option.name)?)))
        .collect();
    Args { values }
}

/// The sources of configuration that the flags name.
pub(super) fn sources(matches: &ArgMatches) -> Sources {
    let mut sources = Sources::of_process()
        .with_files(
            matches
                .get_many::<PathBuf>("config")
                .into_iter()
                .flatten()
                .cloned(),
        )
        .with_set(
            matches
                .get_many::<String>("set")
                .into_iter()
                .flatten()
                .cloned(),
        );
    if let Some(Listen { host, port }) = matches.get_one::<Listen>("listen") {
        sources = sources
            .with_flag("--listen", "server.host", host.as_str())
            .with_flag("--listen", "server.port", port.to_string());
    }
    if let Some(folder) = matches.get_one::<String>("data-dir") {
        sources = sources.with_flag("--data-dir", "data_dir", folder.as_str());
    }
    match matches.get_one::<String>("env") {
        Some(environment) => sources.with_environment(environment.as_str()),
        None => sources,
    }
}

/// The argument of `--listen`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Listen {
    host: String,
    port: u16,
}

fn parse_listen(text: &str) -> Result<Listen, String> {
    let expected = "an address and a port, such as `127.0.0.1:8080` or `[::1]:8080`";
    let (host, port) = text
        .rsplit_once(':')
        .ok_or_else(|| format!("expected {expected}"))?;
    let port = port
        .parse()
        .map_err(|_| format!("`{port}` is not a port; expected {expected}"))?;
    let bracketed = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let host = match bracketed {
        Some(host) => host,
        None if host.contains(':') || host.is_empty() => {
            return Err(format!("expected {expected}"));
        }
        None => host,
    };
    Ok(Listen {
        host: host.to_owned(),
        port,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_split_at_its_port() {
        let listen = |text| parse_listen(text).map(|listen| (listen.host, listen.port));
        assert_eq!(listen("127.0.0.1:0"), Ok(("127.0.0.1".to_owned(), 0)));
        assert_eq!(listen("[::1]:8080"), Ok(("::1".to_owned(), 8080)));
        assert_eq!(listen("localhost:80"), Ok(("localhost".to_owned(), 80)));
        for bad in [
            "",
            ":80",
            "127.0.0.1",
            "::1:80",
            "host:",
            "host:99999",
            "host:-1",
        ] {
            assert!(listen(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn commands_of_several_words_lie_under_their_groups() {
        let commands = [
            Command::new("admin create").option("tenant", "Id of the tenant"),
            Command::new("admin list"),
        ];
        let line = command_line("shop", "1.0.0", "", &commands);
        let matches = line
            .clone()
            .try_get_matches_from([
                "shop", "--env", "test", "admin", "create", "--tenant", "acme",
            ])
            .unwrap();
        let (path, inner) = called(&matches);
        assert_eq!(path, "admin create");
        assert_eq!(args(&commands[0], inner).value("tenant"), "acme");
        assert!(
            line.clone()
                .try_get_matches_from(["shop", "admin", "create"])
                .is_err()
        );
        assert!(
            line.clone()
                .try_get_matches_from(["shop", "admin"])
                .is_err()
        );
        assert!(
            line.try_get_matches_from(["shop", "admin", "list", "--listen", "x"])
                .is_err()
        );
    }

    #[test]
    fn the_command_line_is_consistent() {
        command_line("shop", "1.0.0", "A shop", &[Command::new("admin create")]).debug_assert();
    }
}
