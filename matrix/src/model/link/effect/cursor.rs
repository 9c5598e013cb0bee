//! Bytes, read from the front.

/// What is left to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// A big-endian number of so many bytes.
    pub(super) fn number(&mut self, width: usize) -> Option<usize> {
        let digits = self.take(width)?;
        Some(
            digits
                .iter()
                .fold(0, |sum, digit| (sum << 8) + usize::from(*digit)),
        )
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|digits| digits[0])
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.take(2)
            .map(|digits| u16::from_be_bytes([digits[0], digits[1]]))
    }

    /// What follows a length of so many bytes.
    pub(super) fn vector(&mut self, width: usize) -> Option<Self> {
        let length = self.number(width)?;
        self.take(length).map(Self)
    }

    /// The same, where that is all there is.
    pub(super) fn whole(mut self, width: usize) -> Option<Self> {
        let inner = self.vector(width)?;
        self.is_empty().then_some(inner)
    }
}
