use sqlparser::ast::{
    Expr, NamedWindowDefinition, NamedWindowExpr, OrderByExpr, OrderByOptions, OrderBySort,
    WindowFrame, WindowFrameBound, WindowFrameUnits, WindowSpec, WindowType,
};

use super::{Writer, Written};

impl Writer<'_> {
    pub(super) fn over(&mut self, window: &WindowType) -> Written {
        self.text(" OVER ");
        match window {
            WindowType::WindowSpec(spec) => self.in_parentheses(|w| w.window(spec)),
            WindowType::NamedWindow(name) => {
                let name = self.ident(name)?;
                self.name(&name);
                Ok(())
            }
        }
    }

    /// `WINDOW w AS (…), …`
    pub(super) fn windows(&mut self, windows: &[NamedWindowDefinition]) -> Written {
        if windows.is_empty() {
            return Ok(());
        }
        self.text(" WINDOW ");
        self.list(windows, |w, NamedWindowDefinition(name, window)| {
            let name = w.alias(name)?;
            w.text(&format!("{name} AS "));
            match window {
                NamedWindowExpr::WindowSpec(spec) => w.in_parentheses(|w| w.window(spec)),
                NamedWindowExpr::NamedWindow(other) => Err(w.refuse_name(
                    "a second name for a window",
                    "write its definition in parentheses",
                    other,
                )),
            }
        })
    }

    fn window(&mut self, spec: &WindowSpec) -> Written {
        let WindowSpec {
            window_name,
            partition_by,
            order_by,
            window_frame,
        } = spec;
        let mut space = "";
        if let Some(name) = window_name {
            let name = self.ident(name)?;
            self.name(&name);
            space = " ";
        }
        if !partition_by.is_empty() {
            self.text(&format!("{space}PARTITION BY "));
            self.list(partition_by, Self::expr)?;
            space = " ";
        }
        if !order_by.is_empty() {
            self.text(space);
            self.order_by(order_by)?;
            space = " ";
        }
        if let Some(frame) = window_frame {
            self.text(space);
            self.frame(frame)?;
        }
        Ok(())
    }

    fn frame(&mut self, frame: &WindowFrame) -> Written {
        let WindowFrame {
            units,
            start_bound,
            end_bound,
        } = frame;
        self.text(match units {
            WindowFrameUnits::Rows => "ROWS ",
            WindowFrameUnits::Range => "RANGE ",
            WindowFrameUnits::Groups => "GROUPS ",
        });
        let Some(end) = end_bound else {
            return self.bound(start_bound);
        };
        self.text("BETWEEN ");
        self.bound(start_bound)?;
        self.text(" AND ");
        self.bound(end)
    }

    fn bound(&mut self, bound: &WindowFrameBound) -> Written {
        let (offset, direction) = match bound {
            WindowFrameBound::CurrentRow => {
                self.text("CURRENT ROW");
                return Ok(());
            }
            WindowFrameBound::Preceding(offset) => (offset, " PRECEDING"),
            WindowFrameBound::Following(offset) => (offset, " FOLLOWING"),
        };
        match offset.as_deref() {
            None => self.text("UNBOUNDED"),
            Some(offset @ Expr::Value(_)) => self.expr(offset)?,
            Some(other) => {
                return Err(self.refuse("this bound of the frame", "write a number or `?`", other));
            }
        }
        self.text(direction);
        Ok(())
    }

    /// `ORDER BY …`, without a space before it.
    pub(super) fn order_by(&mut self, items: &[OrderByExpr]) -> Written {
        self.text("ORDER BY ");
        self.list(items, |w, item| {
            let OrderByExpr {
                expr,
                options: OrderByOptions { sort, nulls_first },
                with_fill,
            } = item;
            w.absent(with_fill.is_none(), "WITH FILL", item)?;
            w.expr(expr)?;
            match sort {
                None => {}
                Some(OrderBySort::Asc) => w.text(" ASC"),
                Some(OrderBySort::Desc) => w.text(" DESC"),
                Some(OrderBySort::Using(_)) => {
                    return Err(w.refuse("ORDER BY … USING", "write ASC or DESC", item));
                }
            }
            match nulls_first {
                None => {}
                Some(true) => w.text(" NULLS FIRST"),
                Some(false) => w.text(" NULLS LAST"),
            }
            Ok(())
        })
    }
}
