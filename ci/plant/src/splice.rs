//! Writes a source with its mutants in it.

use std::collections::HashSet;
use std::ops::Range;

/// A part of the source, and what stands there instead.
pub(crate) struct Node {
    pub(crate) range: Range<usize>,
    pub(crate) numbers: Vec<usize>,
    /// What is written with these mutants, at least one of `numbers`.
    pub(crate) form: Form,
}

pub(crate) type Form = Box<dyn Fn(&[usize]) -> Vec<Piece>>;

pub(crate) enum Piece {
    Text(String),
    /// What holds this mutant alone.
    Of(usize, String),
    /// A part of the source, with the mutants in it.
    Source(Range<usize>),
}

/// The new text, and where in it which mutants are.
#[derive(Default)]
pub(crate) struct Written {
    pub(crate) text: String,
    places: Vec<(Range<usize>, Vec<usize>)>,
}

impl Written {
    pub(crate) fn numbers(&self) -> impl Iterator<Item = usize> {
        self.places.iter().flat_map(|(_, numbers)| numbers.clone())
    }

    /// The mutants of the smallest place around these bytes.
    pub(crate) fn at(&self, from: usize, to: usize) -> Vec<usize> {
        self.places
            .iter()
            .filter(|(place, _)| place.start <= from && to <= place.end)
            .min_by_key(|(place, _)| place.len())
            .map_or_else(Vec::new, |(_, numbers)| numbers.clone())
    }
}

/// `nodes` are in order, each before what it has within, and none crosses another.
pub(crate) fn write(source: &str, nodes: &[Node], without: &HashSet<usize>) -> Written {
    let mut written = Written::default();
    put(source, nodes, without, 0..source.len(), 0, &mut written);
    written
}

/// Puts a part of the source, with those of the nodes from `first` on that are within.
fn put(
    source: &str,
    nodes: &[Node],
    without: &HashSet<usize>,
    range: Range<usize>,
    first: usize,
    written: &mut Written,
) {
    let mut at = range.start;
    for (index, node) in nodes.iter().enumerate().skip(first) {
        if node.range.start > range.end {
            break;
        }
        // Within one that has been put, or outside.
        if node.range.start < at || node.range.end > range.end {
            continue;
        }
        let numbers: Vec<usize> = node
            .numbers
            .iter()
            .copied()
            .filter(|number| !without.contains(number))
            .collect();
        if numbers.is_empty() {
            continue;
        }
        written.text += &source[at..node.range.start];
        let begin = written.text.len();
        for piece in (node.form)(&numbers) {
            match piece {
                Piece::Text(text) => written.text += &text,
                Piece::Of(number, text) => {
                    let begin = written.text.len();
                    written.text += &text;
                    written
                        .places
                        .push((begin..written.text.len(), vec![number]));
                }
                Piece::Source(part) => put(source, nodes, without, part, index + 1, written),
            }
        }
        written.places.push((begin..written.text.len(), numbers));
        at = node.range.end;
    }
    written.text += &source[at..range.end];
}
