//! What a newcomer sees after the first start.

use std::{
    io::{self, Write},
    net::SocketAddr,
    path::Path,
};

use super::logins::Login;

/// The logins, and four lines that work when pasted.
pub(super) fn print(logins: &[Login], address: Option<SocketAddr>, data_dir: &Path) {
    // Whoever closed the pipe does not want to read it; the server runs all the same.
    let _ = write(&mut io::stdout().lock(), logins, address, data_dir);
}

fn write(
    out: &mut impl Write,
    logins: &[Login],
    address: Option<SocketAddr>,
    data_dir: &Path,
) -> io::Result<()> {
    let file = data_dir.join("dev-logins.txt");
    writeln!(
        out,
        "\nTwo tenants were made. Their logins, kept in {}:\n",
        file.display()
    )?;
    for Login {
        tenant,
        email,
        password,
        role,
        ..
    } in logins
    {
        writeln!(out, "  {tenant:<8} {email:<24} {password}  {role}")?;
    }
    let (Some(address), Some(admin)) = (address, logins.first()) else {
        return Ok(());
    };
    writeln!(
        out,
        "\nTry it: log in, write a post, list the posts, see who you are.\n"
    )?;
    for line in curl_lines(admin, address) {
        writeln!(out, "{line}")?;
    }
    writeln!(out)
}

fn curl_lines(admin: &Login, address: SocketAddr) -> [String; 4] {
    let Login {
        tenant,
        email,
        password,
        ..
    } = admin;
    let api = format!("http://{address}/api/v1");
    [
        format!(
            "TOKEN=$(curl -s {api}/auth/login -H 'content-type: application/json' \
             -H 'x-tenant-id: {tenant}' -d '{{\"email\":\"{email}\",\"password\":\"{password}\"}}' \
             | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')"
        ),
        format!(
            "curl -s {api}/blog/posts -H \"authorization: Bearer $TOKEN\" \
             -H 'content-type: application/json' -d '{{\"title\":\"Hello\",\"content\":\"A first post\"}}'; echo"
        ),
        format!("curl -s {api}/blog/posts -H \"authorization: Bearer $TOKEN\"; echo"),
        format!("curl -s {api}/users/me -H \"authorization: Bearer $TOKEN\"; echo"),
    ]
}
