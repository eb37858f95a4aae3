//! Functions: an allow-list of those that both databases have and that mean the same there.

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArgumentList, FunctionArguments, ObjectName, ObjectNamePart, OrderByExpr,
};

use super::{Writer, Written};
use crate::SqlError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// A value from values.
    Scalar,
    /// A value from rows; a window too.
    Aggregate,
    /// A value from rows, in a window only.
    Window,
}

struct Known {
    name: &'static str,
    arity: (usize, usize),
    usage: Use,
}

const MANY: usize = 100;

const fn known(name: &'static str, least: usize, most: usize, usage: Use) -> Known {
    Known {
        name,
        arity: (least, most),
        usage,
    }
}

/// To add one: it must exist on both databases with the same meaning, and reach nothing but its arguments.
const KNOWN: &[Known] = &[
    known("count", 1, 1, Use::Aggregate),
    known("sum", 1, 1, Use::Aggregate),
    known("avg", 1, 1, Use::Aggregate),
    // SQLite's min and max of several values have no twin of that name.
    known("min", 1, 1, Use::Aggregate),
    known("max", 1, 1, Use::Aggregate),
    known("string_agg", 2, 2, Use::Aggregate),
    known("row_number", 0, 0, Use::Window),
    known("rank", 0, 0, Use::Window),
    known("dense_rank", 0, 0, Use::Window),
    known("percent_rank", 0, 0, Use::Window),
    known("cume_dist", 0, 0, Use::Window),
    known("ntile", 1, 1, Use::Window),
    known("lag", 1, 3, Use::Window),
    known("lead", 1, 3, Use::Window),
    known("first_value", 1, 1, Use::Window),
    known("last_value", 1, 1, Use::Window),
    known("nth_value", 2, 2, Use::Window),
    known("coalesce", 2, MANY, Use::Scalar),
    known("nullif", 2, 2, Use::Scalar),
    known("length", 1, 1, Use::Scalar),
    known("octet_length", 1, 1, Use::Scalar),
    known("lower", 1, 1, Use::Scalar),
    known("upper", 1, 1, Use::Scalar),
    known("ltrim", 1, 2, Use::Scalar),
    known("rtrim", 1, 2, Use::Scalar),
    known("replace", 3, 3, Use::Scalar),
    known("concat", 1, MANY, Use::Scalar),
    known("concat_ws", 2, MANY, Use::Scalar),
    known("abs", 1, 1, Use::Scalar),
    known("round", 1, 1, Use::Scalar),
    known("sign", 1, 1, Use::Scalar),
];

impl Writer<'_> {
    pub(super) fn function(&mut self, function: &Function) -> Written {
        let Function {
            name,
            uses_odbc_syntax,
            parameters,
            args,
            within_group,
            filter,
            null_treatment,
            over,
        } = function;
        let known = self.known(name)?;
        let plain = !uses_odbc_syntax
            && matches!(parameters, FunctionArguments::None)
            && within_group.is_empty()
            && null_treatment.is_none();
        self.absent(plain, "this form of call", function)?;
        let FunctionArguments::List(list) = args else {
            return Err(self.refuse(
                "this form of call",
                "write the arguments in parentheses",
                function,
            ));
        };
        self.check_use(known, list, filter.is_some(), over.is_some(), function)?;

        self.text(known.name);
        self.in_parentheses(|w| w.arguments(list))?;
        if let Some(filter) = filter {
            self.text(" FILTER (WHERE ");
            self.expr(filter)?;
            self.text(")");
        }
        match over {
            Some(window) => self.over(window),
            None => Ok(()),
        }
    }

    fn known(&self, name: &ObjectName) -> Result<&'static Known, SqlError> {
        let ObjectName(parts) = name;
        let text = match parts.as_slice() {
            [ObjectNamePart::Identifier(ident)] => ident.value.to_ascii_lowercase(),
            _ => name.to_string().to_ascii_lowercase(),
        };
        KNOWN
            .iter()
            .find(|known| known.name == text)
            .ok_or_else(|| self.refuse(format_args!("the function `{text}`"), instead(&text), name))
    }

    fn check_use(
        &self,
        known: &Known,
        list: &FunctionArgumentList,
        filter: bool,
        over: bool,
        function: &Function,
    ) -> Written {
        let (least, most) = known.arity;
        let given = list.args.len();
        if given < least || given > most {
            let takes = match (least, most) {
                (least, MANY) => format!("at least {least}"),
                (least, most) if least == most => least.to_string(),
                (least, most) => format!("{least} to {most}"),
            };
            return Err(self.wrong(
                format!("`{}` cannot have {given} arguments", known.name),
                format!("on both databases it takes {takes}"),
                function,
            ));
        }
        if known.name != "count" && list.args.iter().any(is_star) {
            return Err(self.wrong(
                format!("`{}` cannot have the argument `*`", known.name),
                "write a value; `*` can stand in count(*) only",
                function,
            ));
        }
        let of_rows = list.duplicate_treatment.is_some() || !list.clauses.is_empty() || filter;
        let fits = match known.usage {
            Use::Scalar => !of_rows && !over,
            Use::Aggregate => true,
            Use::Window => over && !of_rows,
        };
        if fits {
            return Ok(());
        }
        let help = if known.usage == Use::Window {
            "it needs OVER (…), and takes neither DISTINCT nor FILTER"
        } else {
            "it takes values only, without DISTINCT, ORDER BY, FILTER and OVER"
        };
        Err(self.wrong(
            format!("`{}` cannot be called in this way", known.name),
            help,
            function,
        ))
    }

    fn arguments(&mut self, list: &FunctionArgumentList) -> Written {
        let FunctionArgumentList {
            duplicate_treatment,
            args,
            clauses,
        } = list;
        if *duplicate_treatment == Some(DuplicateTreatment::Distinct) {
            if args.len() != 1 {
                return Err(self.wrong(
                    "DISTINCT cannot be used here",
                    "SQLite knows it with one argument only",
                    list,
                ));
            }
            self.text("DISTINCT ");
        }
        self.list(args, Self::argument)?;
        for clause in clauses {
            match clause {
                FunctionArgumentClause::OrderBy(items) => self.ordered(items)?,
                FunctionArgumentClause::IgnoreOrRespectNulls(_)
                | FunctionArgumentClause::Where(_)
                | FunctionArgumentClause::Limit(_)
                | FunctionArgumentClause::OnOverflow(_)
                | FunctionArgumentClause::Having(_)
                | FunctionArgumentClause::Separator(_)
                | FunctionArgumentClause::JsonNullClause(_)
                | FunctionArgumentClause::JsonReturningClause(_) => {
                    return Err(self.refuse(
                        "this clause of the call",
                        "both databases know ORDER BY only",
                        list,
                    ));
                }
            }
        }
        Ok(())
    }

    fn ordered(&mut self, items: &[OrderByExpr]) -> Written {
        self.text(" ");
        self.order_by(items)
    }

    fn argument(&mut self, arg: &FunctionArg) -> Written {
        match arg {
            star @ FunctionArg::Unnamed(_) if is_star(star) => {
                self.text("*");
                Ok(())
            }
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => self.expr(expr),
            FunctionArg::Unnamed(
                FunctionArgExpr::Wildcard
                | FunctionArgExpr::QualifiedWildcard(_)
                | FunctionArgExpr::WildcardWithOptions(_),
            )
            | FunctionArg::Named { .. }
            | FunctionArg::ExprNamed { .. } => {
                Err(self.refuse("this argument", "write a value, or `*` in count(*)", arg))
            }
        }
    }
}

/// `*`
const fn is_star(arg: &FunctionArg) -> bool {
    matches!(
        arg,
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Wildcard(_)) | FunctionArgExpr::Wildcard)
    )
}

/// Functions that read the server, its files, its settings or a query in a string. The list only serves the message: what
/// is not in `KNOWN` is refused in any case.
fn reaches_out(name: &str) -> bool {
    const PREFIXES: [&str; 7] = [
        "pg_", "lo_", "dblink", "sqlite_", "txid_", "current_", "inet_",
    ];
    const PARTS: [&str; 6] = [
        "_to_xml",
        "file",
        "setting",
        "config",
        "extension",
        "version",
    ];
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || PARTS.iter().any(|part| name.contains(part))
}

/// What to write in place of a function that one database lacks, or that reaches out of the statement.
fn instead(name: &str) -> String {
    let help = match name {
        "ifnull" | "nvl" | "isnull" => "write coalesce(…)",
        "iif" | "if" | "greatest" | "least" => "write CASE WHEN … THEN … ELSE … END",
        "group_concat" | "array_agg" => "write string_agg(text, ',')",
        "now" | "datetime" | "date" | "time" | "strftime" | "unixepoch" | "julianday"
        | "date_trunc" | "age" | "to_char" | "clock_timestamp" | "current_timestamp"
        | "current_date" | "current_time" | "localtimestamp" => {
            "bind the time with `?`: tests can set the clock, and both databases keep it alike"
        }
        "random" | "randomblob" | "gen_random_uuid" | "uuid_generate_v4" | "nextval"
        | "last_insert_rowid" | "lastval" => "make the id in code and bind it with `?`",
        "json_extract" | "jsonb_extract_path" | "json_extract_path" => "write -> or ->>",
        "char_length" | "character_length" => "write length(…)",
        "mod" => "write a % b",
        "instr" | "strpos" | "glob" | "regexp" => "write ILIKE, or search in code",
        reaching if reaches_out(reaching) => {
            "it reaches beyond the tables of the statement; nothing can allow it"
        }
        _ => {
            "functions that mean the same on SQLite and PostgreSQL are listed in goplt-sql (`write/function.rs`): compute \
             it in code, or propose it for the list"
        }
    };
    help.to_owned()
}
