//! `__tenant_sql!` and `__host_sql!`: the statement lock, closed when compiling.

use goplt_sql::{SqlError, Statement, Tables};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Error, Expr, Ident, LitStr, Path, Result, Token, bracketed,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
};

/// Which door the statement goes through.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    Tenant,
    Host,
}

/// `crate = ::goplt_core; tables = ["a", "b"]; of_tenants = ["a"]; "SQL", bind, bind`
///
/// `crate` and `of_tenants` may be left out. What stands before the SQL is written by `include_manifest!`.
struct Input {
    krate: Path,
    tables: Vec<LitStr>,
    /// Those of the host's tables whose rows belong to tenants.
    of_tenants: Vec<LitStr>,
    sql: LitStr,
    binds: Vec<Expr>,
}

pub(crate) fn expand(door: Door, input: TokenStream) -> TokenStream {
    syn::parse2(input)
        .and_then(|input| statement(door, &input))
        .unwrap_or_else(Error::into_compile_error)
}

fn statement(door: Door, input: &Input) -> Result<TokenStream> {
    let text = input.sql.value();
    let tables = Tables::new(input.tables.iter().map(LitStr::value));
    let statement = match door {
        Door::Tenant => goplt_sql::rewrite(&text, &tables),
        Door::Host => goplt_sql::verify_host(&text, &tables),
    };
    let statement = statement.map_err(|error| refused(&input.sql, &text, &error))?;
    count(&statement, input)?;
    Ok(emit(door, &statement, input))
}

/// Whether the statement needs a table whose rows belong to tenants.
fn is_of_all_tenants(door: Door, input: &Input) -> bool {
    if door == Door::Tenant || input.of_tenants.is_empty() {
        return false;
    }
    let of_tenants: Vec<_> = input.of_tenants.iter().map(LitStr::value).collect();
    let others = input.tables.iter().map(LitStr::value);
    let others = Tables::new(others.filter(|table| !of_tenants.contains(table)));
    goplt_sql::verify_host(&input.sql.value(), &others).is_err()
}

/// The compiler underlines the literal; the message draws the place within it.
fn refused(literal: &LitStr, text: &str, error: &SqlError) -> Error {
    let drawn = error.render(text);
    let drawn = drawn.strip_prefix("error: ").unwrap_or(&drawn);
    Error::new(literal.span(), drawn)
}

fn count(statement: &Statement, input: &Input) -> Result<()> {
    let (wanted, found) = (statement.params, input.binds.len());
    if wanted == found {
        return Ok(());
    }
    let message = format!(
        "the statement has {wanted} `?` and {found} {} bound\n\
         help: give one value for each `?`, in order; the tenant is bound by itself",
        if found == 1 { "value is" } else { "values are" },
    );
    match input.binds.get(wanted) {
        Some(surplus) => Err(Error::new_spanned(surplus, message)),
        None => Err(Error::new(input.sql.span(), message)),
    }
}

fn emit(door: Door, statement: &Statement, input: &Input) -> TokenStream {
    let Input { krate, binds, .. } = input;
    let Statement {
        sqlite,
        postgres,
        params,
        writes,
        ..
    } = statement;
    let takes_tenant = statement.tenant_param.is_some();
    let of_all_tenants = is_of_all_tenants(door, input);
    let ty = match door {
        Door::Tenant => quote!(TenantSql),
        Door::Host => quote!(HostSql),
    };
    quote! {{
        static STATEMENT: #krate::data::__Statement = #krate::data::__Statement {
            sqlite: ::std::borrow::Cow::Borrowed(#sqlite),
            postgres: ::std::borrow::Cow::Borrowed(#postgres),
            params: #params,
            takes_tenant: #takes_tenant,
            writes: #writes,
            of_all_tenants: #of_all_tenants,
        };
        #krate::data::#ty::__new(
            &STATEMENT,
            ::std::vec![#(#krate::data::IntoValue::into_value(#binds)),*],
        )
    }}
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut krate = syn::parse_quote!(::goplt_core);
        if input.peek(Token![crate]) {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            krate = input.parse()?;
            input.parse::<Token![;]>()?;
        }
        let tables = tables(input, "tables")?;
        let of_tenants = if input.peek(Ident) && input.peek2(Token![=]) {
            self::tables(input, "of_tenants")?
        } else {
            Vec::new()
        };
        let sql = input.parse().map_err(|error| {
            let message = "the SQL must be a string literal here, so that it can be checked when compiling\n\
                           help: bind what varies with `?`, or use `TenantSql::checked` (feature `dynamic-sql`)";
            Error::new(error.span(), message)
        })?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        let binds = Punctuated::<Expr, Token![,]>::parse_terminated(input)?;
        Ok(Self {
            krate,
            tables,
            of_tenants,
            sql,
            binds: binds.into_iter().collect(),
        })
    }
}

fn tables(input: ParseStream<'_>, name: &str) -> Result<Vec<LitStr>> {
    let word: Ident = input.parse()?;
    if word != name {
        let message = format!("expected `{name} = [\"…\"];`");
        return Err(Error::new(word.span(), message));
    }
    input.parse::<Token![=]>()?;
    let list;
    bracketed!(list in input);
    let tables = Punctuated::<LitStr, Token![,]>::parse_terminated(&list)?;
    input.parse::<Token![;]>()?;
    Ok(tables.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "quote! makes it in place")]
    fn tenant(sql: TokenStream) -> String {
        expand(Door::Tenant, quote!(tables = ["blog_posts"]; #sql)).to_string()
    }

    #[test]
    fn the_text_of_both_databases_is_in_the_binary() {
        let expanded = tenant(quote!("SELECT id FROM blog_posts WHERE id = ?", id));
        assert!(expanded.contains("blog_posts.tenant_id = ?2"), "{expanded}");
        assert!(expanded.contains("blog_posts.tenant_id = $2"), "{expanded}");
        assert!(
            expanded.contains("takes_tenant : true , writes : false"),
            "{expanded}"
        );
    }

    #[test]
    fn a_refusal_draws_the_place_and_names_the_mend() {
        let expanded = tenant(quote!("SELECT id FROM blog_post"));
        assert!(
            expanded.contains("did you mean `blog_posts`?"),
            "{expanded}"
        );
        assert!(expanded.contains("^^^^^^^^^"), "{expanded}");
    }

    #[test]
    fn binds_are_counted() {
        let few = tenant(quote!("SELECT id FROM blog_posts WHERE id = ?"));
        assert!(few.contains("has 1 `?` and 0 values are bound"), "{few}");
        let many = tenant(quote!("SELECT id FROM blog_posts", a));
        assert!(many.contains("has 0 `?` and 1 value is bound"), "{many}");
    }

    #[test]
    fn only_a_literal_is_taken() {
        let expanded = tenant(quote!(format!("SELECT id FROM {table}")));
        assert!(expanded.contains("must be a string literal"), "{expanded}");
    }

    #[test]
    fn a_host_statement_takes_no_tenant() {
        let expanded = expand(
            Door::Host,
            quote!(crate = ::goplt_module::core; tables = ["auth_keys"]; "SELECT id FROM auth_keys",),
        );
        let expanded = expanded.to_string();
        assert!(
            expanded.contains(":: goplt_module :: core :: data :: HostSql"),
            "{expanded}"
        );
        assert!(expanded.contains("takes_tenant : false"), "{expanded}");
    }

    #[test]
    fn a_host_statement_knows_whether_its_rows_belong_to_tenants() {
        let host = |sql: &str| {
            let input = quote!(tables = ["auth_keys", "auth_sessions"]; of_tenants = ["auth_sessions"]; #sql);
            expand(Door::Host, input).to_string()
        };
        for (sql, of_all) in [
            ("SELECT id FROM auth_keys", "false"),
            ("DELETE FROM auth_sessions", "true"),
            (
                "SELECT k.id FROM auth_keys k JOIN auth_sessions s ON s.key_id = k.id",
                "true",
            ),
        ] {
            let expanded = host(sql);
            let wanted = format!("of_all_tenants : {of_all}");
            assert!(expanded.contains(&wanted), "{sql}: {expanded}");
        }
    }
}
