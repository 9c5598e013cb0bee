//! Finds in a source what its mutants change, and says how each is written with a switch.
//!
//! `is(N)` tells whether mutant N is on, and `now(&[N, …])` which is, if it is one of these: see `planted.rs`. Where
//! it can be, the whole of an expression is written once for each mutant, just as cargo-mutants would write it.

use std::collections::HashMap;
use std::ops::Range;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Arm, Expr, ExprBinary, ExprMatch, ExprStruct, ExprUnary, ImplItemFn, ItemFn, Member, Pat,
    PatGuard,
};

use crate::splice::{Node, Piece};
use crate::{Genre, Mutant};

/// The nodes of a source in which these mutants are, each before what it has within. A mutant that has no form is
/// in none.
pub(crate) fn nodes<'a>(
    text: &str,
    mutants: impl Iterator<Item = (usize, &'a Mutant)>,
) -> Result<Vec<Node>, String> {
    let lines: Vec<usize> = std::iter::once(0)
        .chain(text.match_indices('\n').map(|(at, _)| at + 1))
        .collect();
    let byte = |place: &crate::Place| {
        let line = &text[lines[place.line - 1]..];
        let column = line.char_indices().nth(place.column - 1);
        lines[place.line - 1] + column.map_or(line.len(), |(at, _)| at)
    };
    let mut finder = Finder {
        text,
        ..Finder::default()
    };
    for (number, mutant) in mutants {
        let range = byte(&mutant.span.start)..byte(&mutant.span.end);
        finder
            .wanted
            .entry((mutant.genre, range.start))
            .or_default()
            .push((number, mutant.replacement.clone(), range));
    }
    finder.visit_file(&syn::parse_file(text).map_err(|error| error.to_string())?);
    let mut nodes = finder.nodes;
    // A stable order: of the same range, what was found first is around the other.
    nodes.sort_by_key(|node| (node.range.start, std::cmp::Reverse(node.range.end)));
    Ok(nodes)
}

/// Number, replacement and what it replaces.
type Found = (usize, String, Range<usize>);

#[derive(Default)]
struct Finder<'a> {
    text: &'a str,
    /// By genre and where it begins.
    wanted: HashMap<(Genre, usize), Vec<Found>>,
    nodes: Vec<Node>,
}

impl Finder<'_> {
    fn take(&mut self, genre: Genre, start: usize) -> Vec<Found> {
        self.wanted.remove(&(genre, start)).unwrap_or_default()
    }

    fn add(
        &mut self,
        range: Range<usize>,
        numbers: Vec<usize>,
        form: impl Fn(&[usize]) -> Vec<Piece> + 'static,
    ) {
        if !numbers.is_empty() {
            self.nodes.push(Node {
                range,
                numbers,
                form: Box::new(form),
            });
        }
    }

    /// `match now(&[N, …]) { N => MUTATED, …, _ => ORIGINAL }`. A mutated text has no other mutant in it, since one alone
    /// is on.
    fn either(&mut self, range: Range<usize>, found: Vec<Found>) {
        let source = self.text;
        let mutated: HashMap<usize, String> = found
            .into_iter()
            .map(|(number, replacement, place)| {
                let (before, after) = (range.start..place.start, place.end..range.end);
                let text = [&source[before], " ", &replacement, " ", &source[after]].concat();
                (number, text)
            })
            .collect();
        let mut numbers: Vec<usize> = mutated.keys().copied().collect();
        numbers.sort_unstable();
        self.add(range.clone(), numbers, move |numbers| {
            let mut pieces = vec![text(format!(
                "(match crate::planted::now(&{numbers:?}) {{ "
            ))];
            for number in numbers {
                let mutated = &mutated[number];
                pieces.push(Piece::Of(*number, format!("{number} => {mutated}, ")));
            }
            pieces.push(text("_ => "));
            pieces.push(Piece::Source(range.clone()));
            pieces.push(text(" })"));
            pieces
        });
    }

    /// What is mutated at the operators of a chain of them; a changed operator may bind otherwise than the
    /// original, so that the whole chain is written again.
    fn chain(&mut self, binary: &ExprBinary, found: &mut Vec<Found>) {
        found.extend(self.take(Genre::BinaryOperator, bytes(binary.op.span()).start));
        for operand in [&*binary.left, &*binary.right] {
            if let Expr::Binary(binary) = operand {
                self.chain(binary, found);
            }
        }
    }

    fn body(&mut self, block: &syn::Block) {
        let Some(first) = block.stmts.first() else {
            return;
        };
        let found = self.take(Genre::FnValue, bytes(first.span()).start);
        let Some((.., range)) = found.first() else {
            return;
        };
        let range = range.clone();
        let source = range.clone();
        let replaced: HashMap<usize, String> = found
            .iter()
            .map(|(number, replacement, _)| (*number, replacement.clone()))
            .collect();
        let numbers = found.iter().map(|(number, ..)| *number).collect();
        self.add(range, numbers, move |numbers| {
            let mut pieces = vec![text(format!("match crate::planted::now(&{numbers:?}) {{ "))];
            for number in numbers {
                pieces.push(Piece::Of(
                    *number,
                    format!("{number} => return ({}), ", replaced[number]),
                ));
            }
            pieces.push(text("_ => {} } "));
            pieces.push(Piece::Source(source.clone()));
            pieces
        });
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        if function.sig.constness.is_none() {
            self.body(&function.block);
            visit::visit_item_fn(self, function);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        if function.sig.constness.is_none() {
            self.body(&function.block);
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_expr_binary(&mut self, binary: &'ast ExprBinary) {
        // A `let` in a chain stands in no `match`; what is beside it may.
        if !has_let(&binary.left) && !has_let(&binary.right) {
            let mut found = Vec::new();
            self.chain(binary, &mut found);
            self.either(bytes(binary.span()), found);
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_unary(&mut self, unary: &'ast ExprUnary) {
        let found = self.take(Genre::UnaryOperator, bytes(unary.op.span()).start);
        self.either(bytes(unary.span()), found);
        visit::visit_expr_unary(self, unary);
    }

    fn visit_expr_match(&mut self, choice: &'ast ExprMatch) {
        // Without a last resort the rest would not do.
        if !choice
            .arms
            .iter()
            .any(|arm| matches!(arm.pat, Pat::Wild(_)))
        {
            for arm in &choice.arms {
                self.take(Genre::MatchArm, bytes(arm.pat.span()).start);
            }
        }
        visit::visit_expr_match(self, choice);
    }

    fn visit_arm(&mut self, arm: &'ast Arm) {
        let start = bytes(arm.pat.span()).start;
        let deleted = self
            .take(Genre::MatchArm, start)
            .first()
            .map(|found| found.0);
        match &arm.pat {
            Pat::Guard(PatGuard { guard, .. }) if has_let(guard) => {}
            Pat::Guard(PatGuard { guard, .. }) => {
                let range = bytes(guard.span());
                let found = self.take(Genre::MatchArmGuard, range.start);
                let fixed = |value: &str| {
                    let found = found
                        .iter()
                        .find(|(_, replacement, _)| replacement == value);
                    found.map(|(number, ..)| *number)
                };
                let (always, never) = (fixed("true"), fixed("false"));
                let numbers = [always, never, deleted].into_iter().flatten().collect();
                let source = range.clone();
                self.add(range, numbers, move |numbers| {
                    let mut pieces = vec![text("(")];
                    for number in numbers.iter().filter(|number| Some(**number) == always) {
                        pieces.push(text(format!("crate::planted::is({number}) || ")));
                    }
                    pieces.push(text("("));
                    pieces.push(Piece::Source(source.clone()));
                    pieces.push(text("))"));
                    for number in numbers.iter().filter(|number| Some(**number) != always) {
                        pieces.push(text(format!(" && !crate::planted::is({number})")));
                    }
                    pieces
                });
            }
            pattern => {
                let end = bytes(pattern.span()).end;
                self.add(end..end, deleted.into_iter().collect(), |numbers| {
                    vec![text(format!(" if !crate::planted::is({})", numbers[0]))]
                });
            }
        }
        visit::visit_arm(self, arm);
    }

    fn visit_expr_struct(&mut self, new: &'ast ExprStruct) {
        if let Some(Expr::Path(rest)) = new.rest.as_deref() {
            let rest = bytes(rest.span());
            for field in &new.fields {
                let whole = bytes(field.span());
                let Some((number, ..)) =
                    self.take(Genre::StructField, whole.start).first().cloned()
                else {
                    continue;
                };
                let Member::Named(name) = &field.member else {
                    continue;
                };
                let (name, value, rest) =
                    (name.to_string(), bytes(field.expr.span()), rest.clone());
                self.add(whole, vec![number], move |_| {
                    vec![
                        text(format!("{name}: (if crate::planted::is({number}) {{ ")),
                        Piece::Source(rest.clone()),
                        text(format!(".{name} }} else {{ ")),
                        Piece::Source(value.clone()),
                        text(" })"),
                    ]
                });
            }
        }
        visit::visit_expr_struct(self, new);
    }
}

/// Whether an operand of a chain of `&&` is a `let`, which stands in no parentheses.
fn has_let(expr: &Expr) -> bool {
    match expr {
        Expr::Let(_) => true,
        Expr::Binary(binary) => has_let(&binary.left) || has_let(&binary.right),
        _ => false,
    }
}

fn bytes(span: Span) -> Range<usize> {
    span.byte_range()
}

fn text(text: impl Into<String>) -> Piece {
    Piece::Text(text.into())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::nodes;
    use crate::splice::write;
    use crate::{Genre, Mutant, Place, Span};

    #[test]
    fn a_chain_is_written_again_for_each_since_operators_bind_otherwise() {
        let source = "fn f() -> bool {\n    a || b == c\n}\n";
        let planted = planted(
            source,
            &[
                (Genre::BinaryOperator, "||", "&&"),
                (Genre::BinaryOperator, "==", "!="),
            ],
        );
        assert_eq!(
            planted,
            "fn f() -> bool {\n    (match crate::planted::now(&[1, 2]) { 1 => a  &&  b == c, \
             2 => a || b  !=  c, _ => a || b == c })\n}\n"
        );
    }

    #[test]
    fn what_is_within_is_planted_in_the_original_alone() {
        let source = "fn f() -> bool {\n    g(|x| x + 1) && !b\n}\n";
        let planted = planted(
            source,
            &[
                (Genre::BinaryOperator, "&&", "||"),
                (Genre::BinaryOperator, "+", "-"),
                (Genre::UnaryOperator, "!", ""),
            ],
        );
        assert_eq!(
            planted,
            "fn f() -> bool {\n    (match crate::planted::now(&[1]) { 1 => g(|x| x + 1)  ||  !b, \
             _ => g(|x| (match crate::planted::now(&[2]) { 2 => x  -  1, _ => x + 1 })) && \
             (match crate::planted::now(&[3]) { 3 =>   b, _ => !b }) })\n}\n"
        );
    }

    #[test]
    fn beside_a_let_in_a_chain_there_is_room() {
        let source = "fn f() {\n    if let Some(a) = b && c == d {}\n}\n";
        let planted = planted(
            source,
            &[
                (Genre::BinaryOperator, "&&", "||"),
                (Genre::BinaryOperator, "==", "!="),
            ],
        );
        assert_eq!(
            planted,
            "fn f() {\n    if let Some(a) = b && \
             (match crate::planted::now(&[2]) { 2 => c  !=  d, _ => c == d }) {}\n}\n"
        );
    }

    #[test]
    fn a_function_returns_early() {
        let source = "impl S {\n    fn f(&self) -> u8 {\n        let a = 2;\n        a\n    }\n}\n";
        let planted = planted(source, &[(Genre::FnValue, "let a = 2;\n        a", "0")]);
        assert_eq!(
            planted,
            "impl S {\n    fn f(&self) -> u8 {\n        match crate::planted::now(&[1]) { \
             1 => return (0), _ => {} } let a = 2;\n        a\n    }\n}\n"
        );
    }

    #[test]
    fn a_constant_function_asks_for_no_switch() {
        let source = "const fn f() -> u8 {\n    1 + 1\n}\n";
        let planted = planted(source, &[(Genre::BinaryOperator, "+", "-")]);
        assert_eq!(planted, source);
    }

    #[test]
    fn an_arm_has_its_switch_in_its_guard() {
        let source = "fn f() {\n    match a {\n        B => (),\n        C if d => (),\n        _ => (),\n    }\n}\n";
        let planted = planted(
            source,
            &[
                (Genre::MatchArm, "B => (),", ""),
                (Genre::MatchArm, "C if d => (),", ""),
                (Genre::MatchArmGuard, "d", "true"),
                (Genre::MatchArmGuard, "d", "false"),
            ],
        );
        assert_eq!(
            planted,
            "fn f() {\n    match a {\n        B if !crate::planted::is(1) => (),\n        \
             C if (crate::planted::is(3) || (d)) && !crate::planted::is(4) && \
             !crate::planted::is(2) => (),\n        _ => (),\n    }\n}\n"
        );
    }

    #[test]
    fn an_arm_that_nothing_stands_in_for_stays() {
        let source = "fn f() {\n    match a {\n        B => (),\n        _ if d => (),\n        C => (),\n    }\n}\n";
        let planted = planted(source, &[(Genre::MatchArm, "B => (),", "")]);
        assert_eq!(planted, source);
    }

    #[test]
    fn a_field_is_of_the_rest() {
        let source = "fn f() -> S {\n    S { a, b: 2, ..c }\n}\n";
        let planted = planted(
            source,
            &[
                (Genre::StructField, "a,", ""),
                (Genre::StructField, "b: 2,", ""),
            ],
        );
        assert_eq!(
            planted,
            "fn f() -> S {\n    S { a: (if crate::planted::is(1) { c.a } else { a }), \
             b: (if crate::planted::is(2) { c.b } else { 2 }), ..c }\n}\n"
        );
    }

    #[test]
    fn an_error_is_of_the_mutant_in_whose_form_it_is() {
        let source = "fn f() -> bool {\n    a || b == c\n}\n";
        let mutants = mutants(
            source,
            &[
                (Genre::BinaryOperator, "||", "&&"),
                (Genre::BinaryOperator, "==", "!="),
            ],
        );
        let nodes = nodes(source, (1..).zip(&mutants)).expect("it is Rust");
        let written = write(source, &nodes, &HashSet::new());
        let at = written.text.find("a  &&  b").expect("planted");
        assert_eq!(written.at(at, at + 1), [1]);
        let at = written.text.rfind("a || b").expect("the original");
        assert_eq!(written.at(at, at + 1), [1, 2]);
        assert_eq!(written.at(0, 1), [0; 0]);
        let without = write(source, &nodes, &HashSet::from([1, 2]));
        assert_eq!(without.text, source);
    }

    /// Each genre, what is replaced where it first stands, and what by.
    type Change = (Genre, &'static str, &'static str);

    fn planted(source: &str, changes: &[Change]) -> String {
        let mutants = mutants(source, changes);
        let nodes = nodes(source, (1..).zip(&mutants)).expect("it is Rust");
        write(source, &nodes, &HashSet::new()).text
    }

    fn mutants(source: &str, changes: &[Change]) -> Vec<Mutant> {
        let place = |at: usize| {
            let before = &source[..at];
            let line = before.matches('\n').count() + 1;
            let column = at - before.rfind('\n').map_or(0, |at| at + 1) + 1;
            Place { line, column }
        };
        let mutant = |(genre, replaced, replacement): &Change| {
            // A guard stands after its `if`.
            let before = if *genre == Genre::MatchArmGuard {
                source.find(" if ").map_or(0, |at| at + 4)
            } else {
                0
            };
            let start = before + source[before..].find(replaced).expect("it is there");
            Mutant {
                name: String::new(),
                file: String::new(),
                genre: *genre,
                replacement: (*replacement).to_owned(),
                span: Span {
                    start: place(start),
                    end: place(start + replaced.len()),
                },
            }
        };
        changes.iter().map(mutant).collect()
    }
}
