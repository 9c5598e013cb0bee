//! Many rows in little space.

/// Rows of one length, a byte for each value: at strength 3 a million of them is common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    axes: usize,
    cells: Vec<u8>,
}

impl Rows {
    /// No row yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a row.
    ///
    /// # Panics
    ///
    /// If it is not as long as those before, is empty, or has a value of 256 or more, which is above
    /// [`MAX_VALUES`](super::MAX_VALUES).
    pub fn push(&mut self, row: &[usize]) {
        if self.cells.is_empty() {
            self.axes = row.len();
        }
        assert!(
            row.len() == self.axes && self.axes > 0,
            "rows have one length, which is not 0"
        );
        let byte = |value: &usize| u8::try_from(*value).expect("a value is below MAX_VALUES");
        self.cells.extend(row.iter().map(byte));
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.cells.len() / self.axes.max(1)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Every row, in order.
    pub fn iter(&self) -> impl Iterator<Item = Vec<usize>> {
        self.cells
            .chunks(self.axes.max(1))
            .map(|row| row.iter().map(|value| usize::from(*value)).collect())
    }
}

impl<R: AsRef<[usize]>> FromIterator<R> for Rows {
    fn from_iter<I: IntoIterator<Item = R>>(rows: I) -> Self {
        let mut all = Self::new();
        for row in rows {
            all.push(row.as_ref());
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_out_as_they_went_in() {
        let rows = [vec![0, 1, 127], vec![3, 2, 1]];
        let packed: Rows = rows.iter().collect();
        assert_eq!(packed.len(), 2);
        assert_eq!(packed.iter().collect::<Vec<_>>(), rows);
        assert!(Rows::new().is_empty() && Rows::new().iter().next().is_none());
        assert!(!packed.is_empty());
    }

    #[test]
    #[should_panic(expected = "one length")]
    fn a_row_of_another_length_is_refused() {
        let mut rows = Rows::new();
        rows.push(&[0, 1]);
        rows.push(&[0]);
    }
}
