//! Walks the syntax tree of a prompt or template and checks every name against the engine's
//! catalogue.

use minijinja::machinery::ast::{BinOpKind, CallArg, CompareOpKind, Expr, Stmt};
use minijinja::machinery::{self, Span as JinjaSpan};
use minijinja::syntax::SyntaxConfig;

use super::builtins::{FILTERS, FUNCTIONS, TESTS};
use super::{excess, fault};
use crate::catalogue::{Catalogue, Shape, TextKind};
use crate::checks::{PROMPT_SYNTAX, PROMPT_VARIABLE, TEMPLATE_SLOT};
use crate::diagnostic::{MOST, Report, Suggestion};
use crate::source::{FileId, Sources, Span};

/// Checks one text.
pub(crate) fn check(
    sources: &Sources,
    file: FileId,
    kind: TextKind,
    catalogue: &Catalogue,
    report: &mut Report,
) {
    if let Some(why) = sources.fault(file) {
        report.error("unreadable-file", why.to_owned()).at(Span::new(file, 0..0), "");
        return;
    }
    let text = sources.text(file);
    if kind == TextKind::Template {
        slots(text, file, catalogue, report);
    }
    if let Some((range, why)) = excess(text) {
        // An unclosed tag is also too long.
        match fault::better(text) {
            Some(fault) => broken(file, fault, report),
            None => {
                let found = report
                    .error(PROMPT_SYNTAX, format!("this exceeds the limits for templates: {why}"));
                found
                    .at(Span::new(file, range), "")
                    .help("split it up with `{% set %}` or into several files");
            }
        }
        return;
    }
    match machinery::parse(text, "text", SyntaxConfig::default()) {
        Err(error) => match fault::better(text) {
            Some(fault) => broken(file, fault, report),
            None => {
                let range = error.range().unwrap_or(0..0);
                // Its range may start or end inside a character.
                let range =
                    text.floor_char_boundary(range.start)..text.ceil_char_boundary(range.end);
                let what = error.detail().unwrap_or("syntax error");
                report
                    .error(PROMPT_SYNTAX, format!("this is not valid MiniJinja: {what}"))
                    .at(Span::new(file, range), "");
            }
        },
        Ok(template) => {
            if let Some(half) = fault::half(text) {
                broken(file, half, report);
            }
            let known = catalogue.variables(kind);
            let scope = known.iter().map(|(n, s)| Name::of(n, s.clone())).collect();
            let mut walk = Walk::new(text, file, scope, report);
            walk.statement(&template);
            walk.report_unknown();
        }
    }
}

/// An input that a text reads as `inputs.NAME`.
pub(crate) struct UsedInput<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where it is read.
    pub span: Span,
    /// Whether the text requires it: it is read where no `is defined` protects it.
    pub is_needed: bool,
}

/// The inputs that a text reads; nothing if it has other faults.
pub(crate) fn inputs(sources: &Sources, file: FileId) -> Vec<UsedInput<'_>> {
    let text = sources.text(file);
    if !text.contains(INPUTS) || excess(text).is_some() {
        return Vec::new();
    }
    let Ok(template) = machinery::parse(text, "text", SyntaxConfig::default()) else {
        return Vec::new();
    };
    // What else is wrong in it was reported when it was read.
    let mut unheard = Report::new();
    let scope = vec![Name::of(INPUTS, Shape::Any)];
    let mut walk = Walk::new(text, file, scope, &mut unheard);
    walk.statement(&template);
    walk.inputs
}

/// The variable that holds the inputs.
const INPUTS: &str = "inputs";

fn broken(file: FileId, fault: fault::Fault, report: &mut Report) {
    let found = report.error(PROMPT_SYNTAX, format!("this is not valid MiniJinja: {}", fault.what));
    found.at(Span::new(file, fault.range), "");
    if let Some((range, word)) = fault.also {
        found.also(Span::new(file, range), word);
    }
    if let Some((word, known)) = fault.known {
        found.help_closest(&word, known.iter().copied());
    }
}

fn slots(text: &str, file: FileId, catalogue: &Catalogue, report: &mut Report) {
    let found = super::slots(text);
    for range in super::like_slots(text) {
        if !found.iter().any(|s| s.range.start == range.start) {
            report
                .error(TEMPLATE_SLOT, "this looks like a slot but is malformed")
                .at(Span::new(file, range), "")
                .help("write `<!-- fill(requirements): what belongs here -->`");
        }
    }
    for (name, range) in found.iter().flat_map(|s| &s.sources) {
        if !catalogue.slot_sources.contains(&name.as_str()) {
            report
                .error(TEMPLATE_SLOT, format!("no slot source named `{name}`"))
                .at(Span::new(file, range.clone()), "")
                .help_closest(name, catalogue.slot_sources.iter().copied());
        }
    }
}

/// The attributes of `loop`.
const LOOP: &[&str] = &[
    "index",
    "index0",
    "revindex",
    "revindex0",
    "first",
    "last",
    "length",
    "depth",
    "depth0",
    "previtem",
    "nextitem",
    "cycle",
    "changed",
];

/// Whether an expression is the variable with the inputs.
fn is_inputs(expr: &Expr<'_>) -> bool {
    matches!(expr, Expr::Var(v) if v.id == INPUTS)
}

/// Whether an expression is an input.
fn is_input(expr: &Expr<'_>) -> bool {
    matches!(expr, Expr::GetAttr(g) if is_inputs(&g.expr))
}

/// The inputs that are defined where a condition holds.
fn tested<'a>(condition: &Expr<'a>, found: &mut Vec<&'a str>) {
    match condition {
        Expr::Test(t) if t.name == "defined" => {
            if let Expr::GetAttr(g) = &t.expr
                && is_inputs(&g.expr)
            {
                found.push(g.name);
            }
        }
        Expr::BinOp(b) if matches!(b.op, BinOpKind::ScAnd) => {
            tested(&b.left, found);
            tested(&b.right, found);
        }
        _ => {}
    }
}

/// A name in scope.
struct Name {
    name: String,
    shape: Shape,
    used: bool,
}

impl Name {
    fn of(name: &str, shape: Shape) -> Name {
        Name { name: name.to_owned(), shape, used: false }
    }
}

/// An unknown variable.
struct Unknown<'a> {
    name: &'a str,
    span: Span,
    /// The names in scope at its place, innermost first, because these are likeliest.
    there: Vec<String>,
}

struct Walk<'a, 'r> {
    /// The inputs that are used, each with its place.
    inputs: Vec<UsedInput<'a>>,
    text: &'a str,
    file: FileId,
    /// Names in scope, innermost last.
    scope: Vec<Name>,
    unknown: Vec<Unknown<'a>>,
    /// The conditions that hold at the current position, as written.
    guards: Vec<&'a str>,
    /// The inputs that are defined at the current position.
    defined: Vec<&'a str>,
    report: &'r mut Report,
}

impl<'a, 'r> Walk<'a, 'r> {
    fn new(text: &'a str, file: FileId, scope: Vec<Name>, report: &'r mut Report) -> Self {
        let (unknown, guards, inputs, defined) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Walk { inputs, text, file, scope, unknown, guards, defined, report }
    }

    fn statements(&mut self, all: &[Stmt<'a>]) {
        all.iter().for_each(|s| self.statement(s));
    }

    /// Runs `inside` in a nested scope, whose names are dropped afterwards.
    fn nested(&mut self, inside: impl FnOnce(&mut Self)) {
        let before = self.scope.len();
        inside(self);
        self.scope.truncate(before);
    }

    fn statement(&mut self, statement: &Stmt<'a>) {
        match statement {
            Stmt::Template(t) => self.statements(&t.children),
            Stmt::EmitExpr(e) => drop(self.shape(&e.expr)),
            Stmt::EmitRaw(_) => {}
            Stmt::ForLoop(l) => {
                let item = match self.shape(&l.iter) {
                    Shape::List(item) => *item,
                    _ => Shape::Any,
                };
                self.nested(|walk| {
                    let (variable, before) = (walk.scope.len(), walk.unknown.len());
                    walk.bind(&l.target, item);
                    walk.scope.push(Name::of(
                        "loop",
                        Shape::Record(LOOP.iter().map(|part| (*part, Shape::Any)).collect()),
                    ));
                    l.filter_expr.iter().for_each(|e| drop(walk.shape(e)));
                    walk.statements(&l.body);
                    if let Expr::Var(target) = &l.target
                        && !walk.scope[variable].used
                    {
                        walk.misnamed(target.id, before);
                    }
                });
                self.nested(|walk| walk.statements(&l.else_body));
            }
            Stmt::IfCond(c) => {
                self.shape(&c.expr);
                self.guarded(&c.expr, |walk| walk.statements(&c.true_body));
                self.statements(&c.false_body);
            }
            Stmt::WithBlock(w) => self.nested(|walk| {
                for (target, value) in &w.assignments {
                    let shape = walk.shape(value);
                    walk.bind(target, shape);
                }
                walk.statements(&w.body);
            }),
            Stmt::Set(s) => {
                let shape = self.shape(&s.expr);
                self.bind(&s.target, shape);
            }
            Stmt::SetBlock(s) => {
                self.nested(|walk| walk.statements(&s.body));
                s.filter.iter().for_each(|e| drop(self.shape(e)));
                self.bind(&s.target, Shape::Scalar);
            }
            Stmt::AutoEscape(a) => self.statements(&a.body),
            Stmt::FilterBlock(f) => {
                self.shape(&f.filter);
                self.statements(&f.body);
            }
            Stmt::Do(d) => {
                self.shape(&d.call.expr);
                self.arguments(&d.call.args);
            }
        }
    }

    /// Handles a loop variable that the loop never uses while all unknown names in the loop are one
    /// and the same: reports it once, at the loop variable.
    fn misnamed(&mut self, given: &'a str, before: usize) {
        let Some(first) = self.unknown.get(before) else { return };
        let (meant, places) = (first.name, self.unknown.len() - before);
        if self.unknown[before..].iter().any(|other| other.name != meant) {
            return;
        }
        let (first, at) = (first.span, self.place(given));
        self.unknown.truncate(before);
        let found = self.report.error(
            PROMPT_VARIABLE,
            format!("loop variable `{given}` is never used, and `{meant}` does not exist"),
        );
        found.at(at, "the loop variable");
        found.also(
            first,
            if places == 1 {
                "used here".to_owned()
            } else {
                format!("used here and in {} more places", places - 1)
            },
        );
        // Either spelling may be the intended one.
        found.suggestion =
            Some(Suggestion { span: at, replacement: meant.to_owned(), safe: false });
        found.help(format!("did you mean `{meant}`?"));
    }

    /// Reports the unknown variables.
    fn report_unknown(self) {
        for unknown in self.unknown {
            let found =
                self.report.error(PROMPT_VARIABLE, format!("no variable named `{}`", unknown.name));
            found
                .at(unknown.span, "")
                .help_closest(unknown.name, unknown.there.iter().map(String::as_str));
        }
    }

    fn bind(&mut self, target: &Expr<'a>, shape: Shape) {
        match target {
            Expr::Var(v) => self.scope.push(Name::of(v.id, shape)),
            Expr::List(l) => l.items.iter().for_each(|t| self.bind(t, Shape::Any)),
            Expr::Tuple(l) => l.items.iter().for_each(|t| self.bind(t, Shape::Any)),
            _ => {}
        }
    }

    fn shape(&mut self, expr: &Expr<'a>) -> Shape {
        match expr {
            Expr::Var(v) => self.variable(v.id),
            Expr::Const(_) => Shape::Scalar,
            Expr::GetAttr(g) => {
                let of = self.shape(&g.expr);
                if is_inputs(&g.expr) {
                    let (name, span) = (g.name, self.place(g.name));
                    let is_needed = !self.defined.contains(&name);
                    self.inputs.push(UsedInput { name, span, is_needed });
                }
                self.part(of, g.name, &g.expr)
            }
            Expr::GetItem(g) => {
                self.shape(&g.subscript_expr);
                if is_inputs(&g.expr) {
                    let at = self.file_span(g.span());
                    let found = self.report.error(PROMPT_VARIABLE, "an input is read by its name");
                    found.at(at, "").help("write `inputs.NAME`, so that it can be checked");
                }
                match self.shape(&g.expr) {
                    Shape::List(item) => {
                        if matches!(g.subscript_expr, Expr::Const(_)) {
                            self.may_be_empty(&g.expr);
                        }
                        *item
                    }
                    _ => Shape::Any,
                }
            }
            Expr::Filter(f) => self.filter(f.name, f.expr.as_ref(), &f.args),
            Expr::Test(t) => {
                self.known_name(t.name, "test", TESTS);
                // `x is defined` may refer to an unknown name.
                let asks = matches!(t.name, "defined" | "undefined");
                if !asks || !(matches!(&t.expr, Expr::Var(_)) || is_input(&t.expr)) {
                    self.shape(&t.expr);
                }
                self.arguments(&t.args);
                Shape::Scalar
            }
            Expr::Call(c) => {
                match &c.expr {
                    Expr::Var(v) if !self.scope.iter().any(|n| n.name == v.id) => {
                        self.known_name(v.id, "function", FUNCTIONS);
                    }
                    Expr::GetAttr(g) => drop(self.shape(&g.expr)),
                    other => drop(self.shape(other)),
                }
                self.arguments(&c.args);
                Shape::Any
            }
            Expr::IfExpr(i) => {
                self.shape(&i.test_expr);
                i.false_expr.iter().for_each(|e| drop(self.shape(e)));
                let mut shape = Shape::Any;
                self.guarded(&i.test_expr, |walk| shape = walk.shape(&i.true_expr));
                shape
            }
            Expr::Slice(s) => {
                [&s.start, &s.stop, &s.step]
                    .into_iter()
                    .flatten()
                    .for_each(|e| drop(self.shape(e)));
                self.shape(&s.expr)
            }
            Expr::UnaryOp(u) => self.shape(&u.expr),
            Expr::BinOp(b) => {
                let left = self.shape(&b.left);
                let known = self.defined.len();
                if matches!(b.op, BinOpKind::ScAnd) {
                    tested(&b.left, &mut self.defined);
                }
                let right = self.shape(&b.right);
                self.defined.truncate(known);
                match b.op {
                    BinOpKind::Div | BinOpKind::FloorDiv | BinOpKind::Rem => self.divides(&b.right),
                    BinOpKind::Eq | BinOpKind::Ne => {
                        self.compares((&b.left, &left), (&b.right, &right))
                    }
                    _ => {}
                }
                Shape::Any
            }
            Expr::Compare(c) => {
                let first = self.shape(&c.expr);
                for op in &c.ops {
                    let other = self.shape(&op.expr);
                    if matches!(op.op, CompareOpKind::Eq | CompareOpKind::Ne) {
                        self.compares((&c.expr, &first), (&op.expr, &other));
                    }
                }
                Shape::Scalar
            }
            Expr::List(l) => self.all(&l.items),
            Expr::Tuple(l) => self.all(&l.items),
            Expr::Map(m) => {
                self.all(&m.keys);
                self.all(&m.values)
            }
        }
    }

    /// Walks what applies only if a condition holds.
    fn guarded(&mut self, condition: &Expr<'a>, inside: impl FnOnce(&mut Self)) {
        let known = self.defined.len();
        tested(condition, &mut self.defined);
        self.guards.push(self.source(condition.span()));
        inside(self);
        self.guards.pop();
        self.defined.truncate(known);
    }

    /// A list is indexed without a check that it has such an item.
    fn may_be_empty(&mut self, list: &Expr<'a>) {
        let (name, at) = (self.source(list.span()), self.file_span(list.span()));
        if name == "agents" || self.guards.iter().any(|guard| guard.contains(name)) {
            return;
        }
        let found = self
            .report
            .error(PROMPT_VARIABLE, format!("`{name}` may be empty, so it may have no such item"));
        found.at(at, "").help(format!(
            "check it first with `{{% if {name} %}}…{{% endif %}}`, or loop over it with `for`"
        ));
    }

    fn divides(&mut self, by: &Expr<'a>) {
        if matches!(by, Expr::Const(zero) if zero.value.as_i64() == Some(0)) {
            let at = self.file_span(by.span());
            self.report.error(PROMPT_VARIABLE, "division by zero").at(at, "");
        }
    }

    /// A record never equals text, so the comparison is always false.
    fn compares(&mut self, left: (&Expr<'a>, &Shape), right: (&Expr<'a>, &Shape)) {
        let (record, parts) = match (left, right) {
            ((whole, Shape::Record(parts)), (Expr::Const(_), _))
            | ((Expr::Const(_), _), (whole, Shape::Record(parts))) => (whole, parts),
            _ => return,
        };
        let (name, at) = (self.source(record.span()), self.file_span(record.span()));
        let found = self
            .report
            .error(PROMPT_VARIABLE, format!("`{name}` is a record, so it never equals text"));
        found.at(at, "");
        if parts.iter().any(|(part, _)| *part == "name") {
            found.help(format!("did you mean `{name}.name`?"));
        }
    }

    fn file_span(&self, span: JinjaSpan) -> Span {
        Span::new(self.file, span.start_offset as usize..span.end_offset as usize)
    }

    fn all(&mut self, items: &[Expr<'a>]) -> Shape {
        items.iter().for_each(|e| drop(self.shape(e)));
        Shape::Any
    }

    fn arguments(&mut self, arguments: &[CallArg<'a>]) -> Vec<Shape> {
        let shape = |argument: &CallArg<'a>| match argument {
            CallArg::Pos(e)
            | CallArg::Kwarg(_, e)
            | CallArg::PosSplat(e)
            | CallArg::KwargSplat(e) => self.shape(e),
        };
        arguments.iter().map(shape).collect()
    }

    fn filter(&mut self, name: &'a str, of: Option<&Expr<'a>>, arguments: &[CallArg<'a>]) -> Shape {
        self.known_name(name, "filter", FILTERS);
        let given = self.arguments(arguments);
        // With a default, an input may be missing.
        let of = of.filter(|e| !(matches!(name, "default" | "d") && is_input(e)));
        let shape = of.map_or(Shape::Any, |e| self.shape(e));
        match (name, shape) {
            ("first" | "last", Shape::List(item)) => *item,
            // Lists with the same shape of items.
            ("chain", list @ Shape::List(_)) if given.iter().all(|more| *more == list) => list,
            (
                "sort" | "reverse" | "list" | "unique" | "select" | "reject" | "selectattr"
                | "rejectattr",
                list,
            ) => list,
            _ => Shape::Any,
        }
    }

    fn variable(&mut self, name: &'a str) -> Shape {
        if let Some(found) = self.scope.iter_mut().rev().find(|n| n.name == name) {
            found.used = true;
            return found.shape.clone();
        }
        // Only `MOST` are reported.
        let near = if self.unknown.len() < MOST { self.scope.as_slice() } else { &[] };
        let there = near.iter().rev().map(|n| n.name.clone()).filter(|n| n != "loop").collect();
        self.unknown.push(Unknown { name, span: self.place(name), there });
        Shape::Any
    }

    fn part(&mut self, of: Shape, name: &'a str, whole: &Expr<'a>) -> Shape {
        let Shape::Record(parts) = of else {
            if matches!(of, Shape::Scalar | Shape::List(_)) {
                let span = self.place(name);
                self.report
                    .error(
                        PROMPT_VARIABLE,
                        format!(
                            "`{}` has no attributes, so no `{name}`",
                            self.source(whole.span())
                        ),
                    )
                    .at(span, "");
            }
            return Shape::Any;
        };
        if let Some((_, shape)) = parts.iter().find(|(n, _)| *n == name) {
            return shape.clone();
        }
        let span = self.place(name);
        let what = self.source(whole.span()).to_owned();
        self.report
            .error(PROMPT_VARIABLE, format!("`{what}` has no attribute `{name}`"))
            .at(span, "")
            .help_closest(name, parts.iter().map(|(n, _)| *n));
        Shape::Any
    }

    fn known_name(&mut self, name: &'a str, what: &str, known: &[&str]) {
        if !known.contains(&name) {
            let span = self.place(name);
            self.report
                .error(PROMPT_VARIABLE, format!("no {what} named `{name}`"))
                .at(span, "")
                .help_closest(name, known.iter().copied());
        }
    }

    fn source(&self, span: JinjaSpan) -> &'a str {
        self.text.get(span.start_offset as usize..span.end_offset as usize).unwrap_or_default()
    }

    /// Names in the syntax tree are slices of the text, which gives their exact position.
    fn place(&self, name: &'a str) -> Span {
        let start = (name.as_ptr() as usize)
            .checked_sub(self.text.as_ptr() as usize)
            .filter(|s| s + name.len() <= self.text.len());
        start.map_or(Span::new(self.file, 0..0), |s| Span::new(self.file, s..s + name.len()))
    }
}
