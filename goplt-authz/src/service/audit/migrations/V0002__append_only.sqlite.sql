-- Entries are never changed and never deleted, and a log never gets shorter.
CREATE TRIGGER audit_logs_no_update BEFORE UPDATE ON audit_logs
BEGIN SELECT RAISE(ABORT, 'entries of the audit log are never changed'); END;

CREATE TRIGGER audit_logs_no_delete BEFORE DELETE ON audit_logs
BEGIN SELECT RAISE(ABORT, 'entries of the audit log are never deleted'); END;

CREATE TRIGGER audit_heads_no_return BEFORE UPDATE ON audit_heads WHEN NEW.sequence < OLD.sequence
BEGIN SELECT RAISE(ABORT, 'the audit log never gets shorter'); END;

CREATE TRIGGER audit_heads_no_delete BEFORE DELETE ON audit_heads
BEGIN SELECT RAISE(ABORT, 'the audit log never gets shorter'); END;
