use http::{HeaderValue, Method, Uri, header};
use tower_http::cors::{AllowCredentials, AllowOrigin, CorsLayer};

use crate::http::settings::{CorsSettings, HttpSettingsError};

/// The layer, or `None` when no origin is allowed.
pub(in crate::http) fn layer(
    settings: &CorsSettings,
) -> Result<Option<CorsLayer>, HttpSettingsError> {
    let Some(origins) = origins(settings)? else {
        return Ok(None);
    };
    let methods = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ];
    let exposed = ["x-request-id", "etag", "location", "retry-after"];
    let layer = CorsLayer::new()
        .allow_origin(origins)
        .allow_methods(methods)
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::HeaderName::from_static("traceparent"),
            header::HeaderName::from_static("x-request-id"),
            header::HeaderName::from_static("x-tenant-id"),
        ])
        .allow_credentials(AllowCredentials::from(settings.credentials))
        .expose_headers(exposed.map(header::HeaderName::from_static))
        .max_age(settings.max_age);
    Ok(Some(layer))
}

fn origins(settings: &CorsSettings) -> Result<Option<AllowOrigin>, HttpSettingsError> {
    match settings.origins.as_slice() {
        [] => Ok(None),
        [all] if all == "*" && settings.credentials => Err(HttpSettingsError::CredentialsForAll),
        [all] if all == "*" => Ok(Some(AllowOrigin::any())),
        some => {
            let origins = some
                .iter()
                .map(|text| origin(text))
                .collect::<Result<Vec<_>, _>>()?;
            Ok(Some(AllowOrigin::list(origins)))
        }
    }
}

/// `scheme "://" host [":" port]` (RFC 6454 §6.2), as browsers send it: compared byte by byte.
fn origin(text: &str) -> Result<HeaderValue, HttpSettingsError> {
    if text == "*" {
        return Err(HttpSettingsError::WildcardAmongOthers);
    }
    let wrong = || HttpSettingsError::Origin {
        origin: text.to_owned(),
    };
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(wrong());
    };
    if format!("{scheme}://{authority}") != text || authority.as_str().contains('@') {
        return Err(wrong());
    }
    HeaderValue::from_str(text).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(origins: &[&str], credentials: bool) -> Result<(), HttpSettingsError> {
        let origins = origins.iter().map(|&origin| origin.to_owned()).collect();
        layer(&CorsSettings {
            origins,
            credentials,
            ..CorsSettings::default()
        })
        .map(drop)
    }

    #[test]
    fn an_origin_has_no_path() {
        assert_eq!(
            check(&["https://app.example.com", "http://localhost:3000"], true),
            Ok(())
        );
        for bad in [
            "https://app.example.com/",
            "app.example.com",
            "https://a@b",
            "/",
            "null",
            "a b",
        ] {
            assert!(check(&[bad], false).is_err(), "{bad}");
        }
    }

    #[test]
    fn all_origins_and_credentials_do_not_go_together() {
        assert_eq!(check(&["*"], false), Ok(()));
        assert_eq!(
            check(&["*"], true),
            Err(HttpSettingsError::CredentialsForAll)
        );
        let among = check(&["https://a.example", "*"], false);
        assert_eq!(among, Err(HttpSettingsError::WildcardAmongOthers));
    }
}
