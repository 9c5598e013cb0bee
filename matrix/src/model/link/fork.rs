//! Where more than one thing may come: every way is gone, one after the other.

/// Which way is gone this time.
#[derive(Debug, Default)]
pub(super) struct Fork {
    picks: Vec<usize>,
    widths: Vec<usize>,
    at: usize,
}

impl Fork {
    /// One of these; the first, where there is no other.
    pub(super) fn pick<T>(&mut self, mut of: Vec<T>) -> T {
        if of.len() == 1 {
            return of.remove(0);
        }
        if self.at == self.picks.len() {
            self.picks.push(0);
            self.widths.push(of.len());
        }
        let pick = self.picks[self.at];
        self.at += 1;
        of.swap_remove(pick)
    }

    /// The next way; `None`: all have been gone.
    pub(super) fn next(mut self) -> Option<Self> {
        while let (Some(pick), Some(width)) = (self.picks.pop(), self.widths.pop()) {
            if pick + 1 < width {
                self.picks.push(pick + 1);
                self.widths.push(width);
                self.at = 0;
                return Some(self);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_is_gone_once() {
        let mut ways = Vec::new();
        let mut fork = Some(Fork::default());
        while let Some(mut now) = fork {
            let first = now.pick(vec![1, 2]);
            let second = if first == 1 {
                now.pick(vec![3, 4, 5])
            } else {
                0
            };
            ways.push((first, second, now.pick(vec![7])));
            fork = now.next();
        }
        assert_eq!(ways, [(1, 3, 7), (1, 4, 7), (1, 5, 7), (2, 0, 7)]);
    }
}
