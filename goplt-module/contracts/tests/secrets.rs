//! Proves that no message prints a password or a token.

use std::fmt::Debug;

use goplt_contracts::{
    auth::{LoginRequest, LogoutRequest, RefreshTokenRequest, TokenPair, ValidateTokenRequest},
    identity::{ChangePasswordRequest, CreateUserRequest, VerifyCredentialsRequest},
};

const SECRET: &str = "correct horse battery staple";

fn assert_hidden(message: &impl Debug) {
    for text in [format!("{message:?}"), format!("{message:#?}")] {
        assert!(!text.contains(SECRET), "{text}");
        assert!(text.contains("[redacted]"), "{text}");
    }
}

#[test]
fn passwords_are_redacted() {
    let (email, secret) = ("ada@example.org".to_owned(), SECRET.to_owned());
    assert_hidden(&LoginRequest {
        email: email.clone(),
        password: secret.clone(),
    });
    assert_hidden(&CreateUserRequest {
        email: email.clone(),
        password: secret.clone(),
        name: None,
    });
    assert_hidden(&VerifyCredentialsRequest {
        email,
        password: secret.clone(),
    });
    assert_hidden(&ChangePasswordRequest {
        user_id: "1".to_owned(),
        old_password: secret.clone(),
        new_password: secret,
    });
}

#[test]
fn tokens_are_redacted() {
    let secret = SECRET.to_owned();
    assert_hidden(&TokenPair {
        access_token: secret.clone(),
        token_type: "Bearer".to_owned(),
        expires_in: 900,
        refresh_token: secret.clone(),
    });
    assert_hidden(&RefreshTokenRequest {
        refresh_token: secret.clone(),
    });
    assert_hidden(&LogoutRequest {
        refresh_token: secret.clone(),
    });
    assert_hidden(&ValidateTokenRequest {
        access_token: secret,
    });
}

#[test]
fn what_is_no_secret_is_printed() {
    let request = LoginRequest {
        email: "ada@example.org".to_owned(),
        password: String::new(),
    };

    assert_eq!(
        format!("{request:?}"),
        r#"LoginRequest { email: "ada@example.org", password: "[redacted]" }"#
    );
}
