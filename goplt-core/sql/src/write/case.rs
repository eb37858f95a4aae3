use sqlparser::ast::{CaseWhen, Expr};

use super::{Writer, Written};

impl Writer<'_> {
    pub(super) fn case(
        &mut self,
        operand: Option<&Expr>,
        conditions: &[CaseWhen],
        default: Option<&Expr>,
    ) -> Written {
        self.text("CASE");
        if let Some(operand) = operand {
            self.text(" ");
            self.expr(operand)?;
        }
        for CaseWhen { condition, result } in conditions {
            self.text(" WHEN ");
            self.expr(condition)?;
            self.text(" THEN ");
            self.expr(result)?;
        }
        if let Some(default) = default {
            self.text(" ELSE ");
            self.expr(default)?;
        }
        self.text(" END");
        Ok(())
    }
}
