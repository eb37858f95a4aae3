//! The payload of the event `core.audit.recorded`: the message `AuditRecorded` of the contract of
//! audit, written by hand, since the kernel knows no contract. The tests of audit in goplt-testing read it as that message.

use super::{AuditEntry, KEY};
use crate::context::ClientInfo;

/// As protobuf: fields of type string alone, each its tag, its length and its bytes.
pub(super) fn encode(entry: &AuditEntry, client: &ClientInfo) -> Vec<u8> {
    let metadata = entry.metadata();
    let mut message = Vec::with_capacity(128 + metadata.len());
    let mut field = |number: u8, text: &str| {
        // Length-delimited is wire type 2; the numbers are below 16, so the tag is one byte.
        message.push(number << 3 | 2);
        varint(&mut message, text.len());
        message.extend_from_slice(text.as_bytes());
    };
    field(1, KEY);
    field(2, &entry.action);
    field(3, &entry.resource);
    if let Some(id) = &entry.resource_id {
        field(4, id);
    }
    if let Some(ip) = client.ip {
        field(5, &ip.to_string());
    }
    if let Some(agent) = &client.user_agent {
        field(6, agent);
    }
    field(7, &metadata);
    message
}

fn varint(message: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        message.push(u8::try_from(value & 0x7f).unwrap_or_default() | 0x80);
        value >>= 7;
    }
    message.push(u8::try_from(value).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_beyond_127_takes_two_bytes() {
        let mut bytes = Vec::new();
        varint(&mut bytes, 300);
        assert_eq!(bytes, [0xac, 0x02]);
    }
}
