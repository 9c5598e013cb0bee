//! A table drawn in so many columns of text.

use std::cmp::Reverse;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table as Drawing};

use crate::report::Table;
use crate::wrap::{columns, longest_part, printable, wrap};

/// The table's head and rows, each line with its end.
pub(super) fn draw(table: &Table, width: usize) -> String {
    let head: Vec<_> = table.columns.iter().map(|head| printable(head)).collect();
    let rows: Vec<Vec<String>> = table
        .rows
        .iter()
        .map(|row| {
            std::iter::once(&row.label)
                .chain(row.cells.iter().map(|cell| &cell.text))
                .map(|text| printable(text))
                .collect()
        })
        .collect();
    let widths = widths(&head, &rows, width);
    let fit = |row: &[String]| -> Vec<String> {
        row.iter()
            .zip(&widths)
            .map(|(text, width)| wrap(text, *width).join("\n"))
            .collect()
    };
    let mut drawing = Drawing::new();
    drawing
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(fit(&head));
    for row in &rows {
        drawing.add_row(fit(row));
    }
    let mut text = String::new();
    for line in drawing.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// How wide each column's content may be, so that the whole fits: words are broken only where it
/// cannot be helped, and of the columns that may give way the one that costs the fewest lines does.
fn widths(head: &[String], rows: &[Vec<String>], width: usize) -> Vec<usize> {
    let lines: Vec<&[String]> = std::iter::once(head)
        .chain(rows.iter().map(Vec::as_slice))
        .collect();
    let measure = |of: &dyn Fn(&str) -> usize| -> Vec<usize> {
        (0..head.len())
            .map(|column| {
                let texts = lines.iter().filter_map(|line| line.get(column));
                texts.map(|text| of(text)).max().unwrap_or(0)
            })
            .collect()
    };
    let mut widths = measure(&columns);
    let floors = [
        measure(&|text| longest_part(text, false)),
        measure(&|text| longest_part(text, true)),
        vec![1; head.len()],
    ];
    let room = width.saturating_sub(head.len() * FRAME + 1);
    for floor in floors {
        while widths.iter().sum::<usize>() > room {
            let cheapest = (0..widths.len())
                .filter(|column| widths[*column] > floor[*column])
                .min_by_key(|column| {
                    let mut narrower = widths.clone();
                    narrower[*column] -= 1;
                    (height(&lines, &narrower), Reverse(widths[*column]))
                });
            let Some(column) = cheapest else {
                break;
            };
            widths[column] -= 1;
        }
    }
    widths
}

/// The lines that the table takes with columns of these widths.
fn height(lines: &[&[String]], widths: &[usize]) -> usize {
    lines
        .iter()
        .map(|line| {
            let cells = line.iter().zip(widths);
            cells
                .map(|(text, width)| wrap(text, *width).len())
                .max()
                .unwrap_or(0)
        })
        .sum()
}

/// A column's border and the spaces around its content.
const FRAME: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Cell, Row};

    #[test]
    fn a_table_is_drawn() {
        let drawn = draw(&table(&["ok", "s:pv"]), 80);
        assert_eq!(
            drawn,
            "\
┌──────┬────┬──────┐
│ what ┆ c0 ┆ c1   │
╞══════╪════╪══════╡
│ row  ┆ ok ┆ s:pv │
└──────┴────┴──────┘
"
        );
    }

    #[test]
    fn a_wide_table_fits() {
        let long = "unsupported_certificate: UnsupportedCriticalExtension and more of it";
        for width in [30, 40, 60, 80] {
            let drawn = draw(&table(&[long, "x", long]), width);
            for line in drawn.lines() {
                assert!(columns(line) <= width, "{width}: {line}");
            }
        }
    }

    #[test]
    fn cells_cannot_break_the_frame() {
        let drawn = draw(&table(&["a\nb\u{1b}[0m|"]), 80);
        assert_eq!(drawn.lines().count(), 5);
        assert!(drawn.contains("a\\nb\\u{1b}[0m|"), "{drawn}");
    }

    fn table(texts: &[&str]) -> Table {
        Table {
            id: "t".into(),
            title: "T".into(),
            columns: std::iter::once("what".to_owned())
                .chain((0..texts.len()).map(|n| format!("c{n}")))
                .collect(),
            rows: vec![Row {
                label: "row".into(),
                cells: texts
                    .iter()
                    .map(|text| Cell {
                        text: (*text).to_owned(),
                        works: None,
                    })
                    .collect(),
            }],
            notes: Vec::new(),
        }
    }
}
