//! What authz does when something happens in other modules, or in authz of another process: a
//! command beside the server, or another server.
//!
//! What this process has changed itself is heard of as well. It is read anew, whatever the event
//! says, and found as it is: events may come late and twice.

use goplt_contracts::{
    authz::{
        PermissionGranted, PermissionRevoked, RoleAssigned, RoleCreated, RoleDeleted, RoleRemoved,
        RoleUpdated,
    },
    identity::UserDeleted,
};
use goplt_core::{
    BoxError, Uuid,
    data::{DbError, TenantTx},
    event::EventContext,
};

use super::{published, repo, service::Authz};

/// An event about one role.
pub(super) trait OfRole: Send {
    fn role_id(&self) -> &str;
}

/// An event about the roles of one user.
pub(super) trait OfUser: Send {
    fn user_id(&self) -> &str;
}

impl Authz {
    /// Takes all roles from a user who is gone.
    ///
    /// The policy goes ahead of the commit here. It can only say no too early: should the
    /// transaction fail, the event comes again.
    pub(super) async fn on_user_deleted(
        &self,
        cx: &EventContext,
        tx: &mut TenantTx,
        event: UserDeleted,
    ) -> Result<(), DbError> {
        // Before the first statement, as every change: whoever has the turn may wait to write.
        let _turn = self.changing.lock().await;
        let roles = repo::roles_of(tx, &event.user_id).await?;
        repo::remove_all(tx, &event.user_id).await?;
        published::all_removed(tx, &event.user_id, &roles).await?;
        self.policy.set_roles_of(cx.tenant(), &event.user_id, []);
        Ok(())
    }

    pub(super) async fn on_role<E: OfRole>(
        &self,
        cx: &EventContext,
        tx: &mut TenantTx,
        event: E,
    ) -> Result<(), BoxError> {
        let _turn = self.changing.lock().await;
        let id: Uuid = event.role_id().parse()?;
        match repo::role(tx, id).await? {
            Some(role) => self.policy.put_role(cx.tenant(), role.to_policy()),
            None => self.policy.remove_role(cx.tenant(), id),
        }
        Ok(())
    }

    pub(super) async fn on_assignment<E: OfUser>(
        &self,
        cx: &EventContext,
        tx: &mut TenantTx,
        event: E,
    ) -> Result<(), BoxError> {
        let _turn = self.changing.lock().await;
        let roles = repo::roles_of(tx, event.user_id()).await?;
        for &id in &roles {
            // Roles come first, and the event of a role that is new may come later.
            if self.policy.role(cx.tenant(), id).is_none()
                && let Some(role) = repo::role(tx, id).await?
            {
                self.policy.put_role(cx.tenant(), role.to_policy());
            }
        }
        self.policy
            .set_roles_of(cx.tenant(), event.user_id(), roles);
        Ok(())
    }
}

macro_rules! id_of {
    ($($event:ty: $of:ident $id:ident;)*) => {$(
        impl $of for $event {
            fn $id(&self) -> &str {
                &self.$id
            }
        }
    )*};
}

id_of! {
    RoleCreated: OfRole role_id;
    RoleUpdated: OfRole role_id;
    RoleDeleted: OfRole role_id;
    PermissionGranted: OfRole role_id;
    PermissionRevoked: OfRole role_id;
    RoleAssigned: OfUser user_id;
    RoleRemoved: OfUser user_id;
}
