//! Text in columns. What is kept is one column wide a character, so that counting is measuring.

/// The columns of a terminal.
pub(crate) const WIDTH: usize = 80;

/// The text with what would move the cursor, or might take more or less than one column, escaped.
pub(crate) fn printable(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{ff}' => clean.push(c),
            _ => clean.extend(c.escape_default()),
        }
    }
    clean
}

/// Lines of at most `width` columns, broken at spaces, within longer words after punctuation, and
/// anywhere where there is none.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    fill(text.split(' '), " ", width)
}

/// The text in lines of at most `width` columns, `depth` levels deep and one deeper from the second on.
pub(crate) fn paragraph(text: &str, depth: usize, width: usize) -> String {
    let indent = INDENT.repeat(depth);
    let room = width.saturating_sub(INDENT.len() * (depth + 1));
    let mut lines = String::new();
    for (number, line) in wrap(&printable(text), room).into_iter().enumerate() {
        let more = if number == 0 { "" } else { INDENT };
        lines += &format!("{indent}{more}{}\n", line.trim_end());
    }
    lines
}

/// The words side by side in lines of at most `width` columns, `depth` levels deep.
#[cfg(feature = "stacks")]
pub(crate) fn side_by_side<'a>(
    words: impl IntoIterator<Item = &'a str>,
    depth: usize,
    width: usize,
) -> String {
    let indent = INDENT.repeat(depth);
    let words: Vec<_> = words.into_iter().map(printable).collect();
    let words = words.iter().map(String::as_str);
    fill(words, "  ", width.saturating_sub(indent.len()))
        .into_iter()
        .map(|line| format!("{indent}{line}\n"))
        .collect()
}

fn fill<'a>(words: impl Iterator<Item = &'a str>, gap: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in words {
        let before = if line.is_empty() { "" } else { gap };
        if columns(&line) + columns(before) + columns(word) <= width {
            line.push_str(before);
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        let mut rest = word;
        while columns(rest) > width {
            let (head, tail) = break_word(rest, width);
            lines.push(head.to_owned());
            rest = tail;
        }
        rest.clone_into(&mut line);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// The longest part of the text that is better not broken: within words, or only between them.
pub(crate) fn longest_part(text: &str, within_words: bool) -> usize {
    text.split(' ')
        .flat_map(|word| {
            let parts: Vec<_> = if within_words {
                word.split_inclusive(BREAKS).collect()
            } else {
                vec![word]
            };
            parts.into_iter().map(columns)
        })
        .max()
        .unwrap_or(0)
}

/// The columns that a printable text takes.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().count()
}

fn break_word(word: &str, width: usize) -> (&str, &str) {
    let most = word
        .char_indices()
        .nth(width)
        .map_or(word.len(), |(place, _)| place);
    let place = word[..most].rfind(BREAKS).map_or(most, |place| place + 1);
    word.split_at(place)
}

const INDENT: &str = "  ";
/// Each one byte long.
const BREAKS: [char; 11] = ['-', '_', '/', ',', ':', '.', '(', '=', '+', '&', '>'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole_where_they_can() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("one two three", 80), ["one two three"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn long_words_break_after_punctuation_or_anywhere() {
        assert_eq!(
            wrap("a certificate_unknown b", 14),
            ["a", "certificate_", "unknown b"]
        );
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(
            wrap("\u{e9}\u{e9}\u{e9}\u{e9}", 3),
            ["\u{e9}\u{e9}\u{e9}", "\u{e9}"]
        );
    }

    #[test]
    fn no_line_is_wider_than_asked_and_nothing_is_lost() {
        let text = "error:0A000086:SSL routines::certificate verify failed:self-signed certificate";
        for width in 1..90 {
            let lines = wrap(text, width);
            assert!(lines.iter().all(|line| columns(line) <= width), "{width}");
            let without = |text: &str| text.replace(' ', "");
            assert_eq!(without(&lines.concat()), without(text), "{width}");
        }
    }

    #[test]
    fn a_paragraph_hangs() {
        assert_eq!(
            paragraph("one two three", 1, 9),
            "  one\n    two\n    three\n"
        );
        assert_eq!(paragraph("one two", 0, 9), "one two\n");
    }

    #[cfg(feature = "stacks")]
    #[test]
    fn words_side_by_side_stay_whole() {
        assert_eq!(
            side_by_side(["a 1", "b 2", "c 3"], 1, 10),
            "  a 1  b 2\n  c 3\n"
        );
        assert_eq!(side_by_side(["abcdef"], 2, 8), "    abcd\n    ef\n");
    }

    #[test]
    fn what_moves_the_cursor_is_escaped() {
        assert_eq!(
            printable("a\u{1b}[2Jb\nc\u{202e}"),
            "a\\u{1b}[2Jb\\nc\\u{202e}"
        );
        assert_eq!(printable("RFC 8446 \u{a7}6"), "RFC 8446 \u{a7}6");
    }
}
